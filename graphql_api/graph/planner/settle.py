"""Hold back what cannot go: content in a container that stays, shared things, split filesets.

The first round asks for sources that were never reached; each later one follows only what the
round before held back, until nothing changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, and_, func, literal, select, union_all, update

from graphql_api.graph.edges import CODES, rows_of
from graphql_api.graph.planner.expand import live
from graphql_api.graph.planner.tables import REACHED, reached_rows
from graphql_api.graph.words import GOING, State, reason_code

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from graphql_api.graph.edges import Edge
    from graphql_api.graph.policies.rules import Hold, Need, Policy
    from graphql_api.graph.words import Reason


def settle(connection: Connection, policy: Policy, present: set[str]) -> bool:
    """Apply the policy's holds and needs until nothing more is held back; answers whether anything
    was. `present` names the classes of which something goes.
    """
    arms = [_outside(policy, hold) for hold in policy.holds if hold.edge.target in present]
    arms += [_missing(need) for need in policy.needs if need.edge.source in present]
    later = [
        _held(policy, hold)
        for hold in policy.holds
        if hold.edge.target in present and hold.edge.source in CODES
    ]
    later += [_lacking(need) for need in policy.needs if need.edge.source in present]
    arms = [arm for arm in arms if arm is not None]
    turn = 0
    while arms and _hold_back(connection, arms, turn):
        turn += 1
        arms = [arm(turn) for arm in later]
    return turn > 0


def _hold_back(connection: Connection, arms: list[Any], turn: int) -> int:
    found = union_all(*arms).subquery()
    reasons = select(
        found.c.cls, found.c.id, func.min(found.c.reason).label("reason")
    ).group_by(found.c.cls, found.c.id).subquery()  # fmt: skip
    statement = (
        update(REACHED)
        .where(REACHED.c.cls == reasons.c.cls, REACHED.c.id == reasons.c.id)
        .values(state=int(State.STAY), reason=reasons.c.reason, wave=-1 - turn)
    )
    return connection.execute(statement).rowcount


def _row(row: Any, reason: Reason) -> Any:
    number = literal(reason_code(reason), Integer).label("reason")
    return select(row.c.cls.label("cls"), row.c.id.label("id"), number)


def _free(row: Any, class_name: str) -> Any:
    """Rows that can still be held back."""
    return and_(
        row.c.cls == CODES[class_name], row.c.state >= int(GOING), row.c.state < int(State.FORCED)
    )  # fmt: skip


def source_is_live(
    policy: Policy, edge: Edge, path: Any, when: Callable[[Any], Any] | None = None
) -> Any:
    """(joins, clauses) that make sure that the edge's source is not in the trash, and that its
    columns are as `when` asks.
    """
    if path.link is not None and when is None:
        return path.tables, [live(policy, path.link)]
    row, tables = path.source_row, path.tables
    if row is None:
        row = rows_of(edge.source)
        tables = tables.join(row, row.c.id == path.source)
    clauses = [live(policy, row if path.link is None else path.link)]
    if when is not None:
        clauses.append(when(row.c))
    return tables, clauses


def _outside(policy: Policy, hold: Hold) -> Any:
    """Rows held by a source that does not go, be it reached or not."""
    if not hold.initially:
        return None
    edge, row, other = hold.edge, reached_rows(), reached_rows()
    path = edge.path()
    tables, clauses = source_is_live(policy, edge, path, hold.holder)
    joined = row.join(tables, path.target == row.c.id)
    if edge.source in CODES:
        joined = joined.outerjoin(
            other,
            and_(
                other.c.cls == CODES[edge.source],
                other.c.id == path.source,
                other.c.state >= int(GOING),
            ),
        )
        clauses.append(other.c.id.is_(None))
    joined, extra = _only_when(hold, joined, row, path)
    statement = _row(row, hold.reason).select_from(joined)
    return statement.where(_free(row, edge.target), *clauses, *extra, *_unless(hold, row))


def _only_when(hold: Hold, joined: Any, row: Any, path: Any) -> tuple[Any, list[Any]]:
    if hold.when is None:
        return joined, []
    target = path.target_row
    if target is None:
        target = rows_of(hold.edge.target)
        joined = joined.join(target, target.c.id == row.c.id)
    return joined, [hold.when(target)]


def _unless(hold: Hold, row: Any) -> list[Any]:
    """Not for what is reached by another kind of container that goes."""
    found = []
    for edge in hold.unless:
        path, other = edge.path(), reached_rows()
        going = (
            select(literal(1))
            .select_from(path.tables)
            .join(
                other,
                and_(
                    other.c.cls == CODES[edge.source],
                    other.c.id == path.source,
                    other.c.state >= int(GOING),
                ),
            )
            .where(path.target == row.c.id, *_live_ends(path))
        )
        found.append(~going.exists())
    return found


def _live_ends(path: Any) -> list[Any]:
    rows = (path.link, path.source_row, path.target_row)
    return [alias.c.trash_id.is_(None) for alias in rows if alias is not None]


def _missing(need: Need) -> Any:
    """Sources whose target does not go."""
    edge, row, other = need.edge, reached_rows(), reached_rows()
    path = edge.path()
    joined = row.join(path.tables, path.source == row.c.id).outerjoin(
        other,
        and_(
            other.c.cls == CODES[edge.target],
            other.c.id == path.target,
            other.c.state >= int(GOING),
        ),
    )
    statement = _row(row, need.reason).select_from(joined)
    return statement.where(
        _free(row, edge.source), path.target.is_not(None), other.c.id.is_(None)
    )  # fmt: skip


def _held(policy: Policy, hold: Hold) -> Any:
    """As `_outside`, but only for sources that the round before held back."""

    def arm(turn: int) -> Any:
        edge, row, source = hold.edge, reached_rows(), reached_rows()
        path = edge.path()
        joined = source.join(path.tables, path.source == source.c.id).join(
            row, row.c.id == path.target
        )
        joined, extra = _only_when(hold, joined, row, path)
        ends = (path.link, path.target_row)
        clauses = [live(policy, end) for end in ends if end is not None]
        return (
            _row(row, hold.reason)
            .select_from(joined)
            .where(
                source.c.cls == CODES[edge.source], source.c.wave == -turn,
                _free(row, edge.target), *clauses, *extra, *_unless(hold, row),
            )
        )  # fmt: skip

    return arm


def _lacking(need: Need) -> Any:
    """As `_missing`, but only for targets that the round before held back."""

    def arm(turn: int) -> Any:
        edge, row, target = need.edge, reached_rows(), reached_rows()
        path = edge.path()
        joined = target.join(path.tables, path.target == target.c.id).join(
            row, row.c.id == path.source
        )
        return (
            _row(row, need.reason)
            .select_from(joined)
            .where(
                target.c.cls == CODES[edge.target], target.c.wave == -turn,
                _free(row, edge.source),
            )
        )  # fmt: skip

    return arm
