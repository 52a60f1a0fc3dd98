"""The words of a plan: states of what was reached, and reasons for what does not go along.

States are numbers, so that the strongest of several verdicts is their maximum in SQL.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class State(IntEnum):
    """What becomes of an object or link that an operation reached; larger ones prevail."""

    STAY = 1
    """Not processed; links to it are cut where they must be."""
    CUT = 2
    """A link that goes to the trash because its ends part."""
    REFER = 3
    """Not copied: the copies refer to the original."""
    DESTROY = 5
    """Goes to the trash because it cannot come along."""
    IN = 8
    """Processed, unless something that stays holds it."""
    FORCED = 9
    """Processed whatever holds it: a target, or included by name."""


GOING = State.DESTROY
"""From this state on nothing is held back by the object."""


class Reason(StrEnum):
    """Why something is cut, left, deleted or refused; the names are GraphQL's."""

    OTHER_OWNER = "OTHER_OWNER"
    SHARED_ELSEWHERE = "SHARED_ELSEWHERE"
    PRIVATE_TARGET = "PRIVATE_TARGET"
    FILESET_SPLIT = "FILESET_SPLIT"
    SHARED_INSTRUMENT = "SHARED_INSTRUMENT"
    USED_BY_FIELD = "USED_BY_FIELD"
    NOT_PERMITTED = "NOT_PERMITTED"
    IDENTICAL_LINK = "IDENTICAL_LINK"
    CLASS_EXCLUDED = "CLASS_EXCLUDED"
    WILL_BE_DELETED = "WILL_BE_DELETED"
    PARENT_NOT_INCLUDED = "PARENT_NOT_INCLUDED"
    CHILD_NOT_INCLUDED = "CHILD_NOT_INCLUDED"


REASONS: tuple[Reason, ...] = tuple(Reason)


def reason_code(reason: Reason | None) -> int:
    """The number under which a reason stands in the planner's tables; 0 is none."""
    return 0 if reason is None else REASONS.index(reason) + 1


def reason_of(code: int) -> Reason | None:
    """The reason behind a number."""
    return REASONS[code - 1] if code else None


def verdict(state: State, reason: Reason | None = None) -> int:
    """State and reason as one number whose order is that of the states."""
    return int(state) * 100 + reason_code(reason)
