"""The benchmarks at one hundredth of their size: statements and bytes are asserted, never times."""

from __future__ import annotations

import asyncio
import tracemalloc

import pytest

from benchmarks import graph, lists, rounds
from benchmarks.tiles import one_process
from shared.database import Database
from shared.settings import Settings
from shared.storage import LocalStorage

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@sqlite_only
def test_tiles_are_measured_phase_by_phase(
    database: Database, settings: Settings, storage: LocalStorage
) -> None:
    found = asyncio.run(one_process.measure(database, settings, storage, side=512, rounds=1))
    assert {"authorise", "resolve", "read", "render", "encode"} <= set(found.phases)
    assert "4 x uint16, warm" in one_process.report(found)


@pytest.mark.parametrize(("datasets", "images"), [(1, 1), (4, 12)])
def test_a_page_takes_as_many_statements_however_many_rows_it_shows(
    database: Database, settings: Settings, datasets: int, images: int
) -> None:
    tree = lists.plant(database, settings, datasets=datasets, images=images)
    found = asyncio.run(lists.measure(tree, rounds=1))
    assert found.statements == {"page 1000": 5, "page 20": 2}


def test_a_page_needs_memory_for_what_it_shows(database: Database, settings: Settings) -> None:
    tree = lists.plant(database, settings, datasets=2, images=60)
    tree.world.data("ada", lists.PAGE_20, id=f"Dataset:{tree.datasets[0]}")
    tracemalloc.start()
    tree.world.data("ada", lists.PAGE_20, id=f"Dataset:{tree.datasets[0]}")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * 2**20


def test_the_lower_quartile_is_reached_by_three_rounds_in_four() -> None:
    found = rounds.Comparison(1.0, 2.0, (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0), 0)
    assert sum(ratio >= found.lower_quartile for ratio in found.ratios) >= 0.75 * 7 - 1
    assert found.lower_quartile == 2.0


@sqlite_only
def test_graph_operations_need_statements_and_memory_for_their_depth_alone(
    database: Database, settings: Settings, storage: LocalStorage
) -> None:
    statements, peaks = [], []
    for images in (graph.IMAGES // 1000, graph.IMAGES // 100):
        field = graph.plant(database, storage, settings, images, tag=str(images))
        statements.append(graph.measure(field, rounds=1).statements)
        tracemalloc.start()
        field.lab.run("R", "move_to_group", field.whole, group=f"Group:{field.there}")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert statements[0] == statements[1]
    assert set(statements[0]) == {"move_to_group", "change_owner", "duplicate", "delete"}
    assert peaks[1] < 1.2 * peaks[0] + 2**20
