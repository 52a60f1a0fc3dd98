"""The demo's accounts, groups and memberships as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from graphql_api.demo.people import (
    GROUPS,
    INSTITUTION,
    ORGANIZER,
    ORGANIZER_WITHHELD,
    PASSWORD,
    SCIENTISTS,
    full_name,
    login,
)
from shared.auth.epoch import bump_epoch
from shared.auth.passwords import hash_password
from shared.clock import now
from shared.models.base import sort_key
from shared.models.people import (
    SYSTEM_GROUP,
    USER_GROUP,
    Group,
    Membership,
    User,
    WithheldPrivilege,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection, CursorResult

    from shared.database import Database


def make_accounts(database: Database) -> None:
    """Make what is missing of the demo's users and groups; all users share one password."""
    secret = hash_password(PASSWORD)
    with database.write() as connection:
        groups = _make_groups(connection)
        connection.execute(
            update(User)
            .where(User.login == "root", User.password_hash.is_(None))
            .values(password_hash=secret)
        )
        for number in range(1, len(SCIENTISTS) + 1):
            first, last = full_name(number)
            user = _make_user(connection, login(number), first, last, secret)
            _join_demo_groups(connection, user, number, groups)
            _join(connection, user, groups[USER_GROUP], position=99)
        organizer = _make_user(connection, ORGANIZER, "Olga", "Organizer", secret)
        _join(connection, organizer, groups[SYSTEM_GROUP], position=0)
        _join(connection, organizer, groups[USER_GROUP], position=1)
        _withhold(connection, organizer)
        bump_epoch(connection)


def _make_groups(connection: Connection) -> dict[str, int]:
    found = {
        name: group_id for group_id, name in connection.execute(select(Group.id, Group.name)).all()
    }
    at = now()
    for group in GROUPS:
        if group.name not in found:
            values = {
                "name": group.name,
                "name_key": sort_key(group.name),
                "description": group.description,
                "permissions": group.permissions.value,
                "is_ldap": False,
                "link_owner_follows_content": False,
                "created_at": at,
                "updated_at": at,
                "version": 1,
            }
            result = connection.execute(insert(Group).values(**values))
            found[group.name] = _key(result)
    return found


def _make_user(connection: Connection, name: str, first: str, last: str, secret: str) -> int:
    found: int | None = connection.scalar(select(User.id).where(User.login == name))
    if found is not None:
        return found
    at = now()
    result = connection.execute(
        insert(User).values(
            login=name,
            login_key=sort_key(name),
            first_name=first,
            last_name=last,
            last_name_key=sort_key(last),
            institution=INSTITUTION,
            email=f"{name}@example.org",
            password_hash=secret,
            created_at=at,
            updated_at=at,
        )
    )
    return _key(result)


def _key(result: CursorResult[Any]) -> int:
    assert result.inserted_primary_key is not None
    return int(result.inserted_primary_key[0])


def _join_demo_groups(
    connection: Connection, user: int, number: int, groups: dict[str, int]
) -> None:
    for position, group in enumerate(GROUPS):
        if group.first_only and number > 3:
            continue
        leads = login(number) in group.leaders
        _join(connection, user, groups[group.name], position=position, leads=leads)


def _join(
    connection: Connection, user: int, group: int, *, position: int, leads: bool = False
) -> None:
    there = connection.scalar(
        select(Membership.id).where(Membership.user_id == user, Membership.group_id == group)
    )
    if there is None:
        connection.execute(
            insert(Membership).values(
                user_id=user, group_id=group, is_owner=leads, position=position
            )
        )


def _withhold(connection: Connection, user: int) -> None:
    there = set(
        connection.scalars(
            select(WithheldPrivilege.privilege).where(WithheldPrivilege.user_id == user)
        )
    )
    for privilege in ORGANIZER_WITHHELD:
        if privilege.value not in there:
            connection.execute(
                insert(WithheldPrivilege).values(user_id=user, privilege=privilege.value)
            )
