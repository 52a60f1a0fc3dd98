"""Acting as another user: a session of its own, with both names in it.

It never gains anything: its privileges are those of both people, worked out anew at every request,
and it ends with the session from which it was opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from shared import clock
from shared.auth.principal import load_standings
from shared.auth.rules import DenialReason
from shared.auth.rules_admin import AdminAction, require_administer
from shared.auth.select import visible_users
from shared.auth.sessions import LoggedIn, open_session
from shared.errors import Conflict, Denied, NotFound
from shared.models.people import User
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from shared.auth.principal import Principal
    from shared.database import Database
    from shared.settings import AuthSettings


def has_own_session(principal: Principal) -> bool:
    """Whether somebody came by a session of his own: no access token, no sudo."""
    return principal.session_id is not None and principal.sudoer_id is None


def open_sudo_session(
    database: Database,
    settings: AuthSettings,
    principal: Principal,
    user_id: int,
    *,
    address: str | None = None,
    user_agent: str | None = None,
) -> LoggedIn:
    """Open a session as `user_id`: for holders of Sudo, and leaders for members of their groups.

    Raises `NotFound` for a user whom the caller does not see, `Denied` without the right, from an
    access token or from a session that is itself sudoed, `Conflict` for an inactive account.
    """
    ref = ObjectRef("User", user_id)
    with database.read() as connection:
        seen = connection.scalar(
            select(User.id).where(User.id == user_id, visible_users(principal))
        )
        target = load_standings(connection, [user_id]).get(user_id)
    if seen is None or target is None:
        raise NotFound(f"There is no {ref}.", hint="Or you may not see it.", target=str(ref))
    if not has_own_session(principal):
        raise Denied(
            "Only from a session of your own can you act as somebody else.",
            reasons=(DenialReason.PRIVILEGE_MISSING,),
            hint="Log in with your own name and password first.",
            target=str(ref),
        )
    if user_id == principal.user_id:
        raise Denied("That is yourself.", hint="Name another user.", target=str(ref))
    require_administer(principal, AdminAction.SUDO, ref, user=target)
    if not target.is_active:
        raise Conflict(
            f"{target.login} is not active.",
            hint="Activate the account first.",
            target=str(ref),
        )
    end = clock.now() + settings.session_max_s * clock.SECOND
    return open_session(
        database,
        settings,
        user_id,
        expires_at=min(end, principal.expires_at or end),
        address=address,
        user_agent=user_agent,
        sudoer=principal,
    )
