"""Laws of the graph operations, on random graphs, owners, levels and people."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from graphql_api.graph.edges import NODES, table_of
from shared.database import open_database
from shared.models.links import LINKS
from shared.models.people import GroupPermissions
from shared.settings import Settings
from shared.storage import LocalStorage
from tests.support.databases import copy_sqlite
from tests.support.lab import Lab
from tests.support.profiles import examples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.database import Database
    from tests.support.lab import Thing

LEVELS = st.sampled_from(list(GroupPermissions))
WHO = st.sampled_from("AB")
ANNOTATIONS = st.sampled_from(
    ["TagAnnotation", "CommentAnnotation", "LongAnnotation", "MapAnnotation"]
)
COMMON = settings(
    max_examples=examples(10),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
IGNORED = {"version", "updated_at", "update_event_id"}


class World:
    """A laboratory in a folder of its own, with a random graph in its first group."""

    def __init__(
        self, database: Database, folder: Path, options: Settings, data: st.DataObject
    ) -> None:
        self.database = database
        self.lab = Lab(self.database, LocalStorage(folder), options).open()
        self.here = self.lab.group("here", data.draw(LEVELS, "level here"), "AB", "L")
        self.there = self.lab.group("there", data.draw(LEVELS, "level there"), "AB", "L")
        self.things = list(self._graph(data))

    def _graph(self, data: st.DataObject) -> Iterator[Thing]:
        lab, here = self.lab, self.here
        instruments = [None, lab.row("Instrument", "A", here)]
        filesets = [None, lab.fileset("A", here)]
        projects = [lab.row("Project", data.draw(WHO), here) for _ in range(2)]
        datasets = [lab.row("Dataset", data.draw(WHO), here) for _ in range(3)]
        images = [
            lab.image(
                data.draw(WHO), here, fileset=data.draw(st.sampled_from(filesets)),
                instrument=data.draw(st.sampled_from(instruments)),
            )
            for _ in range(3)
        ]  # fmt: skip
        for parents, children in ((projects, datasets), (datasets, images)):
            pairs = [(parent, child) for parent in parents for child in children]
            for parent, child in data.draw(st.lists(st.sampled_from(pairs), unique=True)):
                lab.link(parent, child, data.draw(WHO))
        things = [*projects, *datasets, *images]
        for thing in data.draw(st.lists(st.sampled_from(things), max_size=4)):
            note = lab.annotate(thing, data.draw(ANNOTATIONS), data.draw(WHO))
            others = [other for other in things if other != thing]
            for other in data.draw(st.lists(st.sampled_from(others), max_size=1)):
                lab.link(other, note, data.draw(WHO))
        for image in data.draw(st.lists(st.sampled_from(images), max_size=2)):
            lab.roi(image, data.draw(WHO))
        yield from things

    def rows(self) -> dict[str, list[Any]]:
        """Every row with details, live or trashed, without what each change raises."""
        found = {}
        with self.database.read() as connection:
            for name in (*NODES, *LINKS):
                table = table_of(name)
                columns = [column for column in table.c if column.name not in IGNORED]
                statement = select(*columns).order_by(table.c.id)
                found[name] = [tuple(row) for row in connection.execute(statement)]
        return found

    def live(self, name: str) -> dict[int, int]:
        """Live rows of a class: id to group."""
        table = table_of(name)
        with self.database.read() as connection:
            rows = connection.execute(
                select(table.c.id, table.c.group_id).where(table.c.trash_id.is_(None))
            )
            return {row.id: row.group_id for row in rows}


@contextmanager
def a_world(data: st.DataObject) -> Iterator[World]:
    """A world, closed whatever becomes of the example."""
    with TemporaryDirectory() as folder:
        options = Settings(data_dir=Path(folder), database_url=copy_sqlite(Path(folder)))
        database = open_database(options)
        try:
            yield World(database, Path(folder), options, data)
        finally:
            database.dispose()


def summary(report: dict[str, Any]) -> dict[str, Any]:
    """A report without its plan's number and what only the real run knows."""
    return {name: value for name, value in report.items() if name not in {"planId", "created"}}


@COMMON
@given(st.data())
def test_a_move_does_what_its_dry_run_shows_and_joins_no_two_groups(data: st.DataObject) -> None:
    with a_world(data) as world:
        target, who = data.draw(st.sampled_from(world.things)), data.draw(st.sampled_from("ABLR"))
        own = world.lab.value(target, "owner_id") == world.lab.people[who]
        before = world.rows()
        if not own and who != "R":
            done = world.lab.run(who, "move_to_group", target, group=f"Group:{world.there}")
            assert done.errors[0]["code"] in {"denied", "not_found"}
            assert world.rows() == before
            return

        shown = world.lab.plan(who, "move_to_group", target, group=f"Group:{world.there}")
        assert world.rows() == before
        done = world.lab.run(who, "move_to_group", target, group=f"Group:{world.there}")

        if shown["blockerCount"]:
            assert done.state == "FAILED"
            assert world.rows() == before
        else:
            assert done.errors == []
            assert summary(done.report) == summary(shown)
            _nothing_is_lost(world, before, done.report)
        assert world.lab.crossing_links() == 0


def _nothing_is_lost(world: World, before: dict[str, list[Any]], report: dict[str, Any]) -> None:
    """What moved is just what was included; what vanished is just what is told as deleted."""
    moved = {
        name: sum(1 for group in world.live(name).values() if group == world.there)
        for name in NODES
    }
    included: dict[str, int] = {}
    destroyed: dict[str, int] = {}
    for section, counts in (("included", included), ("deleted", destroyed)):
        for each in report[section]:
            name = "Annotation" if each["type"].endswith("Annotation") else each["type"]
            counts[name] = counts.get(name, 0) + each["count"]
    assert {name: count for name, count in moved.items() if count} == {
        name: count for name, count in included.items() if name in NODES
    }
    vanished = {name: len(before[name]) - len(world.live(name)) for name in NODES}
    assert {name: count for name, count in vanished.items() if count} == destroyed


@COMMON
@given(st.data())
def test_a_move_there_and_back_restores_where_nothing_was_cut(data: st.DataObject) -> None:
    with a_world(data) as world:
        target = data.draw(st.sampled_from(world.things))
        before = world.rows()

        there = world.lab.run("R", "move_to_group", target, group=f"Group:{world.there}")
        if there.state == "SUCCEEDED" and not (
            there.report["unlinkedCount"] or there.report["deletedCount"]
        ):
            back = world.lab.run("R", "move_to_group", target, group=f"Group:{world.here}")
            cut = back.errors or back.report["unlinkedCount"] or back.report["deletedCount"]
            if not cut:
                assert world.rows() == before


@COMMON
@given(st.data())
def test_a_delete_and_its_restore_are_the_identity(data: st.DataObject) -> None:
    with a_world(data) as world:
        target, who = data.draw(st.sampled_from(world.things)), data.draw(st.sampled_from("ABLR"))
        before = world.rows()

        gone = world.lab.run(who, "delete", target)
        if gone.state == "FAILED":
            assert world.rows() == before
        else:
            back = world.lab.run(who, "restore", activity=f"Activity:{gone.activity_id}")
            assert back.errors == []
            assert world.rows() == before
