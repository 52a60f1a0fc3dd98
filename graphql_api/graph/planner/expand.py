"""Follow the edges from the targets, wave by wave: one statement reaches all of the next wave."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    select,
    true,
    union_all,
)

from graphql_api.graph.edges import CODES, NAMES, rows_of
from graphql_api.graph.planner.tables import REACHED, add, analyze, reached_rows
from graphql_api.graph.policies.rules import Step
from graphql_api.graph.words import GOING, State, verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sqlalchemy import Connection

    from graphql_api.graph.policies.rules import Follow, Outcome, Policy
    from graphql_api.graph.request import OperationRequest
    from shared.auth.principal import Principal


class LargePlan(Exception):
    """More is reached than fits into a request: a worker has to do it."""


def expand(
    connection: Connection,
    principal: Principal,
    request: OperationRequest,
    policy: Policy,
    start: tuple[Collection[str], int],
    most: int | None = None,
) -> tuple[set[str], int]:
    """Reach everything that the policy's edges lead to, starting from wave 0; answers the classes
    of which something goes, and how many rows were reached. `start` tells the classes of wave 0
    and how many rows it has.

    Raises `LargePlan` as soon as more than `most` rows are reached.
    """
    classes, reached = start
    leads: dict[int, list[Follow]] = defaultdict(list)
    for follow in policy.follows:
        near = follow.edge.target if follow.upward else follow.edge.source
        if near in CODES:  # a user's photo starts at nothing that is ever reached
            leads[CODES[near]].append(follow)
    front = {CODES[name] for name in classes}
    going = set(front)
    wave = 0
    while True:
        follows = [follow for code in sorted(front) for follow in leads.get(code, ())]
        if not follows:
            break
        if most is not None and reached > most:
            raise LargePlan(most)
        wave += 1
        arms = [_arm(principal, request, policy, follow, wave - 1) for follow in follows]
        added = add(connection, union_all(*arms).subquery(), wave)
        if not added:
            break
        reached += added
        analyze(connection, reached)
        front, more = _front(connection, wave)
        going |= more
    return {NAMES[code] for code in going}, reached


def _front(connection: Connection, wave: int) -> tuple[set[int], set[int]]:
    """The classes of which this wave has something to go on from, and those of which it has
    something that goes.
    """
    states = connection.execute(
        select(REACHED.c.cls, func.max(REACHED.c.state))
        .where(REACHED.c.wave == wave, REACHED.c.state >= int(GOING))
        .group_by(REACHED.c.cls)
    ).all()
    return {cls for cls, state in states if state >= int(State.IN)}, {cls for cls, _ in states}


def live(policy: Policy, alias: Any) -> Any:
    """The rows among which a policy works: live ones, or those of certain trash entries."""
    if policy.whatever_state:
        return true()
    column = alias.c.trash_id
    return column.is_(None) if policy.trash is None else column.in_(policy.trash)


def _arm(
    principal: Principal, request: OperationRequest, policy: Policy, follow: Follow, wave: int
) -> Any:
    """(cls, id, owner_id, group_id, sub, code) of what one edge reaches from one wave."""
    edge, source = follow.edge, reached_rows()
    path = edge.path()
    near, far = (path.target, path.source) if follow.upward else (path.source, path.target)
    name = edge.source if follow.upward else edge.target
    row = path.source_row if follow.upward else path.target_row
    joined = source.join(path.tables, near == source.c.id)
    if row is None:
        row = rows_of(name)
        joined = joined.join(row, row.c.id == far)
    step = Step(principal, request, name, source.c, row)
    clauses = [
        source.c.cls == CODES[edge.target if follow.upward else edge.source],
        source.c.wave == wave,
        source.c.state >= int(follow.least),
        live(policy, row),
    ]
    if path.link is not None:
        clauses.append(live(policy, path.link))
    return (
        select(*node_columns(name, row), code_of(follow.verdicts(step)).label("code"))
        .select_from(joined)
        .where(and_(*clauses))
    )


def node_columns(class_name: str, row: Any) -> list[Any]:
    """The first five columns of the planner's table, for a row of a class."""
    sub = row.c.class_name if class_name == "Annotation" else cast(null(), String(64))
    return [
        literal(CODES[class_name], Integer).label("cls"),
        row.c.id.label("id"),
        row.c.owner_id.label("owner_id"),
        row.c.group_id.label("group_id"),
        sub.label("sub"),
    ]


def code_of(outcomes: Iterable[Outcome]) -> Any:
    """The verdict as SQL: the first outcome whose condition holds; none fitting means staying."""
    whens: list[Any] = []
    for condition, state, reason in outcomes:
        if isinstance(reason, ColumnElement):
            number: Any = literal(verdict(state), Integer) + reason
        else:
            number = literal(verdict(state, reason), Integer)
        if condition is None:
            return case(*whens, else_=number) if whens else number
        whens.append((condition, number))
    return case(*whens, else_=literal(verdict(State.STAY), Integer))


def begin(connection: Connection, class_name: str, chosen: Any) -> None:
    """Put targets of one class into the table: `chosen` is a condition on an alias of its table,
    given as a function of that alias.
    """
    row = rows_of(class_name)
    number = literal(verdict(State.FORCED), Integer).label("code")
    arm = select(*node_columns(class_name, row), number).where(chosen(row))
    add(connection, arm.subquery(), 0)


def names_reached(connection: Connection, least: State) -> set[str]:
    """The classes of which something is at least in this state."""
    found = connection.execute(
        select(REACHED.c.cls).distinct().where(REACHED.c.state >= int(least))
    ).scalars()
    return {NAMES[code] for code in found}
