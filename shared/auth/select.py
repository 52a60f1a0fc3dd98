"""The table of rights compiled to SQL: predicates over tables, for sets of objects.

They hold the principal's groups as bound values, so they are good for one request only. Every
statement that reads owned rows carries `visible`; it leaves out what is in the trash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, exists, false, inspect, or_, select, true
from sqlalchemy.orm.util import AliasedInsp

from shared.auth.rules import (
    FILE_CLASS,
    RULES,
    Action,
    Alternative,
    FileLocation,
    Levels,
    Rule,
    Who,
    is_legal,
)
from shared.models import Base
from shared.models.people import Group, GroupPermissions, Membership, User
from shared.one_of import one_of

if TYPE_CHECKING:
    from shared.auth.principal import Principal

_CLASS_OF = {mapper.local_table.name: mapper.class_.__name__ for mapper in Base.registry.mappers}  # type: ignore[attr-defined]
KeysetRange = tuple[int | None, int | None]
"""(group id, owner id or None for everybody's); group None: in every group not listed."""


def visible(principal: Principal, table: Any) -> ColumnElement[bool]:
    """Rows of an owned table (model, alias of one, or Core table) that the principal sees."""
    return and_(_columns(table).trash_id.is_(None), _view(principal, table))


def allowed(
    principal: Principal, action: Action, table: Any, class_name: str | None = None
) -> ColumnElement[bool]:
    """Rows with which the principal may do this; what is invisible is never among them.

    `class_name` names the class meant where it is not the table's own, such as a Shape by its Roi.
    """
    rule = RULES[action]
    name = class_name or _class_name(table)
    if not _may_at_all(principal, rule) or not is_legal(rule, name):
        return false()
    if action is Action.VIEW:
        return visible(principal, table)
    return and_(visible(principal, table), _any_alternative(principal, rule, table, name))


def keyset_ranges(principal: Principal) -> list[KeysetRange] | None:
    """The ranges whose merged rows are just the visible ones; None when everything is visible.

    The last range, (None, user id), is one's own data in all groups that no other range names:
    who left a group keeps seeing what he owns there.
    """
    if not _may_at_all(principal, RULES[Action.VIEW]):
        return []
    if principal.is_admin:
        return None
    whole = _open_groups(principal)
    ranges: list[KeysetRange] = [
        (group_id, None if group_id in whole else principal.user_id)
        for group_id in sorted(principal.memberships)
    ]
    return [*ranges, (None, principal.user_id)]


def visible_groups(principal: Principal, table: Any = Group) -> ColumnElement[bool]:
    """Groups that the principal sees: his own; all for administrators."""
    if not _may_at_all(principal, RULES[Action.VIEW]):
        return false()
    if principal.is_admin:
        return true()
    found: ColumnElement[bool] = one_of(_columns(table).id, principal.memberships)
    return found


def visible_users(principal: Principal, table: Any = User) -> ColumnElement[bool]:
    """People whom the principal sees: himself, and whoever shares a group that is not private or
    that he leads; all for administrators. Owners of visible objects are named all the same.
    """
    if not _may_at_all(principal, RULES[Action.VIEW]):
        return false()
    if principal.is_admin:
        return true()
    columns = _columns(table)
    shares = exists(
        select(Membership.id).where(
            Membership.user_id == columns.id,
            one_of(Membership.group_id, _open_groups(principal)),
        )
    )
    return or_(columns.id == principal.user_id, shares)


def _open_groups(principal: Principal) -> frozenset[int]:
    """Groups of his in which he sees everything."""
    return frozenset(
        group_id
        for group_id, leads in principal.memberships.items()
        if leads or principal.levels[group_id] is not GroupPermissions.PRIVATE
    )


def _may_at_all(principal: Principal, rule: Rule) -> bool:
    return principal.has_scope(rule.scopes) and (rule.guests or not principal.is_guest)


def _view(principal: Principal, table: Any) -> ColumnElement[bool]:
    rule = RULES[Action.VIEW]
    if not _may_at_all(principal, rule):
        return false()
    return _any_alternative(principal, rule, table, _class_name(table))


def _any_alternative(
    principal: Principal, rule: Rule, table: Any, class_name: str
) -> ColumnElement[bool]:
    found: list[ColumnElement[bool]] = []
    for alternative in rule.alternatives:
        holds = _alternative(principal, alternative, table, class_name)
        if holds is True:
            return true()
        if holds is not False:
            found.append(holds)
    return or_(*found) if found else false()


def _alternative(
    principal: Principal, alternative: Alternative, table: Any, class_name: str
) -> ColumnElement[bool] | bool:
    columns = _columns(table)
    if alternative.who is Who.ADMINISTRATOR:
        return _administrator(principal, alternative, columns, class_name)
    if alternative.who is Who.OWNER:
        own: ColumnElement[bool] = columns.owner_id == principal.user_id
        return own
    groups = [
        group_id
        for group_id, leads in sorted(principal.memberships.items())
        if (leads or alternative.who is Who.MEMBER)
        and principal.levels[group_id] in alternative.levels
    ]
    return one_of(columns.group_id, groups) if groups else False


def _administrator(
    principal: Principal, alternative: Alternative, columns: Any, class_name: str
) -> ColumnElement[bool] | bool:
    if not principal.is_admin:
        return False
    if alternative.on_files is not None and class_name == FILE_CLASS:
        return and_(_at_level(alternative.levels, columns), _files(principal, alternative, columns))
    if alternative.privilege is not None and not principal.may(alternative.privilege):
        return False
    if alternative.levels == frozenset(GroupPermissions):
        return True
    return _at_level(alternative.levels, columns)


def _at_level(levels: Levels, columns: Any) -> ColumnElement[bool]:
    if levels == frozenset(GroupPermissions):
        return true()
    groups = select(Group.id).where(Group.permissions.in_(sorted(levels)))
    found: ColumnElement[bool] = columns.group_id.in_(groups)
    return found


def _files(principal: Principal, alternative: Alternative, columns: Any) -> ColumnElement[bool]:
    """Files that lie where the administrator holds the privilege."""
    named = [location.value for location in FileLocation if location is not FileLocation.ELSEWHERE]
    found: list[ColumnElement[bool]] = []
    for location, privilege in (alternative.on_files or {}).items():
        if not principal.may(privilege):
            continue
        if location is FileLocation.ELSEWHERE:
            found.append(or_(columns.repo.is_(None), columns.repo.not_in(named)))
        else:
            found.append(columns.repo == location.value)
    return or_(*found) if found else false()


def _columns(table: Any) -> Any:
    """Where the columns hang: on `.c` of a Core table, on the class itself of a model."""
    return table.c if hasattr(table, "c") else table


def _class_name(table: Any) -> str:
    """The OME name of the class behind a model, an alias of one, or a Core table."""
    found = inspect(table, raiseerr=False)
    if isinstance(found, AliasedInsp):
        return str(found.mapper.class_.__name__)
    if isinstance(table, type):
        return table.__name__
    while not hasattr(table, "name") or table.name not in _CLASS_OF:
        if not hasattr(table, "element"):
            return ""
        table = table.element
    return _CLASS_OF[table.name]
