"""Rights over people, groups and what belongs to everybody: who may administer what, and the guards
that hold for everybody.

Like `rules` it is a table, with one interpreter, `may_administer`. The `check_` functions are about
the change itself: nobody gives away a privilege that he lacks, and nobody locks himself out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from shared.auth.creation import GroupFacts
from shared.auth.decide import YES, Verdict
from shared.auth.principal import ROOT_LOGIN, Principal, Standing
from shared.auth.rules import DenialReason, Scope
from shared.errors import Conflict, Denied
from shared.models.people import SYSTEM_GROUP, USER_GROUP, GroupPermissions, Privilege

if TYPE_CHECKING:
    from shared.refs import ObjectRef


class AdminAction(StrEnum):
    """What may be done with users and groups."""

    CREATE_GROUP = "create_group"
    MODIFY_GROUP = "modify_group"
    """Rename and configure."""
    DESCRIBE_GROUP = "describe_group"
    CHANGE_LEVEL = "change_level"
    RAISE_TO_READ_WRITE = "raise_to_read_write"
    MANAGE_MEMBERSHIP = "manage_membership"
    """Add and remove members and leaders."""
    CREATE_USER = "create_user"
    MODIFY_USER = "modify_user"
    """Name, e-mail address, institution."""
    RENAME_USER = "rename_user"
    """Another login name."""
    SET_PASSWORD = "set_password"  # noqa: S105  # an action, not a secret
    """A new password without the old one; with the old one everybody sets his own."""
    ACTIVATE_USER = "activate_user"
    """Put into the group `user`, or take out of it."""
    SET_DEFAULT_GROUP = "set_default_group"
    SET_PRIVILEGES = "set_privileges"
    DELETE_USER = "delete_user"
    DELETE_GROUP = "delete_group"
    SUDO = "sudo"
    ANNOTATE_USER = "annotate_user"
    """Attach a tag, a photo and so on to a person."""
    ANNOTATE_GROUP = "annotate_group"
    UPLOAD_LOOKUP_TABLE = "upload_lookup_table"
    """Give everybody another lookup table, which OMERO keeps among the scripts."""


@dataclass(frozen=True, slots=True)
class AdminRule:
    """The privilege that suffices; whether leaders may in their groups, and everybody himself.

    `scope` is what an access token needs for it.
    """

    privilege: Privilege
    leaders: bool = False
    oneself: bool = False
    scope: Scope = Scope.ADMIN


ADMIN_RULES: Mapping[AdminAction, AdminRule] = MappingProxyType(
    {
        AdminAction.CREATE_GROUP: AdminRule(Privilege.MODIFY_GROUP),
        AdminAction.MODIFY_GROUP: AdminRule(Privilege.MODIFY_GROUP),
        AdminAction.DESCRIBE_GROUP: AdminRule(Privilege.MODIFY_GROUP, leaders=True),
        AdminAction.CHANGE_LEVEL: AdminRule(Privilege.MODIFY_GROUP, leaders=True),
        AdminAction.RAISE_TO_READ_WRITE: AdminRule(Privilege.MODIFY_GROUP),
        AdminAction.MANAGE_MEMBERSHIP: AdminRule(Privilege.MODIFY_GROUP_MEMBERSHIP, leaders=True),
        AdminAction.CREATE_USER: AdminRule(Privilege.MODIFY_USER),
        AdminAction.MODIFY_USER: AdminRule(Privilege.MODIFY_USER, oneself=True),
        AdminAction.RENAME_USER: AdminRule(Privilege.MODIFY_USER),
        AdminAction.SET_PASSWORD: AdminRule(Privilege.MODIFY_USER),
        AdminAction.ACTIVATE_USER: AdminRule(Privilege.MODIFY_USER),
        AdminAction.SET_DEFAULT_GROUP: AdminRule(Privilege.MODIFY_USER, oneself=True),
        AdminAction.SET_PRIVILEGES: AdminRule(Privilege.MODIFY_USER),
        AdminAction.DELETE_USER: AdminRule(Privilege.MODIFY_USER),
        AdminAction.DELETE_GROUP: AdminRule(Privilege.MODIFY_GROUP),
        AdminAction.SUDO: AdminRule(Privilege.SUDO, leaders=True),
        AdminAction.ANNOTATE_USER: AdminRule(
            Privilege.MODIFY_USER, oneself=True, scope=Scope.WRITE
        ),
        AdminAction.ANNOTATE_GROUP: AdminRule(
            Privilege.MODIFY_GROUP, leaders=True, scope=Scope.WRITE
        ),
        AdminAction.UPLOAD_LOOKUP_TABLE: AdminRule(Privilege.WRITE_SCRIPT_REPO),
    }
)
_ACCOUNT_ACTIONS = frozenset(
    {
        AdminAction.MODIFY_USER,
        AdminAction.RENAME_USER,
        AdminAction.SET_PASSWORD,
        AdminAction.ACTIVATE_USER,
        AdminAction.SET_PRIVILEGES,
        AdminAction.DELETE_USER,
    }
)
"""Actions by which a lesser administrator could take over a greater one's account."""
_NO = Verdict(False, (DenialReason.PRIVILEGE_MISSING,))


def may_administer(
    principal: Principal,
    action: AdminAction,
    *,
    group: GroupFacts | None = None,
    user: Standing | None = None,
) -> Verdict:
    """May the principal do this with the group or the user?

    An account that enjoys privileges which the principal lacks is out of his reach, and so is
    root's for everybody else. For SUDO a leader needs the user to be a member of a group that he
    leads. Whoever acts as somebody else changes no account of his by that alone.
    """
    rule = ADMIN_RULES[action]
    if not principal.has_scope({rule.scope}) or principal.is_guest:
        return _NO
    is_self = user is not None and user.user_id == principal.user_id
    is_account = action in _ACCOUNT_ACTIONS
    if rule.oneself and is_self and not (is_account and principal.sudoer_id is not None):
        return YES
    if is_account and user is not None and not is_self and _is_beyond(user, principal):
        return _NO
    if principal.may(rule.privilege):
        return YES
    if not rule.leaders:
        return _NO
    if group is not None:
        return YES if principal.leads(group.id) else _NO
    led = {group_id for group_id, leads in principal.memberships.items() if leads}
    return YES if user is not None and not led.isdisjoint(user.memberships) else _NO


def require_administer(
    principal: Principal,
    action: AdminAction,
    ref: ObjectRef | None = None,
    *,
    group: GroupFacts | None = None,
    user: Standing | None = None,
) -> None:
    """Raise `Denied`, naming `ref`, unless `may_administer`."""
    verdict = may_administer(principal, action, group=group, user=user)
    if not verdict:
        raise Denied(
            f"You may not {action.replace('_', ' ')}.",
            reasons=tuple(verdict.reasons),
            hint=_explanation(principal, action, user),
            target=str(ref) if ref else None,
        )


def _explanation(principal: Principal, action: AdminAction, user: Standing | None) -> str:
    rule = ADMIN_RULES[action]
    if not principal.has_scope({rule.scope}):
        return f"The access token lacks the scope {rule.scope}."
    if principal.may(rule.privilege):
        if user is not None and user.login == ROOT_LOGIN:
            return f"The account {ROOT_LOGIN} is changed by {ROOT_LOGIN} alone."
        return "That account has privileges which you lack."
    others = " or to lead the group" if rule.leaders else ""
    return f"It takes the privilege {rule.privilege}{others}."


def check_group_change(group: GroupFacts) -> None:
    """Raise `Conflict` for `system`, `user` and `guest`, which keep name, text and level."""
    if group.is_special:
        raise Conflict(
            f"The group {group.name} belongs to the system.",
            hint="It cannot be changed.",
            target=f"Group:{group.id}",
        )


def level_action(group: GroupFacts, level: GroupPermissions) -> AdminAction:
    """The action that a change of level takes: only administrators open a group for writing."""
    raised = level is GroupPermissions.READ_WRITE and group.permissions is not level
    return AdminAction.RAISE_TO_READ_WRITE if raised else AdminAction.CHANGE_LEVEL


def membership_action(group: GroupFacts) -> AdminAction:
    """The action that adding to or removing from a group takes: `user` is about activation."""
    is_user_group = group.name == USER_GROUP
    return AdminAction.ACTIVATE_USER if is_user_group else AdminAction.MANAGE_MEMBERSHIP


def check_addition(principal: Principal, group: GroupFacts, user: Standing) -> None:
    """Raise `Denied` when adding the user to `system` would give more than one has oneself."""
    if group.name == SYSTEM_GROUP:
        check_privileges(principal, user, _privileges_as_admin(user))


def check_removal(principal: Principal, group: GroupFacts, user: Standing) -> None:
    """Raise `Conflict` when the user must stay in the group, `Denied` when he outranks one."""
    is_self = user.user_id == principal.user_id
    if group.name in {SYSTEM_GROUP, USER_GROUP}:
        if is_self:
            raise Conflict(
                f"Nobody can remove himself from {group.name}.",
                hint="Another administrator can do it.",
                target=f"Group:{group.id}",
            )
        if user.login == ROOT_LOGIN:
            raise Conflict(
                f"{ROOT_LOGIN} stays in {group.name}.",
                hint="It is the way back in when everything else fails.",
                target=f"User:{user.user_id}",
            )
        if _outranks(user, principal):
            raise _too_high(user)
    if group.name != USER_GROUP and _is_last_group(group, user):
        raise Conflict(
            f"{user.login} would be in no group any more.",
            hint="Add the user to another group first, or deactivate the account.",
            target=f"User:{user.user_id}",
        )


def _is_last_group(group: GroupFacts, user: Standing) -> bool:
    """Whether the user is in this group and otherwise, at most, in `user` (which is activation)."""
    if group.is_special:
        others = user.special - {group.name, USER_GROUP}
        return group.name in user.special and not others and not user.memberships
    others = user.special - {USER_GROUP}
    return set(user.memberships) == {group.id} and not others


def check_privileges(principal: Principal, user: Standing, wanted: frozenset[Privilege]) -> None:
    """Raise `Denied` when a privilege would be granted that the principal lacks, or to himself;
    `Conflict` when one would be withheld from root.
    """
    gained = wanted - user.privileges
    if user.user_id == principal.user_id and gained:
        raise Denied(
            "Nobody lifts his own restrictions.",
            reasons=(DenialReason.PRIVILEGE_MISSING,),
            hint="Ask another administrator.",
            target=f"User:{user.user_id}",
        )
    if not gained <= principal.privileges:
        raise _too_high(user)
    if user.login == ROOT_LOGIN and wanted != frozenset(Privilege):
        raise Conflict(
            f"No privilege can be withheld from {ROOT_LOGIN}.",
            hint="Make another administrator and restrict that one.",
            target=f"User:{user.user_id}",
        )


def check_default_group(group: GroupFacts, user: Standing) -> None:
    """Raise `Conflict` unless the user is a member of the group, which is no special one."""
    if group.is_special or group.id not in user.memberships:
        raise Conflict(
            f"{user.login} is no member of {group.name or 'that group'}.",
            hint="The default group is one of the user's own groups, never `user`.",
            target=f"Group:{group.id}",
        )


def _privileges_as_admin(user: Standing) -> frozenset[Privilege]:
    return frozenset(Privilege) - {Privilege(word) for word in user.withheld}


def _outranks(user: Standing, principal: Principal) -> bool:
    return not user.privileges <= principal.privileges


def _is_beyond(user: Standing, principal: Principal) -> bool:
    return user.login == ROOT_LOGIN or _outranks(user, principal)


def _too_high(user: Standing) -> Denied:
    return Denied(
        "That would be more than you may do yourself.",
        reasons=(DenialReason.PRIVILEGE_MISSING,),
        hint="Nobody grants a privilege that he lacks, or acts on an account that has more.",
        target=f"User:{user.user_id}",
    )
