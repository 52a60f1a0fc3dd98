"""The table of rights compiled to Python: may this principal do this with one object, and why not.

`select` must agree with it on every object that is not in the trash. Whoever acts on an object by
its id calls `require`, which answers `NotFound` alike for what is absent and what is invisible.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.auth.rules import (
    RULES,
    Action,
    Alternative,
    DenialReason,
    FileLocation,
    Rule,
    Who,
    is_legal,
    privilege_needed,
)
from shared.errors import Denied, NotFound
from shared.models.people import GroupPermissions

if TYPE_CHECKING:
    from shared.auth.principal import Principal
    from shared.refs import ObjectRef


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """All that rights depend on. Parts without details (Channel, Shape) take their parent's."""

    class_name: str
    owner_id: int
    group_id: int
    permissions: GroupPermissions
    """The level of the group."""
    file_location: FileLocation | None = None
    """For OriginalFile: `rules.file_location(row.repo)`."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Yes, or no with every reason."""

    allowed: bool
    reasons: tuple[DenialReason, ...] = ()

    def __bool__(self) -> bool:
        return self.allowed


YES = Verdict(True)


class Decider:
    """Decides for one principal, remembering: most rows of a list share owner, group and class."""

    __slots__ = ("_known", "principal")

    def __init__(self, principal: Principal) -> None:
        self.principal = principal
        self._known: dict[tuple[object, ...], Verdict] = {}

    def decide(self, action: Action, facts: ObjectFacts) -> Verdict:
        """May `principal` do this with an object of which these are the facts?"""
        own = facts.owner_id == self.principal.user_id
        key = (
            action, own, facts.group_id, facts.permissions, facts.class_name, facts.file_location
        )  # fmt: skip
        verdict = self._known.get(key)
        if verdict is None:
            verdict = self._known[key] = _decide(self.principal, action, facts)
        return verdict

    def decide_all(self, facts: ObjectFacts) -> dict[Action, Verdict]:
        """The verdict on every action."""
        return {action: self.decide(action, facts) for action in Action}


def decide(principal: Principal, action: Action, facts: ObjectFacts) -> Verdict:
    """May `principal` do this with an object of which these are the facts?"""
    return _decide(principal, action, facts)


def decide_all(principal: Principal, facts: ObjectFacts) -> dict[Action, Verdict]:
    """The verdict on every action."""
    return {action: _decide(principal, action, facts) for action in Action}


def require(
    principal: Principal, action: Action, facts: ObjectFacts | None, ref: ObjectRef
) -> None:
    """Raise `NotFound` when the object is absent (`facts` None) or invisible, else `Denied` with
    all reasons when the action is not allowed.
    """
    if facts is None or not _decide(principal, Action.VIEW, facts):
        raise NotFound(f"There is no {ref}.", hint="Or you may not see it.", target=str(ref))
    verdict = _decide(principal, action, facts)
    if not verdict:
        raise denied(principal, action, facts, verdict, ref)


def denied(
    principal: Principal, action: Action, facts: ObjectFacts, verdict: Verdict, ref: ObjectRef
) -> Denied:
    """The error for a verdict that says no."""
    return Denied(
        f"You may not {action.words} {ref}.",
        reasons=tuple(verdict.reasons),
        hint=" ".join(explain(principal, action, facts, reason) for reason in verdict.reasons),
        target=str(ref),
    )


def explain(principal: Principal, action: Action, facts: ObjectFacts, reason: DenialReason) -> str:
    """A sentence for one reason of a verdict."""
    rule = RULES[action]
    if reason is DenialReason.PRIVILEGE_MISSING:
        if not principal.has_scope(rule.scopes):
            words = " or ".join(sorted(rule.scopes))
            return f"The access token lacks the scope {words}."
        if principal.is_guest and not rule.guests:
            return "Guests may create and change nothing."
        wanted = _privileges(rule, facts)
        return (
            f"It takes the privilege {' or '.join(wanted)}." if wanted else "It takes a privilege."
        )
    return _SENTENCES[reason]


_SENTENCES = {
    DenialReason.NOT_OWNER: "It belongs to somebody else.",
    DenialReason.GROUP_PRIVATE: "Its group is private.",
    DenialReason.GROUP_READ_ONLY: "Its group is read-only.",
    DenialReason.NOT_MEMBER: "You are no member of its group.",
    DenialReason.CLASS_NOT_LEGAL: "Objects of this class go only together with what holds them.",
    DenialReason.OWNER_CANNOT_CHANGE_OWNER: (
        "Owners cannot give their data away: ask a leader of the group or an administrator."
    ),
}


def _decide(principal: Principal, action: Action, facts: ObjectFacts) -> Verdict:
    rule = RULES[action]
    if not principal.has_scope(rule.scopes) or (principal.is_guest and not rule.guests):
        return Verdict(False, (DenialReason.PRIVILEGE_MISSING,))
    seen = RULES[Action.VIEW]
    if not _any_holds(principal, seen, facts):
        return Verdict(False, _reasons(principal, seen, facts))
    legal = is_legal(rule, facts.class_name)
    holds = _any_holds(principal, rule, facts)
    if legal and holds:
        return YES
    found = () if holds else _reasons(principal, rule, facts)
    return Verdict(False, found if legal else (DenialReason.CLASS_NOT_LEGAL, *found))


def _any_holds(principal: Principal, rule: Rule, facts: ObjectFacts) -> bool:
    return any(_holds(principal, alternative, facts) for alternative in rule.alternatives)


def _holds(principal: Principal, alternative: Alternative, facts: ObjectFacts) -> bool:
    if facts.permissions not in alternative.levels:
        return False
    match alternative.who:
        case Who.OWNER:
            return facts.owner_id == principal.user_id
        case Who.MEMBER:
            return principal.is_member(facts.group_id)
        case Who.LEADER:
            return principal.leads(facts.group_id)
        case Who.ADMINISTRATOR:
            needed = privilege_needed(alternative, facts.class_name, facts.file_location)
            return principal.is_admin and (needed is None or principal.may(needed))


def _reasons(principal: Principal, rule: Rule, facts: ObjectFacts) -> tuple[DenialReason, ...]:
    """Why none of the alternatives holds, each reason once, in the table's order."""
    found = [_why_not(principal, alternative, facts) for alternative in rule.alternatives]
    own = facts.owner_id == principal.user_id
    if own and rule is RULES[Action.CHANGE_OWNER]:
        found.insert(0, DenialReason.OWNER_CANNOT_CHANGE_OWNER)
    reasons = tuple(dict.fromkeys(reason for reason in found if reason is not None))
    return reasons or (DenialReason.PRIVILEGE_MISSING,)


def _why_not(
    principal: Principal, alternative: Alternative, facts: ObjectFacts
) -> DenialReason | None:
    too_low = facts.permissions not in alternative.levels
    match alternative.who:
        case Who.OWNER:
            return DenialReason.NOT_OWNER
        case Who.MEMBER:
            if not principal.is_member(facts.group_id):
                return DenialReason.NOT_MEMBER
            return _level_reason(facts.permissions)
        case Who.LEADER:
            if principal.leads(facts.group_id) and too_low:
                return _level_reason(facts.permissions)
            return None
        case Who.ADMINISTRATOR:
            if not principal.is_admin:
                return None
            needed = privilege_needed(alternative, facts.class_name, facts.file_location)
            if needed is not None and not principal.may(needed):
                return DenialReason.PRIVILEGE_MISSING
            return _level_reason(facts.permissions)


def _level_reason(permissions: GroupPermissions) -> DenialReason | None:
    if permissions is GroupPermissions.PRIVATE:
        return DenialReason.GROUP_PRIVATE
    if permissions is GroupPermissions.READ_ONLY:
        return DenialReason.GROUP_READ_ONLY
    return None


def _privileges(rule: Rule, facts: ObjectFacts) -> list[str]:
    needed = (
        privilege_needed(alternative, facts.class_name, facts.file_location)
        for alternative in rule.alternatives
        if alternative.who is Who.ADMINISTRATOR
    )
    return [privilege.value for privilege in needed if privilege is not None]
