"""A plan: what an operation would do, counted; a dry run is nothing else.

Counts and digests come from the database, so a plan of a million objects is as small as one of
ten. Two plans with equal `fingerprint` would do the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graphql_api.graph.words import Reason, State

if TYPE_CHECKING:
    from graphql_api.graph.policies.rules import Policy
    from graphql_api.graph.request import OperationRequest


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of a class share a fate, with an order-independent digest of their ids."""

    class_name: str
    state: State
    reason: Reason | None
    count: int
    digest: int
    is_link: bool


@dataclass(frozen=True, slots=True)
class Range:
    """Consecutive ids of one class that share a fate."""

    class_name: str
    state: State
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Blocker:
    """Why it cannot be done: `object` goes, `holder` stays, over `shared`."""

    object: str
    holder: str | None
    shared: str | None
    reason: Reason

    @property
    def message(self) -> str:
        """The sentence that OMERO's users know."""
        if self.reason is Reason.IDENTICAL_LINK:
            return f"{self.object} would give one person a second link like {self.holder}."
        if self.holder is None and self.shared is None:
            if self.reason is Reason.NOT_PERMITTED:
                return f"You may not do this with {self.object}."
            return f"{self.object} has been changed since."
        if self.holder is None:
            return f"{self.object} cannot go without {self.shared}."
        why = f" as they share {self.shared}" if self.shared else ""
        return f"{self.object} may not go while {self.holder} remains{why}."


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that people should know before they go on."""

    code: str
    message: str
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What was planned. The rows behind it stand in the planner's tables of its connection."""

    request: OperationRequest
    policy: Policy
    tallies: tuple[Tally, ...]
    ranges: tuple[Range, ...]
    blockers: tuple[Blocker, ...]
    blocker_count: int
    groups: tuple[int, ...]
    """The groups in which the targets lie."""
    owners: tuple[int, ...] = ()
    bytes: int = 0
    warnings: tuple[Warned, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the executor needs besides: the group to move to, the new owner and the like."""

    @property
    def fingerprint(self) -> list[list[Any]]:
        """Class, state, reason, count and digest of all that was reached, as JSON values."""
        return sorted(
            [each.class_name, int(each.state), each.reason or "", each.count, each.digest]
            for each in self.tallies
        )

    @property
    def size(self) -> int:
        """Rows that would be changed: the measure of progress."""
        still = {State.STAY, State.REFER}
        return sum(each.count for each in self.tallies if each.state not in still)
