"""Write the files, start both sides, ask, and print."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.tiles import cases, files, itself
from benchmarks.tiles.cases import Case, Goal
from benchmarks.tiles.compare import Sides, compare, warm
from benchmarks.tiles.report import print_report
from benchmarks.tiles.servers import Server, baseline_python, start, start_large_image
from shared.database import open_database
from shared.settings import Settings
from shared.storage import LocalStorage
from tests.support.databases import copy_sqlite
from tests.support.processes import compiled_kernels, environment, free_port
from tests.support.served_zarrs import serve_files
from tests.support.tile_house import SECRET, TileHouse, furnish

if TYPE_CHECKING:
    from collections.abc import Mapping

SIDE = 4096
CONNECTIONS = (8, 1, 32)
CHUNK_CACHE = 32 * 2**20
"""Less than an image, so that a round in rows of tiles reads each chunk anew."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    rounds: int = 7
    only: tuple[str, ...] = ()
    """Beginnings of names of cases; all when empty."""
    side: int = SIDE
    connections: tuple[int, ...] = CONNECTIONS


@dataclass(frozen=True, slots=True)
class Images:
    """The same pictures on both sides: our image ids, their paths."""

    ours: Mapping[str, int]
    theirs: Mapping[str, Path]


async def run(folder: Path, plan: Plan) -> int:
    """Print the table; 1 when a *must* of those measured is missed."""
    python = baseline_python()
    if python is None:
        print("large_image is not installed: run `make bench`, which makes its environment.")
        return 2
    settings = Settings(data_dir=folder, database_url=copy_sqlite(folder))
    database = open_database(settings)
    house = furnish(database, settings, LocalStorage(folder))
    images = plant(house, plan.side)
    headers = f"Authorization: Bearer {house.log_in(house.ada)}\r\n"
    with _running(house, images, python) as (ours, theirs):
        sides = Sides(ours, theirs, headers)
        results, warmed = [], []
        turn = 0
        for case in all_cases(images, plan.side):
            if plan.only and not case.name.startswith(plan.only):
                continue
            for connections in plan.connections:
                found = await compare(sides, case, connections, plan.rounds, turn)
                turn += 6 * plan.rounds
                results.append(found)
                print(".", end="", file=sys.stderr, flush=True)
            warmed.append((case.name, await warm(sides, case, 8, plan.rounds, turn)))
            turn += 1
        missed = print_report(results, warmed, ours, theirs)
    database.dispose()
    return int(bool(missed))


async def run_itself(folder: Path, rounds: int, side: int = SIDE // 2) -> int:
    """Print the goals that compare the service with itself; 1 when one is missed."""
    python = baseline_python()
    if python is None:
        print("large_image is not installed: run `make bench`, which makes its environment.")
        return 2
    settings = Settings(data_dir=folder, database_url=copy_sqlite(folder))
    database = open_database(settings)
    house = furnish(database, settings, LocalStorage(folder))
    images = plant(house, side)
    headers = f"Authorization: Bearer {house.log_in(house.ada)}\r\n"
    cases_of = {case.name: case for case in all_cases(images, side)}
    composites = cases_of["4ch 512 OME-TIFF"].ours
    stored = list(cases_of["slide 256 passthrough"].ours(0)) * 4
    _lay_kernels(house)

    def serve(workers: int) -> Server:
        return _serve(house, workers, core=None)

    goals = await itself.warm_workers(serve, list(composites(1)) * 40, headers, rounds)
    server = _serve(house, 1, core=_first_core())
    try:
        server.wait_ready()
        goals += await itself.beside_compositing(server, stored, composites, headers)
        goals += await itself.first_tiles(server, house, python, headers)
    finally:
        server.stop()
    database.dispose()
    print(*goals, sep="\n")
    return int(any(goal.measured > goal.must for goal in goals))


def plant(house: TileHouse, side: int) -> Images:
    """Write every file once; both sides read the very same bytes."""
    planes, picture = files.fluorescence(side), files.slide(side)
    written: dict[str, Path] = {}

    def keep(name: str, at: Path) -> Path:
        written[name] = at
        return at

    ours = {
        "tiff": serve_files(
            house, lambda at: files.write_ome_tiff(keep("tiff", at / "a.ome.tif"), planes)
        ),
        "zarr4": serve_files(
            house,
            lambda at: files.write_ome_zarr(keep("zarr4", at / "a.zarr"), planes, version="0.4"),
        ),
        "zarr5": serve_files(
            house,
            lambda at: files.write_ome_zarr(keep("zarr5", at / "b.zarr"), planes, version="0.5"),
        ),
        "slide": serve_files(
            house, lambda at: files.write_slide(keep("slide", at / "a.tif"), picture)
        ),
    }
    # large_image names an OME-Zarr by a file within
    theirs = {
        name: path / ".zattrs" if path.suffix == ".zarr" else path for name, path in written.items()
    }
    return Images(ours, theirs)


def all_cases(images: Images, side: int) -> Iterator[Case]:
    """The cases of the table of goals that compare with somebody else."""
    ours = images.ours
    four = cases.composite
    yield four("4ch 512 OME-TIFF", Goal(2.7, 3.3), ours["tiff"], "tiff", side)
    yield four("4ch 512 OME-Zarr 0.4", Goal(5, 7), ours["zarr4"], "zarr4", side)
    yield four("4ch 512 OME-Zarr 0.5 sharded", Goal(3, 4), ours["zarr5"], "zarr4", side)
    yield cases.viewport("4ch 256 viewport OME-TIFF", Goal(4, 6), ours["tiff"], "tiff", side)
    yield cases.viewport("4ch 256 viewport OME-Zarr", Goal(8, 12), ours["zarr4"], "tiff", side)
    yield cases.slide("slide 256 passthrough", Goal(2, 3), ours["slide"], side, quality=80, way="")
    yield cases.slide(
        "slide 256 passthrough, OpenSlide", Goal(15, 25), ours["slide"], side, quality=80,
        way="deepzoom",
    )  # fmt: skip
    yield cases.encoded_again("slide 256 re-encoded", Goal(1.8, 2.5), ours["slide"], side)


@contextmanager
def _running(house: TileHouse, images: Images, python: Path) -> Iterator[tuple[Server, Server]]:
    """Both servers on the first core; the client has the last one."""
    core = _first_core()
    _lay_kernels(house)
    ours = _serve(house, 1, core=core, tile_memory_cache_bytes=str(2**20))
    theirs = start_large_image(python, images.theirs, free_port(), core=core)
    try:
        ours.wait_ready()
        theirs.wait_ready()
        yield ours, theirs
    finally:
        theirs.stop()
        ours.stop()


def _lay_kernels(house: TileHouse) -> None:
    kernels = house.settings.kernel_cache_dir
    kernels.parent.mkdir(parents=True, exist_ok=True)
    kernels.symlink_to(compiled_kernels())


def _serve(house: TileHouse, workers: int, *, core: int | None, **more: str) -> Server:
    port = free_port()
    env = environment(
        data_dir=str(house.settings.data_dir), database_url=house.settings.database_url,
        secret_key=SECRET, tile_port=str(port), tile_chunk_cache_bytes=str(CHUNK_CACHE), **more,
    )  # fmt: skip
    command = [sys.executable, "-m", "cli", "serve", "tiles", "--workers", str(workers)]
    return start(command, env, port, core=core)


def _first_core() -> int | None:
    import os

    count = os.cpu_count() or 1
    return 0 if count > 1 else None
