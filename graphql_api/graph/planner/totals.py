"""Count a plan in the database: tallies with digests, ranges of ids, blockers, bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, and_, case, cast, func, literal, or_, select

from graphql_api.graph.edges import CODES, NAMES, table_of
from graphql_api.graph.plan import Blocker, Range, Tally
from graphql_api.graph.planner.tables import BLOCKERS, REACHED
from graphql_api.graph.words import Reason, State, reason_of
from shared.models.links import LINKS

if TYPE_CHECKING:
    from sqlalchemy import Connection

PRIME = 2_147_483_647
SHOWN_BLOCKERS = 100


def hash_of(column: Any) -> Any:
    """A number below 2**31 that depends on an id, not linearly: so sums tell sets apart."""
    mixed = (column % PRIME) * 48_271 % PRIME
    return mixed * mixed % PRIME


def tallies(connection: Connection) -> tuple[Tally, ...]:
    """Everything reached, by class, state and reason."""
    row = REACHED.c
    # What goes, goes whether it was named or not: the two states count as one.
    state = case((row.state == int(State.FORCED), int(State.IN)), else_=row.state)
    statement = (
        select(
            row.cls, row.sub, state.label("state"), row.reason,
            func.count().label("count"),
            cast(func.sum(hash_of(row.id) + hash_of(row.owner_id) % 1000), BigInteger)
            .label("digest"),
        )
        .group_by(row.cls, row.sub, state, row.reason)
    )  # fmt: skip
    return tuple(
        Tally(
            each.sub or NAMES[each.cls],
            State(each.state),
            reason_of(each.reason),
            each[4],
            each.digest,
            NAMES[each.cls] in LINKS,
        )
        for each in connection.execute(statement)
    )


def ranges(connection: Connection) -> tuple[Range, ...]:
    """The ids of everything processed, destroyed or referred to, as ranges; memory grows with gaps
    alone.
    """
    row = REACHED.c
    state = case((row.state == int(State.FORCED), int(State.IN)), else_=row.state)
    kind = func.coalesce(row.sub, "")
    numbered = (
        select(
            row.cls.label("cls"), kind.label("sub"), state.label("state"), row.id.label("id"),
            (row.id - func.row_number().over(partition_by=[row.cls, kind, state], order_by=row.id))
            .label("island"),
        )
        .where(row.state >= int(State.REFER))
        .subquery()
    )  # fmt: skip
    first = func.min(numbered.c.id)
    statement = (
        select(numbered.c.cls, numbered.c.sub, numbered.c.state, first, func.max(numbered.c.id))
        .group_by(numbered.c.cls, numbered.c.sub, numbered.c.state, numbered.c.island)
        .order_by(numbered.c.cls, numbered.c.sub, first)
    )
    return tuple(
        Range(sub or NAMES[cls], State(state), low, high)
        for cls, sub, state, low, high in connection.execute(statement)
    )


def blockers(connection: Connection) -> tuple[tuple[Blocker, ...], int]:
    """The first blockers, and how many there are; those that name a holder come first."""
    row = BLOCKERS.c
    statement = (
        select(BLOCKERS, func.count().over().label("total"))
        .order_by(row.holder_id.is_(None), row.cls, row.id, row.holder_id)
        .limit(SHOWN_BLOCKERS)
    )
    rows = connection.execute(statement).all()
    if not rows:
        return (), 0
    named = [each for each in rows if each.holder_id is not None] or rows
    return tuple(_blocker(each) for each in named), rows[0].total


def _blocker(row: Any) -> Blocker:
    return Blocker(
        f"{NAMES[row.cls]}:{row.id}",
        f"{NAMES[row.holder_cls]}:{row.holder_id}" if row.holder_id is not None else None,
        f"{NAMES[row.shared_cls]}:{row.shared_id}" if row.shared_id is not None else None,
        reason_of(row.reason) or Reason.NOT_PERMITTED,
    )


def size_in_bytes(connection: Connection) -> int:
    """Bytes of the files that are processed or destroyed."""
    files = table_of("OriginalFile")
    statement = select(func.coalesce(func.sum(files.c.size), literal(0))).select_from(
        REACHED.join(
            files,
            and_(
                REACHED.c.cls == CODES["OriginalFile"],
                REACHED.c.id == files.c.id,
                or_(REACHED.c.state == int(State.DESTROY), REACHED.c.state >= int(State.IN)),
            ),
        )
    )
    return int(connection.execute(statement).scalar_one())
