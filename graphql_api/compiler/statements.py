"""The statements themselves: rows by key, root lists, pages under many parents, and counts.

Each statement serves all parents at once. Pages under parents are limited per parent: by LATERAL on
PostgreSQL, on SQLite by a correlated `IN (SELECT ... LIMIT n)`, which it looks up by rowid.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Text,
    bindparam,
    func,
    literal,
    select,
    true,
    union_all,
)

from graphql_api.compiler.rows import Record
from shared.auth.select import keyset_ranges
from shared.database import ids_in
from shared.models.light import light_alias
from shared.models.people import Group

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlalchemy import ColumnElement, Select

    from graphql_api.compiler.levels import Level
    from graphql_api.compiler.paging import Page
    from graphql_api.compiler.run import Run
    from graphql_api.compiler.scope import Scope

    Conditions = Callable[[Scope], list[ColumnElement[bool]]]
    OnParent = Callable[[Scope], ColumnElement[Any]]

MAX_RANGES = 200
"""Beyond so many groups a root list filters by the visibility predicate instead of merging."""


def rows_by_key(
    run: Run,
    level: Level,
    remote: str,
    keys: Iterable[Any],
    *,
    seen: bool = True,
    order: tuple[str, ...] = (),
) -> list[Record]:
    """Rows of the level whose `remote` column is one of `keys`.

    They come in the order of `order`, in which "-name" is descending.
    """
    scope = level.scope(run.principal)
    columns = _columns(scope, level)
    conditions = [ids_in(run.connection, scope.table.c[remote], keys)]
    if seen:
        conditions.append(scope.seen())
    ordering = [
        scope.table.c[name[1:]].desc() if name.startswith("-") else scope.table.c[name]
        for name in order
    ]
    statement = select(*columns).select_from(scope.from_clause()).where(*conditions)
    return [Record(row) for row in run.all(statement.order_by(*ordering))]


def root_page(
    run: Run, level: Level, page: Page, conditions: Conditions, *, merged: bool = True
) -> Sequence[Any]:
    """Up to `size + 1` visible rows, merged from one keyset range per group.

    Not `merged`, they are read as one range: for conditions that cost more to plan once per group
    than ranges save.
    """
    ranges = keyset_ranges(run.principal) if level.source.has_details else None
    limit = page.size + 1
    everything = ranges is None and level.source.has_details
    if merged and everything and page.terms[0].column != "id":
        return _merged_groups(run, level, page, conditions)
    if not merged or ranges is None or len(ranges) > MAX_RANGES or not ranges:
        scope = level.scope(run.principal)
        return run.all(_limited(scope, level, page, [scope.seen(), *conditions(scope)], limit))
    listed = [group_id for group_id, _ in ranges if group_id is not None]
    branches = []
    for group_id, owner_id in ranges:
        scope = level.scope(run.principal)
        found = [scope.table.c.trash_id.is_(None), *conditions(scope)]
        if group_id is not None:
            found.append(scope.table.c.group_id == group_id)
        else:
            found.append(scope.table.c.id.in_(_owned_elsewhere(level, owner_id, listed)))
        if owner_id is not None:
            found.append(scope.table.c.owner_id == owner_id)
        branches.append(select(*_limited(scope, level, page, found, limit).subquery().c))
    together = union_all(*branches).subquery()
    columns = [together.c[f"c{place}"] for place in _places(level, page)]
    return run.all(select(*together.c).order_by(*page.order(columns)).limit(limit))


def pages(
    run: Run,
    level: Level,
    page: Page,
    parents: Sequence[int],
    on_parent: OnParent,
    conditions: Conditions,
) -> Sequence[Any]:
    """Up to `size + 1` rows under each parent; the parent's id is the last column."""
    each = _each(run, parents).c.value
    statement, order = _paged(run, level, page, each, on_parent, conditions)
    return run.all(statement.order_by(each, *order))


def _merged_groups(run: Run, level: Level, page: Page, conditions: Conditions) -> Sequence[Any]:
    """For whoever sees everything: one keyset range for each group that there is."""
    each = light_alias(Group).c.id
    statement, order = _paged(
        run, level, page, each, lambda scope: scope.table.c.group_id, conditions
    )
    return run.all(statement.order_by(*order).limit(page.size + 1))


def _paged(
    run: Run,
    level: Level,
    page: Page,
    each: Any,
    on_parent: OnParent,
    conditions: Conditions,
) -> tuple[Select[Any], list[ColumnElement[Any]]]:
    """Rows limited for each value of the column `each`, and the order in which to read them."""
    limit = page.size + 1
    inner = level.scope(run.principal)
    wanted = [on_parent(inner) == each, inner.seen(), *conditions(inner)]
    if run.is_postgresql:
        limited = _limited(inner, level, page, wanted, limit, outer=each.table).lateral()
        sorted_by = [limited.c[f"c{place}"] for place in _places(level, page)]
        joined = each.table.join(limited, true())
        return select(*limited.c, each).select_from(joined), page.order(sorted_by)
    terms = page.order([inner.column(term.column) for term in page.terms])
    wanted += page.conditions(inner)
    picked = select(inner.row_key).select_from(inner.from_clause()).where(*wanted)
    picked = picked.order_by(*terms).limit(limit).correlate(each.table)
    outer = level.scope(run.principal)
    columns = _columns(outer, level)
    order = page.order([outer.column(term.column) for term in page.terms])
    joined = outer.from_clause(each.table, outer.row_key.in_(picked))
    return select(*columns, each).select_from(joined), order


def _owned_elsewhere(level: Level, owner_id: int | None, listed: list[int]) -> Select[Any]:
    """Ids of what somebody owns in groups that are not listed: one look-up for each such group.

    As a plain NOT IN it would read everything that he owns in all groups to find a page.
    """
    own = light_alias(level.source.model)
    others = select(Group.id).where(Group.id.not_in(listed))
    return select(own.c.id).where(
        own.c.group_id.in_(others), own.c.owner_id == owner_id, own.c.trash_id.is_(None)
    )


def count_all(run: Run, level: Level, most: int | None, conditions: Conditions) -> int:
    """How many visible rows match, counted up to `most`."""
    scope = level.scope(run.principal)
    wanted = [scope.seen(), *conditions(scope)]
    inner = select(literal(1).label("one")).select_from(scope.from_clause()).where(*wanted)
    inner = inner if most is None else inner.limit(most)
    return int(
        run.connection.execute(select(func.count()).select_from(inner.subquery())).scalar_one()
    )


def counts(
    run: Run,
    level: Level,
    most: int | None,
    parents: Sequence[int],
    on_parent: OnParent,
    conditions: Conditions,
) -> dict[int, int]:
    """How many rows match under each parent, counted up to `most`."""
    each = _each(run, parents)
    scope = level.scope(run.principal)
    wanted = [on_parent(scope) == each.c.value, scope.seen(), *conditions(scope)]
    inner = select(literal(1).label("one")).select_from(scope.from_clause()).where(*wanted)
    inner = (inner if most is None else inner.limit(most)).correlate(each)
    counted = select(func.count()).select_from(inner.subquery()).correlate(each)
    rows = run.all(select(each.c.value, counted.scalar_subquery()))
    return {parent: number for parent, number in rows}  # noqa: C416  # rows are not plain tuples


def _limited(
    scope: Scope,
    level: Level,
    page: Page,
    conditions: list[ColumnElement[bool]],
    limit: int,
    outer: Any = None,
) -> Select[Any]:
    columns = _columns(scope, level)
    order = page.order([scope.column(term.column) for term in page.terms])
    statement = select(*columns).where(*conditions, *page.conditions(scope))
    statement = statement.select_from(scope.from_clause()).order_by(*order).limit(limit)
    return statement if outer is None else statement.correlate(outer)


def _columns(scope: Scope, level: Level) -> list[ColumnElement[Any]]:
    return [scope.column(name).label(f"c{place}") for name, place in level.columns.items()]


def _places(level: Level, page: Page) -> list[int]:
    return [level.columns[term.column] for term in page.terms]


def _each(run: Run, parents: Sequence[int]) -> Any:
    """The parents' ids as rows, in one bound value."""
    if run.is_postgresql:
        bound = bindparam(None, list(parents), type_=ARRAY(BigInteger))
        return func.unnest(bound).table_valued("value").render_derived()
    return func.json_each(bindparam(None, json.dumps(list(parents)), type_=Text)).table_valued(
        "value"
    )
