"""Builders of users, groups and rows, straight into the tables.

Journal and rights epoch are left alone: a test that is about them uses the real verbs.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select

from shared.clock import now
from shared.models.base import Base, sort_key
from shared.models.links import LINKS
from shared.models.people import (
    SYSTEM_GROUP,
    USER_GROUP,
    Group,
    GroupPermissions,
    Membership,
    Privilege,
    User,
    WithheldPrivilege,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

DEFAULTS: dict[str, dict[str, Any]] = {
    "Fileset": {"format": "OME-TIFF", "reader": "tiff", "template_prefix": "/"},
    "OriginalFile": {"path": "/", "size": 0},
    "Pixels": {
        "pixels_type": "uint8", "size_x": 4, "size_y": 3, "size_z": 1, "size_c": 1, "size_t": 1,
        "level_sizes": "[[4, 3, 4, 3]]", "dimension_order": "XYZCT",
    },
    "StatsInfo": {"global_min": 0.0, "global_max": 255.0},
    "RenderingDef": {"model": "color"},
}  # fmt: skip
"""Values that make_row fills in for columns that must have one."""


def make_user(
    connection: Connection,
    login: str,
    *,
    first_name: str = "",
    last_name: str = "",
    password_hash: str | None = None,
    is_admin: bool = False,
    withheld: Iterable[Privilege] = (),
    is_active: bool = True,
) -> int:
    """A user; active ones are members of `user`, administrators of `system` too."""
    user_id = _insert(
        connection,
        User,
        login=login,
        login_key=sort_key(login),
        first_name=first_name or login.capitalize(),
        last_name=last_name or login.capitalize(),
        last_name_key=sort_key(last_name or login),
        password_hash=password_hash,
        created_at=now(),
        updated_at=now(),
    )
    if is_active:
        add_member(connection, user_id, special_group(connection, USER_GROUP))
    if is_admin:
        add_member(connection, user_id, special_group(connection, SYSTEM_GROUP))
    for privilege in withheld:
        connection.execute(
            insert(WithheldPrivilege).values(user_id=user_id, privilege=Privilege(privilege).value)
        )
    return user_id


def make_group(
    connection: Connection,
    name: str,
    permissions: str = GroupPermissions.PRIVATE,
    *,
    members: Iterable[int] = (),
    owners: Iterable[int] = (),
) -> int:
    """A group with its members and owners (owners need not be named twice)."""
    group_id = _insert(
        connection,
        Group,
        name=name,
        name_key=sort_key(name),
        permissions=GroupPermissions(permissions).value,
        created_at=now(),
        updated_at=now(),
    )
    leads = set(owners)
    for user_id in [*leads, *(one for one in members if one not in leads)]:
        add_member(connection, user_id, group_id, is_owner=user_id in leads)
    return group_id


def add_member(
    connection: Connection, user_id: int, group_id: int, *, is_owner: bool = False
) -> None:
    """Put a user into a group. The first group that is not a special one becomes the default."""
    ordinary = group_id not in {
        special_group(connection, USER_GROUP), special_group(connection, SYSTEM_GROUP)
    }  # fmt: skip
    count = select(func.count()).where(Membership.user_id == user_id)
    taken = connection.execute(count).scalar_one()
    zero = connection.execute(count.where(Membership.position == 0)).scalar_one()
    position = 0 if ordinary and not zero else taken + 1
    _insert(
        connection,
        Membership,
        user_id=user_id,
        group_id=group_id,
        is_owner=is_owner,
        position=position,
    )


def special_group(connection: Connection, name: str) -> int:
    """Id of `system`, `user` or `guest`, made by the first migration."""
    return int(connection.execute(select(Group.id).where(Group.name == name)).scalar_one())


def root(connection: Connection) -> int:
    """Id of the built-in administrator, made by the first migration."""
    return int(connection.execute(select(User.id).where(User.login == "root")).scalar_one())


def make_row(
    connection: Connection, model: type[Base], /, *, owner: int, group: int, **values: Any
) -> int:
    """A row with details; sort keys, uuid and what else must be there is filled in."""
    columns = model.__table__.c
    filled = {**DEFAULTS.get(model.__name__, {}), **values}
    if "name" in columns and (not columns["name"].nullable):
        filled.setdefault("name", model.__name__.lower())
    if "uuid" in columns:
        filled.setdefault("uuid", str(uuid.uuid4()))
    for key in [name for name in columns.keys() if name.endswith("_key")]:  # noqa: SIM118  # a column collection
        source = {"text_key": "text_value"}.get(key, key.removesuffix("_key"))
        if filled.get(source) is not None:
            filled.setdefault(key, sort_key(filled[source]))
    return _insert(
        connection,
        model,
        owner_id=owner,
        group_id=group,
        **{"created_at": now(), "updated_at": now(), **filled},
    )


def make_link(
    connection: Connection, kind: str, parent: int, child: int, *, owner: int, group: int
) -> int:
    """A link such as `DatasetImageLink`."""
    return _insert(
        connection,
        LINKS[kind].model,
        parent_id=parent,
        child_id=child,
        owner_id=owner,
        group_id=group,
        created_at=now(),
        updated_at=now(),
    )


def make_part(connection: Connection, model: type[Base], /, **values: Any) -> int:
    """A row without details, such as Channel or Shape."""
    return _insert(connection, model, **values)


def _insert(connection: Connection, model: type[Any], /, **values: Any) -> int:
    table = model.__table__
    statement = insert(table).values(**values).returning(table.c.id)
    return int(connection.execute(statement).scalar_one())
