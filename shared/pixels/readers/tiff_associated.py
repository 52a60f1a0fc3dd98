"""A slide's label and macro pictures, encoded anew: nothing of the original bytes is passed on."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from shared.errors import Unreadable
from shared.pixels.metadata import AssociatedImage
from shared.pixels.readers.tiff_codecs import check_decodable
from shared.pixels.readers.tiff_file import translated

if TYPE_CHECKING:
    from tifffile import TiffPage

MAX_PIXELS = 64_000_000


def associated_images(
    beside: dict[str, TiffPage], name: str, warnings: list[str]
) -> tuple[AssociatedImage, ...]:
    """Encode label and macro as PNG and JPEG; one that cannot be read becomes a warning.

    The specimen is what is imported: it is not refused because the picture of its label is damaged.
    """
    found = []
    for kind, page in beside.items():
        if page.imagewidth * page.imagelength > MAX_PIXELS:
            warnings.append(f"The {kind} picture of {name!r} is too large and was left out.")
            continue
        try:
            found.append(_encoded(kind, page, name))
        except Unreadable as exc:
            warnings.append(f"The {kind} picture was left out: {exc.message}")
    return tuple(found)


def _encoded(kind: str, page: TiffPage, name: str) -> AssociatedImage:
    import numpy as np
    from PIL import Image

    check_decodable(page, name)
    with translated(name):
        pixels = np.asarray(page.asarray())
        if pixels.dtype != np.uint8:
            raise ValueError(f"its {kind} picture is of {pixels.dtype}")
        if pixels.ndim == 3 and page.planarconfig != 1:
            pixels = np.moveaxis(pixels, 0, -1)
        if pixels.ndim == 3:
            pixels = pixels[..., :3] if pixels.shape[-1] >= 3 else pixels[..., 0]
        picture = Image.fromarray(np.ascontiguousarray(pixels))
        encoded = io.BytesIO()
        if kind == "label":
            # Text and bar codes: no loss.
            picture.save(encoded, "PNG")
        else:
            picture.save(encoded, "JPEG", quality=90)
    return AssociatedImage(
        kind=kind,
        width=page.imagewidth,
        height=page.imagelength,
        encoded=encoded.getvalue(),
        mime_type="image/png" if kind == "label" else "image/jpeg",
    )
