"""The text of rendering settings in addresses: `c=`, `m=`, `p=` and `maps=`, read and printed.

Strict reading (our own routes) raises `Invalid` naming the parameter; lenient reading (the routes
compatible with OMERO.web) skips what it cannot read. Only `c=` counts channels from 1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from shared.errors import Invalid
from shared.rendering.maps import MapItem, parse_maps, print_maps
from shared.rendering.override import (
    ChannelOverride,
    Projection,
    ProjectionType,
    SettingsOverride,
    override_of,
)
from shared.rendering.settings import Model, RenderingSettings

_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
_ITEM = re.compile(r"(-?)([0-9]{1,6})(?:\|([^$|]*))?(?:\$([^$]*))?")
_WINDOW = re.compile(rf"({_NUMBER}):({_NUMBER})(-?r)?")
_COLOR = re.compile(r"[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8}")
_TABLE = re.compile(r"[^,|$/\\\x00-\x1f]{1,96}\.lut", re.IGNORECASE)
_PROJECTION = re.compile(r"(normal|intmax|intmean|intsum)(?:\|(.*))?", re.DOTALL)
_RANGE = re.compile(r"([0-9]{1,9}):([0-9]{1,9})")
_FLAGS = {"true": True, "1": True, "false": False, "0": False}
_MODELS = {"g": Model.GREYSCALE, "c": Model.COLOR}

_EXPECTED = {
    "c": "Write channels like 1|0:255$FF0000,-2,3$fire.lut, counted from 1.",
    "m": "Write g for greyscale or c for colour.",
    "p": "Write normal, intmax, intmean or intsum, with |start:end if wanted, counted from 0.",
    "projectionCompat": "Write true to project as OMERO does, or false.",
}


@dataclass(frozen=True, slots=True)
class _Reading:
    strict: bool
    lookup_tables: Collection[str] | None

    def refuse(self, parameter: str, message: str) -> None:
        if self.strict:
            raise Invalid(message, hint=_EXPECTED[parameter], path=(parameter,))

    def knows(self, name: str) -> bool:
        if self.lookup_tables is None:
            return True
        return name.lower() in {known.lower() for known in self.lookup_tables}


def is_table_name(text: str) -> bool:
    """Whether `c=` could name a lookup table so."""
    return _TABLE.fullmatch(text) is not None


def parse_override(
    query: Mapping[str, str],
    *,
    strict: bool = True,
    lookup_tables: Collection[str] | None = None,
) -> SettingsOverride:
    """Read `c`, `m`, `p`, `projectionCompat` and `maps` of a decoded query, and nothing else of it.

    With `lookup_tables` an unknown table is refused (strict) or leaves the channel's colour as it
    is (lenient). Raises `Invalid` with `path` naming the parameter, never in lenient reading.
    """
    reading = _Reading(strict, lookup_tables)
    channels = _channels(query["c"], reading) if "c" in query else None
    if "maps" in query:
        channels = _with_maps(query["maps"], channels, strict=strict)
    return SettingsOverride(
        channels=None if channels is None else _distinct(channels, reading),
        model=_model(query["m"], reading) if "m" in query else None,
        projection=_compatible(query, _projection(query["p"], reading), reading)
        if "p" in query
        else None,
        lenient=not strict,
    )


def print_override(override: SettingsOverride) -> dict[str, str]:
    """The query parameters that `parse_override` reads back as the same override, not escaped."""
    query: dict[str, str] = {}
    if override.channels is not None:
        query["c"] = ",".join(_print_channel(channel) for channel in override.channels)
        maps = print_maps(override.channels)
        if any(maps):
            query["maps"] = json.dumps(maps, separators=(",", ":"))
    if override.model is not None:
        query["m"] = "g" if override.model is Model.GREYSCALE else "c"
    if override.projection is not None:
        query["p"] = _print_projection(override.projection)
        if override.projection.compat is not None:
            query["projectionCompat"] = str(override.projection.compat).lower()
    return query


def print_settings(
    settings: RenderingSettings, projection: Projection | None = None
) -> dict[str, str]:
    """The query parameters that show an image with exactly these settings, not escaped."""
    return print_override(override_of(settings, projection))


def _channels(text: str, reading: _Reading) -> list[ChannelOverride]:
    channels = []
    for item in text.split(","):
        channel = _channel(item.strip(), reading)
        if channel is not None:
            channels.append(channel)
    return channels


def _channel(item: str, reading: _Reading) -> ChannelOverride | None:
    match = _ITEM.fullmatch(item)
    if match is None or int(match[2]) == 0:
        reading.refuse("c", f"{item[:80]!r} in c= is not a channel.")
        return None
    channel = ChannelOverride(index=int(match[2]) - 1, active=not match[1])
    if match[3] is not None:
        channel = _with_window(channel, match[3], reading)
    if match[4] is not None:
        channel = _with_color(channel, match[4], reading)
    return channel


def _with_window(channel: ChannelOverride, text: str, reading: _Reading) -> ChannelOverride:
    match = _WINDOW.fullmatch(text)
    if match is None:
        reading.refuse("c", f"{text[:80]!r} in c= is not a window start:end.")
        return channel
    reverse = None if match[3] is None else match[3] == "r"
    return replace(
        channel, window=(_finite(match[1]), _finite(match[2])), reverse_intensity=reverse
    )


def _with_color(channel: ChannelOverride, text: str, reading: _Reading) -> ChannelOverride:
    if _COLOR.fullmatch(text):
        return replace(channel, color=_color(text))
    if not _TABLE.fullmatch(text):
        reading.refuse("c", f"{text[:80]!r} in c= is neither a colour nor a lookup table.")
    elif not reading.knows(text):
        reading.refuse("c", f"There is no lookup table {text[:80]!r}.")
    else:
        return replace(channel, lookup_table=text)
    return channel


def _color(text: str) -> int:
    if len(text) <= 4:
        text = "".join(digit * 2 for digit in text)
    return int(text if len(text) == 8 else text + "ff", 16)


def _finite(text: str) -> float:
    # "1e999" reads as infinity; the largest double means the same to a window that is clamped
    value = float(text)
    return max(min(value, 1.7976931348623157e308), -1.7976931348623157e308)


def _distinct(channels: list[ChannelOverride], reading: _Reading) -> tuple[ChannelOverride, ...]:
    by_index: dict[int, ChannelOverride] = {}
    for channel in channels:
        if channel.index in by_index:
            reading.refuse("c", f"Channel {channel.index + 1} is listed twice in c=.")
        by_index[channel.index] = channel
    return tuple(by_index.values())


def _with_maps(
    text: str, channels: list[ChannelOverride] | None, *, strict: bool
) -> list[ChannelOverride] | None:
    items = parse_maps(text, None if channels is None else len(channels), strict=strict)
    if channels is None:
        return None
    padding = [MapItem()] * (len(channels) - len(items))
    return [
        replace(
            channel,
            reverse_intensity=channel.reverse_intensity if item.reverse is None else item.reverse,
            family=item.family,
            coefficient=item.coefficient,
        )
        for channel, item in zip(channels, items + padding, strict=False)
    ]


def _model(text: str, reading: _Reading) -> Model | None:
    model = _MODELS.get(text)
    if model is None:
        reading.refuse("m", f"{text[:80]!r} is not a rendering model.")
    return model


def _projection(text: str, reading: _Reading) -> Projection | None:
    match = _PROJECTION.fullmatch(text)
    if match is None:
        reading.refuse("p", f"{text[:80]!r} is not a projection.")
        return None
    start = end = None
    if match[2] is not None:
        bounds = _RANGE.fullmatch(match[2])
        if bounds is None or int(bounds[1]) > int(bounds[2]):
            reading.refuse("p", f"{match[2][:80]!r} in p= is not a range of planes.")
        else:
            start, end = int(bounds[1]), int(bounds[2])
    return None if match[1] == "normal" else Projection(ProjectionType(match[1]), start, end)


def _compatible(
    query: Mapping[str, str], projection: Projection | None, reading: _Reading
) -> Projection | None:
    """The projection with what `projectionCompat` says of it."""
    text = query.get("projectionCompat")
    if text is None or projection is None:
        return projection
    if text not in _FLAGS:
        reading.refuse("projectionCompat", f"{text[:80]!r} is neither true nor false.")
        return projection
    return replace(projection, compat=_FLAGS[text])


def _print_channel(channel: ChannelOverride) -> str:
    text = f"{'' if channel.active else '-'}{channel.index + 1}"
    if channel.window is not None:
        start, end = (_print_number(bound) for bound in channel.window)
        text += f"|{start}:{end}"
    if channel.lookup_table is not None:
        return f"{text}${channel.lookup_table}"
    return text if channel.color is None else f"{text}${channel.color:08X}"


def _print_number(value: float) -> str:
    # no plus sign: in a query that somebody forgot to escape it would read as a space
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value).replace("e+", "e")


def _print_projection(projection: Projection) -> str:
    if projection.start is None or projection.end is None:
        return projection.type.value
    return f"{projection.type.value}|{projection.start}:{projection.end}"
