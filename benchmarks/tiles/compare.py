"""Rounds of both sides in turn; the ratio that counts is that of CPU per tile.

A round is theirs, ours, theirs; it is discarded when their two differ by more than 20 %. What is
quoted is the lower quartile of the ratios: three rounds out of four reach it.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.rounds import UNSTEADY
from benchmarks.tiles.cases import Case, Goal
from benchmarks.tiles.load import Load, ask_all
from benchmarks.tiles.servers import Server


@dataclass(frozen=True, slots=True)
class Cost:
    """What one tile cost: CPU seconds, bytes read, and how many were answered per second."""

    cpu_s: float
    read_bytes: float
    per_second: float
    load: Load


@dataclass(slots=True)
class Result:
    """One case at one number of connections."""

    case: str
    goal: Goal | None
    connections: int
    ratios: list[float] = field(default_factory=list)
    """CPU per tile, theirs by ours."""
    speedups: list[float] = field(default_factory=list)
    """Tiles per second, ours by theirs."""
    ours: list[Cost] = field(default_factory=list)
    theirs: list[Cost] = field(default_factory=list)
    discarded: int = 0

    @property
    def ratio(self) -> float:
        """The ratio that three rounds out of four reach."""
        if len(self.ratios) < 2:
            return self.ratios[0] if self.ratios else float("nan")
        return statistics.quantiles(self.ratios, n=4)[0]


@dataclass(frozen=True, slots=True)
class Sides:
    """The two servers and what our client shows of itself."""

    ours: Server
    theirs: Server
    headers: str


async def compare(
    sides: Sides, case: Case, connections: int, rounds: int, turn: int
) -> Result:  # fmt: skip
    """Cold rounds until `rounds` count, at most twice as many."""
    found = Result(case.name, case.goal, connections)
    for number in range(rounds * 2):
        if len(found.ratios) >= rounds:
            break
        turns = [turn + 3 * number + step for step in range(3)]
        await ask_all(sides.theirs.port, ["/forget"], 1)
        before = await _cost(sides.theirs, case.theirs(turns[0]), connections, "")
        own = await _cost(sides.ours, case.ours(turns[1]), connections, sides.headers)
        await ask_all(sides.theirs.port, ["/forget"], 1)
        after = await _cost(sides.theirs, case.theirs(turns[2]), connections, "")
        low, high = sorted((before.cpu_s, after.cpu_s))
        if high > UNSTEADY * low:
            found.discarded += 1
            continue
        found.ours.append(own)
        found.theirs += [before, after]
        found.ratios.append((before.cpu_s + after.cpu_s) / 2 / own.cpu_s)
        found.speedups.append(own.per_second * 2 / (before.per_second + after.per_second))
    return found


async def warm(sides: Sides, case: Case, connections: int, rounds: int, turn: int) -> list[Cost]:
    """What tiles cost us that were answered a moment ago."""
    targets = case.ours(turn)
    await ask_all(sides.ours.port, targets, connections, sides.headers)
    return [
        await _cost(sides.ours, targets, connections, sides.headers, prepare=False)
        for _ in range(rounds)
    ]


async def _cost(
    server: Server,
    targets: Sequence[str],
    connections: int,
    headers: str,
    *,
    prepare: bool = True,
) -> Cost:
    if prepare:
        # the first tile of a contrast opens or builds what all of them share, on both sides
        await ask_all(server.port, targets[:1], 1, headers)
        targets = targets[1:]
        await asyncio.sleep(0.02)
    cpu, read = server.cpu_s, server.read_bytes
    load = await ask_all(server.port, targets, connections, headers)
    count = len(targets)
    return Cost(
        (server.cpu_s - cpu) / count,
        (server.read_bytes - read) / count,
        count / load.seconds,
        load,
    )
