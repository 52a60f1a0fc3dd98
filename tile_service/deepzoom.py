"""Deep Zoom: the levels and tiles that its descriptor promises, on whatever levels an image has.

A Deep Zoom level halves the one above it, from 1 x 1 at level 0 to full resolution at the last; the
image's own levels need not be halves, so each tile is read from the best of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.errors import Invalid, NotFound
from shared.pixels.levels import served_tile_size
from tile_service.chunks.levels import Rectangle
from tile_service.encode import DEFAULT_QUALITY, TileFormat, tile_format
from tile_service.finish import Finish
from tile_service.plans import plan_region
from tile_service.query import (
    VIEW_PARAMETERS,
    View,
    image_id,
    index,
    parse_query,
    parse_view,
    quality,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.pixels.source import Level
    from tile_service.plans import Picture
    from tile_service.seen import SeenImage
    from tile_service.settings import TileSettings

DESCRIPTOR, FILES = ".dzi", "_files"
PARAMETERS = VIEW_PARAMETERS | {"q", "overlap"}
"""Of the descriptor and its tiles alike: viewers hand the descriptor's query on to each tile."""
_TILE = re.compile(r"([0-9]{1,9})_([0-9]{1,9})\.([A-Za-z]{1,8})")
_USUAL = 512


@dataclass(frozen=True, slots=True)
class DeepZoomRequest:
    """The descriptor of an image, or one tile of a Deep Zoom level (`level` is not None)."""

    image_id: int
    view: View
    overlap: int
    quality: float
    level: int | None = None
    column: int = 0
    row: int = 0
    format: TileFormat = TileFormat.JPEG


def parse_deep_zoom(segments: list[str], query_string: bytes) -> DeepZoomRequest:
    """Read `{imageId}.dzi` or `{imageId}_files/{level}/{x}_{y}.{format}` and its query.

    Raises `NotFound` for other paths, `Invalid` naming the parameter.
    """
    is_tile = len(segments) == 3 and segments[0].endswith(FILES)
    if not is_tile and not (len(segments) == 1 and segments[0].endswith(DESCRIPTOR)):
        raise NotFound("There is no such address.", hint="Write /dzi/{imageId}.dzi.")
    number = image_id(segments[0].removesuffix(FILES if is_tile else DESCRIPTOR))
    query = parse_query(query_string, PARAMETERS)
    common = (number, parse_view(query), _overlap(query), quality(query, DEFAULT_QUALITY))
    if not is_tile:
        return DeepZoomRequest(*common)
    place = _TILE.fullmatch(segments[2])
    if place is None:
        raise Invalid(
            f"A tile cannot be {segments[2][:80]!r}.", hint="Write {x}_{y}.jpg.", path=("x",)
        )
    level = index(segments[1], "level")
    suffix = tile_format(place[3])
    return DeepZoomRequest(*common, level, int(place[1]), int(place[2]), suffix)


def tile_side(levels: tuple[Level, ...]) -> int:
    """Side of a tile: as the image is served otherwise when that is square, else 512."""
    width, height = served_tile_size(levels[0])
    return width if width == height else _USUAL


def last_level(full: Level) -> int:
    """Number of the level at full resolution."""
    return (max(full.width, full.height) - 1).bit_length()


def descriptor(levels: tuple[Level, ...], overlap: int) -> bytes:
    """The `.dzi` document."""
    full = levels[0]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" Format="jpg" '
        f'Overlap="{overlap}" TileSize="{tile_side(levels)}">'
        f'<Size Width="{full.width}" Height="{full.height}"/></Image>\n'
    ).encode()


def plan_deep_zoom(request: DeepZoomRequest, seen: SeenImage, settings: TileSettings) -> Picture:
    """The plan of a tile; raises `Invalid` outside the pyramid, `TooLarge` beyond a limit."""
    full = seen.levels[0]
    last = last_level(full)
    assert request.level is not None  # only tiles are planned
    if request.level > last:
        raise Invalid(
            f"There is no level {request.level}.", hint=f"Levels are 0 to {last}.", path=("level",)
        )
    factor = 2 ** (last - request.level)
    side = tile_side(seen.levels)
    left, width = _span("x", request.column, side, request.overlap, -(-full.width // factor))
    top, height = _span("y", request.row, side, request.overlap, -(-full.height // factor))
    x, y = left * factor, top * factor
    region = Rectangle(
        x, y, min(width * factor, full.width - x), min(height * factor, full.height - y)
    )
    finish = Finish(width, height, format=request.format, quality=request.quality)
    return plan_region(request.view, seen, region, finish, settings)


def _span(name: str, at: int, side: int, overlap: int, extent: int) -> tuple[int, int]:
    """Start and length of a tile along one axis of its level, with its overlap."""
    if at * side >= extent:
        raise Invalid(
            f"{name} = {at} is outside the level.",
            hint=f"Tiles there are 0 to {(extent - 1) // side}.",
            path=(name,),
        )
    start = max(0, at * side - overlap)
    return start, min((at + 1) * side + overlap, extent) - start


def _overlap(query: Mapping[str, str]) -> int:
    text = query.get("overlap", "0")
    if text not in {"0", "1"}:
        raise Invalid(f"overlap cannot be {text[:80]!r}.", hint="Give 0 or 1.", path=("overlap",))
    return int(text)
