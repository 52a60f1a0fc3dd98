"""`render_split_channel`: each channel as a labelled panel on white, in colour also all together.

A slot belongs to each channel in order, and that of an inactive one stays blank. The montage is as
`imgData.split_channel` says, at full resolution; it is refused when it would be too large.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shared.rendering.settings import Model
from tile_service.cache import TileKey
from tile_service.chunks.levels import Rectangle
from tile_service.encode import TileFormat, encode
from tile_service.finish import Finish
from tile_service.plans import limit_area, limit_view, plan_region
from tile_service.query import index
from tile_service.rendering import rendered_channels
from tile_service.routes.documents import answer_bytes
from tile_service.routes.webgateway.image_data import BORDER, channel_label, split_dimensions
from tile_service.routes.webgateway.parameters import (
    bare_id,
    gateway_quality,
    gateway_query,
    lenient_view,
)
from tile_service.routes.webgateway.pictures import numbered

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tile_service.develop import Darkroom
    from tile_service.plans import Picture
    from tile_service.routes.exchange import Exchange
    from tile_service.settings import TileSettings

_LABELLED_FROM = 64
"""Panels narrower than this have no room for words."""


async def render_split_channel(
    exchange: Exchange, segments: list[str], darkroom: Darkroom, settings: TileSettings
) -> None:
    """`render_split_channel/{iid}/{z}/{t}`: a JPEG."""
    numbered(segments, 3, 3, "render_split_channel/{id}/{z}/{t}")
    number, query = bare_id(segments[0]), gateway_query(exchange.query)
    view = lenient_view(query, index(segments[1], "z"), index(segments[2], "t"))
    limit_view(view, settings)
    quality = gateway_quality(query)
    seen = await darkroom.admit(exchange.credential(), number, view.rdef_id, view.version)
    full = seen.levels[0]
    whole = Rectangle(0, 0, full.width, full.height)
    finish = Finish(full.width, full.height, quality=quality)
    picture = plan_region(view, seen, whole, finish, settings)
    panels = panels_of(picture)
    size = split_dimensions(seen, len(panels))
    limit_area(size["width"] * size["height"], settings)
    key = TileKey.of(number, "split", picture.key.etag, [label for label, _ in panels])

    def work(_pixels: object) -> bytes:
        canvas = montage(
            [(label, None if one is None else darkroom.paint(one)) for label, one in panels],
            (full.width, full.height),
            size,
        )
        return encode(canvas, TileFormat.JPEG, quality)

    body = await exchange.unless_gone(darkroom.look_once(seen, key, work))
    await answer_bytes(exchange, body, "image/jpeg", etag=key.etag)


def panels_of(picture: Picture) -> list[tuple[str, Picture | None]]:
    """Label and plan of each panel in order; None where the slot stays blank."""
    settings = picture.settings
    panels: list[tuple[str, Picture | None]] = []
    for number, channel in enumerate(settings.channels):
        alone = tuple(
            replace(each, active=place == number) for place, each in enumerate(settings.channels)
        )
        shown = picture.with_settings(replace(settings, channels=alone))
        panels.append((channel_label(picture.seen, number), shown if channel.active else None))
    if settings.model is Model.COLOR:
        panels.append(("merged", picture if rendered_channels(settings) else None))
    return panels


def montage(
    panels: list[tuple[str, NDArray[np.uint8] | None]],
    panel_size: tuple[int, int],
    size: dict[str, int],
) -> NDArray[np.uint8]:
    """The panels (Y, X, 4) on white, row by row."""
    import numpy as np

    width, height = panel_size
    canvas = np.full((size["height"], size["width"], 4), 255, np.uint8)
    for place, (label, pixels) in enumerate(panels):
        if pixels is None:
            continue
        row, column = divmod(place, size["gridx"])
        top, left = BORDER + row * (height + BORDER), BORDER + column * (width + BORDER)
        canvas[top : top + height, left : left + width] = labelled(pixels, label)
    return canvas


def labelled(pixels: NDArray[np.uint8], label: str) -> NDArray[np.uint8]:
    """The panel with its label at the upper left, white on what is there."""
    import numpy as np
    from PIL import Image, ImageDraw, ImageFont

    if pixels.shape[1] < _LABELLED_FROM or not label:
        return pixels
    strip = Image.fromarray(np.ascontiguousarray(pixels[..., :3]), "RGB")
    font = ImageFont.load_default(min(64, max(8, pixels.shape[1] // 32)))
    text = "".join(at if at.isprintable() else " " for at in label[:80])
    ImageDraw.Draw(strip).text((2, 2), text, fill=(255, 255, 255), font=font)
    out = np.full(pixels.shape, 255, np.uint8)
    out[..., :3] = np.asarray(strip)
    return out
