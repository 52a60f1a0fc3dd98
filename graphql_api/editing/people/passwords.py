"""Change a password: one's own with the old one, somebody else's with the privilege.

All other sessions of the account end, and so do those in which it acts for others. Guesses of the
old password are counted like refused logins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from graphql_api.editing.links import open_event
from graphql_api.editing.people.holding import hold_user, write_changes
from graphql_api.editing.people.words import valid_password
from graphql_api.editing.places import find_user
from shared.auth.passwords import hash_password, verify_password
from shared.auth.rules import Scope
from shared.auth.rules_admin import AdminAction, require_administer
from shared.auth.sessions import close_sessions_of
from shared.auth.throttle import Attempt
from shared.errors import Denied, Invalid
from shared.models.people import User
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from shared.auth.principal import Principal
    from shared.database import Database
    from shared.settings import AuthSettings


def change_password(
    database: Database,
    settings: AuthSettings,
    principal: Principal,
    user: str | None,
    new: str,
    old: str | None = None,
    *,
    address: str | None = None,
) -> ObjectRef:
    """Set a password; answers the account. The session that does it stays open.

    Raises `NotFound`, `Denied`, `Invalid` for a wrong old or a short new one, `Busy` after too
    many wrong ones.
    """
    text = user or f"User:{principal.user_id}"
    with database.read() as connection:
        person = find_user(connection, principal, text, ("user",))
    ref = ObjectRef("User", person.user_id)
    own = person.user_id == principal.user_id
    if own:
        _check_own(principal, ref)
    else:
        require_administer(principal, AdminAction.SET_PASSWORD, ref, user=person)
    valid_password(new, ("newPassword",))
    if own:
        _check_old(database, settings, person.user_id, person.login, old, address)
    digest = hash_password(new)
    with database.write() as connection:
        held = hold_user(connection, principal, text)
        if not own:
            require_administer(
                principal, AdminAction.SET_PASSWORD, held.ref, user=held.standing
            )  # fmt: skip
        event_id = open_event(connection, principal, "changePassword")
        write_changes(connection, held, event_id, {"password_hash": digest})
        close_sessions_of(connection, person.user_id, but=principal.session_id if own else None)
    return ref


def _check_own(principal: Principal, ref: ObjectRef) -> None:
    if not principal.has_scope({Scope.ADMIN}) or principal.is_guest:
        raise Denied(
            "You may not change the password.",
            reasons=("PRIVILEGE_MISSING",),
            hint="It takes a session, or an access token with the scope admin.",
            target=str(ref),
        )
    if principal.sudoer_id is not None:
        raise Denied(
            "Whoever acts as somebody else cannot change that password.",
            reasons=("PRIVILEGE_MISSING",),
            hint="Change it from a session of your own, with the privilege ModifyUser.",
            target=str(ref),
        )


def _check_old(
    database: Database,
    settings: AuthSettings,
    user_id: int,
    login: str,
    old: str | None,
    address: str | None,
) -> None:
    attempt = Attempt.begin(database, settings, login, address)
    with database.read() as connection:
        stored = connection.scalar(select(User.password_hash).where(User.id == user_id))
    if not verify_password(stored, old or ""):
        raise Invalid(
            "The old password is wrong.",
            hint="Give the password with which you log in.",
            path=("oldPassword",),
            target=f"User:{user_id}",
        )
    attempt.withdraw(database)
