"""`/tiles/{imageId}/{level}/{x}/{y}.{format}`: one rendered tile; level 0 is full resolution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tile_service.plans import limit_view, plan_tile
from tile_service.request import parse_tile
from tile_service.routes.pictures import Asked, answer_picture

if TYPE_CHECKING:
    from tile_service.develop import Darkroom
    from tile_service.routes.exchange import Exchange
    from tile_service.settings import TileSettings


async def answer_tile(
    exchange: Exchange, segments: list[str], darkroom: Darkroom, settings: TileSettings
) -> None:
    """Answer the address below `/tiles`; raises the errors of parsing, rights and pixels."""
    await answer_picture(exchange, darkroom, ask_tile(exchange, segments, settings))


def ask_tile(exchange: Exchange, segments: list[str], settings: TileSettings) -> Asked:
    """What the address asks for; raises the errors of parsing."""
    request = parse_tile(segments, exchange.query)
    limit_view(request.view, settings)
    return Asked(request.image_id, request.view, lambda seen: plan_tile(request, seen, settings))
