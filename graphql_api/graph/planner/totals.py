"""Count a plan in the database: tallies with digests, ranges of ids, bytes, and blockers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Integer,
    SmallInteger,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from graphql_api.graph.edges import CODES, NAMES, table_of
from graphql_api.graph.plan import Blocker, Range, Tally
from graphql_api.graph.planner.tables import BLOCKERS, REACHED
from graphql_api.graph.words import Reason, State, reason_of
from shared.models.links import LINKS

if TYPE_CHECKING:
    from sqlalchemy import Connection, Select

PRIME = 2_147_483_647
SHOWN_BLOCKERS = 100
_TALLY, _RANGE, _BYTES = range(3)


def hash_of(column: Any) -> Any:
    """A number below 2**31 that depends on an id, not linearly: so sums tell sets apart."""
    mixed = (column % PRIME) * 48_271 % PRIME
    return mixed * mixed % PRIME


@dataclass(frozen=True, slots=True)
class Sums:
    """What a plan comes to."""

    tallies: tuple[Tally, ...]
    """Everything reached, by class, state and reason."""
    ranges: tuple[Range, ...]
    """The ids of everything processed, destroyed or referred to; memory grows with gaps alone."""
    bytes: int
    """Of the files that are processed or destroyed."""


def sums(connection: Connection) -> Sums:
    """All of it in one statement."""
    found = union_all(_tallies(), _ranges(), _bytes()).subquery()
    tallies, ranges, size = [], [], 0
    for part, cls, sub, state, reason, one, other in connection.execute(select(*found.c)):
        if part == _BYTES:
            size = one
            continue
        name = sub or NAMES[cls]
        if part == _TALLY:
            is_link = NAMES[cls] in LINKS
            tallies.append(Tally(name, State(state), reason_of(reason), one, other, is_link))
        else:
            ranges.append((cls, sub or "", one, Range(name, State(state), one, other)))
    ranges.sort(key=lambda each: each[:3])
    return Sums(tuple(tallies), tuple(each[3] for each in ranges), size)


def _part(part: int, *values: Any) -> Select[Any]:
    """One arm: (part, class, subclass, state, reason, two numbers)."""
    kinds: list[Any] = [SmallInteger, String(64), Integer, Integer, BigInteger, BigInteger]
    labels = ("cls", "sub", "state", "reason", "one", "other")
    columns: list[Any] = [
        cast(value, kind).label(label)
        for value, kind, label in zip(values, kinds, labels, strict=True)
    ]
    return select(literal(part, Integer).label("part"), *columns)


def _state() -> Any:
    """What goes, goes whether it was named or not: the two states count as one."""
    row = REACHED.c
    return case((row.state == int(State.FORCED), int(State.IN)), else_=row.state)


def _tallies() -> Any:
    row, state = REACHED.c, _state()
    digest = func.sum(hash_of(row.id) + hash_of(row.owner_id) % 1000)
    return _part(
        _TALLY, row.cls, row.sub, state, row.reason, func.count(), digest
    ).group_by(row.cls, row.sub, state, row.reason)  # fmt: skip


def _ranges() -> Any:
    row, state = REACHED.c, _state()
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
    each = numbered.c
    return _part(
        _RANGE, each.cls, each.sub, each.state, literal(0), func.min(each.id), func.max(each.id)
    ).group_by(each.cls, each.sub, each.state, each.island)  # fmt: skip


def _bytes() -> Any:
    files = table_of("OriginalFile")
    size = func.coalesce(func.sum(files.c.size), 0)
    joined = REACHED.join(
        files,
        and_(
            REACHED.c.cls == CODES["OriginalFile"],
            REACHED.c.id == files.c.id,
            or_(REACHED.c.state == int(State.DESTROY), REACHED.c.state >= int(State.IN)),
        ),
    )
    nothing = literal(0)
    return _part(_BYTES, nothing, null(), nothing, nothing, size, nothing).select_from(joined)


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
