"""The rows that describe one image, read for OME-XML, OME-TIFF and OME-Zarr metadata.

Whoever asks has been admitted to the image before; parts of an image have no rights of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from shared.models.acquisition import Instrument, Objective, ObjectiveSettings
from shared.models.images import Channel, Image, LogicalChannel, Pixels, PlaneInfo
from tile_service.locate import granted, visible_image
from tile_service.query import no_image

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from shared.auth.grants import Grant
    from shared.auth.principal import Principal


@dataclass(frozen=True, slots=True)
class ImageRows:
    """An image with its parts, as rows: columns by their names; None where there is no such row."""

    image: Any
    pixels: Any
    channels: tuple[Any, ...]
    """(channel, logical channel) by position."""
    planes: tuple[Any, ...] = ()
    instrument: Any = None
    objectives: tuple[Any, ...] = ()
    objective_settings: Any = None


def rows_of(
    image_id: int, *, in_full: bool
) -> Callable[[Connection, Principal, Grant | None], ImageRows]:
    """The question for an image's rows; planes and instrument only `in_full`.

    Raises `NotFound` when the image is not visible to whoever asks.
    """

    def question(connection: Connection, principal: Principal, grant: Grant | None) -> ImageRows:
        where = visible_image(principal, image_id)
        if grant is not None:
            where = where & granted(grant)
        image = connection.execute(select(Image.__table__).where(where)).one_or_none()
        pixels = connection.execute(
            select(Pixels.__table__)
            .where(Pixels.image_id == image_id, Pixels.trash_id.is_(None))
            .order_by(Pixels.position)
            .limit(1)
        ).one_or_none()
        if image is None or pixels is None:
            raise no_image()
        channels = connection.execute(
            select(
                Channel.color,
                Channel.lookup_table,
                *(each for each in LogicalChannel.__table__.c if each.name != "id"),
            )
            .join(LogicalChannel, LogicalChannel.id == Channel.logical_channel_id)
            .where(Channel.pixels_id == pixels.id)
            .order_by(Channel.position)
        )
        found = ImageRows(image, pixels, tuple(channels))
        return _in_full(connection, found) if in_full else found

    return question


def _in_full(connection: Connection, found: ImageRows) -> ImageRows:
    planes = connection.execute(
        select(PlaneInfo.__table__)
        .where(PlaneInfo.pixels_id == found.pixels.id)
        .order_by(PlaneInfo.the_t, PlaneInfo.the_c, PlaneInfo.the_z)
    )
    instrument = connection.execute(
        select(Instrument.__table__).where(
            Instrument.id == found.image.instrument_id, Instrument.trash_id.is_(None)
        )
    ).one_or_none()
    objectives = connection.execute(
        select(Objective.__table__)
        .where(Objective.instrument_id == found.image.instrument_id, Objective.trash_id.is_(None))
        .order_by(Objective.id)
    )
    settings = connection.execute(
        select(ObjectiveSettings.__table__).where(
            ObjectiveSettings.id == found.image.objective_settings_id,
            ObjectiveSettings.trash_id.is_(None),
        )
    ).one_or_none()
    return ImageRows(
        found.image,
        found.pixels,
        found.channels,
        tuple(planes),
        instrument,
        tuple(objectives),
        settings,
    )
