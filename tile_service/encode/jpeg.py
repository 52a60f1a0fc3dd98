"""JPEG by libjpeg-turbo, straight from RGBX, with colour at half resolution (4:2:0).

The encoder releases the GIL. It counts quality from 1 to 100 where addresses count from 0 to 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def encode_jpeg(rgbx: NDArray[np.uint8], quality: float) -> bytes:
    """Encode pixels of shape (Y, X, 4) at a quality from 0 to 1."""
    import numpy as np
    import simplejpeg

    encoded: bytes = simplejpeg.encode_jpeg(
        np.ascontiguousarray(rgbx),
        quality=max(1, round(quality * 100)),
        colorspace="RGBX",
        colorsubsampling="420",
    )
    return encoded
