"""Logging in and out, and telling who a token belongs to.

Last use stands in the live database and is written at most once a minute. Unknown user, wrong
password and inactive account get one message at one cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from shared import clock
from shared.auth.credentials import (
    SESSION_PREFIX,
    Credential,
    ended,
    find_credential,
    find_session,
    find_token,
    new_secret,
    secret_hash,
)
from shared.auth.epoch import VerdictCache, bump_epoch
from shared.auth.passwords import verify_password
from shared.auth.principal import Principal
from shared.auth.throttle import Attempt
from shared.database import POSTGRESQL
from shared.errors import Invalid, Unauthenticated
from shared.models.live import SessionTouch
from shared.models.people import USER_GROUP, AccessToken, Group, Membership, Session, User
from shared.telemetry import logger

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.database import Database
    from shared.settings import AuthSettings

TOUCH_EVERY = clock.MINUTE
SHORTEST_IDLE_S = 60
_log = logger(__name__)


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A new session; the token is told this once and stored nowhere."""

    token: str
    session_id: int
    expires_at: int
    user_id: int
    idle_s: int


def log_in(
    database: Database,
    settings: AuthSettings,
    username: str,
    password: str,
    *,
    address: str | None = None,
    user_agent: str | None = None,
    idle_s: int | None = None,
) -> LoggedIn:
    """Open a session. Raises `Unauthenticated` with one message whatever is wrong, `Busy` with
    `retry_after_s` after too many refusals for this account or address, and `Invalid` for an idle
    time out of bounds.
    """
    longest = settings.session_idle_s
    if idle_s is not None and not SHORTEST_IDLE_S <= idle_s <= longest:
        raise Invalid(
            f"A session cannot be idle for {idle_s} seconds.",
            hint=f"Ask for {SHORTEST_IDLE_S} to {longest} seconds.",
            path=("idleTimeoutSeconds",),
        )
    attempt = Attempt.begin(database, settings, username, address)
    user_id, stored = _account(database, username)
    if not verify_password(stored, password) or user_id is None:
        _log.info("login.refused", address=address)
        raise Unauthenticated(
            "User name or password is wrong.", hint="Check both, or ask an administrator."
        )
    attempt.withdraw(database)
    now = clock.now()
    opened = open_session(
        database,
        settings,
        user_id,
        expires_at=now + settings.session_max_s * clock.SECOND,
        address=address,
        user_agent=user_agent,
        idle_s=idle_s,
    )
    _log.info("login.accepted", principal_id=user_id, session_id=opened.session_id)
    return opened


def open_session(
    database: Database,
    settings: AuthSettings,
    user_id: int,
    *,
    expires_at: int,
    address: str | None = None,
    user_agent: str | None = None,
    idle_s: int | None = None,
    sudoer: Principal | None = None,
) -> LoggedIn:
    """Write a session row for somebody whose identity or right to sudo has been checked."""
    token = new_secret(SESSION_PREFIX)
    idle_s = idle_s or settings.session_idle_s
    with database.write() as connection:
        session_id = connection.scalar(
            insert(Session)
            .values(
                token_hash=secret_hash(token),
                user_id=user_id,
                sudoer_id=sudoer.user_id if sudoer else None,
                sudoer_session_id=sudoer.session_id if sudoer else None,
                user_agent=_plain(user_agent),
                address=_plain(address),
                created_at=clock.now(),
                expires_at=expires_at,
                idle_s=idle_s,
            )
            .returning(Session.id)
        )
    if session_id is None:
        raise ended()
    return LoggedIn(token, session_id, expires_at, user_id, idle_s)


def authenticate(
    database: Database,
    settings: AuthSettings,
    token: str,
    *,
    cache: VerdictCache | None = None,
) -> Principal:
    """Whose session or access token this is; raises `Unauthenticated`.

    Three statements at most, none when `cache` still knows it.
    """
    key = ("credential", secret_hash(token)) if token.isascii() else None
    if key is None:
        raise ended()
    known = cache.get(key) if cache is not None else None
    if isinstance(known, Principal):
        return _unexpired(known)
    epoch = cache.epoch() if cache is not None else None
    with database.read() as connection:
        found = find_credential(connection, token)
    _touch(database, settings, found)
    if cache is not None:
        cache.put(key, found.principal, epoch=epoch)
    return found.principal


def authenticate_id(
    database: Database,
    settings: AuthSettings,
    *,
    session_id: int | None = None,
    token_id: int | None = None,
    cache: VerdictCache | None = None,
) -> Principal:
    """As `authenticate`, for the session or token that a checked grant names."""
    key = ("credential id", session_id, token_id)
    known = cache.get(key) if cache is not None else None
    if isinstance(known, Principal):
        return _unexpired(known)
    epoch = cache.epoch() if cache is not None else None
    with database.read() as connection:
        if session_id is not None:
            found = find_session(connection, Session.id == session_id)
        else:
            found = find_token(connection, AccessToken.id == token_id)
    _touch(database, settings, found)
    if cache is not None:
        cache.put(key, found.principal, epoch=epoch)
    return found.principal


def principal_of_session(connection: Connection, session_id: int) -> Principal:
    """Who stands behind an open session; idleness is not looked at."""
    return find_session(connection, Session.id == session_id).principal


def principal_of_token(connection: Connection, token_id: int) -> Principal:
    """Who stands behind a live access token."""
    return find_token(connection, AccessToken.id == token_id).principal


def log_out(database: Database, principal: Principal) -> None:
    """Close the session and those sudoed from it; raises `Invalid` for an access token."""
    if principal.session_id is None:
        raise Invalid("An access token cannot log out.", hint="Revoke the token instead.")
    with database.write() as connection:
        close_sessions(connection, [principal.session_id])


def close_sessions(connection: Connection, session_ids: list[int]) -> None:
    """Close sessions and those sudoed from them. Last statement of its transaction."""
    connection.execute(
        update(Session)
        .where(
            or_(Session.id.in_(session_ids), Session.sudoer_session_id.in_(session_ids)),
            Session.closed_at.is_(None),
        )
        .values(closed_at=clock.now())
    )
    bump_epoch(connection)


def close_sessions_of(connection: Connection, user_id: int, *, but: int | None = None) -> None:
    """End all sessions of a user and those in which he acts for others, save the session `but`:
    after a change of password, a deactivation or a lost privilege. Last in its transaction.
    """
    connection.execute(
        update(Session)
        .where(
            or_(Session.user_id == user_id, Session.sudoer_id == user_id),
            Session.closed_at.is_(None),
            Session.id != (but or 0),
        )
        .values(closed_at=clock.now())
    )
    bump_epoch(connection)


def _account(database: Database, username: str) -> tuple[int | None, str | None]:
    """Id and stored hash of an account that may log in, else nothing."""
    if _plain(username) != username:
        return None, None
    active = (
        select(Membership.id)
        .join(Group, Group.id == Membership.group_id)
        .where(Membership.user_id == User.id, Group.name == USER_GROUP)
        .exists()
    )
    query = select(User.id, User.password_hash).where(User.login == username, active)
    with database.read() as connection:
        found = connection.execute(query).first()
    return (found.id, found.password_hash) if found else (None, None)


def _plain(text: str | None) -> str | None:
    """Text that every database stores: no NUL, no lone surrogates, at most 500 characters."""
    if text is None:
        return None
    return text.encode("utf-8", "replace").decode().replace("\0", "")[:500]


def _unexpired(principal: Principal) -> Principal:
    if principal.expires_at is not None and principal.expires_at <= clock.now():
        raise ended()
    return principal


def _touch(database: Database, settings: AuthSettings, found: Credential) -> None:
    """End idle credentials; note the use of others, at most once a minute."""
    now = clock.now()
    with database.read_live() as connection:
        query = select(SessionTouch.key, SessionTouch.touched_at).where(
            SessionTouch.key.in_(found.touch_keys)
        )
        touched = {row.key: row.touched_at for row in connection.execute(query)}
    last = [
        max(started, touched.get(key, 0))
        for key, started in zip(found.touch_keys, found.started_at, strict=True)
    ]
    if found.idle_us is not None:
        # A shorter setting holds for sessions that are already open.
        idle = min(found.idle_us, settings.session_idle_s * clock.SECOND)
        if any(at + idle <= now for at in last):
            raise ended()
    due = [key for key in found.touch_keys if now - touched.get(key, 0) >= TOUCH_EVERY]
    if not due:
        return
    rows = [{"key": key, "touched_at": now} for key in due]
    make = postgresql.insert if database.dialect == POSTGRESQL else sqlite.insert
    statement = make(SessionTouch).values(rows)
    with database.write_live() as connection:
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["key"], set_={"touched_at": statement.excluded.touched_at}
            )
        )
