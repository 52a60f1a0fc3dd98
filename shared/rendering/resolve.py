"""Which settings show an image: the address over the caller's, the owner's and the computed ones.

Exactly one saved set is the base, never a mixture; the address then changes what it names.
"""

from __future__ import annotations

from dataclasses import replace

from shared.errors import Invalid
from shared.rendering.override import ChannelOverride, SettingsOverride
from shared.rendering.settings import (
    ChannelSettings,
    RenderingSettings,
    valid_settings,
)


def resolve(
    override: SettingsOverride | None,
    mine: RenderingSettings | None,
    owners: RenderingSettings | None,
    defaults: RenderingSettings,
    *,
    limits: tuple[float, float] | None = None,
) -> RenderingSettings:
    """The settings to render with; `limits` (the image's `value_range`) clamps their windows.

    Saved settings for another number of channels than the image has do not fit it and are passed
    over. Raises `Invalid` when the address names a channel that the image does not have.
    """
    count = len(defaults.channels)
    saved = (settings for settings in (mine, owners) if settings is not None)
    base = next((settings for settings in saved if len(settings.channels) == count), defaults)
    if override is not None:
        base = apply_override(base, override)
    return base if limits is None else valid_settings(base, limits)


def apply_override(base: RenderingSettings, override: SettingsOverride) -> RenderingSettings:
    """`base` with what the address says; channels that it lists are shown, all others are not."""
    settings = base if override.model is None else replace(base, model=override.model)
    if override.channels is None:
        return settings
    channels = [replace(channel, active=False) for channel in base.channels]
    for change in override.channels:
        if change.index < len(channels):
            channels[change.index] = _changed(channels[change.index], change)
        elif not override.lenient:
            raise Invalid(
                f"The image has no channel {change.index + 1}.",
                hint=f"Its channels are 1 to {len(channels)} in c=.",
                path=("c",),
            )
    return replace(settings, channels=tuple(channels))


def _changed(channel: ChannelSettings, change: ChannelOverride) -> ChannelSettings:
    start, end = change.window or (channel.window_start, channel.window_end)
    color, table = channel.color, channel.lookup_table
    if change.lookup_table is not None:
        table = change.lookup_table
    elif change.color is not None:
        color, table = change.color, None
    reverse = change.reverse_intensity
    return ChannelSettings(
        active=change.active,
        window_start=start,
        window_end=end,
        color=color,
        lookup_table=table,
        family=change.family or channel.family,
        coefficient=change.coefficient or channel.coefficient,
        reverse_intensity=channel.reverse_intensity if reverse is None else reverse,
    )
