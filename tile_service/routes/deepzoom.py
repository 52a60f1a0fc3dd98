"""`/dzi/{imageId}.dzi` and `/dzi/{imageId}_files/…`: Deep Zoom, for OpenSeadragon and the like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tile_service.deepzoom import descriptor, parse_deep_zoom, plan_deep_zoom
from tile_service.plans import limit_view
from tile_service.routes.documents import answer_bytes
from tile_service.routes.pictures import Asked, answer_picture

if TYPE_CHECKING:
    from tile_service.deepzoom import DeepZoomRequest
    from tile_service.develop import Darkroom
    from tile_service.query import View
    from tile_service.routes.exchange import Exchange
    from tile_service.settings import TileSettings


async def answer_deep_zoom(
    exchange: Exchange, segments: list[str], darkroom: Darkroom, settings: TileSettings
) -> None:
    """Answer the address below `/dzi`; raises the errors of parsing, rights and pixels."""
    request = parse_deep_zoom(segments, exchange.query)
    view = limit_view(request.view, settings)
    if request.level is not None:
        await answer_picture(exchange, darkroom, _asked(request, view, settings))
        return
    seen = await darkroom.admit(exchange.credential(), request.image_id, view.rdef_id, view.version)
    await answer_bytes(exchange, descriptor(seen.levels, request.overlap), "application/xml")


def ask_deep_zoom(exchange: Exchange, segments: list[str], settings: TileSettings) -> Asked | None:
    """The tile that the address asks for; None for the descriptor. Raises the errors of parsing."""
    request = parse_deep_zoom(segments, exchange.query)
    view = limit_view(request.view, settings)
    return None if request.level is None else _asked(request, view, settings)


def _asked(request: DeepZoomRequest, view: View, settings: TileSettings) -> Asked:
    return Asked(request.image_id, view, lambda seen: plan_deep_zoom(request, seen, settings))
