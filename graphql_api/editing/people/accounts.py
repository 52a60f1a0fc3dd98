"""Make accounts, one or many at once, and change what is written in them.

Passwords are digested before the transaction begins: each takes a tenth of a second, and nobody
else may write meanwhile.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from graphql_api.editing.links import open_event
from graphql_api.editing.people.holding import (
    changes,
    check_version,
    hold_user,
    taken,
    write_changes,
)
from graphql_api.editing.people.words import (
    valid_email,
    valid_login,
    valid_optional,
    valid_person_name,
)
from shared.auth.epoch import bump_epoch
from shared.auth.passwords import hash_password
from shared.auth.principal import ROOT_LOGIN
from shared.auth.rules_admin import AdminAction, require_administer
from shared.clock import now
from shared.errors import Conflict, TesseraError
from shared.journal import record
from shared.models.base import sort_key
from shared.models.people import (
    SYSTEM_GROUP,
    USER_GROUP,
    Group,
    Membership,
    Privilege,
    User,
    WithheldPrivilege,
)
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from graphql_api.editing.people.drafts import Draft
    from shared.auth.principal import Principal
    from shared.database import Database

FIXED_LOGINS = frozenset({ROOT_LOGIN, "guest"})
"""Logins by which the system itself knows an account."""
OWN_FIELDS = frozenset({"first_name", "middle_name", "last_name", "email", "institution"})
"""What everybody may change in his own account."""


@dataclass(frozen=True, slots=True)
class UserChange:
    """New values of one account. What is not in `values` stays; None is the value null."""

    id: str
    values: Mapping[str, str | None] = field(default_factory=dict)
    """By column: `login` and the columns of `OWN_FIELDS`."""
    expected_version: int | None = None


def digests(drafts: Sequence[Draft]) -> list[str | None]:
    """What is stored of the passwords; call it before the transaction begins."""
    return [None if each.password is None else hash_password(each.password) for each in drafts]


def taken_logins(connection: Connection, drafts: Sequence[Draft]) -> dict[int, TesseraError]:
    """By place in the list: logins that somebody has, or that stand in the list twice."""
    keys = [each.login_key for each in drafts]
    stored = set(
        connection.scalars(select(User.login_key).where(User.login_key.in_(sorted(set(keys)))))
    )
    counts = Counter(keys)
    found: dict[int, TesseraError] = {}
    for place, draft in enumerate(drafts):
        if draft.login_key in stored:
            found[place] = taken(draft.login, ("login",))
        elif counts[draft.login_key] > 1:
            found[place] = Conflict(
                f"The login {draft.login!r} stands in the list more than once.",
                hint="Name each person once.",
                path=("login",),
            )
    return found


def insert_users(
    connection: Connection,
    principal: Principal,
    drafts: Sequence[Draft],
    hashes: Sequence[str | None],
) -> list[ObjectRef]:
    """Make the accounts with their memberships, as part of the caller's write transaction.

    The right CREATE_USER has been required. Raises `Conflict` for a login taken meanwhile.
    """
    event_id = open_event(connection, principal, "createUser")
    moment = now()
    rows = [
        {
            "login": each.login,
            "login_key": each.login_key,
            "first_name": each.first_name,
            "middle_name": each.middle_name,
            "last_name": each.last_name,
            "last_name_key": sort_key(each.last_name),
            "email": each.email,
            "institution": each.institution,
            "password_hash": digest,
            "is_ldap": False,
            "created_at": moment,
            "updated_at": moment,
            "version": 1,
        }
        for each, digest in zip(drafts, hashes, strict=True)
    ]
    try:
        numbers = list(
            connection.scalars(insert(User).returning(User.id, sort_by_parameter_order=True), rows)
        )
    except IntegrityError as error:
        raise Conflict(
            "One of the logins has been taken meanwhile.", hint="Try again.", path=("login",)
        ) from error
    record(connection, event_id, "User", "INSERT", numbers)
    _join(connection, event_id, dict(zip(numbers, drafts, strict=True)))
    bump_epoch(connection)
    return [ObjectRef("User", number) for number in numbers]


def _join(connection: Connection, event_id: int, people: Mapping[int, Draft]) -> None:
    """Memberships in order; `user` and `system` come last, for the first is the default group."""
    special = {
        row.name: row.id
        for row in connection.execute(
            select(Group.id, Group.name).where(Group.name.in_([USER_GROUP, SYSTEM_GROUP]))
        )
    }
    rows: list[dict[str, Any]] = []
    withheld: list[dict[str, Any]] = []
    for number, draft in people.items():
        places = [(group.id, leads) for group, leads in draft.groups]
        places.append((special[USER_GROUP], False))
        if draft.privileges is not None:
            places.append((special[SYSTEM_GROUP], False))
            missing = sorted(frozenset(Privilege) - draft.privileges)
            withheld += [{"user_id": number, "privilege": each.value} for each in missing]
        first = 0 if draft.groups else 1
        rows += [
            {
                "user_id": number,
                "group_id": group_id,
                "is_owner": leads,
                "position": first + position,
            }
            for position, (group_id, leads) in enumerate(places)
        ]
    made = list(connection.scalars(insert(Membership).returning(Membership.id), rows))
    record(connection, event_id, "Membership", "INSERT", sorted(made))
    if withheld:
        connection.execute(insert(WithheldPrivilege), withheld)


def update_user(database: Database, principal: Principal, change: UserChange) -> ObjectRef:
    """Change an account; answers it.

    Raises `NotFound`, `Denied`, `Conflict` for a stale version or a login that is taken, or
    `Invalid`; then nothing has changed.
    """
    values = _checked(change.values)
    with database.write() as connection:
        held = hold_user(connection, principal, change.id, ("id",))
        person = held.standing
        action = AdminAction.RENAME_USER if "login" in values else AdminAction.MODIFY_USER
        require_administer(principal, action, held.ref, user=person)
        check_version(held, change.expected_version)
        changed = changes(held, values)
        if "login" in changed:
            _check_login(connection, held.row, str(changed["login"]))
        if changed:
            event_id = open_event(connection, principal, "updateUser")
            write_changes(connection, held, event_id, changed)
            bump_epoch(connection)
        return held.ref


def _checked(values: Mapping[str, str | None]) -> dict[str, Any]:
    """Columns with their sort keys; raises `Invalid`."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        path = (_printed(name),)
        if name == "login":
            found[name] = valid_login(value or "", path)
            found["login_key"] = sort_key(found[name])
        elif name == "email":
            found[name] = valid_email(value, path)
        elif name in {"first_name", "last_name"}:
            found[name] = valid_person_name(value, path)
        else:
            found[name] = valid_optional(value, path)
    if "last_name" in found:
        found["last_name_key"] = sort_key(found["last_name"])
    return found


def _printed(column: str) -> str:
    first, _, rest = column.partition("_")
    return first + rest.capitalize()


def _check_login(connection: Connection, row: Any, login: str) -> None:
    if row.login in FIXED_LOGINS:
        raise Conflict(
            f"The account {row.login} keeps its login.",
            hint="The system knows it by that name.",
            path=("login",),
            target=f"User:{row.id}",
        )
    other = connection.scalar(
        select(User.id).where(User.login_key == sort_key(login), User.id != row.id)
    )
    if other is not None:
        raise taken(login, ("login",))
