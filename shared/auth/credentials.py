"""Opaque credentials and the one statement that turns them into a principal.

A session's text is `tes_` and a personal access token's `tep_`, each with 43 random characters;
only the SHA-256 is stored. Expiry, closing and sudo are judged here, idleness in `sessions`.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import aliased

from shared import clock
from shared.auth.principal import (
    ENDED,
    Principal,
    principal_of,
    read_standings,
    standing_query,
)
from shared.errors import Unauthenticated
from shared.models.people import AccessToken, Session, User

if TYPE_CHECKING:
    from sqlalchemy import Connection

SESSION_PREFIX = "tes_"
TOKEN_PREFIX = "tep_"  # noqa: S105  # a prefix, not a secret
_FORM = re.compile(r"(tes_|tep_)[A-Za-z0-9_-]{43}")
_HINT = "Log in again."
_Sudoers = aliased(Session, name="sudoer_session")


@dataclass(frozen=True, slots=True)
class Credential:
    """A live session or token: whose, and what idleness is judged by."""

    principal: Principal
    touch_keys: tuple[str, ...]
    """Rows of `session_touch`: its own first, then that of the sudoer's session."""
    started_at: tuple[int, ...]
    """When each of those was opened."""
    idle_us: int | None
    """None for access tokens, which do not idle away."""


def new_secret(prefix: str) -> str:
    """A new session or token text."""
    return prefix + secrets.token_urlsafe(32)


def secret_hash(text: str) -> str:
    """SHA-256 in hex, the only form in which a credential is stored."""
    return hashlib.sha256(text.encode()).hexdigest()


def find_credential(connection: Connection, text: str) -> Credential:
    """The live credential behind a text, in one statement; raises `Unauthenticated`."""
    if _FORM.fullmatch(text) is None:
        raise ended()
    if text.startswith(TOKEN_PREFIX):
        return find_token(connection, AccessToken.token_hash == secret_hash(text))
    return find_session(connection, Session.token_hash == secret_hash(text))


def find_session(connection: Connection, which: ColumnElement[bool]) -> Credential:
    """The live session that `which` finds, in one statement; raises `Unauthenticated`."""
    rows = connection.execute(
        standing_query()
        .join(Session, or_(Session.user_id == User.id, Session.sudoer_id == User.id))
        .outerjoin(_Sudoers, _Sudoers.id == Session.sudoer_session_id)
        .where(which)
        .add_columns(
            Session.id.label("credential_id"),
            Session.user_id,
            Session.sudoer_id,
            Session.sudoer_session_id,
            Session.created_at,
            Session.expires_at,
            Session.closed_at,
            Session.idle_s,
            _Sudoers.created_at.label("sudoer_created_at"),
            _Sudoers.expires_at.label("sudoer_expires_at"),
            _Sudoers.closed_at.label("sudoer_closed_at"),
        )
    ).all()
    if not rows or not _is_open(rows[0], clock.now()):
        raise ended()
    found = rows[0]
    people = read_standings(rows)
    principal = principal_of(
        people[found.user_id],
        people[found.sudoer_id] if found.sudoer_id is not None else None,
        session_id=found.credential_id,
        expires_at=found.expires_at,
    )
    keys, started = [f"s{found.credential_id}"], [found.created_at]
    if found.sudoer_session_id is not None:
        keys.append(f"s{found.sudoer_session_id}")
        started.append(found.sudoer_created_at)
    return Credential(principal, tuple(keys), tuple(started), found.idle_s * clock.SECOND)


def find_token(connection: Connection, which: ColumnElement[bool]) -> Credential:
    """The live access token that `which` finds, in one statement; raises `Unauthenticated`."""
    rows = connection.execute(
        standing_query()
        .join(AccessToken, AccessToken.user_id == User.id)
        .where(which)
        .add_columns(
            AccessToken.id.label("credential_id"),
            AccessToken.scopes,
            AccessToken.created_at,
            AccessToken.expires_at,
            AccessToken.revoked_at,
        )
    ).all()
    if not rows:
        raise ended()
    found = rows[0]
    is_over = found.expires_at is not None and found.expires_at <= clock.now()
    if found.revoked_at is not None or is_over:
        raise ended()
    principal = principal_of(
        next(iter(read_standings(rows).values())),
        token_id=found.credential_id,
        scopes=frozenset(found.scopes.split()),
        expires_at=found.expires_at,
    )
    return Credential(principal, (f"t{found.credential_id}",), (found.created_at,), None)


def ended() -> Unauthenticated:
    """The one answer for unknown, expired, closed and revoked credentials."""
    return Unauthenticated(ENDED, hint=_HINT)


def _is_open(found: Any, now: int) -> bool:
    if found.closed_at is not None or found.expires_at <= now:
        return False
    if found.sudoer_id is None:
        return True
    if found.sudoer_session_id is None:
        return False
    return found.sudoer_closed_at is None and bool(found.sudoer_expires_at > now)
