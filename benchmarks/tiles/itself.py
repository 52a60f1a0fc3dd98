"""Goals that compare the service with itself: two workers with one, tiles while others composite;
and the first tile of an image against large_image's opening of the file.

`python -m benchmarks.tiles itself` prints them.
"""

from __future__ import annotations

import asyncio
import json
import re
import statistics
import subprocess
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.tiles import files
from benchmarks.tiles.load import ask_all
from tests.support.served_zarrs import serve_files

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from benchmarks.tiles.servers import Server
    from tests.support.tile_house import TileHouse

FIRST_IMAGES = 12
FIRST_SIDE = 1024
_OPEN = """
import json, sys, time, large_image
found = []
for path in json.loads(sys.argv[1]):
    started = time.perf_counter()
    large_image.open(path, noCache=True)
    found.append(time.perf_counter() - started)
print(json.dumps(found))
"""
"""Run where large_image lives; the first opening imports its readers and is left out."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A line of the table: what was measured and what it must be at most."""

    name: str
    measured: float
    must: float
    unit: str

    def __str__(self) -> str:
        verdict = "met" if self.measured <= self.must else "MISSED"
        return (
            f"{self.name:62}{self.measured:9.2f} {self.unit:3} (must <= {self.must:g})  {verdict}"
        )


async def warm_workers(
    start: Callable[[int], Server], targets: Sequence[str], headers: str, rounds: int
) -> list[Goal]:
    """CPU per warm tile of two workers by that of one, and how many tiles were rendered again."""
    costs = {}
    rendered = 0.0
    for workers in (1, 2):
        server = start(workers)
        try:
            server.wait_ready()
            await ask_all(server.port, targets, 8, headers)
            before, found = rendered_by(server.port), []
            for _ in range(rounds):
                cpu = server.cpu_s
                await ask_all(server.port, targets, 8, headers)
                found.append((server.cpu_s - cpu) / len(targets))
            costs[workers] = statistics.median(found)
            rendered = rendered_by(server.port) - before
        finally:
            server.stop()
    share = 100 * rendered / (rounds * len(targets))
    return [
        Goal("warm, two workers: CPU per tile by one worker's", costs[2] / costs[1], 1.3, "x"),
        Goal("warm, two workers: tiles rendered again", share, 1.0, "%"),
    ]


def rendered_by(port: int) -> float:
    """How many tiles all processes behind a port have rendered: each tells its own."""
    found: dict[str, float] = {}
    for _ in range(40):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            text = answer.read().decode()
        began = re.search(r"^process_start_time_seconds (\S+)", text, re.MULTILINE)
        made = re.search(r'lookups_total\{found="nowhere"\} (\S+)', text)
        if began:
            found[began[1]] = float(made[1]) if made else 0.0
    return sum(found.values())


async def beside_compositing(
    server: Server,
    quick: Sequence[str],
    composites: Callable[[int], Sequence[str]],
    headers: str,
) -> list[Goal]:
    """How much longer stored tiles take, at p50 and p99, while eight connections composite."""
    await ask_all(server.port, quick, 1, headers)
    idle = await ask_all(server.port, quick, 1, headers)
    stop = asyncio.Event()

    async def keep_busy() -> None:
        turn = 0
        while not stop.is_set():
            turn += 1
            await ask_all(server.port, composites(turn), 8, headers)

    busy = asyncio.create_task(keep_busy())
    await asyncio.sleep(1)
    loaded = await ask_all(server.port, quick, 1, headers)
    stop.set()
    await busy

    def added(share: float) -> float:
        return 1e3 * (loaded.percentile(share) - idle.percentile(share))

    return [
        Goal("passthrough while 8 connections composite: added at p50", added(0.5), 2, "ms"),
        Goal("passthrough while 8 connections composite: added at p99", added(0.99), 15, "ms"),
    ]


async def first_tiles(server: Server, house: TileHouse, python: Path, headers: str) -> list[Goal]:
    """The first tile of images that were never served, by large_image's opening of the files."""
    planes, picture = files.fluorescence(FIRST_SIDE), files.slide(FIRST_SIDE)
    kinds: dict[str, Callable[[Path], None]] = {
        "slide": lambda path: files.write_slide(path, picture),
        "OME-TIFF": lambda path: files.write_ome_tiff(path, planes),
    }
    goals = []
    for name, write in kinds.items():
        paths: list[Path] = []

        def keep(at: Path, paths: list[Path] = paths, write: Any = write) -> None:
            paths.append(at / "a.ome.tif")
            write(paths[-1])

        images = [serve_files(house, keep) for _ in range(FIRST_IMAGES)]
        own = []
        for image in images:
            load = await ask_all(server.port, [f"/tiles/{image}/0/0/0.jpg"], 1, headers)
            own.append(load.latencies[0])
        theirs = await asyncio.to_thread(_openings, python, paths)
        ratio = statistics.median(own[1:]) / statistics.median(theirs[1:])
        goals.append(Goal(f"first tile, {name}, by large_image.open alone", ratio, 0.5, "x"))
    return goals


def _openings(python: Path, paths: Sequence[Path]) -> list[float]:
    command = [str(python), "-c", _OPEN, json.dumps([str(path) for path in paths])]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: list[float] = json.loads(done.stdout)
    return found
