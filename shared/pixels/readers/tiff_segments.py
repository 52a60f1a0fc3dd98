"""Where each strip or tile of each plane lies, checked against the file before anything is read.

The tables have shape (t, c, z, rows, cols) in segments. A segment of length 0 is not stored and
reads as zero. Raw planes that lie in one piece are cut anew, into blocks of
rows of a convenient size.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from shared.errors import Unsupported
from shared.pixels.chunk_index import ChunkShape
from shared.pixels.readers.tiff_checks import Place, checked_lengths
from shared.pixels.readers.tiff_codecs import bits_of
from shared.pixels.readers.tiff_file import broken
from shared.pixels.readers.tiff_images import differing_jpeg_tables

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tifffile import TiffPage

    from shared.pixels.readers.tiff_images import TiffLevel

MAX_SEGMENT_BYTES = 2**30
BLOCK_BYTES = 2**18
MAX_SEGMENTS = 2**25


@dataclass(frozen=True, slots=True)
class Segments:
    """The segments of one level."""

    shape: ChunkShape
    """Extent of a full segment; c is the number of interleaved samples."""
    is_tiled: bool
    offsets: NDArray[np.int64]
    lengths: NDArray[np.int64]
    jpeg_tables: NDArray[Any] | None = None
    """By (t, c page, z page), only when they differ between pages."""
    is_recut: bool = False
    """The shape is ours, not the page's: only raw bytes can be read this way."""

    @property
    def stored_axes(self) -> str:
        """Order of a segment's axes in memory, such as "YX", "YXC" or "ZYX"."""
        return f"{'Z' if self.shape.z > 1 else ''}YX{'C' if self.shape.c > 1 else ''}"


def segments_of(level: TiffLevel, name: str, file_size: int) -> Segments:
    """Answer where the level's segments lie.

    Raises `BrokenFile` for offsets beyond the end, missing segments and sizes that the stored bytes
    cannot hold, `Unsupported` for segments too large to decode.
    """
    page = level.keyframe
    shape = _shape(page)
    grid = _grid(page, shape)
    count = grid[0] * grid[1] * grid[2] * grid[3]
    if count * level.planes.size > MAX_SEGMENTS:
        raise broken(name, f"it declares {count * level.planes.size:,} tiles or strips")
    row_bytes, full_bytes = _bytes(page, shape)
    if full_bytes > MAX_SEGMENT_BYTES and page.compression != 1:
        raise Unsupported(
            f"{name!r} is compressed in pieces of {full_bytes:,} bytes.",
            hint=f"More than {MAX_SEGMENT_BYTES:,} cannot be decoded at once; save it as tiles.",
        )
    offsets, lengths = _tables(level, grid, name)
    expected = _expected(page, shape, grid, row_bytes, full_bytes)
    lengths = checked_lengths(offsets, lengths, expected, page, Place(name, file_size))
    found = Segments(shape, page.is_tiled, *_as_tczyx(level, offsets, lengths))
    found = replace(found, jpeg_tables=differing_jpeg_tables(level))
    if page.compression == 1 and not page.is_tiled and shape.z == 1:
        found = _recut(found, page, row_bytes)
    return found


def _shape(page: TiffPage) -> ChunkShape:
    samples = page.samplesperpixel if page.planarconfig == 1 else 1
    if page.is_tiled:
        return ChunkShape(1, samples, page.tiledepth, page.tilelength, page.tilewidth)
    rows = page.rowsperstrip or page.imagelength
    return ChunkShape(1, samples, 1, min(rows, page.imagelength), page.imagewidth)


def _grid(page: TiffPage, shape: ChunkShape) -> tuple[int, int, int, int]:
    """Count segments of one page by separate sample, depth, row and column."""
    return (
        page.samplesperpixel if page.planarconfig != 1 else 1,
        -(-page.imagedepth // shape.z),
        -(-page.imagelength // shape.y),
        -(-page.imagewidth // shape.x),
    )


def _bytes(page: TiffPage, shape: ChunkShape) -> tuple[int, int]:
    """Decoded bytes of one row and of one full segment; a TIFF row ends on a byte."""
    bits = bits_of(page)
    row = -(-(sum(bits) if shape.c > 1 else bits[0]) * shape.x // 8)
    return row, row * shape.y * shape.z


def _expected(
    page: TiffPage,
    shape: ChunkShape,
    grid: tuple[int, int, int, int],
    row_bytes: int,
    full_bytes: int,
) -> NDArray[np.int64]:
    """Decoded bytes of each segment of a page; only the last strip is cropped."""
    import numpy as np

    expected = np.full(grid, full_bytes, np.int64)
    if not page.is_tiled:
        last = page.imagelength - (grid[2] - 1) * shape.y
        expected[:, :, -1, :] = last * row_bytes
    return expected


def _tables(
    level: TiffLevel, grid: tuple[int, int, int, int], name: str
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Answer offsets and lengths of shape (planes, samples, depth, rows, cols)."""
    import numpy as np

    count = grid[0] * grid[1] * grid[2] * grid[3]
    planes = level.planes.ravel()
    offsets = np.zeros((len(planes), count), np.int64)
    lengths = np.zeros((len(planes), count), np.int64)
    base = _page_table(level.keyframe, count, name)
    for number, plane in enumerate(planes):
        if plane is None:
            continue
        if level.contiguous_from is not None:
            shift = int(plane) * level.keyframe.nbytes
            offsets[number], lengths[number] = base[0] + shift, base[1]
        elif plane is level.keyframe:
            offsets[number], lengths[number] = base
        else:
            if plane.keyframe.hash != level.keyframe.hash:
                raise Unsupported(
                    f"{name!r} stores the planes of one image in different ways.",
                    hint="Save it again as OME-TIFF, all planes alike.",
                )
            offsets[number], lengths[number] = _page_table(plane, count, name)
    return offsets.reshape((-1, *grid)), lengths.reshape((-1, *grid))


def _page_table(
    page: TiffPage, count: int, name: str
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    import numpy as np

    offsets, lengths = page.dataoffsets, page.databytecounts
    if len(offsets) < count or len(lengths) < count:
        raise broken(
            name,
            f"page {page.index} needs {count:,} strips or tiles and lists "
            f"{min(len(offsets), len(lengths)):,}",
        )
    tables = np.asarray(offsets[:count]), np.asarray(lengths[:count])
    if any(table.dtype.kind not in "iu" for table in tables):
        raise broken(name, f"page {page.index} names its strips or tiles by fractions")
    return tables[0].astype(np.int64), tables[1].astype(np.int64)


def _as_tczyx(
    level: TiffLevel, offsets: NDArray[np.int64], lengths: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Reorder (plane, sample, depth, row, col) to (t, c, z, row, col)."""
    t, c, z = level.planes.shape
    samples, depth, rows, cols = offsets.shape[1:]

    def arranged(table: NDArray[np.int64]) -> NDArray[np.int64]:
        split = table.reshape(t, c, z, samples, depth, rows, cols).transpose(0, 1, 3, 2, 4, 5, 6)
        return split.reshape(t, c * samples, z * depth, rows, cols)

    return arranged(offsets), arranged(lengths)


def _recut(found: Segments, page: TiffPage, row_bytes: int) -> Segments:
    """Cut raw planes that lie in one piece into blocks of about `BLOCK_BYTES`."""
    import numpy as np

    height, shape = page.imagelength, found.shape
    rows = max(1, min(height, BLOCK_BYTES // max(1, row_bytes)))
    if rows == shape.y or bits_of(page)[0] not in {8, 16, 32, 64, 128}:
        return found
    ends = found.offsets[..., :-1, :] + found.lengths[..., :-1, :]
    if not (found.lengths > 0).all() or (ends != found.offsets[..., 1:, :]).any():
        return found
    blocks = -(-height // rows)
    starts = np.arange(blocks, dtype=np.int64) * rows
    sizes = np.minimum(rows, height - starts) * row_bytes
    first = found.offsets[..., :1, :]
    offsets = first + (starts * row_bytes)[:, None]
    lengths = np.broadcast_to(sizes[:, None], offsets.shape).astype(np.int64)
    return replace(
        found, shape=shape._replace(y=rows), offsets=offsets, lengths=lengths, is_recut=True
    )
