"""Refused logins are counted per account and per address, for a quarter of an hour.

An attempt is counted before its password is looked at and withdrawn when it succeeds, so that many
at once cannot slip through together.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from shared import clock
from shared.errors import Busy
from shared.models.live import LoginFailure

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.database import Database
    from shared.settings import AuthSettings

PERIOD = 15 * clock.MINUTE


@dataclass(frozen=True, slots=True)
class Attempt:
    """A login that is being tried."""

    ids: tuple[int, ...]

    @classmethod
    def begin(
        cls, database: Database, settings: AuthSettings, username: str, address: str | None
    ) -> Attempt:
        """Count a try; raises `Busy`, uncounted, when account or address had too many."""
        limits = {_key("account", username): settings.login_attempts}
        if address is not None:
            limits[_key("address", address)] = settings.login_attempts_per_address
        now = clock.now()
        with database.write_live() as connection:
            connection.execute(delete(LoginFailure).where(LoginFailure.at <= now - PERIOD))
            wait = max(_wait(connection, key, limit, now) for key, limit in limits.items())
            if wait > 0:
                raise Busy(
                    "Too many refused logins.",
                    retry_after_s=wait,
                    hint=f"Try again in {wait} seconds.",
                )
            ids = connection.scalars(
                insert(LoginFailure).returning(LoginFailure.id),
                [{"key": key, "at": now} for key in limits],
            ).all()
        return cls(tuple(ids))

    def withdraw(self, database: Database) -> None:
        """The login was right: it does not count."""
        with database.write_live() as connection:
            connection.execute(delete(LoginFailure).where(LoginFailure.id.in_(self.ids)))


def _wait(connection: Connection, key: str, limit: int, now: int) -> int:
    """Seconds until another try is free, 0 when one is."""
    newest = connection.scalars(
        select(LoginFailure.at)
        .where(LoginFailure.key == key)
        .order_by(LoginFailure.at.desc())
        .limit(limit)
    ).all()
    if len(newest) < limit:
        return 0
    return max(1, -(-(newest[-1] + PERIOD - now) // clock.SECOND))


def _key(kind: str, text: str) -> str:
    """A digest: people type passwords where the user name belongs."""
    return f"{kind}:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"
