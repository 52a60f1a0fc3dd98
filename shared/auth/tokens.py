"""Personal access tokens: credentials for scripts, with a name, scopes and perhaps an end.

A token never does more than its user, and without the scope `admin` it carries no administrator's
privilege at all. Tokens are made from a session of one's own only, so none outlives a sudo.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import insert, update

from shared import clock
from shared.auth.credentials import TOKEN_PREFIX, new_secret, secret_hash
from shared.auth.epoch import bump_epoch
from shared.auth.rules import Scope
from shared.errors import Denied, Invalid, NotFound
from shared.models.people import AccessToken

if TYPE_CHECKING:
    from shared.auth.principal import Principal
    from shared.database import Database

MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that has just been made; its text is told this once."""

    token: str
    token_id: int


def create_token(
    database: Database,
    principal: Principal,
    name: str,
    scopes: Iterable[str],
    expires_at: int | None = None,
) -> NewToken:
    """Make a token for oneself. Raises `Invalid` for a bad name, scope or end, `Denied` when the
    caller came by a token or by sudo.
    """
    if principal.session_id is None or principal.sudoer_id is not None or principal.is_guest:
        raise Denied(
            "Access tokens are made from a session of your own.",
            hint="Log in with your own name and password first.",
        )
    words = frozenset(scopes)
    known = frozenset(scope.value for scope in Scope)
    if not words or not words <= known:
        raise Invalid(
            "A token has one or more known scopes.",
            hint=f"Scopes are {', '.join(sorted(known))}.",
            path=("scopes",),
        )
    if not name.strip() or len(name) > MAX_NAME or "\0" in name:
        raise Invalid(f"A token has a name of 1 to {MAX_NAME} characters.", path=("name",))
    now = clock.now()
    if expires_at is not None and expires_at <= now:
        raise Invalid("The token would have expired already.", path=("expiresAt",))
    text = new_secret(TOKEN_PREFIX)
    with database.write() as connection:
        token_id = connection.execute(
            insert(AccessToken)
            .values(
                token_hash=secret_hash(text),
                user_id=principal.user_id,
                name=name.strip(),
                scopes=" ".join(sorted(words)),
                created_at=now,
                expires_at=expires_at,
            )
            .returning(AccessToken.id)
        ).scalar_one()
    return NewToken(text, token_id)


def revoke_token(database: Database, principal: Principal, token_id: int) -> None:
    """End one of one's own tokens at once; raises `NotFound` for anybody else's.

    An access token without the scope `admin` ends only itself, and a sudo session none.
    """
    itself = principal.token_id == token_id
    if principal.sudoer_id is not None or not (itself or principal.has_scope({Scope.ADMIN})):
        raise NotFound("There is no such token of yours.", target=f"AccessToken:{token_id}")
    with database.write() as connection:
        ended = connection.execute(
            update(AccessToken)
            .where(
                AccessToken.id == token_id,
                AccessToken.user_id == principal.user_id,
                AccessToken.revoked_at.is_(None),
            )
            .values(revoked_at=clock.now())
        )
        if ended.rowcount == 0:
            raise NotFound("There is no such token of yours.", target=f"AccessToken:{token_id}")
        bump_epoch(connection)
