"""Requests as values: parsed once from an address, valid for ever, before anything is looked up.

Whether the place exists in the image is only known once the image is (`plans.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from shared.errors import Invalid
from tile_service.encode import DEFAULT_QUALITY, TileFormat, tile_format
from tile_service.query import (
    VIEW_PARAMETERS,
    View,
    image_id,
    index,
    parse_query,
    parse_view,
    quality,
    size,
)

TILE_PARAMETERS = VIEW_PARAMETERS | {"q", "flip", "w", "h"}
THUMBNAIL_QUALITY = 0.85
THUMBNAIL_SIZE = 96
_FLIPS = {"h": (True, False), "v": (False, True), "hv": (True, True), "vh": (True, True)}


class Tone(StrEnum):
    """What becomes of the colours at the end (IIIF's `quality`)."""

    DEFAULT = "default"
    COLOR = "color"
    GRAY = "gray"
    BITONAL = "bitonal"


@dataclass(frozen=True, slots=True)
class TileRequest:
    """One tile of one level: `column` and `row` count tiles, level 0 is full resolution."""

    image_id: int
    level: int
    column: int
    row: int
    format: TileFormat
    view: View
    quality: float = DEFAULT_QUALITY
    flip: tuple[bool, bool] = (False, False)
    """Left and right exchanged; top and bottom exchanged."""
    tile_width: int | None = None
    tile_height: int | None = None


@dataclass(frozen=True, slots=True)
class ThumbnailRequest:
    """The whole image with its longest side `size` pixels."""

    image_id: int
    size: int
    format: TileFormat
    view: View
    quality: float = THUMBNAIL_QUALITY


def parse_tile(segments: list[str], query_string: bytes) -> TileRequest:
    """Read `{imageId}/{level}/{x}/{y}.{format}` and its query.

    Raises `Invalid` naming the parameter, `NotFound` for a malformed image id or another path.
    """
    if len(segments) != 4:
        raise Invalid(
            "This is not the address of a tile.",
            hint="Write /tiles/{imageId}/{level}/{x}/{y}.{format}.",
        )
    row, dot, suffix = segments[3].rpartition(".")
    if not dot:
        image_id(segments[0])
        raise Invalid(
            "The tile's format is missing.", hint="End the address in .jpg.", path=("format",)
        )
    number, level, suffix_format, options = _common(segments[0], segments[1], suffix, query_string)
    return TileRequest(
        number,
        level,
        index(segments[2], "x"),
        index(row, "y"),
        suffix_format,
        options.view,
        options.quality,
        options.flip,
        options.tile_width,
        options.tile_height,
    )


@dataclass(frozen=True, slots=True)
class _Options:
    """The query of a tile, which all tiles of a view have in common."""

    view: View
    quality: float
    flip: tuple[bool, bool]
    tile_width: int | None
    tile_height: int | None


@lru_cache(maxsize=256)
def _common(
    image: str, level: str, suffix: str, query_string: bytes
) -> tuple[int, int, TileFormat, _Options]:
    """What all tiles of a level in one view have in common: one of a thousand is asked anew."""
    number = image_id(image)
    options = _options(query_string)
    return number, index(level, "level"), tile_format(suffix), options


@lru_cache(maxsize=256)
def _options(query_string: bytes) -> _Options:
    query = parse_query(query_string, TILE_PARAMETERS)
    return _Options(
        view=parse_view(query),
        quality=quality(query, DEFAULT_QUALITY),
        flip=_flip(query),
        tile_width=size(query["w"], "w") if "w" in query else None,
        tile_height=size(query["h"], "h") if "h" in query else None,
    )


def thumbnail(image: int, query: Mapping[str, str], format: TileFormat) -> ThumbnailRequest:
    """Read the query of a thumbnail (`size z t c m p maps rdef q`)."""
    return ThumbnailRequest(
        image_id=image,
        size=size(query["size"], "size") if "size" in query else THUMBNAIL_SIZE,
        format=format,
        view=parse_view(query),
        quality=quality(query, THUMBNAIL_QUALITY),
    )


def _flip(query: Mapping[str, str]) -> tuple[bool, bool]:
    text = query.get("flip")
    if text is None:
        return False, False
    if text not in _FLIPS:
        raise Invalid(f"flip cannot be {text[:80]!r}.", hint="Give h, v or hv.", path=("flip",))
    return _FLIPS[text]
