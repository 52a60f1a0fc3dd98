"""What an administrator may do, and who is one.

Privileges that are withheld from somebody who is no administrator have no effect until he becomes
one; nobody can prepare more for him than he has himself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert

from graphql_api.editing.links import open_event
from graphql_api.editing.people.holding import hold_user
from graphql_api.editing.people.memberships import join, leave, special_group
from graphql_api.editing.places import load_group
from shared.auth.epoch import bump_epoch
from shared.auth.rules_admin import (
    AdminAction,
    check_privileges,
    check_removal,
    require_administer,
)
from shared.auth.sessions import close_sessions_of
from shared.journal import record
from shared.models.people import SYSTEM_GROUP, Privilege, WithheldPrivilege
from shared.refs import ObjectRef, parse_ref

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from graphql_api.editing.people.holding import HeldUser
    from shared.auth.principal import Principal
    from shared.database import Database


def set_privileges(
    database: Database,
    principal: Principal,
    user: str,
    wanted: frozenset[Privilege],
    *,
    administrator: bool | None = None,
) -> ObjectRef:
    """Let a user have just these privileges; `administrator` puts him into `system` or takes him
    out, None leaves that alone. Whoever loses one is logged out.

    Raises `NotFound`, `Denied` for a privilege that the caller lacks, `Conflict` for root.
    """
    with database.write() as connection:
        held = hold_user(connection, principal, user)
        person = held.standing
        require_administer(principal, AdminAction.SET_PRIVILEGES, held.ref, user=person)
        check_privileges(principal, person, wanted)
        is_lost = bool(person.privileges - wanted)
        written = _withhold(connection, principal, held, frozenset(Privilege) - wanted)
        if administrator is not None and administrator != person.is_admin:
            _appoint(connection, principal, held, administrator=administrator)
            written, is_lost = True, is_lost or not administrator
        if is_lost:
            own = principal.session_id if person.user_id == principal.user_id else None
            close_sessions_of(connection, person.user_id, but=own)
        elif written:
            bump_epoch(connection)
        return held.ref


def _appoint(
    connection: Connection, principal: Principal, held: HeldUser, *, administrator: bool
) -> None:
    ref = parse_ref(special_group(connection, SYSTEM_GROUP))
    system = load_group(connection, ref.id if ref else 0)
    require_administer(
        principal, AdminAction.MANAGE_MEMBERSHIP, ref, group=system, user=held.standing
    )
    if administrator:
        join(connection, principal, system, held, as_owner=None)
    else:
        check_removal(principal, system, held.standing)
        leave(connection, principal, system, held)


def _withhold(
    connection: Connection, principal: Principal, held: HeldUser, missing: frozenset[Privilege]
) -> bool:
    """Store what is withheld; answers whether that differs from before."""
    before = held.standing.withheld
    after = {privilege.value for privilege in missing}
    if before == after:
        return False
    number = held.standing.user_id
    event_id = open_event(connection, principal, "setAdminPrivileges")
    connection.execute(delete(WithheldPrivilege).where(WithheldPrivilege.user_id == number))
    if after:
        rows = [{"user_id": number, "privilege": word} for word in sorted(after)]
        connection.execute(insert(WithheldPrivilege), rows)
    record(
        connection, event_id, "User", "UPDATE", [number],
        before={number: {"withheld_privileges": sorted(before)}},
    )  # fmt: skip
    return True
