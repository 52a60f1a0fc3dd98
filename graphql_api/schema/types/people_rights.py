"""What the caller may do with people and groups, from columns that are fetched along.

The same rules decide the mutations (`shared.auth.rules_admin`), so a flag is false exactly when the
mutation answers `Denied` with this user or group as its target.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

import strawberry
from sqlalchemy import ColumnElement, case, exists, false, func, or_, select

from graphql_api.compiler.declare import Batched
from shared.auth.creation import GroupFacts
from shared.auth.principal import Standing
from shared.auth.rules import Scope as TokenScope
from shared.auth.rules_admin import AdminAction, may_administer, membership_action
from shared.auth.select import visible_users
from shared.auth.sudo import has_own_session
from shared.models import people
from shared.one_of import one_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from graphql_api.compiler.declare import Values
    from graphql_api.compiler.run import Run
    from graphql_api.compiler.scope import Scope
    from shared.auth.principal import Principal


@strawberry.enum(description="What an administrator may do; a restricted one has some withheld.")
class AdminPrivilege(Enum):
    """What an administrator may do, by OMERO's words."""

    CHGRP = strawberry.enum_value(
        "Chgrp", description="Move anybody's data between any two groups."
    )
    CHOWN = strawberry.enum_value("Chown", description="Give anybody's data to anybody.")
    WRITE_OWNED = strawberry.enum_value(
        "WriteOwned", description="Change, annotate and link others' data, and make some for them."
    )
    WRITE_FILE = strawberry.enum_value("WriteFile", description="Write attachments of others.")
    WRITE_MANAGED_REPO = strawberry.enum_value("WriteManagedRepo", description="Import for others.")
    WRITE_SCRIPT_REPO = strawberry.enum_value(
        "WriteScriptRepo", description="Upload scripts and lookup tables."
    )
    DELETE_OWNED = strawberry.enum_value("DeleteOwned", description="Delete others' data.")
    DELETE_FILE = strawberry.enum_value("DeleteFile", description="Delete attachments of others.")
    DELETE_MANAGED_REPO = strawberry.enum_value(
        "DeleteManagedRepo", description="Delete imported files of others."
    )
    DELETE_SCRIPT_REPO = strawberry.enum_value(
        "DeleteScriptRepo", description="Delete scripts and lookup tables."
    )
    MODIFY_GROUP = strawberry.enum_value(
        "ModifyGroup", description="Make groups, rename them and change their level."
    )
    MODIFY_GROUP_MEMBERSHIP = strawberry.enum_value(
        "ModifyGroupMembership", description="Add and remove members and leaders of any group."
    )
    MODIFY_USER = strawberry.enum_value(
        "ModifyUser", description="Make, change, activate and deactivate accounts."
    )
    SUDO = strawberry.enum_value("Sudo", description="Act as any other user.")
    READ_SESSION = strawberry.enum_value(
        "ReadSession", description="Read other people's session keys."
    )


@strawberry.type(description="What the caller may do with an account.")
class UserViewerCan:
    """What the caller may do with an account."""

    update: bool = strawberry.field(description="Change names, e-mail address and institution.")
    rename: bool = strawberry.field(description="Give it another login.")
    change_password: bool = strawberry.field(
        description="Set the password: one's own with the old one."
    )
    deactivate: bool = strawberry.field(description="Deactivate and reactivate it.")
    set_default_group: bool = strawberry.field(description="Choose its default group.")
    set_admin_privileges: bool = strawberry.field(
        description="Choose what it may do as administrator, as far as one may do so oneself."
    )
    delete: bool = strawberry.field(description="Delete it, when it has no data.")
    sudo: bool = strawberry.field(description="Act as this user.")
    annotate: bool = strawberry.field(description="Attach annotations, such as a photo, to it.")


@strawberry.type(description="What the caller may do with a group.")
class GroupViewerCan:
    """What the caller may do with a group."""

    update: bool = strawberry.field(description="Rename and configure it.")
    describe: bool = strawberry.field(description="Change its description.")
    set_permissions: bool = strawberry.field(description="Change its level, read-write apart.")
    open_for_writing: bool = strawberry.field(description="Make it a read-write group.")
    manage_members: bool = strawberry.field(description="Add and remove members and leaders.")
    delete: bool = strawberry.field(description="Delete it, when it holds no data.")
    annotate: bool = strawberry.field(description="Attach annotations to the group itself.")


def _in_special(name: str) -> Callable[[Scope], ColumnElement[bool]]:
    """Whether the person is in a group of the system."""

    def condition(scope: Scope) -> ColumnElement[bool]:
        return exists(
            select(people.Membership.id)
            .join(people.Group, people.Group.id == people.Membership.group_id)
            .where(people.Membership.user_id == scope.table.c.id, people.Group.name == name)
        )

    return condition


def _for_those_who_see(
    condition: Callable[[Scope], ColumnElement[bool]],
) -> Callable[[Scope], ColumnElement[Any]]:
    """1, 0, or null for somebody who meets only the name."""
    return lambda scope: case(
        (~visible_users(scope.principal, scope.table), None), (condition(scope), 1), else_=0
    )


def _withheld(scope: Scope) -> ColumnElement[Any]:
    return (
        select(func.aggregate_strings(people.WithheldPrivilege.privilege, " "))
        .where(people.WithheldPrivilege.user_id == scope.table.c.id)
        .scalar_subquery()
    )


def _is_led(scope: Scope) -> ColumnElement[bool]:
    return exists(
        select(people.Membership.id).where(
            people.Membership.user_id == scope.table.c.id,
            one_of(people.Membership.group_id, _led(scope.principal)),
        )
    )


def _default_group(scope: Scope) -> ColumnElement[Any]:
    """The first of the ordered memberships, for the person himself and administrators."""
    first = (
        select(people.Membership.group_id)
        .join(people.Group, people.Group.id == people.Membership.group_id)
        .where(
            people.Membership.user_id == scope.table.c.id,
            people.Group.name.not_in(people.SPECIAL_GROUPS),
        )
        .order_by(people.Membership.position, people.Membership.id)
        .limit(1)
        .scalar_subquery()
    )
    own = scope.table.c.id == scope.principal.user_id
    return case((or_(own, _known_to(scope.principal)), first), else_=None)


def _known_to(principal: Principal) -> ColumnElement[bool]:
    return ~false() if principal.is_admin else false()


USER_COLUMNS: Mapping[str, Callable[[Scope], ColumnElement[Any]]] = {
    "seen_active": _for_those_who_see(_in_special(people.USER_GROUP)),
    "seen_administrator": _for_those_who_see(_in_special(people.SYSTEM_GROUP)),
    "withheld": _withheld,
    "is_led": lambda scope: case((_is_led(scope), 1), else_=0),
    "default_group_id": _default_group,
}
"""Computed columns of a person that rights depend on."""


def seen_privileges(run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
    """Privileges of each person; None where the caller is neither he nor an administrator."""
    principal = run.principal
    found: list[list[AdminPrivilege] | None] = []
    for row in rows:
        if row["id"] == principal.user_id:
            enjoyed = principal.privileges
        elif principal.is_admin:
            enjoyed = _standing(row, principal).privileges
        else:
            found.append(None)
            continue
        found.append([each for each in AdminPrivilege if str(each.value) in enjoyed])
    return found


def _standing(row: Values, principal: Principal) -> Standing:
    """As much of the person's standing as rights depend on."""
    special = {people.SYSTEM_GROUP} if row["seen_administrator"] else set()
    led = _led(principal) if row.get("is_led") else frozenset()
    return Standing(
        row["id"],
        row["login"],
        frozenset(special),
        frozenset((row["withheld"] or "").split()),
        dict.fromkeys(sorted(led), False),
    )


def _led(principal: Principal) -> frozenset[int]:
    return frozenset(group for group, leads in principal.memberships.items() if leads)


def _user_flags(run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
    return [_user_flag(run.principal, row) for row in rows]


def _user_flag(principal: Principal, row: Values) -> UserViewerCan:
    user = _standing(row, principal)
    own = user.user_id == principal.user_id

    def may(action: AdminAction) -> bool:
        return bool(may_administer(principal, action, user=user))

    own_password = (
        principal.sudoer_id is None
        and not principal.is_guest
        and principal.has_scope({TokenScope.ADMIN})
    )
    return UserViewerCan(
        update=may(AdminAction.MODIFY_USER),
        rename=may(AdminAction.RENAME_USER),
        change_password=own_password if own else may(AdminAction.SET_PASSWORD),
        deactivate=may(AdminAction.ACTIVATE_USER),
        set_default_group=may(AdminAction.SET_DEFAULT_GROUP),
        set_admin_privileges=may(AdminAction.SET_PRIVILEGES),
        delete=may(AdminAction.DELETE_USER),
        sudo=not own and has_own_session(principal) and may(AdminAction.SUDO),
        annotate=may(AdminAction.ANNOTATE_USER),
    )


def _group_flags(run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
    return [_group_flag(run.principal, row) for row in rows]


def _group_flag(principal: Principal, row: Values) -> GroupViewerCan:
    level = people.GroupPermissions(row["permissions"])
    group = GroupFacts(row["id"], level, row["name"])

    def may(action: AdminAction) -> bool:
        return bool(may_administer(principal, action, group=group))

    return GroupViewerCan(
        update=may(AdminAction.MODIFY_GROUP),
        describe=may(AdminAction.DESCRIBE_GROUP),
        set_permissions=may(AdminAction.CHANGE_LEVEL),
        open_for_writing=may(AdminAction.RAISE_TO_READ_WRITE),
        manage_members=may(membership_action(group)),
        delete=may(AdminAction.DELETE_GROUP),
        annotate=may(AdminAction.ANNOTATE_GROUP),
    )


USER_FLAGS = Batched(("id", "login", "withheld", "is_led", "seen_administrator"), _user_flags)
GROUP_FLAGS = Batched(("id", "name", "permissions"), _group_flags)
