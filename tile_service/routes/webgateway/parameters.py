"""The parameters of `/webgateway`: OMERO.web's grammar, read leniently where OMERO.web does.

`c`, `m`, `p` and `maps` skip what they cannot read, and unknown parameters are not looked at;
malformed numbers are refused all the same. Only the `*_rdef` routes read everything strictly.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from shared.errors import Invalid, NotFound, TooLarge
from shared.refs import MAX_ID
from shared.rendering.grammar import parse_override
from shared.rendering.luts import names
from shared.rendering.maps import parse_maps
from tile_service.encode import TileFormat, tile_format
from tile_service.query import MAX_TEXT, View, index, quality

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.rendering.override import SettingsOverride

QUALITY = 0.9
_ID = re.compile(r"[1-9][0-9]{0,18}")
_WHOLE = re.compile(r"[+-]?[0-9]{1,9}")
_COLOR = re.compile(r"[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8}")


@dataclass(frozen=True, slots=True)
class TilePlace:
    """`tile=`: level 0 is full resolution; a side that is None or not above 0 is the native one."""

    level: int
    column: int
    row: int
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class RegionPlace:
    """`region=`, in pixels of full resolution."""

    x: int
    y: int
    width: int
    height: int


def bare_id(text: str, thing: str = "image") -> int:
    """The id that a bare number names; `NotFound` for any other text, also for `Image:42`."""
    if not _ID.fullmatch(text) or int(text) > MAX_ID:
        raise NotFound(f"There is no such {thing}.", hint="Addresses here know bare numbers only.")
    return int(text)


def gateway_pairs(text: bytes) -> list[tuple[str, str]]:
    """The query as it stands, decoded; raises `TooLarge` for one that nobody needs."""
    if len(text) > MAX_TEXT:
        raise TooLarge(
            f"The query has {len(text)} characters; the limit is {MAX_TEXT}.",
            hint="Ask for fewer channels or images at a time.",
        )
    try:
        return parse_qsl(
            text.decode("ascii", "replace"),
            keep_blank_values=True,
            errors="replace",
            max_num_fields=2000,
        )
    except ValueError:
        raise TooLarge(
            "The query has too many parameters.", hint="At most 2000 are read."
        ) from None


def gateway_query(text: bytes) -> dict[str, str]:
    """The parameters by name; of one that is repeated the last counts, as in OMERO.web."""
    return dict(gateway_pairs(text))


def lenient_view(query: Mapping[str, str], z: int | None = None, t: int | None = None) -> View:
    """What a plain rendering route shows: `c m p maps` over the settings, `ia=1` swaps z and t.

    `z` and `t` come from the path (0-based). Raises `Invalid` for a malformed `rdef`.
    """
    if query.get("ia") == "1":
        z, t = t, z
    override = parse_override(query, strict=False, lookup_tables=names() if "c" in query else None)
    return View(z, t, override, _settings_id(query), query.get("v"))


def strict_view(query: Mapping[str, str], z: int | None, t: int | None) -> View:
    """What a `*_rdef` route shows: nothing is left to saved settings.

    Raises `Invalid` unless `c` gives each channel's window and colour, `m` is there, and `maps`,
    if given, has one item for each channel.
    """
    for name, expected in (
        ("c", "Write 1|0:255$FF0000 for each channel, counted from 1."),
        ("m", "Write m=c or m=g."),
    ):
        if not query.get(name):
            raise Invalid(f"{name} is missing.", hint=expected, path=(name,))
    override = parse_override(query, strict=True, lookup_tables=names())
    _require_whole(override, query.get("maps"))
    if query.get("ia") == "1":
        z, t = t, z
    return View(z, t, override, None, query.get("v"))


def tile_place(text: str, longest: int) -> TilePlace:
    """Read `level,col,row[,w,h]`; a side above `longest` is cut to it. Raises `Invalid`."""
    numbers = _numbers("tile", text, {3, 5}, "Write level,col,row or level,col,row,w,h.")
    if min(numbers[:3]) < 0:
        raise Invalid(
            f"tile cannot be {text[:80]!r}.",
            hint="Count level, col and row from 0.",
            path=("tile",),
        )
    sides = [min(side, longest) if side > 0 else None for side in numbers[3:]] or [None, None]
    return TilePlace(*numbers[:3], *sides)


def region_place(text: str) -> RegionPlace:
    """Read `x,y,w,h`; raises `Invalid`. Whether it touches the image is not known here."""
    x, y, width, height = _numbers("region", text, {4}, "Write x,y,w,h.")
    if min(x, y) < 0 or min(width, height) < 1:
        raise Invalid(
            f"region cannot be {text[:80]!r}.",
            hint="Give x and y from 0, w and h from 1.",
            path=("region",),
        )
    return RegionPlace(x, y, width, height)


def gateway_quality(query: Mapping[str, str], default: float = QUALITY) -> float:
    """`q`, from 0 to 1; raises `Invalid`."""
    return quality(query, default)


def gateway_format(query: Mapping[str, str]) -> TileFormat:
    """`format`: jpeg unless png, tif or webp is asked for; raises `Invalid`."""
    return tile_format(query["format"]) if query.get("format") else TileFormat.JPEG


def gateway_flip(query: Mapping[str, str]) -> tuple[bool, bool]:
    """`flip`: any text with h (left and right) or v (top and bottom); raises `Invalid`."""
    text = query.get("flip", "").lower()
    if text and not {"h", "v"} & set(text):
        raise Invalid(f"flip cannot be {text[:80]!r}.", hint="Give h, v or hv.", path=("flip",))
    return "h" in text, "v" in text


def plane_of(segments: list[str]) -> tuple[int | None, int | None]:
    """`[{z}[/{t}]]` of a path, 0-based; raises `Invalid` for what is no number."""
    z = index(segments[0], "z") if segments else None
    return z, index(segments[1], "t") if len(segments) > 1 else None


def color_of(query: Mapping[str, str], default: int) -> int:
    """`color` in hex as 0xRRGGBBAA, else the default; raises `Invalid`."""
    text = query.get("color", "").removeprefix("#")
    if not text:
        return default
    if not _COLOR.fullmatch(text):
        raise Invalid(
            f"color cannot be {text[:80]!r}.", hint="Give hex digits: FF0000.", path=("color",)
        )
    if len(text) <= 4:
        text = "".join(digit * 2 for digit in text)
    return int(text if len(text) == 8 else text + "ff", 16)


def _require_whole(override: SettingsOverride, maps: str | None) -> None:
    channels = override.channels or ()
    for channel in channels:
        if channel.window is None or (channel.color is None and channel.lookup_table is None):
            raise Invalid(
                f"Channel {channel.index + 1} of c= lacks its window or its colour.",
                hint="Write both for each channel, like 1|0:255$FF0000.",
                path=("c",),
            )
    if maps is not None:
        count = len(parse_maps(maps, len(channels), strict=True))
        if count != len(channels):
            raise Invalid(
                f"maps= has {count} items for the {len(channels)} channels of c=.",
                hint="Give one item for each channel, null for one that stays as it is.",
                path=("maps",),
            )


def _settings_id(query: Mapping[str, str]) -> int | None:
    name = "rdefId" if "rdefId" in query else "rdef"
    text = query.get(name)
    if text is None:
        return None
    number = text.removeprefix("RenderingSettings:")
    if not _ID.fullmatch(number) or int(number) > MAX_ID:
        raise Invalid(f"{name} cannot be {text[:80]!r}.", hint="Give a number.", path=(name,))
    return int(number)


def _numbers(name: str, text: str, counts: set[int], expected: str) -> list[int]:
    parts = [part.strip() for part in text.split(",", 8)]
    if len(parts) not in counts or not all(_WHOLE.fullmatch(part) for part in parts):
        raise Invalid(f"{name} cannot be {text[:80]!r}.", hint=expected, path=(name,))
    return [int(part) for part in parts]
