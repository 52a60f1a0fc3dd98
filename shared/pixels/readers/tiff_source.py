"""Reading a TIFF through tifffile's decoders: for layouts that the chunk index does not cover.

The file is read with `pread` and decoded segment by segment, only those under the region, so
several threads may read at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.errors import Invalid
from shared.pixels.beneath import Folder
from shared.pixels.readers.tiff_codecs import pixel_type
from shared.pixels.readers.tiff_file import broken, translated
from shared.pixels.readers.tiff_index import dimensions_of, level_of
from shared.pixels.readers.tiff_segments import Segments, segments_of

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from shared.pixels.readers.tiff_images import TiffImage
    from shared.pixels.source import Dimensions, Level, PixelType, PlaneRegion


class TiffSource:
    """A `PixelSource` over one image of a TIFF."""

    def __init__(self, root: Path, name: str, image: TiffImage, file_size: int) -> None:
        """Raise `BrokenFile` when the tables do not fit the file."""
        self._name = name
        self._folder = Folder(root)
        self._dimensions = dimensions_of(image)
        self._pixel_type = pixel_type(image.levels[0].keyframe, name)
        self._pages = [level.keyframe for level in image.levels]
        self._segments = [segments_of(level, name, file_size) for level in image.levels]
        self._levels = tuple(
            level_of(level, segments)
            for level, segments in zip(image.levels, self._segments, strict=True)
        )
        for page in self._pages:
            page.init_decode()

    @property
    def dimensions(self) -> Dimensions:
        """Sizes at full resolution."""
        return self._dimensions

    @property
    def pixel_type(self) -> PixelType:
        """OME pixel type of what `read` answers."""
        return self._pixel_type

    @property
    def levels(self) -> tuple[Level, ...]:
        """Resolutions from the largest to the smallest."""
        return self._levels

    def read(self, region: PlaneRegion) -> NDArray[np.generic]:
        """Answer the region as an array (height, width); raises `Invalid` outside the image."""
        import numpy as np

        self._check(region)
        shape = self._segments[region.level].shape
        out = np.zeros((region.height, region.width), self._pixel_type.numpy_name)
        bottom, right = region.y + region.height, region.x + region.width
        for row in range(region.y // shape.y, (bottom - 1) // shape.y + 1):
            for col in range(region.x // shape.x, (right - 1) // shape.x + 1):
                plane = self._segment(region, row, col)
                if plane is None:
                    continue
                top, left = row * shape.y, col * shape.x
                part = plane[
                    max(0, region.y - top) : bottom - top, max(0, region.x - left) : right - left
                ]
                y, x = max(0, top - region.y), max(0, left - region.x)
                out[y : y + part.shape[0], x : x + part.shape[1]] = part
        return out

    def close(self) -> None:
        """Close the file."""
        self._folder.close()

    def _segment(self, region: PlaneRegion, row: int, col: int) -> NDArray[Any] | None:
        """Decode one segment and answer its plane (rows, cols), None when it is not stored."""
        segments = self._segments[region.level]
        page = self._pages[region.level]
        shape = segments.shape
        at = (region.t, region.c // shape.c, region.z // shape.z, row, col)
        length = int(segments.lengths[at])
        if length == 0:
            return None
        file = self._folder.open(self._name)
        data = b"" if file is None else file.read(int(segments.offsets[at]), length)
        if len(data) < length:
            raise broken(self._name, "it has become shorter since it was imported")
        with translated(self._name):
            if segments.is_recut:
                return self._raw(data, segments, region, row)
            decoded, _, _ = page.decode(
                data,
                self._number(segments, region, row, col),
                jpegtables=self._tables(segments, region),
                jpegheader=page.jpegheader,
            )
            if decoded is None:
                return None
            plane: NDArray[Any] = decoded[region.z % shape.z, :, :, region.c % shape.c]
            return plane

    def _number(self, segments: Segments, region: PlaneRegion, row: int, col: int) -> int:
        """The segment's number within its page, as TIFF counts: sample, depth, row, column."""
        page = self._pages[region.level]
        rows, cols = segments.offsets.shape[3:]
        depth = -(-page.imagedepth // segments.shape.z)
        sample = region.c % page.samplesperpixel if page.planarconfig != 1 else 0
        z = (region.z % page.imagedepth) // segments.shape.z
        number: int = ((sample * depth + z) * rows + row) * cols + col
        return number

    def _tables(self, segments: Segments, region: PlaneRegion) -> bytes | None:
        page = self._pages[region.level]
        tables: bytes | None = page.jpegtables
        if segments.jpeg_tables is not None:
            c = region.c // page.samplesperpixel
            tables = segments.jpeg_tables[region.t, c, region.z // page.imagedepth]
        return tables

    def _raw(self, data: bytes, segments: Segments, region: PlaneRegion, row: int) -> NDArray[Any]:
        import numpy as np

        page = self._pages[region.level]
        if page.fillorder == 2:
            import imagecodecs

            data = bytes(imagecodecs.bitorder_decode(data))
        dtype = np.dtype(page.dtype).newbyteorder(page.parent.byteorder)
        rows = min(segments.shape.y, page.imagelength - row * segments.shape.y)
        shape = (rows, segments.shape.x, segments.shape.c)
        return np.frombuffer(data, dtype).reshape(shape)[:, :, region.c % segments.shape.c]

    def _check(self, region: PlaneRegion) -> None:
        sizes = self._dimensions
        inside = (
            0 <= region.level < len(self._levels)
            and 0 <= region.z < sizes.size_z
            and 0 <= region.c < sizes.size_c
            and 0 <= region.t < sizes.size_t
            and min(region.x, region.y) >= 0
            and min(region.width, region.height) > 0
            and region.x + region.width <= self._levels[region.level].width
            and region.y + region.height <= self._levels[region.level].height
        )
        if not inside:
            raise Invalid(
                f"{region} lies outside the image.", hint=f"The image is {sizes}, see its levels."
            )
