"""A random graph in groups of its own, and what the laws of graph operations ask about it.

One database serves many worlds: each has new groups, and looks at nothing outside of them.
"""

from __future__ import annotations

import itertools
from functools import cache
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from sqlalchemy import bindparam, func, select, union_all

from graphql_api.graph.edges import CODES, EDGES, NODES, rows_of
from shared.models.links import LINKS
from shared.models.people import GroupPermissions
from tests.support.lab import Thing

if TYPE_CHECKING:
    from tests.support.lab import Lab

LEVELS = st.sampled_from(list(GroupPermissions))
WHO = st.sampled_from("AB")
ANNOTATIONS = st.sampled_from(
    ["TagAnnotation", "CommentAnnotation", "LongAnnotation", "MapAnnotation"]
)
INCIDENTAL = {"version", "updated_at", "update_event_id"}
"""What every change raises, and what an undone change leaves raised."""
Rows = dict[tuple[str, int], dict[str, Any]]
_numbers = itertools.count()


class World:
    """Two groups of A, B, the leader L (and C beside), with a random graph in the first."""

    def __init__(self, lab: Lab, data: st.DataObject) -> None:
        self.lab = lab
        number = next(_numbers)
        self.level = data.draw(LEVELS, "level here")
        self.here = lab.group(f"here {number}", self.level, "ABC", "L")
        self.there = lab.group(f"there {number}", data.draw(LEVELS, "level there"), "ABC", "L")
        self.things = self._graph(data)

    def _graph(self, data: st.DataObject) -> list[Thing]:
        lab, here = self.lab, self.here
        instruments = [None, lab.row("Instrument", "A", here)]
        filesets = [None, lab.fileset("A", here)]
        projects = [lab.row("Project", data.draw(WHO), here)]
        datasets = [lab.row("Dataset", data.draw(WHO), here) for _ in range(2)]
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
                lab.link(parent, child, data.draw(st.sampled_from("ABC")))
        things = [*projects, *datasets, *images]
        for thing in data.draw(st.lists(st.sampled_from(things), max_size=3)):
            note = lab.annotate(thing, data.draw(ANNOTATIONS), data.draw(WHO))
            others = [other for other in things if other != thing]
            for other in data.draw(st.lists(st.sampled_from(others), max_size=1)):
                lab.link(other, note, data.draw(WHO))
        for image in data.draw(st.lists(st.sampled_from(images), max_size=2)):
            lab.roi(image, data.draw(WHO))
        return things

    def rows(self) -> Rows:
        """Every row of these groups, live or trashed, without what each change raises."""
        found: Rows = {}
        with self.lab.database.read() as connection:
            for name, statement in _snapshots():
                for row in connection.execute(statement, self._groups):
                    found[name, row.id] = dict(row._mapping)
        return found

    @property
    def _groups(self) -> dict[str, int]:
        return {"here": self.here, "there": self.there}

    def crossings(self) -> int:
        """Live rows and links of these groups that name something of another group."""
        with self.lab.database.read() as connection:
            return int(connection.execute(_crossings(), self._groups).scalar_one())


def _here(column: Any) -> Any:
    return (column == bindparam("here")) | (column == bindparam("there"))


@cache
def _snapshots() -> list[tuple[str, Any]]:
    """A statement per class, made once."""
    found = []
    for name in (*NODES, *LINKS):
        table = rows_of(name)
        columns = [column for column in table.c if column.name not in INCIDENTAL]
        found.append((name, select(*columns).where(_here(table.c.group_id))))
    return found


@cache
def _crossings() -> Any:
    arms = []
    for edge in EDGES.values():
        if edge.source not in CODES:
            continue
        path, source, target = edge.path(), rows_of(edge.source), rows_of(edge.target)
        joined = path.tables.join(source, source.c.id == path.source).join(
            target, target.c.id == path.target
        )
        clauses = [
            source.c.group_id != target.c.group_id, source.c.trash_id.is_(None),
            target.c.trash_id.is_(None), _here(source.c.group_id),
        ]  # fmt: skip
        if path.link is not None:
            clauses.append(path.link.c.trash_id.is_(None))
        arms.append(select(func.count().label("n")).select_from(joined).where(*clauses))
    found = union_all(*arms).subquery()
    return select(func.sum(found.c.n))


def live(rows: Rows) -> Rows:
    """The rows that are not in the trash."""
    return {key: row for key, row in rows.items() if row["trash_id"] is None}


def ids(ranges: str) -> set[int]:
    """The ids behind `51-53,56`."""
    found: set[int] = set()
    for part in filter(None, ranges.split(",")):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


def told(report: dict[str, Any], section: str) -> set[tuple[str, int]]:
    """The rows that a section of counts names, by class of table and id."""
    found = set()
    for each in report[section]:
        name = "Annotation" if each["type"].endswith("Annotation") else each["type"]
        found |= {(name, number) for number in ids(each["idRanges"])}
    return found


def listed(report: dict[str, Any], section: str) -> set[tuple[str, int]]:
    """The rows that a section of pages names; there are fewer than a page holds."""
    found = set()
    for each in report[section]:
        name, _, number = each.get("link", each.get("object")).partition(":")
        name = "Annotation" if name.endswith("Annotation") else name
        found.add((name, int(number)))
    return found


def isomorphic(before: Rows, after: Rows, copies: dict[tuple[str, int], int]) -> None:
    """Each copy is its original, but for its details and for what it names: copies of that."""
    own = {"id", "owner_id", "group_id", "creation_event_id", "created_at", "uuid",
           "storage_name", "path", "template_prefix"}  # fmt: skip
    for (name, number), copy in copies.items():
        original, made = before[name, number], after[name, copy]
        for column, value in original.items():
            if column in own:
                continue
            target = _named(name, column)
            if target is None or value is None:
                assert made[column] == value, (name, number, column)
            elif (target, value) in copies:
                assert made[column] == copies[target, value], (name, number, column)
            else:
                assert made[column] in {value, None}, (name, number, column)


def _named(name: str, column: str) -> str | None:
    """The class that a column names."""
    if name in LINKS and column in {"parent_id", "child_id"}:
        kind = LINKS[name]
        return (kind.parent if column == "parent_id" else kind.child).__name__
    edge = EDGES.get(f"{name}.{column}")
    if edge is None:
        return None
    return edge.source if edge.target == name and edge.source != name else edge.target
