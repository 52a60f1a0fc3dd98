"""Rendering settings as rows: what each user saved for an image, and how it is saved.

Viewing writes nothing. Saving makes or changes the acting user's own row, never anybody else's; the
caller has checked the right (SAVE_RENDERING) and opened the event.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.exc import IntegrityError

from shared.clock import now
from shared.database import ids_bound, ids_value
from shared.errors import Invalid
from shared.journal import Action, record
from shared.models.images import Pixels
from shared.models.rendering import ChannelBinding, RenderingDef
from shared.rendering.facts import image_facts, image_facts_of
from shared.rendering.settings import (
    ChannelSettings,
    Family,
    Model,
    RenderingSettings,
    valid_settings,
    value_range,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection, Select

    from shared.auth.principal import Principal

__all__ = [
    "StoredSettings",
    "all_settings",
    "before_image",
    "binding_values",
    "definition_values",
    "image_facts",
    "image_facts_of",
    "save_settings",
    "settings_by_id",
    "settings_of",
    "stored_settings",
]


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """A saved row: `settings` is what it says; times are microseconds UTC."""

    id: int
    pixels_id: int
    owner_id: int
    version: int
    updated_at: int
    settings: RenderingSettings


def stored_settings(connection: Connection, pixels_id: int, owner_id: int) -> StoredSettings | None:
    """What this user saved for these pixels, or None."""
    found = settings_of(connection, [pixels_id], [owner_id])
    return found.get((pixels_id, owner_id))


def settings_of(
    connection: Connection, pixels_ids: Iterable[int], owner_ids: Iterable[int]
) -> dict[tuple[int, int], StoredSettings]:
    """What these users saved for these pixels, by (pixels id, owner id), in one statement."""
    dialect = connection.dialect.name
    values = {
        "pixels": ids_value(dialect, pixels_ids), "owners": ids_value(dialect, owner_ids)
    }  # fmt: skip
    found = _gathered(connection.execute(_of_people(dialect), values))
    return {(each.pixels_id, each.owner_id): each for each in found}


def all_settings(connection: Connection, pixels_id: int) -> tuple[StoredSettings, ...]:
    """What all users saved for these pixels, newest first."""
    found = _load(connection, RenderingDef.pixels_id == pixels_id)
    return tuple(sorted(found, key=lambda row: (row.updated_at, row.id), reverse=True))


def settings_by_id(connection: Connection, settings_id: int) -> StoredSettings | None:
    """One saved row, or None. Whoever sees the image sees all its settings: check the image."""
    return next(iter(_load(connection, RenderingDef.id == settings_id)), None)


def save_settings(
    connection: Connection,
    principal: Principal,
    event_id: int,
    pixels_id: int,
    group_id: int,
    settings: RenderingSettings,
) -> int:
    """Save as the acting user's own row and answer its id; windows are clamped to the type.

    Raises `Invalid` when the settings do not fit the image.
    """
    settings = _fitting(connection, pixels_id, settings)
    mine = stored_settings(connection, pixels_id, principal.user_id)
    if mine is None:
        try:
            with connection.begin_nested():
                return _insert(connection, principal, event_id, pixels_id, group_id, settings)
        except IntegrityError:
            # the same user saved at the same moment, in another window
            mine = stored_settings(connection, pixels_id, principal.user_id)
            if mine is None:
                raise
    _update(connection, mine, event_id, group_id, settings)
    return mine.id


def _fitting(
    connection: Connection, pixels_id: int, settings: RenderingSettings
) -> RenderingSettings:
    pixels = connection.execute(
        select(
            Pixels.pixels_type, Pixels.significant_bits, Pixels.size_c, Pixels.size_z, Pixels.size_t
        ).where(Pixels.id == pixels_id)
    ).one_or_none()
    if pixels is None:
        raise Invalid("These pixels do not exist.", hint="Name an image that has pixels.")
    if len(settings.channels) != pixels.size_c:
        raise Invalid(
            f"The settings are for {len(settings.channels)} channels, the image has "
            f"{pixels.size_c}.",
            hint="Give settings for each channel of the image.",
            path=("channels",),
        )
    for name, value, size in (
        ("defaultZ", settings.default_z, pixels.size_z),
        ("defaultT", settings.default_t, pixels.size_t),
    ):
        if not 0 <= value < size:
            raise Invalid(
                f"{name} {value} is outside the image.",
                hint=f"Give a number from 0 to {size - 1}.",
                path=(name,),
            )
    return valid_settings(settings, value_range(pixels.pixels_type, pixels.significant_bits))


def _insert(
    connection: Connection,
    principal: Principal,
    event_id: int,
    pixels_id: int,
    group_id: int,
    settings: RenderingSettings,
) -> int:
    moment = now()
    row = {
        "owner_id": principal.user_id,
        "group_id": group_id,
        "creation_event_id": event_id,
        "update_event_id": event_id,
        "created_at": moment,
        "updated_at": moment,
        "pixels_id": pixels_id,
        **definition_values(settings),
    }
    settings_id: int = connection.execute(
        insert(RenderingDef).values(row).returning(RenderingDef.id)
    ).scalar_one()
    _insert_bindings(connection, settings_id, list(enumerate(settings.channels)))
    _record(connection, event_id, "INSERT", settings_id, group_id, None)
    return settings_id


def _update(
    connection: Connection,
    mine: StoredSettings,
    event_id: int,
    group_id: int,
    settings: RenderingSettings,
) -> None:
    connection.execute(
        update(RenderingDef)
        .where(RenderingDef.id == mine.id)
        .values(
            update_event_id=event_id,
            updated_at=now(),
            version=RenderingDef.version + 1,
            **definition_values(settings),
        )
    )
    bound = len(mine.settings.channels)
    for position, channel in enumerate(settings.channels[:bound]):
        connection.execute(
            update(ChannelBinding)
            .where(ChannelBinding.rendering_def_id == mine.id, ChannelBinding.position == position)
            .values(**binding_values(channel))
        )
    _insert_bindings(connection, mine.id, list(enumerate(settings.channels))[bound:])
    _record(connection, event_id, "UPDATE", mine.id, group_id, before_image(mine.settings))


def _insert_bindings(
    connection: Connection, settings_id: int, channels: Sequence[tuple[int, ChannelSettings]]
) -> None:
    if channels:
        connection.execute(
            insert(ChannelBinding),
            [
                {
                    "rendering_def_id": settings_id,
                    "position": position,
                    **binding_values(channel),
                }
                for position, channel in channels
            ],
        )


def _record(
    connection: Connection,
    event_id: int,
    action: Action,
    settings_id: int,
    group_id: int,
    before: dict[str, Any] | None,
) -> None:
    record(
        connection,
        event_id,
        "RenderingSettings",
        action,
        [settings_id],
        group_id=group_id,
        before=None if before is None else {settings_id: before},
    )


def before_image(settings: RenderingSettings) -> dict[str, Any]:
    """What the journal keeps of settings that change."""
    return {
        **definition_values(settings),
        "channels": [binding_values(channel) for channel in settings.channels],
    }


def definition_values(settings: RenderingSettings) -> dict[str, Any]:
    """Columns of a RenderingDef."""
    return {
        "model": settings.model.value,
        "default_z": settings.default_z,
        "default_t": settings.default_t,
    }


def binding_values(channel: ChannelSettings) -> dict[str, Any]:
    """Columns of a ChannelBinding."""
    return {
        "active": channel.active,
        "input_start": channel.window_start,
        "input_end": channel.window_end,
        "color": channel.color,
        "lookup_table": channel.lookup_table,
        "family": channel.family.value,
        "coefficient": channel.coefficient,
        "reverse_intensity": channel.reverse_intensity,
    }


@cache
def _statement() -> Select[*tuple[Any, ...]]:
    """All saved settings that are not in the trash; made once."""
    return (
        select(
            RenderingDef.id,
            RenderingDef.pixels_id,
            RenderingDef.owner_id,
            RenderingDef.version,
            RenderingDef.updated_at,
            RenderingDef.model,
            RenderingDef.default_z,
            RenderingDef.default_t,
            ChannelBinding.active,
            ChannelBinding.input_start,
            ChannelBinding.input_end,
            ChannelBinding.color,
            ChannelBinding.lookup_table,
            ChannelBinding.family,
            ChannelBinding.coefficient,
            ChannelBinding.reverse_intensity,
        )
        .join(ChannelBinding, ChannelBinding.rendering_def_id == RenderingDef.id)
        .where(RenderingDef.trash_id.is_(None))
        .order_by(RenderingDef.id, ChannelBinding.position)
    )


@cache
def _of_people(dialect: str) -> Select[*tuple[Any, ...]]:
    """Those of some people for some pixels; made once."""
    columns = RenderingDef.__table__.c
    return _statement().where(
        ids_bound(dialect, columns.pixels_id, "pixels"),
        ids_bound(dialect, columns.owner_id, "owners"),
    )


def _load(connection: Connection, where: ColumnElement[bool]) -> list[StoredSettings]:
    return _gathered(connection.execute(_statement().where(where)))


def _gathered(found: Iterable[Any]) -> list[StoredSettings]:
    rows: dict[int, list[Any]] = {}
    for row in found:
        rows.setdefault(row.id, []).append(row)
    return [_stored(found) for found in rows.values()]


def _stored(rows: list[Any]) -> StoredSettings:
    first = rows[0]
    settings = RenderingSettings(
        Model(first.model),
        first.default_z,
        first.default_t,
        tuple(
            ChannelSettings(
                active=row.active,
                window_start=row.input_start,
                window_end=row.input_end,
                color=row.color,
                lookup_table=row.lookup_table,
                family=Family(row.family),
                coefficient=row.coefficient,
                reverse_intensity=row.reverse_intensity,
            )
            for row in rows
        ),
    )
    return StoredSettings(
        first.id, first.pixels_id, first.owner_id, first.version, first.updated_at, settings
    )
