"""`SeenImage`: an image that somebody sees, as all rooms of the tile service know it.

It is made by `access` after the right was checked; whoever holds one need not ask again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.pixels.source import Dimensions, Level
    from shared.rendering.defaults import ImageFacts
    from shared.rendering.settings import RenderingSettings


@dataclass(frozen=True, slots=True)
class SeenImage:
    """An image that somebody sees, with all that a rendered answer of it depends on."""

    id: int
    pixels_id: int
    pixels_uuid: str
    fileset_uuid: str | None
    storage: str
    generation: int
    pixel_type: str
    dimensions: Dimensions
    levels: tuple[Level, ...]
    facts: ImageFacts
    settings: RenderingSettings
    """The base: those asked for by id, else the caller's, else the owner's, else computed."""
    version: str
    """The `v=` under which answers of this base may be cached for long."""
    viewer: str
    """The session or token that asks, for fair queueing; never part of a key."""
