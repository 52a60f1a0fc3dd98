"""Which part of an image is taken out as OME-TIFF: read strictly from the query, then measured.

`x y w h` are pixels of full resolution; `z` and `t` are an index from 0 or `first:last`, and all
when they are left out; `c` lists channels from 1, as `c` does everywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.errors import Invalid, TooLarge
from shared.pixels.source import Dimensions, PixelType
from tile_service.query import index, optional_index, parse_query, size

if TYPE_CHECKING:
    from collections.abc import Mapping

PARAMETERS = frozenset({"x", "y", "w", "h", "z", "t", "c"})
_SPAN = re.compile(r"([0-9]{1,9})(?::([0-9]{1,9}))?")
_CHANNELS = re.compile(r"[1-9][0-9]{0,8}(?:,[1-9][0-9]{0,8})*")
_MAX_LISTED = 4096


@dataclass(frozen=True, slots=True)
class RegionQuery:
    """What the query says; None is "all of it"."""

    x: int
    y: int
    width: int | None
    height: int | None
    z: tuple[int, int] | None
    """First and last, both included."""
    t: tuple[int, int] | None
    channels: tuple[int, ...] | None
    """0-based, in the order asked for."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block of an image: a rectangle of full resolution on some planes."""

    x: int
    y: int
    width: int
    height: int
    z: range
    t: range
    channels: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, int, int, int, int]:
        """Extents in the order T C Z Y X."""
        return len(self.t), len(self.channels), len(self.z), self.height, self.width


def parse_region(query_string: bytes) -> RegionQuery:
    """Read the query; raises `Invalid` naming the parameter."""
    query = parse_query(query_string, PARAMETERS)
    return RegionQuery(
        x=optional_index(query, "x") or 0,
        y=optional_index(query, "y") or 0,
        width=size(query["w"], "w") if "w" in query else None,
        height=size(query["h"], "h") if "h" in query else None,
        z=_span(query, "z"),
        t=_span(query, "t"),
        channels=_channels(query),
    )


def block_of(asked: RegionQuery, sizes: Dimensions, pixel_type: PixelType, max_bytes: int) -> Block:
    """The block within an image, cropped at its right and lower edge.

    Raises `Invalid` for what begins outside, `TooLarge` when it would hold more bytes.
    """
    width = _extent("x", asked.x, asked.width, sizes.size_x)
    height = _extent("y", asked.y, asked.height, sizes.size_y)
    channels = tuple(range(sizes.size_c)) if asked.channels is None else asked.channels
    for channel in channels:
        if channel >= sizes.size_c:
            raise Invalid(
                f"There is no channel {channel + 1}.",
                hint=f"Channels are 1 to {sizes.size_c}.",
                path=("c",),
            )
    block = Block(
        asked.x,
        asked.y,
        width,
        height,
        _planes("z", asked.z, sizes.size_z),
        _planes("t", asked.t, sizes.size_t),
        channels,
    )
    total = max(1, pixel_type.bits // 8)
    for extent in block.shape:
        total *= extent
    if total > max_bytes:
        raise TooLarge(
            f"The region has {total} bytes; the limit is {max_bytes}.",
            hint="Ask for a smaller region or fewer planes, or download the original file.",
        )
    return block


def _span(query: Mapping[str, str], name: str) -> tuple[int, int] | None:
    if name not in query:
        return None
    match = _SPAN.fullmatch(query[name])
    if match is None or int(match[1]) > int(match[2] or match[1]):
        raise Invalid(
            f"{name} cannot be {query[name][:80]!r}.",
            hint="Give an index from 0, or first:last.",
            path=(name,),
        )
    return index(match[1], name), index(match[2] or match[1], name)


def _channels(query: Mapping[str, str]) -> tuple[int, ...] | None:
    text = query.get("c")
    if text is None:
        return None
    listed = text.split(",") if _CHANNELS.fullmatch(text) else []
    if not listed or len(set(listed)) != len(listed) or len(listed) > _MAX_LISTED:
        raise Invalid(
            f"c cannot be {text[:80]!r}.",
            hint="List channels from 1, each once, such as c=1,3; raw values have no window.",
            path=("c",),
        )
    return tuple(int(each) - 1 for each in listed)


def _planes(name: str, asked: tuple[int, int] | None, extent: int) -> range:
    if asked is None:
        return range(extent)
    if asked[1] >= extent:
        raise Invalid(
            f"{name} = {asked[1]} is outside the image.",
            hint=f"Give 0 to {extent - 1}.",
            path=(name,),
        )
    return range(asked[0], asked[1] + 1)


def _extent(name: str, start: int, length: int | None, extent: int) -> int:
    if start >= extent:
        raise Invalid(
            f"{name} = {start} is outside the image.",
            hint=f"It has 0 to {extent - 1}.",
            path=(name,),
        )
    return min(length if length is not None else extent, extent - start)
