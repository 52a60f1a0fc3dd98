"""Principals made by hand, for tests of rights that need no database."""

from __future__ import annotations

from collections.abc import Iterable

from shared.auth.principal import Principal
from shared.models.people import GroupPermissions, Privilege

ME = 1
OTHER = 2
THIRD = 3
LAB = 10
ALL_PRIVILEGES = frozenset(Privilege)


def principal(
    *,
    member_of: Iterable[tuple[int, GroupPermissions]] = (),
    leads: Iterable[tuple[int, GroupPermissions]] = (),
    privileges: Iterable[Privilege] | None = None,
    scopes: Iterable[str] | None = None,
    is_guest: bool = False,
    user_id: int = ME,
    session_id: int | None = 7,
    sudoer_id: int | None = None,
) -> Principal:
    """User 1 by default; `privileges`, even an empty list, makes him an administrator."""
    leads = tuple(leads)
    groups = dict((*member_of, *leads))
    led = {group for group, _ in leads}
    return Principal(
        user_id=user_id,
        login=f"user-{user_id}",
        session_id=session_id,
        token_id=None,
        sudoer_id=sudoer_id,
        is_admin=privileges is not None,
        privileges=frozenset(privileges or ()),
        memberships={group: group in led for group in groups},
        levels=groups,
        default_group_id=next(iter(groups), None),
        scopes=None if scopes is None else frozenset(scopes),
        is_guest=is_guest,
    )
