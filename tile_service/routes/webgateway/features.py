"""OPTIONS on `/`: what the image-region addresses offer and where their limits are.

Viewers ask this before anybody has logged in, so it tells nothing but settings.
"""

from __future__ import annotations

import math
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from tile_service.routes.documents import json_body
from tile_service.routes.exchange import PREFLIGHT, REVALIDATED, Answer

if TYPE_CHECKING:
    from tile_service.routes.exchange import Exchange
    from tile_service.settings import TileSettings

FEATURES = (
    "flip", "mask-color", "png-tiles", "tif-tiles", "webp-tiles", "quantization", "projection",
    "histogram", "thumbnails", "split-channel", "zarr",
)  # fmt: skip


async def answer_features(exchange: Exchange, settings: TileSettings) -> None:
    """Answer what may be asked; the preflight of a browser is answered by the same headers."""
    headers = {"cache-control": REVALIDATED, "allow": "GET, HEAD, OPTIONS"}
    headers |= {name.decode(): value.decode() for name, value in PREFLIGHT}
    body = json_body(features(settings))
    await exchange.answer(Answer(200, body, "application/json", headers))


def features(settings: TileSettings) -> dict[str, Any]:
    """Provider, version, features and limits; sides are those of the largest square."""
    longest = math.isqrt(settings.tile_max_pixels)
    return {
        "provider": "Tessera",
        "version": version("tessera"),
        "features": list(FEATURES),
        "options": {
            "maxTileLength": settings.gateway_max_tile_length,
            "maxPlaneWidth": longest,
            "maxPlaneHeight": longest,
            "maxActiveChannels": settings.tile_max_channels,
            "cacheControl": REVALIDATED,
        },
    }
