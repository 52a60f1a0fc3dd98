"""From the rows of the database to images as a viewer sees them: a handful of statements, for one
image or for many.

The predicate of visibility stands in the statement itself: what is not visible is never read.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, false, select

from shared.auth.select import visible
from shared.database import ids_bound, ids_value
from shared.errors import Invalid
from shared.models.images import Fileset, Image, Pixels
from shared.models.screening import Well, WellSample
from shared.pixels.source import Dimensions, Level
from shared.rendering.defaults import ImageFacts, imported_settings
from shared.rendering.stored import (
    StoredSettings,
    image_facts_of,
    settings_by_id,
    settings_of,
)
from shared.rendering.uploaded_luts import with_known_tables
from shared.rendering.versions import address_version
from tile_service.seen import SeenImage

if TYPE_CHECKING:
    from collections.abc import Hashable

    from sqlalchemy import ColumnElement, Connection, Select

    from shared.auth.grants import Grant
    from shared.auth.principal import Principal
    from shared.rendering.settings import RenderingSettings


def locate(
    connection: Connection,
    principal: Principal,
    grant: Grant | None,
    image_ids: list[int],
    rdef_id: int | None = None,
) -> dict[int, SeenImage]:
    """Those of the images that the principal sees (and the grant covers), by id.

    Raises `Invalid` when `rdef_id` names settings of another image.
    """
    rows = _visible_rows(connection, principal, grant, image_ids)
    if not rows:
        return {}
    facts = image_facts_of(connection, [row.pixels_id for row in rows])
    saved = _saved(connection, principal, rows, rdef_id)
    bases = with_known_tables(connection, _bases(facts, saved))
    return {
        row.image_id: _seen(
            row, facts[row.pixels_id], bases[row.pixels_id], saved.get(row.pixels_id), principal
        )
        for row in rows
        if row.pixels_id in facts
    }


def _visible_rows(
    connection: Connection, principal: Principal, grant: Grant | None, image_ids: list[int]
) -> list[Any]:
    """Image, pixels and fileset of the visible ones, in one statement."""
    dialect = connection.dialect.name
    statement = _visible_statement(dialect, _Viewer(principal.standing, principal))
    if grant is not None:
        statement = statement.where(granted(grant))
    return list(connection.execute(statement, {"images": ids_value(dialect, image_ids)}))


@dataclass(frozen=True, slots=True)
class _Viewer:
    """A principal of whom nothing counts but his standing."""

    standing: Hashable
    principal: Principal = field(compare=False)


@lru_cache(maxsize=256)
def _visible_statement(dialect: str, viewer: _Viewer) -> Select[*tuple[Any, ...]]:
    """The statement that holds for one standing; making it anew for each image costs more than
    running it.
    """
    return (
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
            ids_bound(dialect, Image.__table__.c.id, "images"),
            visible(viewer.principal, Image),
            Pixels.position == 0,
            Pixels.trash_id.is_(None),
        )
    )


def visible_image(principal: Principal, image_id: int) -> ColumnElement[bool]:
    """The one image, when the principal sees it."""
    return and_(Image.id == image_id, visible(principal, Image))


def granted(grant: Grant) -> ColumnElement[bool]:
    """Images that a grant covers: its one image, or all on its plate; a file's covers none."""
    if grant.ref.class_name == "Image":
        return Image.id == grant.ref.id
    if grant.ref.class_name != "Plate":
        return false()
    on_plate = (
        select(WellSample.image_id)
        .join(Well, Well.id == WellSample.well_id)
        .where(
            Well.plate_id == grant.ref.id, Well.trash_id.is_(None), WellSample.trash_id.is_(None)
        )
    )
    return Image.id.in_(on_plate)


def _bases(
    facts: dict[int, ImageFacts], saved: dict[int, StoredSettings]
) -> dict[int, RenderingSettings]:
    return {
        pixels_id: saved[pixels_id].settings if pixels_id in saved else imported_settings(known)
        for pixels_id, known in facts.items()
    }


def _saved(
    connection: Connection, principal: Principal, rows: list[Any], rdef_id: int | None
) -> dict[int, StoredSettings]:
    """The saved settings that apply, by pixels: those named, else the viewer's, else the owner's.

    What does not fit the number of channels is passed over.
    """
    if rdef_id is not None:
        chosen = settings_by_id(connection, rdef_id)
        if chosen is None or chosen.pixels_id != rows[0].pixels_id:
            raise Invalid(
                f"The image has no settings {rdef_id}.",
                hint="Ask for the image's renderingSettings, or leave rdef out.",
                path=("rdef",),
            )
        return {chosen.pixels_id: chosen}
    saved = settings_of(
        connection,
        [row.pixels_id for row in rows],
        {principal.user_id, *(row.owner_id for row in rows)},
    )
    found: dict[int, StoredSettings] = {}
    for row in rows:
        for owner_id in (row.owner_id, principal.user_id):
            mine = saved.get((row.pixels_id, owner_id))
            if mine is not None and len(mine.settings.channels) == row.size_c:
                found[row.pixels_id] = mine
    return found


def _seen(
    row: Any,
    facts: ImageFacts,
    base: RenderingSettings,
    saved: StoredSettings | None,
    principal: Principal,
) -> SeenImage:
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
        version=address_version(row.generation, saved),
        viewer=viewer,
    )
