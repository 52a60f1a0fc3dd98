"""The table of goals, printed: ratios, CPU per tile, bytes read, phases, memory."""

from __future__ import annotations

import re
import statistics
import urllib.request
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.tiles.compare import Cost, Result
    from benchmarks.tiles.servers import Server

DECIDING = 8
"""The number of connections at which goals are met or missed."""


def print_report(
    results: Sequence[Result],
    warmed: Sequence[tuple[str, Sequence[Cost]]],
    ours: Server,
    theirs: Server,
) -> list[str]:
    """Print everything; answers the cases that miss their *must*."""
    print("\nCold tiles against large_image, same files, same run, one process on one core.")
    print("ratio: CPU per tile, theirs by ours (lower quartile); rate: tiles per second, median")
    print(
        f"{'':34}{'conn':>5}{'ratio':>7}{'rate':>7}{'must':>6}{'aim':>6}  {'':7}"
        f"{'ours us':>9}{'theirs us':>10}{'ours kB':>9}{'theirs kB':>10}{'p50 ms':>8}{'p99 ms':>8}"
        f"  rounds"
    )
    missed = [verdict for result in results if (verdict := _line(result)) is not None]
    print("\nWarm tiles, 8 connections: CPU per tile in us, tiles per second")
    for name, costs in warmed:
        cpu = statistics.median(cost.cpu_s for cost in costs) * 1e6
        rate = statistics.median(cost.per_second for cost in costs)
        print(f"{name:34}{cpu:9.0f}{rate:9.0f}")
    print("\nPhases (mean us): " + ", ".join(f"{k} {v:.0f}" for k, v in phases(ours.port).items()))
    ratio = ours.peak_bytes / theirs.peak_bytes
    print(
        f"Peak memory: ours {ours.peak_bytes / 2**20:.0f} MB, "
        f"theirs {theirs.peak_bytes / 2**20:.0f} MB, {ratio:.2f}x (must <= 0.25x, aim 0.15x)"
    )
    return missed


def _line(result: Result) -> str | None:
    if not result.ratios:
        print(f"{result.case:34}{result.connections:>5}  all {result.discarded} rounds discarded")
        return None
    goal, counts = result.goal, result.connections == DECIDING
    verdict = ""
    if goal is not None and counts:
        verdict = "aim" if result.ratio >= goal.aim else "met"
        verdict = verdict if result.ratio >= goal.must else "MISSED"
    own, other = result.ours, result.theirs
    middle = statistics.median
    print(
        f"{result.case:34}{result.connections:>5}{result.ratio:7.2f}{middle(result.speedups):7.2f}"
        f"{goal.must if goal else 0:6.1f}{goal.aim if goal else 0:6.1f}  {verdict:7}"
        f"{middle(c.cpu_s for c in own) * 1e6:9.0f}{middle(c.cpu_s for c in other) * 1e6:10.0f}"
        f"{middle(c.read_bytes for c in own) / 1e3:9.1f}"
        f"{middle(c.read_bytes for c in other) / 1e3:10.1f}"
        f"{middle(c.load.percentile(0.5) for c in own) * 1e3:8.1f}"
        f"{middle(c.load.percentile(0.99) for c in own) * 1e3:8.1f}"
        f"  {len(result.ratios)} (+{result.discarded} discarded)"
    )
    return result.case if verdict == "MISSED" else None


def phases(port: int) -> dict[str, float]:
    """Mean microseconds of each phase, from the service's own metrics."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    pattern = r'tessera_tile_seconds_(sum|count)\{phase="(\w+)"\} ([0-9.e+-]+)'
    found: dict[str, dict[str, float]] = {}
    for kind, phase, value in re.findall(pattern, text):
        found.setdefault(phase, {})[kind] = float(value)
    return {
        phase: each["sum"] / each["count"] * 1e6 for phase, each in found.items() if each["count"]
    }
