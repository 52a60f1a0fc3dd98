"""What a resolver gets as `info.context`: who asks, the database, and what may be signed.

Operations run synchronously in one thread each. Reads share one connection, taken on first use and
given back when the operation ends; a mutation calls `renew` after its commit, because on SQLite
the connection still holds the state from before.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.auth.grants import cut_grant
from shared.auth.principal import load_principal
from shared.clock import now
from shared.errors import Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from graphql_api.settings import ApiSettings
    from shared.auth.epoch import EpochWatch
    from shared.auth.keys import SecretKeys
    from shared.auth.principal import Principal
    from shared.database import Database
    from shared.refs import ObjectRef
    from shared.storage import Storage


@dataclass(frozen=True, slots=True)
class Services:
    """What lives as long as the process."""

    database: Database
    storage: Storage
    settings: ApiSettings
    keys: SecretKeys
    epoch: EpochWatch
    instance_id: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request came from: address after trusted proxies, user agent and origin."""

    address: str | None = None
    user_agent: str | None = None
    origin: str | None = None
    origin_is_listed: bool = False


@dataclass(slots=True)
class RequestContext:
    """One operation's surroundings."""

    database: Database
    storage: Storage
    settings: ApiSettings
    keys: SecretKeys
    principal: Principal | None
    epoch: EpochWatch | None = None
    caller: Caller = field(default_factory=Caller)
    clock: Callable[[], int] = now
    new_session: tuple[str, int] | None = None
    """Token and end of a session that the operation opened: the transport makes a cookie of it."""
    watched: ObjectRef | None = None
    """What a subscription turned out to be about: it is run again when that changes."""
    forget_session: bool = False
    """The operation closed the session: the transport takes the cookie back."""
    _held: AbstractContextManager[Connection] | None = None
    _connection: Connection | None = None
    _grants: dict[ObjectRef, str] = field(default_factory=dict)

    def require_principal(self) -> Principal:
        """Who is logged in; raises `Unauthenticated` when nobody is."""
        if self.principal is None:
            raise Unauthenticated("You are not logged in.", hint="Call the login mutation first.")
        return self.principal

    def reload_principal(self) -> None:
        """Read the caller's rights again, after the operation itself has changed them."""
        self.renew()
        old = self.require_principal()
        self.principal = load_principal(
            self.connection,
            old.user_id,
            session_id=old.session_id,
            token_id=old.token_id,
            sudoer_id=old.sudoer_id,
            scopes=old.scopes,
        )

    @property
    def connection(self) -> Connection:
        """The operation's one connection for reading."""
        if self._connection is None:
            self._held = self.database.read()
            self._connection = self._held.__enter__()
        return self._connection

    def renew(self) -> None:
        """Give the reading connection back, so that the next read sees what was just committed."""
        if self.epoch is not None:
            self.epoch.wake()
        self.release()

    def release(self) -> None:
        """Give the reading connection back: the operation is over."""
        held, self._held, self._connection = self._held, None, None
        if held is not None:
            held.__exit__(None, None, None)

    def grant_for(self, ref: ObjectRef) -> str:
        """A signed path segment for an image, plate or file, never outliving the session."""
        found = self._grants.get(ref)
        if found is None:
            principal = self.require_principal()
            found = self._grants[ref] = cut_grant(
                self.keys,
                session_id=principal.session_id,
                token_id=principal.token_id,
                ref=ref,
                expires_at=principal.expires_at,
            )
        return found
