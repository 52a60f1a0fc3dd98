"""Whose settings are applied: those with which the caller sees an image, or saved ones by id.

Reading a source writes nothing, on the source least of all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from graphql_api.editing.rendering import find_image, seen_settings
from graphql_api.editing.rendering_images import Pictured, find_pictured
from graphql_api.editing.targets import not_found
from shared.auth.select import visible
from shared.database import ids_in
from shared.errors import Conflict
from shared.models.images import Image, Pixels
from shared.models.rendering import RenderingDef
from shared.refs import ObjectRef, parse_ref
from shared.rendering.stored import settings_by_id

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.auth.principal import Principal
    from shared.rendering.settings import RenderingSettings


@dataclass(frozen=True, slots=True)
class FromImage:
    """An image, as the caller sees it."""

    id: str


@dataclass(frozen=True, slots=True)
class FromSettings:
    """Saved settings, anybody's of an image that the caller sees."""

    id: str


@dataclass(frozen=True, slots=True)
class Found:
    """Settings, and the image that they are for."""

    picture: Pictured
    settings: RenderingSettings


def find_source(
    connection: Connection, principal: Principal, source: FromImage | FromSettings
) -> Found:
    """The settings to apply; raises `NotFound`, or `Conflict` for an image without pixels."""
    if isinstance(source, FromSettings):
        return _saved(connection, principal, source.id)
    target = find_image(connection, principal, source.id, path=("from", "image"))
    picture = find_pictured(connection, target.ref)
    if picture is None:
        raise Conflict(f"{target.ref} has no pixels.", target=str(target.ref))
    return Found(picture, seen_settings(connection, principal, target, picture.pixels_id))


def _saved(connection: Connection, principal: Principal, text: str) -> Found:
    path = ("from", "renderingSettings")
    ref = parse_ref(text)
    is_one = ref is not None and ref.class_name == "RenderingSettings"
    number = ref.id if ref is not None and is_one else 0
    saved: Any = RenderingDef.__table__
    pixels: Any = Pixels.__table__
    image: Any = Image.__table__
    image_id = connection.scalar(
        select(image.c.id)
        .select_from(saved)
        .join(pixels, pixels.c.id == saved.c.pixels_id)
        .join(image, image.c.id == pixels.c.image_id)
        .where(
            ids_in(connection, saved.c.id, [number]),
            saved.c.trash_id.is_(None),
            pixels.c.position == 0,
            visible(principal, Pixels),
            visible(principal, Image),
        )
    )
    if image_id is None:
        raise not_found(text, path)
    picture = find_pictured(connection, ObjectRef("Image", image_id))
    stored = settings_by_id(connection, number)
    if picture is None or stored is None:
        raise not_found(text, path)
    return Found(picture, stored.settings)
