"""Holding what a TIFF claims about its strips and tiles against the file that claims it.

Everything here is arithmetic on tables; a claim that the stored bytes cannot honour ends it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shared.pixels.readers.tiff_codecs import CODECS, EXPANSION, MAX_EXPANSION
from shared.pixels.readers.tiff_file import broken

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tifffile import TiffPage

SLACK_BYTES = 64
"""The smallest stream of each codec has a header, which counts as stored bytes."""


class Place(NamedTuple):
    """The file that the tables belong to."""

    name: str
    size: int


def checked_lengths(
    offsets: NDArray[np.int64],
    lengths: NDArray[np.int64],
    expected: NDArray[np.int64],
    page: TiffPage,
    place: Place,
) -> NDArray[np.int64]:
    """Answer the lengths to read: 0 for what is not stored, raw ones cut to what pixels need.

    `expected` are decoded bytes, broadcast over the planes. Raises `BrokenFile` for places beyond
    the end of the file, for raw data that are too short, and for claims beyond any compression.
    """
    import numpy as np

    name = place.name
    if (offsets < 0).any() or (lengths < 0).any():
        raise broken(name, "it names strips or tiles at impossible places")
    lengths = np.where(offsets == 0, 0, lengths)
    stored = lengths > 0
    if not stored.any():
        raise broken(name, f"page {page.index} holds no pixel data")
    codec = CODECS.get(int(page.compression), "")
    if codec == "raw":
        if (stored & (lengths < expected)).any():
            raise broken(name, "it is truncated: strips or tiles are shorter than their pixels")
        lengths = np.minimum(lengths, expected)
    else:
        limit = EXPANSION.get(codec, MAX_EXPANSION)
        if (stored & (expected > (lengths + SLACK_BYTES) * limit)).any():
            raise broken(name, "it declares far more pixels than its stored bytes can hold")
    beyond = stored & (offsets > place.size - lengths)
    if beyond.any():
        reach = int(offsets[beyond].max()) + int(lengths[beyond].max())
        raise broken(
            name, f"it is truncated: {place.size:,} bytes where its tables reach {reach:,}"
        )
    return lengths
