"""Find users and groups, hold their rows until the transaction ends, and change their columns.

What is decided from a person's memberships is decided after the row is held: two removals at once
must not leave somebody in no group.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from graphql_api.editing.places import find_group, find_user
from shared.auth.principal import Standing, load_standings
from shared.clock import now
from shared.errors import Conflict
from shared.journal import record
from shared.models.people import Group, User
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from shared.auth.creation import GroupFacts
    from shared.auth.principal import Principal


@dataclass(frozen=True, slots=True)
class HeldUser:
    """A person whose row is held, how he stands now, and his columns."""

    standing: Standing
    row: Any

    @property
    def ref(self) -> ObjectRef:
        """`User:7`."""
        return ObjectRef("User", self.standing.user_id)


@dataclass(frozen=True, slots=True)
class HeldGroup:
    """A group whose row is held, what rights depend on, and its columns."""

    facts: GroupFacts
    row: Any

    @property
    def ref(self) -> ObjectRef:
        """`Group:3`."""
        return ObjectRef("Group", self.facts.id)


def hold_user(
    connection: Connection, principal: Principal, text: str, path: tuple[str, ...] = ("user",)
) -> HeldUser:
    """The person that an id names; raises `NotFound`."""
    seen = find_user(connection, principal, text, path)
    row = connection.execute(
        select(User.__table__).where(User.id == seen.user_id).with_for_update()
    ).one()
    return HeldUser(load_standings(connection, [seen.user_id])[seen.user_id], row)


def hold_group(
    connection: Connection, principal: Principal, text: str, path: tuple[str, ...] = ("group",)
) -> HeldGroup:
    """The group that an id names; raises `NotFound`."""
    seen = find_group(connection, principal, text, path)
    row = connection.execute(
        select(Group.__table__).where(Group.id == seen.id).with_for_update()
    ).one()
    return HeldGroup(find_group(connection, principal, text, path), row)


def check_version(held: HeldUser | HeldGroup, expected: int | None) -> None:
    """Raise `Conflict` when it is not as the caller has seen it."""
    if expected is not None and expected != held.row.version:
        raise Conflict(
            f"{held.ref} has changed since: it is at version {held.row.version}.",
            hint="Load it again and repeat the change.",
            path=("expectedVersion",),
            target=str(held.ref),
        )


def changes(held: HeldUser | HeldGroup, values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the values that differ from what is stored."""
    old = held.row._mapping
    return {name: value for name, value in values.items() if old[name] != value}


def write_changes(
    connection: Connection, held: HeldUser | HeldGroup, event_id: int, changed: Mapping[str, Any]
) -> None:
    """Write columns and journal the old ones; a password's digest is never journalled.

    Raises `Conflict` when a name has been taken meanwhile.
    """
    is_user = isinstance(held, HeldUser)
    table: Any = (User if is_user else Group).__table__
    old = held.row._mapping
    hidden = {name for name in changed if name.endswith("_key") or name == "password_hash"}
    before = {name: old[name] for name in changed if name not in hidden}
    try:
        connection.execute(
            update(table)
            .where(table.c.id == held.row.id)
            .values(**changed, version=table.c.version + 1, updated_at=now())
        )
    except IntegrityError as error:
        raise taken(str(changed.get("login", changed.get("name")))) from error
    record(
        connection,
        event_id,
        held.ref.class_name,
        "UPDATE",
        [held.ref.id],
        group_id=None if is_user else held.ref.id,
        before={held.ref.id: before},
    )


def taken(name: str, path: tuple[str, ...] = ()) -> Conflict:
    """The error for a login or group name that is somebody's already."""
    return Conflict(
        f"The name {name[:80]!r} is taken.",
        hint="Names count as equal that differ only in case or in the form of their letters.",
        path=path,
    )
