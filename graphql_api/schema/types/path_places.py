"""Where the objects of a path stand in their lists: index, and the cursor of their page.

One statement for each kind of list ranks what it holds for all parents at once; it costs what the
lists hold, which any page number costs.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, select

from graphql_api.compiler.connections import ConnectionChild
from graphql_api.compiler.cursors import make_cursor
from graphql_api.compiler.declare import SOURCES
from graphql_api.compiler.paging import read_page
from graphql_api.compiler.scope import Scope
from graphql_api.schema.types.annotation_where import AnnotationOrderField
from graphql_api.schema.types.connections import Nulls, OrderDirection
from graphql_api.schema.types.filters import orphaned
from graphql_api.schema.types.orders import ImageOrderField, NamedOrderField
from graphql_api.schema.types.path_steps import CAN_BE_ORPHANED, ROOTS
from shared.database import ids_in
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql_api.compiler.paging import Page
    from graphql_api.compiler.run import Run
    from graphql_api.schema.types.path_steps import Edge, Up

BY_NAME = {
    "Project": NamedOrderField.NAME, "Dataset": NamedOrderField.NAME,
    "Screen": NamedOrderField.NAME, "Plate": NamedOrderField.NAME, "Folder": NamedOrderField.NAME,
    "Image": ImageOrderField.NAME, "Annotation": AnnotationOrderField.TEXT,
}  # fmt: skip
"""The order by name of each class that has one; lists of other classes go by id all the same."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object stands in a list; the cursor is None on the first page."""

    index: int
    cursor: str | None


def places_of(
    run: Run, paths: Sequence[Sequence[Edge]], size: int, *, by_name: bool
) -> Mapping[Edge, Place]:
    """The place of every edge of these paths that stands in a list."""
    wanted: dict[tuple[Up | None, str], set[Edge]] = defaultdict(set)
    for path in paths:
        for edge in path:
            wanted[edge[0], edge[2].class_name].add(edge)
    found: dict[Edge, Place] = {}
    for (step, class_name), edges in sorted(wanted.items(), key=lambda item: str(item[0])):
        if step is not None and step.field is not None:
            page = _page(f"{step.parent}.{step.field}", class_name, {}, by_name=by_name)
            found |= _in_lists(run, step, class_name, sorted(edges, key=str), page, size)
        elif step is None and class_name in ROOTS:
            found |= _at_root(run, class_name, sorted(edges, key=str), size, by_name=by_name)
    return found


def _page(name: str, class_name: str, where: dict[str, Any], *, by_name: bool) -> Page:
    """The page of a list, as its arguments would be read: its order and its fingerprint."""
    arguments: dict[str, Any] = {"first": 1, **({"where": where} if where else {})}
    if by_name and class_name in BY_NAME:
        term = {
            "field": BY_NAME[class_name],
            "direction": OrderDirection.ASC,
            "nulls": Nulls.LAST,
        }
        arguments["orderBy"] = [term]
    return read_page(SOURCES[class_name][0], arguments, name)


def _in_lists(
    run: Run, step: Up, class_name: str, edges: Sequence[Edge], page: Page, size: int
) -> dict[Edge, Place]:
    child = ConnectionChild(step.plan(class_name), None, "", page, lambda _scope: [])
    scope = child.level.scope(run.principal)
    holder = child.on_parent(scope)
    holders = sorted({edge[1].id for edge in edges if edge[1] is not None})
    wanted = [
        ids_in(run.connection, holder, holders), scope.seen(), *child.conditions(scope)
    ]  # fmt: skip
    rows = _ranked(run, scope, page, [holder], wanted, [edge[2].id for edge in edges], size)
    by_key = {(row[0], row[1]): row for row in rows}
    found = {}
    for edge in edges:
        row = by_key.get((edge[1].id if edge[1] else 0, edge[2].id))
        if row is not None:
            found[edge] = _place(row, 1, page)
    return found


def _at_root(
    run: Run, class_name: str, edges: Sequence[Edge], size: int, *, by_name: bool
) -> dict[Edge, Place]:
    """Roots among what has the same owner and group, and lies in no container where it could."""
    scope = Scope(run.principal, SOURCES[class_name][0])
    table = scope.table.c
    ids = [edge[2].id for edge in edges]
    own = SOURCES[class_name][0].model.__table__.alias()
    same = (
        select(own.c.id)
        .where(
            ids_in(run.connection, own.c.id, ids),
            own.c.owner_id == table.owner_id,
            own.c.group_id == table.group_id,
        )
        .exists()
    )
    wanted = [same, scope.seen()]
    if class_name in CAN_BE_ORPHANED:
        wanted.append(orphaned(scope, class_name, value=True))
    plain = _page(f"Query.{ROOTS[class_name]}", class_name, {}, by_name=by_name)
    keys = [table.owner_id, table.group_id]
    found = {}
    rows = {row[2]: row for row in _ranked(run, scope, plain, keys, wanted, ids, size)}
    for edge in edges:
        row = rows.get(edge[2].id)
        if row is None:
            continue  # a folder holds it, or another container that is no parent here
        where: dict[str, Any] = {
            "owner": str(ObjectRef("User", row[0])),
            "group": str(ObjectRef("Group", row[1])),
        }
        if class_name in CAN_BE_ORPHANED:
            where["orphaned"] = True
        page = _page(f"Query.{ROOTS[class_name]}", class_name, where, by_name=by_name)
        found[edge] = _place(row, 2, page)
    return found


def _ranked(
    run: Run,
    scope: Scope,
    page: Page,
    keys: list[Any],
    wanted: list[Any],
    ids: Sequence[int],
    size: int,
) -> Sequence[Any]:
    """Keys, id, index, and the order values of the row after which its page begins."""
    terms = [scope.column(term.column) for term in page.terms]
    place = func.row_number().over(partition_by=keys, order_by=page.order(terms)) - 1
    named = [key.label(f"k{number}") for number, key in enumerate(keys)]
    values = [term.label(f"t{number}") for number, term in enumerate(terms)]
    ranked = (
        select(*named, scope.table.c.id.label("object_id"), place.label("place"), *values)
        .select_from(scope.from_clause())
        .where(*wanted)
        .cte()
    )
    own, before = ranked.alias(), ranked.alias()
    edge = own.c.place - own.c.place % size - 1
    same = [own.c[key.name] == before.c[key.name] for key in named]
    joined = own.outerjoin(before, and_(*same, before.c.place == edge))
    return run.all(
        select(
            *(own.c[key.name] for key in named),
            own.c.object_id,
            own.c.place,
            *(before.c[value.name] for value in values),
        )
        .select_from(joined)
        .where(ids_in(run.connection, own.c.object_id, sorted(set(ids))))
    )


def _place(row: Any, keys: int, page: Page) -> Place:
    values = tuple(row[keys + 2 :])
    begins = values[-1] is not None  # the last order value is the id, which is never null
    return Place(row[keys + 1], make_cursor(page.fingerprint, values) if begins else None)
