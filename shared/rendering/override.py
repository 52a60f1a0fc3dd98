"""What an address may say about rendering, as values: each field None means "unchanged".

Indices here are 0-based; only the text of `c=` counts from 1. A channel that is not listed becomes
inactive, so an empty override and an override without channels are different things.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.errors import Invalid
from shared.rendering.settings import Family, Model, RenderingSettings


class ProjectionType(StrEnum):
    """How the planes along Z become one (OME `ProjectionDef`); the value is the address's word."""

    MAXIMUM = "intmax"
    MEAN = "intmean"
    SUM = "intsum"


@dataclass(frozen=True, slots=True)
class Projection:
    """A projection along Z over the planes `start` to `end`, 0-based, both included.

    With `compat` it is as in OMERO: mean and sum leave out the plane `end`, and a maximum is never
    below 0. None leaves that to the server's settings.
    """

    type: ProjectionType
    start: int | None = None
    end: int | None = None
    compat: bool | None = None

    def planes(self, size_z: int, *, compat: bool = False) -> range:
        """The z indices to read, none for a mean or sum of one plane with `compat`.

        Raises `Invalid` when they leave the stack or run backwards.
        """
        start = 0 if self.start is None else self.start
        end = size_z - 1 if self.end is None else self.end
        if not 0 <= start <= end < size_z:
            raise Invalid(
                f"The projection {start}:{end} does not fit a stack of {size_z} planes.",
                hint=f"Give p={self.type.value}|start:end with 0 <= start <= end <= {size_z - 1}.",
                path=("p",),
            )
        if compat and self.type is not ProjectionType.MAXIMUM:
            return range(start, end)
        return range(start, end + 1)


@dataclass(frozen=True, slots=True)
class ChannelOverride:
    """What an address says of one channel. A colour unsets the lookup table, and the reverse."""

    index: int
    active: bool = True
    window: tuple[float, float] | None = None
    color: int | None = None
    lookup_table: str | None = None
    reverse_intensity: bool | None = None
    family: Family | None = None
    coefficient: float | None = None


@dataclass(frozen=True, slots=True)
class SettingsOverride:
    """What an address says; `lenient` skips channels that the image does not have."""

    channels: tuple[ChannelOverride, ...] | None = None
    model: Model | None = None
    projection: Projection | None = None
    lenient: bool = False


def override_of(
    settings: RenderingSettings, projection: Projection | None = None
) -> SettingsOverride:
    """The override that says all of `settings` but the default z and t.

    A channel with a lookup table does not say its colour, which the table hides.
    """
    channels = tuple(
        ChannelOverride(
            index=index,
            active=channel.active,
            window=(channel.window_start, channel.window_end),
            color=None if channel.lookup_table else channel.color,
            lookup_table=channel.lookup_table,
            reverse_intensity=channel.reverse_intensity,
            family=channel.family,
            coefficient=channel.coefficient,
        )
        for index, channel in enumerate(settings.channels)
    )
    return SettingsOverride(channels=channels, model=settings.model, projection=projection)
