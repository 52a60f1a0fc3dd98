"""Pictures of shapes: a mask as a transparent PNG, a ROI or shape as a crop with its outline.

The crop is rendered as its viewer sees the image; what lies beyond the image's edge is not shown.
"""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING, Any

from shared.errors import NotFound
from tile_service.cache import TileKey
from tile_service.chunks.levels import Rectangle
from tile_service.encode import TileFormat, encode
from tile_service.finish import Finish
from tile_service.plans import limit_area, plan_region
from tile_service.query import View
from tile_service.routes.documents import answer_bytes
from tile_service.routes.webgateway.geometry import outline_of
from tile_service.routes.webgateway.parameters import (
    bare_id,
    color_of,
    gateway_flip,
    gateway_quality,
    gateway_query,
)
from tile_service.routes.webgateway.pictures import numbered
from tile_service.routes.webgateway.shapes import no_shape, shape_of, shapes_of_roi

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tile_service.develop import Darkroom
    from tile_service.plans import Picture
    from tile_service.routes.exchange import Exchange
    from tile_service.routes.webgateway.geometry import Outline
    from tile_service.seen import SeenImage
    from tile_service.settings import TileSettings

YELLOW, WHITE = 0xFFFF00FF, 0xFFFFFFFF
LONGEST = 250
_LEAST = 24.0
"""Pixels of the image that a crop shows at least, so that a point has surroundings."""


async def render_shape_mask(
    exchange: Exchange, segments: list[str], darkroom: Darkroom, settings: TileSettings
) -> None:
    """`render_shape_mask/{shapeId}?color=&flip=`: the mask's own pixels, all else transparent."""
    numbered(segments, 1, 1, "render_shape_mask/{shapeId}")
    number, query = bare_id(segments[0], "shape"), gateway_query(exchange.query)
    row = await darkroom.ask(exchange.credential(), shape_of(number, with_mask=True))
    if row.class_name != "Mask" or row.mask_bytes is None or not row.width or not row.height:
        raise NotFound("The shape is no mask.", hint="Ask for its outline: get_shape_json.")
    width, height = int(row.width), int(row.height)
    if min(width, height) < 1 or width * height > 8 * len(row.mask_bytes):
        raise NotFound("The mask is shorter than its size.", hint="Save it again, whole.")
    limit_area(width * height, settings)
    color = color_of(query, YELLOW if row.fill_color is None else row.fill_color & 0xFFFFFFFF)
    flip = gateway_flip(query)
    body = await asyncio.to_thread(mask_png, row.mask_bytes, width, height, color, flip)
    await answer_bytes(exchange, body, "image/png")


async def render_roi_thumbnail(
    exchange: Exchange, segments: list[str], darkroom: Darkroom, settings: TileSettings
) -> None:
    """`render_roi_thumbnail/{roiId}?color=`: the shapes on the plane of its first one."""
    numbered(segments, 1, 1, "render_roi_thumbnail/{roiId}")
    number = bare_id(segments[0], "ROI")
    image_id, rows = await darkroom.ask(exchange.credential(), shapes_of_roi(number))
    plane = [row for row in rows if (row.the_z, row.the_t) == (rows[0].the_z, rows[0].the_t)]
    await _answer_crop(exchange, image_id, plane, darkroom, settings)


async def render_shape_thumbnail(
    exchange: Exchange, segments: list[str], darkroom: Darkroom, settings: TileSettings
) -> None:
    """`render_shape_thumbnail/{shapeId}?color=`."""
    numbered(segments, 1, 1, "render_shape_thumbnail/{shapeId}")
    number = bare_id(segments[0], "shape")
    row = await darkroom.ask(exchange.credential(), shape_of(number))
    if row.image_id is None:
        raise no_shape()
    await _answer_crop(exchange, row.image_id, [row], darkroom, settings)


def mask_png(data: bytes, width: int, height: int, color: int, flip: tuple[bool, bool]) -> bytes:
    """Bits (row-major, most significant first) as a PNG of two entries: nothing, and the colour."""
    import numpy as np
    from PIL import Image

    bits = np.unpackbits(np.frombuffer(data, np.uint8), count=width * height)
    pixels = bits.reshape(height, width)
    pixels = pixels[:, ::-1] if flip[0] else pixels
    pixels = pixels[::-1] if flip[1] else pixels
    picture = Image.fromarray(np.ascontiguousarray(pixels), "P")
    red, green, blue, alpha = color.to_bytes(4, "big")
    picture.putpalette([0, 0, 0, red, green, blue])
    target = io.BytesIO()
    picture.save(target, "PNG", bits=1, transparency=bytes([0, alpha]))
    return target.getvalue()


def crop_around(outlines: list[Outline], width: int, height: int) -> Rectangle:
    """The part of the image, 3:2 where it fits, that shows all outlines with a margin."""
    boxes = [outline.box for outline in outlines]
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[2] for box in boxes), max(box[3] for box in boxes)
    wide = max(right - left, (bottom - top) * 1.5, _LEAST) * 1.5
    tall = wide / 1.5
    x, w = _span((left + right) / 2, wide, width)
    y, h = _span((top + bottom) / 2, tall, height)
    return Rectangle(x, y, w, h)


async def _answer_crop(
    exchange: Exchange, image_id: int, rows: list[Any], darkroom: Darkroom, settings: TileSettings
) -> None:
    query = gateway_query(exchange.query)
    color = color_of(query, WHITE)
    quality = gateway_quality(query)
    outlines = [outline for row in rows if (outline := outline_of(row)) is not None]
    if not outlines:
        raise NotFound("There is nothing to show of it.", hint="Its shapes have no outline.")
    seen = await darkroom.admit(exchange.credential(), image_id, None, None)
    picture = _crop_picture(seen, outlines, rows[0], quality, settings)
    key = TileKey.of(image_id, "outline", picture.key.etag, color, outlines)

    def work(_pixels: object) -> bytes:
        drawn = _drawn(darkroom.paint(picture), picture, outlines, color)
        return encode(drawn, TileFormat.JPEG, quality)

    body = await exchange.unless_gone(darkroom.look_once(seen, key, work))
    await answer_bytes(exchange, body, "image/jpeg", etag=key.etag)


def _crop_picture(
    seen: SeenImage, outlines: list[Outline], row: Any, quality: float, settings: TileSettings
) -> Picture:
    full, sizes = seen.levels[0], seen.dimensions
    crop = crop_around(outlines, full.width, full.height)
    ratio = LONGEST / max(crop.width, crop.height)
    finish = Finish(
        max(1, round(crop.width * ratio)), max(1, round(crop.height * ratio)), quality=quality
    )
    z = None if row.the_z is None else min(max(row.the_z, 0), sizes.size_z - 1)
    t = None if row.the_t is None else min(max(row.the_t, 0), sizes.size_t - 1)
    return plan_region(View(z, t), seen, crop, finish, settings)


def _drawn(
    rgbx: NDArray[np.uint8], picture: Picture, outlines: list[Outline], color: int
) -> NDArray[np.uint8]:
    """The picture with the outlines on it, placed by the part of the level that was rendered."""
    import numpy as np
    from PIL import Image, ImageDraw

    full, level = picture.seen.levels[0], picture.seen.levels[picture.level]
    across = level.width / full.width * picture.finish.width / picture.region.width
    down = level.height / full.height * picture.finish.height / picture.region.height
    left = picture.region.x * full.width / level.width
    top = picture.region.y * full.height / level.height
    canvas = Image.fromarray(np.ascontiguousarray(rgbx[..., :3]), "RGB")
    pen = ImageDraw.Draw(canvas)
    ink = tuple(color.to_bytes(4, "big")[:3])
    for outline in outlines:
        points = [((x - left) * across, (y - top) * down) for x, y in outline.points]
        if outline.is_closed:
            points.append(points[0])
        pen.line(points, fill=ink, width=1)
    out = np.full(rgbx.shape, 255, np.uint8)
    out[..., :3] = np.asarray(canvas)
    return out


def _span(middle: float, wanted: float, extent: int) -> tuple[int, int]:
    """Start and length of `wanted` pixels around `middle` inside 0..extent."""
    length = max(1, min(extent, round(wanted)))
    start = round(middle - length / 2)
    return min(max(start, 0), extent - length), length
