"""Rendered pixels as files: JPEG, PNG, WebP and TIFF, with their media types.

Input is RGBX as rendering answers it; the fourth byte is never written. Encoding is pure: bytes in
memory, no metadata, so equal pixels give equal bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from shared.errors import Invalid, TooLarge
from tile_service.encode import jpeg, png, tiff, webp

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class TileFormat(StrEnum):
    """A format of answers; the value is the suffix in addresses (IIIF's words)."""

    JPEG = "jpg"
    PNG = "png"
    WEBP = "webp"
    TIFF = "tif"


MEDIA_TYPES: Mapping[TileFormat, str] = {
    TileFormat.JPEG: "image/jpeg",
    TileFormat.PNG: "image/png",
    TileFormat.WEBP: "image/webp",
    TileFormat.TIFF: "image/tiff",
}

DEFAULT_QUALITY = 0.8

_ENCODERS: Mapping[TileFormat, Callable[[NDArray[np.uint8], float], bytes]] = {
    TileFormat.JPEG: jpeg.encode_jpeg,
    TileFormat.PNG: png.encode_png,
    TileFormat.WEBP: webp.encode_webp,
    TileFormat.TIFF: tiff.encode_tiff,
}
_LONGEST_SIDE = {
    TileFormat.JPEG: 65_500,
    TileFormat.PNG: 1_000_000,
    TileFormat.WEBP: 16_383,
    TileFormat.TIFF: 1_000_000,
}


_BY_SUFFIX = {each.value: each for each in TileFormat} | {
    "jpeg": TileFormat.JPEG,
    "tiff": TileFormat.TIFF,
}


def tile_format(suffix: str) -> TileFormat:
    """The format that a suffix means (`jpeg` and `tiff` too); raises `Invalid` listing them."""
    found = _BY_SUFFIX.get(suffix.lower())
    if found is None:
        raise Invalid(
            f"There is no format {suffix!r}.",
            hint=f"Use one of {', '.join(TileFormat)}.",
            path=("format",),
        )
    return found


def encode(
    rgbx: NDArray[np.uint8], format: TileFormat | str, quality: float = DEFAULT_QUALITY
) -> bytes:
    """Encode pixels of shape (Y, X, 4); `quality` from 0 to 1 matters to JPEG and WebP.

    Raises `Invalid` for a quality outside 0 to 1, an unknown format or an empty picture, and
    `TooLarge` for a side that the format cannot hold.
    """
    chosen = format if isinstance(format, TileFormat) else tile_format(format)
    if not 0.0 <= quality <= 1.0:
        raise Invalid(f"A quality of {quality} is not possible.", hint="Give 0 to 1.", path=("q",))
    if rgbx.ndim != 3 or rgbx.shape[2] != 4 or rgbx.dtype.name != "uint8" or 0 in rgbx.shape:
        raise Invalid(
            f"Pixels of shape {rgbx.shape} and type {rgbx.dtype} cannot be encoded.",
            hint="Give uint8 pixels of shape (Y, X, 4) with at least one pixel.",
        )
    longest = _LONGEST_SIDE[chosen]
    if max(rgbx.shape[:2]) > longest:
        raise TooLarge(
            f"A side of {max(rgbx.shape[:2])} pixels does not fit {MEDIA_TYPES[chosen]}, "
            f"which ends at {longest}.",
            hint="Ask for a smaller region or another format.",
        )
    return _ENCODERS[chosen](rgbx, quality)
