"""Paths from the roots of the tree down to an object, each step with its place in its list.

The cursor of a step is the one after which the page begins that holds the object, in pages of the
stated size: give it as `after` to the list of the step before. The first step stands in the list
of its class at the query root `where: {owner, group}` are its own, with `orphaned: true` too where
objects of the class can lie in another container.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import strawberry
from sqlalchemy import select

from graphql_api.compiler.declare import (
    CLASSES,
    SOURCES,
    Batched,
    Derived,
    References,
    column,
    made,
    planned,
)
from graphql_api.compiler.levels import Level
from graphql_api.compiler.statements import rows_by_key
from graphql_api.schema.types.objects import Node
from graphql_api.schema.types.path_places import Place, places_of
from graphql_api.schema.types.path_steps import STEPS, Up
from shared.auth.select import visible
from shared.database import ids_in
from shared.models import MODELS
from shared.refs import ObjectRef, parse_ref

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql_api.compiler.declare import Values
    from graphql_api.compiler.run import Run
    from graphql_api.schema.types.path_steps import Edge

NOTHING = ObjectRef("Project", 0)
MAX_PATHS = 1_000


@dataclass(slots=True)
class Climb:
    """What was found on the way up: of each object, its parents with the step between."""

    parents: dict[ObjectRef, list[tuple[Up, ObjectRef]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    seen: set[ObjectRef] = field(default_factory=set)


def paths_to(run: Run, text: str, size: int, *, by_name: bool) -> list[dict[str, Any]]:
    """Rows of `Path`; none for what is unknown or invisible, after the same statements."""
    target = _visible(run, text)
    if target is None:
        return []
    climb = Climb(seen={target})
    frontier = {target}
    while frontier:
        frontier = _up(run, climb, frontier)
    found = _written(climb, target)
    places = places_of(run, found, size, by_name=by_name)
    return [{"steps": steps, "places": places} for steps in found]


def _visible(run: Run, text: str) -> ObjectRef | None:
    """The object, by its stored class; exactly one statement in every case."""
    ref = parse_ref(text) or NOTHING
    class_name = CLASSES.get(ref.class_name, ref.class_name)
    if class_name not in SOURCES or SOURCES[class_name][0].model is None or class_name in UNPLACED:
        ref, class_name = NOTHING, NOTHING.class_name
    level = Level(class_name)
    level.need("id")
    has_class = "class_name" in SOURCES[class_name][0].model.__table__.c
    place = level.need("class_name") if has_class else None
    rows = rows_by_key(run, level, "id", [ref.id])
    named = {class_name, *(row.row[place] for row in rows if place is not None)}
    return ObjectRef(class_name, ref.id) if rows and ref.class_name in named else None


def _up(run: Run, climb: Climb, frontier: set[ObjectRef]) -> set[ObjectRef]:
    """One statement for each kind of step from the classes of the frontier."""
    by_class: dict[str, list[int]] = defaultdict(list)
    for ref in sorted(frontier):
        by_class[ref.class_name].append(ref.id)
    reached: set[ObjectRef] = set()
    for class_name, ids in sorted(by_class.items()):
        for step in STEPS.get(class_name, ()):
            for child, parent in _pairs(run, class_name, step, ids):
                holder = ObjectRef(step.parent, parent)
                climb.parents[ObjectRef(class_name, child)].append((step, holder))
                reached.add(holder)
    new = reached - climb.seen
    climb.seen |= new
    return new


def _pairs(run: Run, class_name: str, step: Up, ids: list[int]) -> list[tuple[int, int]]:
    """Child and parent, for parents that the caller sees."""
    parent: Any = MODELS[step.parent].__table__.alias()
    seen = [visible(run.principal, parent)]
    if step.link is not None:
        link: Any = MODELS[step.link].__table__.alias()
        child, held = link.c.child_id, link.c.parent_id
        seen.append(link.c.trash_id.is_(None))
    elif step.reverse is not None:
        child, held = parent.c[step.reverse], parent.c.id
    else:
        own: Any = MODELS[class_name].__table__.alias()
        child, held = own.c.id, own.c[step.column or ""]
    if step.only is not None:
        seen.append(step.only(parent))
    source = parent if step.reverse is not None else child.table.join(parent, held == parent.c.id)
    found = (
        select(child, held)
        .select_from(source)
        .where(ids_in(run.connection, child, ids), *seen)
        .distinct()
        .order_by(child, held)
    )
    return [(row[0], row[1]) for row in run.all(found)]


def _written(climb: Climb, target: ObjectRef) -> list[list[Edge]]:
    """All chains from a root to the target, at most `MAX_PATHS`; the root's step is None."""
    found: list[list[Edge]] = []
    pending: list[list[Edge]] = [[(None, None, target)]]
    while pending and len(found) < MAX_PATHS:
        below = pending.pop()
        _, _, top = below[0]
        parents = climb.parents.get(top, [])
        if not parents:
            found.append(below)
        on_way = {ref for _, _, ref in below}
        for step, holder in reversed(parents):
            if holder not in on_way:
                pending.append([(None, None, holder), (step, holder, top), *below[1:]])
    return found


UNPLACED = frozenset({"User", "Group", "Activity", "MapPair", "FilesetEntry", "HistoryEntry"})
"""Classes of rows that stand in no tree of objects."""


def _steps(_run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
    answers = []
    for row in rows:
        places: Mapping[Edge, Place] = row["places"]
        answers.append([_step(edge, places.get(edge)) for edge in row["steps"]])
    return answers


def _step(edge: Edge, place: Place | None) -> dict[str, Any]:
    return {
        "refs": [str(edge[2])],
        "index": None if place is None else place.index,
        "cursor": None if place is None else place.cursor,
    }


def _lengths(_run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
    return [len(row["steps"]) for row in rows]


@made
@strawberry.type(description="One object on a path, and where it stands in its list.")
class PathStep:
    """One object on a path."""

    object: Node | None = planned(References("refs", one=True), "The object.")
    index: int | None = column(
        "index",
        "Its place in the list of the step before, from 0; for the first step, in the list at the "
        "root of what has its owner and group. Null where it stands in no list.",
    )
    cursor: str | None = column(
        "cursor",
        "Give it as `after` to that list to get the page that holds the object, in pages of the "
        "stated size; null when that is the first page.",
    )


@made
@strawberry.type(description="A way from a root of the tree down to an object.")
class Path:
    """A way from a root of the tree down to an object."""

    length: int = planned(Batched(("steps",), _lengths), "How many objects stand on it.")
    steps: list[PathStep] = planned(
        Derived(("steps", "places"), _steps, many=True),
        "The objects, from the root to the one that was asked for.",
    )
