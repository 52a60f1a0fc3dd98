"""Halve a plane: means of 2 x 2 pixels, sizes rounded up, edges averaged over what is there.

Integers round half up; 1-bit planes take the upper left pixel, since a mean of marks is no mark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.pixels.source import PixelType

if TYPE_CHECKING:
    from numpy.typing import NDArray


def halved(plane: NDArray[Any], pixel_type: PixelType) -> NDArray[Any]:
    """Answer the plane (height, width) at half size, (ceil(height / 2), ceil(width / 2))."""
    import numpy as np

    if pixel_type is PixelType.BIT:
        return plane[::2, ::2]
    height, width = plane.shape
    if height % 2 or width % 2:
        # Repeating the last row or column gives the mean over the pixels that exist.
        plane = np.pad(plane, ((0, height % 2), (0, width % 2)), mode="edge")
    wide = _accumulator(plane.dtype)
    total = plane[::2, ::2].astype(wide)
    with np.errstate(invalid="ignore"):
        for part in (plane[1::2, ::2], plane[::2, 1::2], plane[1::2, 1::2]):
            total += part
    if plane.dtype.kind in "iu":
        total += 2
        total >>= 2
    else:
        total /= 4
    return total.astype(plane.dtype)


def _accumulator(dtype: Any) -> Any:
    import numpy as np

    if dtype.kind in "iu":
        signed = dtype.kind == "i"
        if dtype.itemsize < 4:
            return np.int32 if signed else np.uint32
        return np.int64 if signed else np.uint64
    # Four float32 values may exceed float32; NaN and infinity spread as they should.
    return np.complex128 if dtype.kind == "c" else np.float64
