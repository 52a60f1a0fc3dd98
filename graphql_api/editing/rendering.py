"""Save how an image is shown, as the caller's own settings and nobody else's.

Channels and values that are not given stay as the caller sees them now: own settings, else the
owner's, else the computed ones (semantics 4.5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from graphql_api.editing.links import open_event
from graphql_api.editing.targets import Target, find_target
from shared.auth.decide import require
from shared.auth.rules import Action
from shared.database import lock_groups
from shared.errors import Conflict, Invalid
from shared.models.images import Pixels
from shared.refs import ObjectRef
from shared.rendering.defaults import imported_settings
from shared.rendering.resolve import resolve
from shared.rendering.settings import (
    ChannelSettings,
    Family,
    Model,
    RenderingSettings,
    valid_coefficient,
)
from shared.rendering.stored import image_facts, save_settings, settings_of
from shared.rendering.uploaded_luts import learn_table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.auth.principal import Principal
    from shared.database import Database


@dataclass(frozen=True, slots=True)
class ChannelChange:
    """What is to change in one channel, 0-based; None leaves a value as it is.

    A colour unsets the lookup table, unless one is given too.
    """

    index: int
    active: bool | None = None
    color: int | None = None
    lookup_table: str | None = None
    window_start: float | None = None
    window_end: float | None = None
    family: Family | None = None
    coefficient: float | None = None
    reverse_intensity: bool | None = None
    drops_lookup_table: bool = False
    """The table was given as null: the channel goes back to its colour."""


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """What is to change in an image's settings."""

    model: Model | None = None
    default_z: int | None = None
    default_t: int | None = None
    channels: Sequence[ChannelChange] = ()


def save_rendering(
    database: Database, principal: Principal, image: str, change: SettingsChange
) -> ObjectRef:
    """Save the settings and answer their id.

    Raises `NotFound`, `Denied` naming the image, or `Invalid` naming the field.
    """
    with database.write() as connection:
        check_change(connection, change, ("settings",))
        lock_groups(connection, [find_image(connection, principal, image).group_id])
        target = find_image(connection, principal, image)
        require(principal, Action.SAVE_RENDERING, target.facts, target.ref)
        pixels_id = _pixels_of(connection, target)
        seen = seen_settings(connection, principal, target, pixels_id)
        settings = changed_settings(seen, change)
        event_id = open_event(connection, principal, "saveRenderingSettings")
        number = save_settings(
            connection, principal, event_id, pixels_id, target.group_id, settings
        )
        return ObjectRef("RenderingSettings", number)


def find_image(
    connection: Connection, principal: Principal, text: str, path: tuple[str, ...] = ("image",)
) -> Target:
    """The image that an id names; raises `NotFound`."""
    return find_target(connection, principal, text, ("Image",), path=path)


def seen_settings(
    connection: Connection, principal: Principal, image: Target, pixels_id: int
) -> RenderingSettings:
    """The settings with which this principal sees the image."""
    facts = image_facts(connection, pixels_id)
    if facts is None:
        raise Conflict(f"{image.ref} has no channels.", target=str(image.ref))
    saved = settings_of(connection, [pixels_id], {principal.user_id, image.owner_id})
    mine = saved.get((pixels_id, principal.user_id))
    owners = saved.get((pixels_id, image.owner_id))
    return resolve(
        None,
        mine.settings if mine else None,
        owners.settings if owners else None,
        imported_settings(facts),
    )


def check_change(
    connection: Connection, change: SettingsChange, path: tuple[str, ...] = ("from", "settings")
) -> None:
    """Raise `Invalid` for what is wrong whatever the image: the same channel twice, a lookup table
    that nobody knows, an empty window, a coefficient that is none, a plane before the first.
    """
    for name, index in (("defaultZ", change.default_z), ("defaultT", change.default_t)):
        if index is not None and index < 0:
            raise Invalid(f"{name} cannot be {index}.", hint="Count from 0.", path=(*path, name))
    listed: set[int] = set()
    for place, item in enumerate(change.channels):
        where = (*path, "channels", str(place))
        if item.index < 0 or item.index in listed:
            raise Invalid(
                f"Channel {item.index} is listed twice."
                if item.index in listed
                else f"There is no channel {item.index}.",
                hint="List each channel once, counted from 0.",
                path=(*where, "index"),
            )
        listed.add(item.index)
        _check_channel(connection, item, where)


def _check_channel(connection: Connection, item: ChannelChange, path: tuple[str, ...]) -> None:
    if item.lookup_table is not None and not learn_table(connection, item.lookup_table):
        raise Invalid(
            f"There is no lookup table {item.lookup_table[:80]!r}.",
            hint="The query luts lists them.",
            path=(*path, "lookupTable"),
        )
    start, end = item.window_start, item.window_end
    if start is not None and end is not None:
        _require_window(start, end, path)
    if item.coefficient is not None:
        _coefficient(item.family or Family.POLYNOMIAL, item.coefficient, path)


def changed_settings(seen: RenderingSettings, change: SettingsChange) -> RenderingSettings:
    """What the caller sees with what he changes, which `check_change` has passed; raises
    `Invalid`.
    """
    channels = list(seen.channels)
    for place, item in enumerate(change.channels):
        path = ("settings", "channels", str(place))
        if item.index >= len(channels):
            raise Invalid(
                f"The image has no channel {item.index}.",
                hint=f"Its channels are 0 to {len(channels) - 1}.",
                path=(*path, "index"),
            )
        channels[item.index] = _changed_channel(channels[item.index], item, path)
    return replace(
        seen,
        model=change.model or seen.model,
        default_z=seen.default_z if change.default_z is None else change.default_z,
        default_t=seen.default_t if change.default_t is None else change.default_t,
        channels=tuple(channels),
    )


def _changed_channel(
    channel: ChannelSettings, change: ChannelChange, path: tuple[str, ...]
) -> ChannelSettings:
    table = channel.lookup_table
    if change.lookup_table is not None:
        table = change.lookup_table
    elif change.drops_lookup_table or change.color is not None:
        table = None
    family = change.family or channel.family
    coefficient = channel.coefficient if change.coefficient is None else change.coefficient
    start, end = _window(channel, change, path)
    return ChannelSettings(
        active=_either(change.active, channel.active),
        window_start=start,
        window_end=end,
        color=channel.color if change.color is None else change.color,
        lookup_table=table,
        family=family,
        coefficient=_coefficient(family, coefficient, path),
        reverse_intensity=_either(change.reverse_intensity, channel.reverse_intensity),
    )


def _either(given: bool | None, old: bool) -> bool:  # two values of one column
    return old if given is None else given


def _window(
    channel: ChannelSettings, change: ChannelChange, path: tuple[str, ...]
) -> tuple[float, float]:
    start = channel.window_start if change.window_start is None else change.window_start
    end = channel.window_end if change.window_end is None else change.window_end
    _require_window(start, end, path)
    return start, end


def _require_window(start: float, end: float, path: tuple[str, ...]) -> None:
    if not start < end:
        raise Invalid(
            f"The window {start:g} to {end:g} is empty.",
            hint="Give a start below the end.",
            path=(*path, "windowStart"),
        )


def _coefficient(family: Family, value: float, path: tuple[str, ...]) -> float:
    try:
        return valid_coefficient(family, value)
    except Invalid as fault:
        raise Invalid(fault.message, hint=fault.hint, path=(*path, "coefficient")) from fault


def _pixels_of(connection: Connection, image: Target) -> int:
    found = connection.scalar(
        select(Pixels.id)
        .where(Pixels.image_id == image.ref.id, Pixels.trash_id.is_(None))
        .order_by(Pixels.position, Pixels.id)
        .limit(1)
    )
    if found is None:
        raise Conflict(f"{image.ref} has no pixels.", target=str(image.ref))
    return int(found)
