"""Who asks, and whether he sees the image: the two questions before every answer.

"Not there" and "not yours" are the same `NotFound`. Verdicts live three seconds and one rights
epoch; nothing here decides rights itself (`shared.auth`).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from shared import clock
from shared.auth.epoch import EpochWatch, VerdictCache
from shared.auth.grants import read_grant
from shared.auth.select import visible
from shared.auth.sessions import authenticate, authenticate_id
from shared.database import ids_in
from shared.errors import Invalid, Unauthenticated
from shared.models.images import Fileset, Image, Pixels
from shared.models.screening import Well, WellSample
from shared.pixels.source import Dimensions, Level
from shared.rendering.defaults import ImageFacts, imported_settings
from shared.rendering.stored import address_version, image_facts_of, settings_by_id, settings_of
from tile_service.query import no_image
from tile_service.seen import SeenImage

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from shared.auth.grants import Grant
    from shared.auth.keys import SecretKeys
    from shared.auth.principal import Principal
    from shared.database import Database
    from shared.rendering.settings import RenderingSettings
    from shared.settings import AuthSettings


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

    async def refresh(self) -> None:
        """Look at the rights epoch in a thread when that is due, so that no question here blocks
        the event loop.
        """
        moment = self._monotonic()
        if self._looked_at is None or moment - self._looked_at >= 1.0:
            self._looked_at = moment
            await asyncio.to_thread(self._watch.current)

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
        seen = self._locate(principal, grant, [image_id], rdef_id).get(image_id)
        if seen is None:
            raise no_image()
        self._keep(credential, image_id, rdef_id, seen, principal, grant, epoch)
        if version not in {None, seen.version}:
            refuted = ("seen", credential, image_id, rdef_id, version)
            self._verdicts.put(refuted, value=True, epoch=epoch)
        return seen

    def admit_many(
        self, credential: Credential | None, image_ids: Iterable[int]
    ) -> dict[int, SeenImage]:
        """Those of the images that the viewer sees, in a handful of statements."""
        if credential is None:
            raise Unauthenticated("Log in first.", hint="Send a session, a token or a grant.")
        epoch = self._verdicts.epoch()
        principal, grant = self._principal(credential)
        found = self._locate(principal, grant, list(image_ids), None)
        for seen in found.values():
            self._keep(credential, seen.id, None, seen, principal, grant, epoch)
        return found

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

    def _locate(
        self,
        principal: Principal,
        grant: Grant | None,
        image_ids: list[int],
        rdef_id: int | None,
    ) -> dict[int, SeenImage]:
        with self._database.read() as connection:
            rows = _visible_rows(connection, principal, grant, image_ids)
            if not rows:
                return {}
            facts = image_facts_of(connection, [row.pixels_id for row in rows])
            bases = _bases(connection, principal, rows, facts, rdef_id)
        return {
            row.image_id: _seen(row, facts[row.pixels_id], bases[row.pixels_id], principal)
            for row in rows
            if row.pixels_id in facts
        }


def _visible_rows(
    connection: Connection, principal: Principal, grant: Grant | None, image_ids: list[int]
) -> list[Any]:
    """Image, pixels and fileset of the visible ones, in one statement."""
    statement = (
        select(
            Image.id.label("image_id"),
            Image.owner_id,
            Pixels.id.label("pixels_id"),
            Pixels.uuid.label("pixels_uuid"),
            Fileset.uuid.label("fileset_uuid"),
            Pixels.storage,
            Pixels.generation,
            Pixels.pixels_type,
            Pixels.size_x,
            Pixels.size_y,
            Pixels.size_z,
            Pixels.size_c,
            Pixels.size_t,
            Pixels.level_sizes,
        )
        .join(Pixels, Pixels.image_id == Image.id)
        .outerjoin(Fileset, Fileset.id == Image.fileset_id)
        .where(
            ids_in(connection, Image.__table__.c.id, image_ids),
            visible(principal, Image),
            Pixels.position == 0,
            Pixels.trash_id.is_(None),
        )
    )
    if grant is not None:
        statement = statement.where(_granted(grant))
    return list(connection.execute(statement))


def _granted(grant: Grant) -> ColumnElement[bool]:
    if grant.ref.class_name == "Image":
        return Image.id == grant.ref.id
    on_plate = (
        select(WellSample.image_id)
        .join(Well, Well.id == WellSample.well_id)
        .where(
            Well.plate_id == grant.ref.id, Well.trash_id.is_(None), WellSample.trash_id.is_(None)
        )
    )
    return Image.id.in_(on_plate)


def _bases(
    connection: Connection,
    principal: Principal,
    rows: list[Any],
    facts: dict[int, ImageFacts],
    rdef_id: int | None,
) -> dict[int, RenderingSettings]:
    if rdef_id is not None:
        chosen = settings_by_id(connection, rdef_id)
        if chosen is None or chosen.pixels_id != rows[0].pixels_id:
            raise Invalid(
                f"The image has no settings {rdef_id}.",
                hint="Ask for the image's renderingSettings, or leave rdef out.",
                path=("rdef",),
            )
        return {chosen.pixels_id: chosen.settings}
    saved = settings_of(
        connection,
        [row.pixels_id for row in rows],
        {principal.user_id, *(row.owner_id for row in rows)},
    )
    bases: dict[int, RenderingSettings] = {}
    for row in rows:
        for owner_id in (principal.user_id, row.owner_id):
            found = saved.get((row.pixels_id, owner_id))
            if found is not None and len(found.settings.channels) == row.size_c:
                bases[row.pixels_id] = found.settings
                break
        else:
            if row.pixels_id in facts:
                bases[row.pixels_id] = imported_settings(facts[row.pixels_id])
    return bases


def _seen(row: Any, facts: ImageFacts, base: RenderingSettings, principal: Principal) -> SeenImage:
    sizes = Dimensions(row.size_x, row.size_y, row.size_z, row.size_c, row.size_t)
    viewer = (
        f"s{principal.session_id}" if principal.session_id is not None else f"t{principal.token_id}"
    )
    return SeenImage(
        id=row.image_id,
        pixels_id=row.pixels_id,
        pixels_uuid=row.pixels_uuid,
        fileset_uuid=row.fileset_uuid,
        storage=row.storage,
        generation=row.generation,
        pixel_type=row.pixels_type,
        dimensions=sizes,
        levels=tuple(Level(*level) for level in json.loads(row.level_sizes)),
        facts=facts,
        settings=base,
        version=address_version(row.generation, base),
        viewer=viewer,
    )
