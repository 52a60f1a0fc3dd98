"""`python -m benchmarks [ROUNDS]`: run everything at full size and print the tables."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from benchmarks import graph, lists
from benchmarks.rounds import ROUNDS
from benchmarks.tiles import one_process
from shared.database import open_database
from shared.settings import Settings
from shared.storage import LocalStorage
from tests.support.databases import copy_postgres, copy_sqlite, drop_postgres, drop_template
from tests.support.postgres import begin_run, end_run

SIDE = 2048
POSTGRES = "benchmark_lists"


def main(rounds: int) -> None:
    """Tiles on SQLite; lists and graph operations on both databases."""
    begin_run()
    try:
        with tempfile.TemporaryDirectory() as folder:
            settings = Settings(data_dir=Path(folder), database_url=copy_sqlite(Path(folder)))
            _tiles(settings, rounds)
        with tempfile.TemporaryDirectory() as folder:
            settings = Settings(data_dir=Path(folder), database_url=copy_sqlite(Path(folder)))
            _lists(settings, rounds)
            _lists(Settings(data_dir=Path(folder), database_url=copy_postgres(POSTGRES)), rounds)
            drop_postgres(POSTGRES)
        for kind in ("sqlite", "postgresql"):
            with tempfile.TemporaryDirectory() as folder:
                _graph(Path(folder), kind, rounds)
    finally:
        drop_template()
        end_run()


def _tiles(settings: Settings, rounds: int) -> None:
    database = open_database(settings)
    storage = LocalStorage(settings.data_dir)
    found = asyncio.run(one_process.measure(database, settings, storage, side=SIDE, rounds=rounds))
    print(one_process.report(found))
    database.dispose()


def _lists(settings: Settings, rounds: int) -> None:
    database = open_database(settings)
    tree = lists.plant(database, settings, datasets=lists.DATASETS, images=lists.IMAGES)
    print(lists.report(asyncio.run(lists.measure(tree, rounds=rounds))))
    database.dispose()


def _graph(folder: Path, kind: str, rounds: int) -> None:
    url = copy_sqlite(folder) if kind == "sqlite" else copy_postgres(POSTGRES)
    settings = Settings(data_dir=folder, database_url=url)
    database = open_database(settings)
    field = graph.plant(database, LocalStorage(folder), settings, graph.IMAGES)
    print(graph.report(graph.measure(field, rounds=rounds), graph.IMAGES))
    database.dispose()
    if kind != "sqlite":
        drop_postgres(POSTGRES)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
