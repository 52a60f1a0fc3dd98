"""Pillow behind the picture reader: opening, decoding, and what a picture says about itself.

Pillow answers 16-bit colour PNG as 8 bits, so those are decoded by imagecodecs instead.
"""

from __future__ import annotations

import struct
import zlib
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

from shared.errors import BrokenFile, Invalid
from shared.pixels.beneath import Folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from PIL.ImageFile import ImageFile

    from shared.pixels.chunk_headers import DeclaredSize
    from shared.pixels.metadata import InspectedImage
    from shared.pixels.source import Dimensions, Level, PixelType, PlaneRegion

_DATE_TAGS = (36867, 36868, 306)
_EXIF_FOLDER = 34665
MAX_NOTE_CHARACTERS = 10_000
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, RuntimeError)


@contextmanager
def opened(root: Path, name: str, kind: str) -> Iterator[ImageFile]:
    """Open a picture whose declared size has been checked; Pillow's errors become `BrokenFile`."""
    from PIL.JpegImagePlugin import JpegImageFile
    from PIL.PngImagePlugin import PngImageFile

    folder = Folder(root)
    file = folder.open(name, keep=False)
    folder.close()
    if file is None:
        raise BrokenFile(f"The picture {name!r} is missing.", hint="Import it again.")
    with open(file.descriptor, "rb", closefd=False) as stream:
        try:
            # The plugin's own class: Image.open would apply Pillow's global limit on sizes.
            plugin = PngImageFile if kind == "png" else JpegImageFile
            with plugin(stream, name) as picture:
                yield picture
        except BrokenFile:
            raise
        except _DAMAGE as error:
            if isinstance(error, Invalid):
                raise
            raise BrokenFile(
                f"The picture {name!r} cannot be decoded: {error}.",
                hint="The file is truncated or damaged; compare it with its source.",
            ) from error


def samples_of(picture: ImageFile, declared: DeclaredSize) -> NDArray[Any]:
    """Decode to (height, width) or (height, width, samples); 1-bit pictures as 0 and 1."""
    import numpy as np

    if declared.bits == 16 and picture.format == "PNG" and picture.mode != "I;16":
        import imagecodecs

        assert picture.fp is not None
        picture.fp.seek(0)
        return np.asarray(imagecodecs.png_decode(picture.fp.read()))
    picture.load()
    if picture.mode == "1":
        return np.asarray(picture, dtype=np.uint8)
    if picture.mode == "P":
        has_key = "transparency" in picture.info
        return np.asarray(picture.convert("RGBA" if has_key else "RGB"))
    if picture.mode == "CMYK":
        return np.asarray(picture.convert("RGB"))
    return np.asarray(picture)


def acquisition_date(picture: ImageFile) -> str | None:
    """The EXIF date as written in the file (no zone), original before digitised before changed."""
    exif = picture.getexif()
    inner = exif.get_ifd(_EXIF_FOLDER)
    for tag in _DATE_TAGS:
        value = inner.get(tag) or exif.get(tag)
        if isinstance(value, str) and value.strip("\0 "):
            return value.strip("\0 ")
    return None


def notes(picture: ImageFile) -> tuple[tuple[str, str], ...]:
    """Everything else the file says, as key-value pairs: mode, dpi, text chunks, EXIF."""
    from PIL.ExifTags import TAGS

    found = [("format", str(picture.format)), ("mode", picture.mode)]
    for key, value in picture.info.items():
        if isinstance(value, str | int | float | tuple):
            found.append((str(key), str(value)))
    exif = picture.getexif()
    for tag, value in (*exif.items(), *exif.get_ifd(_EXIF_FOLDER).items()):
        if not isinstance(value, bytes) and tag != _EXIF_FOLDER:
            found.append((f"EXIF {TAGS.get(tag, tag)}", str(value)))
    return tuple((key[:255], value[:MAX_NOTE_CHARACTERS].replace("\0", "")) for key, value in found)


class PictureSource:
    """A `PixelSource` over a picture that is decoded whole at the first read."""

    def __init__(
        self, root: Path, name: str, kind: str, declared: DeclaredSize, image: InspectedImage
    ) -> None:
        self.dimensions: Dimensions = image.dimensions
        self.pixel_type: PixelType = image.pixel_type
        self.levels: tuple[Level, ...] = image.levels
        self._place = (root, name, kind)
        self._declared = declared
        self._samples: NDArray[Any] | None = None
        self._lock = Lock()

    def read(self, region: PlaneRegion) -> NDArray[np.generic]:
        """Answer the region as an array (height, width); raises `Invalid` and `BrokenFile`."""
        import numpy as np

        sizes = self.dimensions
        fits = (
            (region.level, region.z, region.t) == (0, 0, 0)
            and 0 <= region.c < sizes.size_c
            and 0 <= region.x < region.x + region.width <= sizes.size_x
            and 0 <= region.y < region.y + region.height <= sizes.size_y
        )
        if not fits:
            raise Invalid(f"The region {region} lies outside the picture.", hint=f"It is {sizes}.")
        samples = self._decoded()
        plane = samples if samples.ndim == 2 else samples[:, :, region.c]
        rows = slice(region.y, region.y + region.height)
        cols = slice(region.x, region.x + region.width)
        return np.array(plane[rows, cols], dtype=self.pixel_type.numpy_name)

    def close(self) -> None:
        """Free the decoded picture."""
        self._samples = None

    def _decoded(self) -> NDArray[Any]:
        with self._lock:
            if self._samples is None:
                with opened(*self._place) as picture:
                    self._samples = samples_of(picture, self._declared)
            return self._samples
