"""TIFF of three samples, deflated: what IIIF's `tif` means, and not the OME-TIFF of exports.

TIFF is lossless here, so quality is accepted and means nothing.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def encode_tiff(rgbx: NDArray[np.uint8], quality: float = 1.0) -> bytes:  # noqa: ARG001
    """Encode the first three samples of pixels of shape (Y, X, 4)."""
    import tifffile

    target = io.BytesIO()
    tifffile.imwrite(
        target,
        rgbx[..., :3],
        photometric="rgb",
        compression="zlib",
        metadata=None,
        software=False,
        datetime=False,
    )
    return target.getvalue()
