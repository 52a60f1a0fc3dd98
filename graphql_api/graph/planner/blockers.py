"""Find what forbids a plan: references that would join what goes to what stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Integer,
    SmallInteger,
    and_,
    cast,
    func,
    insert,
    literal,
    null,
    select,
    union_all,
)

from graphql_api.graph.edges import CODES, rows_of
from graphql_api.graph.planner.expand import live
from graphql_api.graph.planner.settle import source_is_live
from graphql_api.graph.planner.tables import BLOCKERS, reached_rows
from graphql_api.graph.words import GOING, State, reason_code

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from graphql_api.graph.policies.rules import Cross, Policy
    from graphql_api.graph.words import Reason


def find_blockers(
    connection: Connection, policy: Policy, extra: list[Any], present: set[str]
) -> int:
    """Fill the table of blockers from the policy's crossings and the operation's own arms; answers
    how many there are.

    `present` names the classes of which something goes.
    """
    arms = list(extra)
    for cross in policy.crosses:
        if cross.forward and cross.edge.source in present:
            arms.append(_forward(policy, cross))
        elif not cross.forward and cross.edge.target in present:
            arms.append(_backward(policy, cross))
    if not arms:
        return 0
    found = union_all(*arms).subquery()
    names = [column.name for column in BLOCKERS.c]
    statement = insert(BLOCKERS).from_select(names, select(*found.c))
    return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount


def blocker_row(
    reason: Reason,
    class_name: str,
    id_: Any,
    holder: tuple[str, Any] | None = None,
    shared: tuple[str, Any] | None = None,
) -> list[Any]:
    """The columns of the table of blockers."""
    return [
        literal(CODES[class_name], SmallInteger).label("cls"),
        id_.label("id"),
        *_named("holder", holder),
        *_named("shared", shared),
        literal(reason_code(reason), Integer).label("reason"),
    ]


def _named(label: str, item: tuple[str, Any] | None) -> list[Any]:
    if item is None:
        nothing = cast(null(), SmallInteger), cast(null(), BigInteger)
        return [nothing[0].label(f"{label}_cls"), nothing[1].label(f"{label}_id")]
    code = literal(CODES[item[0]], SmallInteger).label(f"{label}_cls")
    return [code, item[1].label(f"{label}_id")]


def _going(alias: Any, class_name: str, id_: Any) -> Any:
    return and_(
        alias.c.cls == CODES[class_name], alias.c.id == id_, alias.c.state >= int(GOING)
    )  # fmt: skip


def _forward(policy: Policy, cross: Cross) -> Any:
    """The source goes, its target does not: named with those other sources that stay."""
    edge, source, target = cross.edge, reached_rows(), reached_rows()
    path = edge.path()
    row, joined = path.target_row, source.join(path.tables, path.source == source.c.id)
    if row is None:  # else the index of live parts would not be used
        row = rows_of(edge.target)
        joined = joined.join(row, row.c.id == path.target)
    joined = joined.outerjoin(target, _going(target, edge.target, path.target))
    clauses = [
        source.c.cls == CODES[edge.source], source.c.state >= int(State.IN),
        target.c.id.is_(None), live(policy, row), row.c.group_id == source.c.group_id,
    ]  # fmt: skip
    if path.link is not None:
        clauses.append(live(policy, path.link))
    if cross.when is not None:
        clauses.append(cross.when(row.c))
    split = (
        select(path.target.label("shared"), func.min(source.c.id).label("id"))
        .select_from(joined)
        .where(*clauses)
        .group_by(path.target)
        .subquery()
    )
    return _with_holders(policy, cross, split)


def _with_holders(policy: Policy, cross: Cross, split: Any) -> Any:
    edge, other, reached = cross.edge, cross.edge.path(), reached_rows()
    tables, clauses = source_is_live(policy, edge, other)
    staying = (
        select(other.target.label("shared"), other.source.label("holder"))
        .distinct()
        .select_from(tables.outerjoin(reached, _going(reached, edge.source, other.source)))
        .where(reached.c.id.is_(None), other.target.in_(select(split.c.shared)), *clauses)
        .subquery()
    )
    joined: Any = split.outerjoin(staying, staying.c.shared == split.c.shared)
    name, id_, holder = edge.source, split.c.id, staying.c.holder
    if name == "Pixels":
        near, far = rows_of("Pixels"), rows_of("Pixels")
        joined = joined.join(near, near.c.id == id_).outerjoin(far, far.c.id == holder)
        name, id_, holder = "Image", near.c.image_id, far.c.image_id
    shared = (edge.target, split.c.shared)
    return select(*blocker_row(cross.reason, name, id_, (name, holder), shared)).select_from(joined)


def _backward(policy: Policy, cross: Cross) -> Any:
    """The target goes while a live source that refers to it stays."""
    edge, target, source = cross.edge, reached_rows(), reached_rows()
    path = edge.path()
    tables, clauses = source_is_live(policy, edge, path, cross.when)
    joined = target.join(tables, path.target == target.c.id).outerjoin(
        source, _going(source, edge.source, path.source)
    )
    row = blocker_row(cross.reason, edge.target, target.c.id, (edge.source, path.source))
    return (
        select(*row)
        .distinct()
        .select_from(joined)
        .where(
            target.c.cls == CODES[edge.target],
            target.c.state >= int(State.IN),
            source.c.id.is_(None),
            *clauses,
        )
    )
