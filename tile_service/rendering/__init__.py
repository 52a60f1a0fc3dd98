"""How planes become a picture: quantise, reverse, colour, composite, as pure functions on arrays.

No I/O here. Build `render_tables` once per settings and pixel type and keep them: they cost more
than a tile.
"""

from __future__ import annotations

from tile_service.rendering.composite import composite_numpy, render, render_with
from tile_service.rendering.projection import project
from tile_service.rendering.tables import RenderTables, render_tables, rendered_channels

__all__ = [
    "RenderTables",
    "composite_numpy",
    "project",
    "render",
    "render_tables",
    "render_with",
    "rendered_channels",
]
