"""What happens to rendered pixels before they are encoded: scaling, mirroring, turning, tone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tile_service.encode import TileFormat
from tile_service.request import Tone

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LUMA = (299, 587, 114)
"""Thousandths of red, green and blue in brightness (ITU-R BT.601, as in JPEG)."""


@dataclass(frozen=True, slots=True)
class Finish:
    """What is done to the rendered pixels: scaled to `width` x `height`, mirrored, turned."""

    width: int
    height: int
    mirror: bool = False
    """Left and right exchanged, before turning."""
    upside_down: bool = False
    rotation: int = 0
    """Degrees clockwise: 0, 90, 180 or 270."""
    tone: Tone = Tone.DEFAULT
    format: TileFormat = TileFormat.JPEG
    quality: float = 0.8


def finish_pixels(rgbx: NDArray[np.uint8], finish: Finish) -> NDArray[np.uint8]:
    """Scale (Y, X, 4) to the finish's size, mirror, turn clockwise and change the tone."""
    import numpy as np

    pixels = _scaled(rgbx, finish.width, finish.height)
    if finish.mirror:
        pixels = pixels[:, ::-1]
    if finish.upside_down:
        pixels = pixels[::-1]
    if finish.rotation:
        pixels = np.rot90(pixels, -finish.rotation // 90)
    if finish.tone in {Tone.GRAY, Tone.BITONAL}:
        pixels = _grey(pixels, is_bitonal=finish.tone is Tone.BITONAL)
    return np.ascontiguousarray(pixels)


def _scaled(rgbx: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Area-weighted when smaller, bilinear when larger."""
    if rgbx.shape[:2] == (height, width):
        return rgbx
    import numpy as np
    from PIL import Image

    rows, columns = rgbx.shape[:2]
    picture = Image.frombytes("RGBX", (columns, rows), np.ascontiguousarray(rgbx).tobytes())
    scaled = picture.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=3.0)
    return np.asarray(scaled, np.uint8).reshape(height, width, 4)


def _grey(rgbx: NDArray[np.uint8], *, is_bitonal: bool) -> NDArray[np.uint8]:
    import numpy as np

    weighted = rgbx[..., :3].astype(np.uint32) @ np.array(_LUMA, np.uint32)
    grey = ((weighted + 500) // 1000).astype(np.uint8)
    if is_bitonal:
        grey = np.where(grey >= 128, 255, 0).astype(np.uint8)
    out = np.full(rgbx.shape, 255, np.uint8)
    out[..., :3] = grey[..., np.newaxis]
    return out
