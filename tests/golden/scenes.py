"""The pictures of the golden tests: one small three-channel image, shown in every rendering mode.

Each scene is written twice, for the renderer and for the independent computation of
`tests.support.rendering_reference`; the stored PNG came from the latter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from shared.rendering.settings import ChannelSettings, Family, Model, RenderingSettings
from tests.support.rendering_reference import ReferenceChannel, reference_pixel
from tile_service.rendering import render, rendered_channels

IMAGES = Path(__file__).parent / "images"
HEIGHT, WIDTH = 48, 64

# dark violet over orange to white: monotone in each band, and not one of our own tables
TABLE = [(min(255, 2 * n), n * n // 255, max(0, 3 * n - 510) + n // 4) for n in range(256)]
TABLE = [(red, green, min(255, blue)) for red, green, blue in TABLE]


@cache
def planes() -> tuple[Any, ...]:
    """Three uint16 planes: a ramp, a disc and a grid of cells."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    ramp = x * 900 + y * 40
    disc = np.maximum(0, 30_000 - ((x - 30) ** 2 + (y - 22) ** 2) * 60)
    cells = ((x % 16 - 8) ** 2 + (y % 16 - 8) ** 2 < 30) * (4_000 + x * 300)
    return tuple(plane.astype(np.uint16) for plane in (ramp, disc, cells))


@dataclass(frozen=True)
class Scene:
    name: str
    settings: RenderingSettings
    reference: tuple[ReferenceChannel, ...]

    def rendered(self) -> Any:
        shown = [planes()[index] for index in rendered_channels(self.settings)]
        table = np.array(TABLE, np.uint8)
        luts: Callable[[str], Any] = {"golden.lut": table}.get
        return render(shown, self.settings, "uint16", luts)[..., :3]

    def computed(self) -> Any:
        pixels = np.empty((HEIGHT, WIDTH, 3), np.uint8)
        is_grey = self.settings.model is Model.GREYSCALE
        for y, x in np.ndindex(HEIGHT, WIDTH):
            values = [int(plane[y, x]) for plane in planes()]
            pixels[y, x] = reference_pixel(values, self.reference, "uint16", greyscale=is_grey)
        return pixels

    @property
    def path(self) -> Path:
        return IMAGES / f"{self.name}.png"


_COLORS = (0xFF2000FF, 0x00FF00C0, 0x3060FFFF)
_WINDOWS = ((2_000.0, 50_000.0), (0.0, 30_000.0), (3_500.0, 21_000.0))


def _scene(name: str, model: Model = Model.COLOR, active: str = "123", **more: Any) -> Scene:
    channels, reference = [], []
    for index, ((start, end), color) in enumerate(zip(_WINDOWS, _COLORS, strict=True)):
        is_active = str(index + 1) in active
        channel = ChannelSettings(is_active, start, end, color, **more)
        channels.append(channel)
        reference.append(
            ReferenceChannel(
                start,
                end,
                channel.family.value,
                channel.coefficient,
                (color >> 24, color >> 16 & 255, color >> 8 & 255, color & 255),
                TABLE if channel.lookup_table else None,
                channel.reverse_intensity,
                is_active,
            )
        )
    return Scene(name, RenderingSettings(model, 0, 0, tuple(channels)), tuple(reference))


SCENES = (
    _scene("greyscale", Model.GREYSCALE, active="23"),
    _scene("colour-additive"),
    _scene("lookup-table", active="1", lookup_table="golden.lut"),
    _scene("lookup-tables-saturating", lookup_table="golden.lut"),
    _scene("family-linear", active="1"),
    _scene("family-polynomial", active="1", family=Family.POLYNOMIAL, coefficient=0.5),
    _scene("family-exponential", active="1", family=Family.EXPONENTIAL, coefficient=0.5),
    _scene("family-logarithmic", active="1", family=Family.LOGARITHMIC),
    _scene("reverse-intensity", reverse_intensity=True),
    _scene("reverse-lookup-table", active="2", lookup_table="golden.lut", reverse_intensity=True),
)
