"""Who asks, and whether he sees the image: the two questions before every answer.

"Not there" and "not yours" are the same `NotFound`. Verdicts live three seconds and one rights
epoch; nothing here decides rights itself (`shared.auth`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from shared import clock
from shared.auth.epoch import EpochWatch, VerdictCache
from shared.auth.grants import read_grant
from shared.auth.sessions import authenticate, authenticate_id
from shared.errors import Unauthenticated
from shared.rendering.uploaded_luts import uploaded_tables
from tile_service.locate import locate
from tile_service.query import no_image
from tile_service.seen import SeenImage

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.auth.grants import Grant
    from shared.auth.keys import SecretKeys
    from shared.auth.principal import Principal
    from shared.database import Database
    from shared.settings import AuthSettings

Answered = TypeVar("Answered")


class CredentialKind(StrEnum):
    """Where a credential stood in the request."""

    BEARER = "bearer"
    COOKIE = "cookie"
    GRANT = "grant"


@dataclass(frozen=True, slots=True)
class Credential:
    """What a request shows of itself."""

    kind: CredentialKind
    text: str


class Doorkeeper:
    """Authenticates and locates; thread-safe. Database statements happen in the calling thread."""

    def __init__(
        self,
        database: Database,
        settings: AuthSettings,
        keys: SecretKeys,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._settings = settings
        self._keys = keys
        self._watch = EpochWatch(database, clock=monotonic)
        self._verdicts = VerdictCache(self._watch, clock=monotonic)
        self._monotonic = monotonic
        self._looked_at: float | None = None
        self._learned: int | None = None
        """The epoch at which lookup tables were read."""

    async def refresh(self) -> None:
        """Look at the rights epoch in a thread when that is due, so that no question here blocks
        the event loop.
        """
        if self.is_due():
            self._looked_at = self._monotonic()
            await asyncio.to_thread(self._look)

    def is_due(self) -> bool:
        """Whether the epoch was not looked at for a second: then nothing is known without it."""
        return self._looked_at is None or self._monotonic() - self._looked_at >= 1.0

    def _look(self) -> None:
        """Read the epoch, and after a change the lookup tables that people have uploaded."""
        epoch = self._watch.current()
        if epoch != self._learned:
            with self._database.read() as connection:
                uploaded_tables(connection)
            self._learned = epoch

    def known(
        self,
        credential: Credential,
        image_id: int,
        rdef_id: int | None = None,
        version: str | None = None,
    ) -> SeenImage | None:
        """The image, when a verdict of the last seconds says so; without a statement of its own.

        Another `version` than the known one may be newer: that is no answer, until the database
        has been asked for it once.
        """
        key = ("seen", credential, image_id, rdef_id)
        found = self._verdicts.get(key)
        if not isinstance(found, tuple) or found[0] <= clock.now():
            return None
        seen: SeenImage = found[1]
        if version in {None, seen.version} or self._verdicts.get((*key, version)):
            return seen
        return None

    def admit(
        self,
        credential: Credential | None,
        image_id: int,
        rdef_id: int | None = None,
        version: str | None = None,
    ) -> SeenImage:
        """The image as its viewer sees it, from the database unless it is known.

        Raises `Unauthenticated` for a credential that is missing, wrong or over, `NotFound` for an
        image or settings that are not there or not for him.
        """
        if credential is None:
            raise Unauthenticated("Log in first.", hint="Send a session, a token or a grant.")
        known = self.known(credential, image_id, rdef_id, version)
        if known is not None:
            return known
        epoch = self._verdicts.epoch()
        principal, grant = self._principal(credential)
        with self._database.read() as connection:
            seen = locate(connection, principal, grant, [image_id], rdef_id).get(image_id)
        if seen is None:
            raise no_image()
        self._keep(credential, image_id, rdef_id, seen, principal, grant, epoch)
        if version not in {None, seen.version}:
            refuted = ("seen", credential, image_id, rdef_id, version)
            self._verdicts.put(refuted, value=True, epoch=epoch)
        return seen

    def admit_many(
        self, credential: Credential | None, image_ids: list[int]
    ) -> dict[int, SeenImage]:
        """Those of the images that the viewer sees, in a handful of statements."""
        if credential is None:
            raise Unauthenticated("Log in first.", hint="Send a session, a token or a grant.")
        epoch = self._verdicts.epoch()
        principal, grant = self._principal(credential)
        with self._database.read() as connection:
            found = locate(connection, principal, grant, image_ids)
        for seen in found.values():
            self._keep(credential, seen.id, None, seen, principal, grant, epoch)
        return found

    def ask(
        self,
        credential: Credential | None,
        question: Callable[[Connection, Principal, Grant | None], Answered],
    ) -> Answered:
        """What `question` reads for whoever shows the credential; it must hold the predicates of
        rights itself. Raises `Unauthenticated`, and what it raises.
        """
        if credential is None:
            raise Unauthenticated("Log in first.", hint="Send a session, a token or a grant.")
        principal, grant = self._principal(credential)
        with self._database.read() as connection:
            return question(connection, principal, grant)

    def ask_once(
        self,
        credential: Credential,
        key: Hashable,
        question: Callable[[Connection, Principal, Grant | None], Answered],
    ) -> Answered:
        """As `ask`, remembered for the few seconds and the epoch that a verdict lives."""
        whole = ("asked", credential, key)
        known = self._verdicts.get(whole)
        if isinstance(known, tuple) and known[0] > clock.now():
            answer: Answered = known[1]
            return answer
        epoch = self._verdicts.epoch()
        principal, grant = self._principal(credential)
        with self._database.read() as connection:
            answer = question(connection, principal, grant)
        ends = [principal.expires_at, grant.expires_at if grant else None]
        end = min((at for at in ends if at is not None), default=2**63)
        self._verdicts.put(whole, (end, answer), epoch=epoch)
        return answer

    def _keep(
        self,
        credential: Credential,
        image_id: int,
        rdef_id: int | None,
        seen: SeenImage,
        principal: Principal,
        grant: Grant | None,
        epoch: int,
    ) -> None:
        ends = [principal.expires_at, grant.expires_at if grant else None]
        value = (min((at for at in ends if at is not None), default=2**63), seen)
        self._verdicts.put(("seen", credential, image_id, rdef_id), value, epoch=epoch)

    def _principal(self, credential: Credential) -> tuple[Principal, Grant | None]:
        if credential.kind is not CredentialKind.GRANT:
            return (
                authenticate(self._database, self._settings, credential.text, cache=self._verdicts),
                None,
            )
        grant = read_grant(self._keys, credential.text)
        principal = authenticate_id(
            self._database,
            self._settings,
            session_id=grant.session_id,
            token_id=grant.token_id,
            cache=self._verdicts,
        )
        return principal, grant
