"""Build an OME-Zarr pyramid of an image that is too large to read in place, in bounded memory.

One Dask graph per slab: the first level is copied from the source, every other is made from the one
before. Means of 2 x 2 pixels round half up for integers; 1-bit images take the upper left pixel.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from shared.errors import BrokenFile, Invalid
from shared.pixels.downsampling import halved
from shared.pixels.ngff import Axis, Dataset, Multiscale, Omero, v04, v05
from shared.pixels.ngff.quantities import NAMES
from shared.pixels.slabs import slab_rectangles
from shared.pixels.source import Level, PixelType, PlaneRegion

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from shared.pixels.chunk_index import ImageIndex
    from shared.pixels.metadata import InspectedImage, Quantity
    from shared.pixels.source import PixelSource

IN_PLACE_PX = 2048 * 2048
CHUNK_PX = 512
SMALLEST_PX = 512
MEMORY_LIMIT_BYTES = 256 * 2**20
# A slab is held as read, widened for the mean, as the mean and as compressed chunks.
_COPIES = 6


def needs_pyramid(image: InspectedImage) -> bool:
    """Whether tiles of the image cannot be read in place: over 4 Mpx, and untiled or one level."""
    largest = image.levels[0]
    if largest.width * largest.height <= IN_PLACE_PX:
        return False
    return not image.is_tiled or len(image.levels) == 1


def pyramid_levels(width: int, height: int) -> tuple[Level, ...]:
    """Levels from full size down, halved (rounding up) until the larger side is at most 512."""
    levels = [Level(width, height, min(CHUNK_PX, width), min(CHUNK_PX, height))]
    while max(width, height) > SMALLEST_PX:
        width, height = -(-width // 2), -(-height // 2)
        levels.append(Level(width, height, min(CHUNK_PX, width), min(CHUNK_PX, height)))
    return tuple(levels)


def build_pyramid(
    source: PixelSource,
    target: Path,
    *,
    name: str = "",
    version: str = "0.5",
    omero: Omero | None = None,
    physical_sizes: dict[str, Quantity] | None = None,
    progress: Callable[[int, int], None] | None = None,
    memory_limit_bytes: int = MEMORY_LIMIT_BYTES,
) -> tuple[Level, ...]:
    """Write the pyramid into the fresh folder `target` (made here) and answer its levels.

    `progress` is told pixels done and in all. Stops with the error of the source (`BrokenFile`) and
    leaves removing the folder to the caller; the group's metadata are written last.
    """
    if version not in {v04.VERSION, v05.VERSION}:
        raise Invalid(f"No pyramid of NGFF {version}.", hint="0.4 and 0.5 can be written.")
    target.mkdir(parents=True)
    full = source.levels[0]
    levels = pyramid_levels(full.width, full.height)
    sizes = source.dimensions
    planes = sizes.size_t * sizes.size_z * sizes.size_c
    total = planes * sum(level.width * level.height for level in levels)
    tell = _Progress(progress, total)
    before: Any = None
    for number, level in enumerate(levels):
        array = _array(target, number, level, source, version)
        slabs = _Slabs(level, source, memory_limit_bytes)
        if before is None:
            slabs.write(array, source.read, tell)
        else:
            slabs.write(array, _halving(before, levels[number - 1], source.pixel_type), tell)
        before = array
    _write_metadata(target, levels, name, version, omero, physical_sizes or {})
    return levels


def pyramid_index(target: Path) -> ImageIndex:
    """Make the chunk index of a pyramid that `build_pyramid` wrote, relative to `target`."""
    from shared.pixels.beneath import Folder
    from shared.pixels.ngff.hierarchy import image_groups
    from shared.pixels.readers.ome_zarr import dimensions_of, index_of

    marks = (".zattrs", ".zarray", "zarr.json")
    files = tuple(
        path.relative_to(target).as_posix()
        for folder in (target, *(path for path in target.iterdir() if path.is_dir()))
        for path in folder.iterdir()
        if path.name in marks
    )
    folder = Folder(target)
    try:
        group = image_groups(folder, files)[0]
    finally:
        folder.close()
    index = index_of(group, dimensions_of(group))
    if index is None:
        raise BrokenFile("The pyramid uses an unknown codec.", hint="Build the pyramid again.")
    return index


class _Progress:
    def __init__(self, tell: Callable[[int, int], None] | None, total: int) -> None:
        self._tell = tell
        self._total = total
        self._done = 0

    def add(self, pixels: int) -> None:
        self._done += pixels
        if self._tell is not None:
            self._tell(self._done, self._total)


class _Slabs:
    """Writes one level of all planes, slab by slab."""

    def __init__(self, level: Level, source: PixelSource, memory_limit_bytes: int) -> None:
        import numpy as np

        itemsize = np.dtype(source.pixel_type.numpy_name).itemsize
        most_px = memory_limit_bytes // (_COPIES * max(itemsize, 4))
        # A slab spans whole chunks of the target and, reading the source, whole tiles across.
        tile_width = max(CHUNK_PX, -(-source.levels[0].tile_width // CHUNK_PX) * CHUNK_PX)
        widest = max(CHUNK_PX, most_px // CHUNK_PX // CHUNK_PX * CHUNK_PX)
        tile_width = min(tile_width, widest)
        grid = Level(level.width, level.height, tile_width, CHUNK_PX)
        self._rectangles = list(slab_rectangles(grid, most_px))
        self._sizes = source.dimensions
        self._dtype = _stored_dtype(source.pixel_type)
        self._nothing = np.empty((0, 0, 0, 0, 0), self._dtype)

    def write(
        self, array: Any, read: Callable[[PlaneRegion], NDArray[Any]], progress: _Progress
    ) -> None:
        sizes = self._sizes
        for t in range(sizes.size_t):
            for z in range(sizes.size_z):
                for rectangle in self._rectangles:
                    # Channels innermost: samples of one RGB tile are decoded together.
                    for c in range(sizes.size_c):
                        region = PlaneRegion(0, z, c, t, *rectangle)
                        self._write_slab(array, read, region)
                        progress.add(region.width * region.height)

    def _write_slab(
        self, array: Any, read: Callable[[PlaneRegion], NDArray[Any]], slab: PlaneRegion
    ) -> None:
        """One Dask graph: rows of chunks are read in parallel, and each is stored once ready."""
        import dask.array as da

        heights = _cut(slab.height, CHUNK_PX)

        def block(block_info: Any = None) -> NDArray[Any]:
            (_, _, _, (start, stop), _) = block_info[None]["array-location"]
            rows = PlaneRegion(
                0, slab.z, slab.c, slab.t, slab.x, slab.y + start, slab.width, stop - start
            )
            return read(rows)[None, None, None].astype(self._dtype, copy=False)

        chunks = ((1,), (1,), (1,), heights, (slab.width,))
        blocks = da.map_blocks(  # type: ignore[no-untyped-call]
            block, chunks=chunks, dtype=self._dtype, meta=self._nothing
        )
        region = (
            slice(slab.t, slab.t + 1),
            slice(slab.c, slab.c + 1),
            slice(slab.z, slab.z + 1),
            slice(slab.y, slab.y + slab.height),
            slice(slab.x, slab.x + slab.width),
        )
        da.store(
            blocks,
            array,
            regions=region,
            lock=False,
            compute=True,
            scheduler="threads",
            num_workers=2,
        )


def _halving(
    before: Any, level: Level, pixel_type: PixelType
) -> Callable[[PlaneRegion], NDArray[Any]]:
    def read(region: PlaneRegion) -> NDArray[Any]:
        rows = slice(2 * region.y, min(2 * (region.y + region.height), level.height))
        cols = slice(2 * region.x, min(2 * (region.x + region.width), level.width))
        return halved(before[region.t, region.c, region.z, rows, cols], pixel_type)

    return read


def _cut(length: int, size: int) -> tuple[int, ...]:
    return tuple(min(size, length - start) for start in range(0, length, size))


def _stored_dtype(pixel_type: PixelType) -> Any:
    import numpy as np

    return np.dtype(bool if pixel_type is PixelType.BIT else pixel_type.numpy_name)


def _array(target: Path, number: int, level: Level, source: PixelSource, version: str) -> Any:
    import numcodecs
    import zarr
    from zarr.codecs import BloscCodec

    sizes = source.dimensions
    dtype = _stored_dtype(source.pixel_type)
    is_zarr3 = version == v05.VERSION
    compressor: Any = (
        BloscCodec(cname="lz4", clevel=5, shuffle="shuffle", typesize=dtype.itemsize)
        if is_zarr3
        else numcodecs.Blosc(cname="lz4", clevel=5, shuffle=numcodecs.Blosc.SHUFFLE)
    )
    return zarr.create_array(
        store=str(target / str(number)),
        shape=(sizes.size_t, sizes.size_c, sizes.size_z, level.height, level.width),
        chunks=(1, 1, 1, CHUNK_PX, CHUNK_PX),
        dtype=dtype,
        compressors=compressor,
        fill_value=0,
        zarr_format=3 if is_zarr3 else 2,
        dimension_names=("t", "c", "z", "y", "x") if is_zarr3 else None,
        chunk_key_encoding=None if is_zarr3 else {"name": "v2", "separator": "/"},
    )


def _write_metadata(
    target: Path,
    levels: tuple[Level, ...],
    name: str,
    version: str,
    omero: Omero | None,
    physical_sizes: dict[str, Quantity],
) -> None:
    """Write the group's documents; scales come from real shapes, since odd sizes round up."""
    full = levels[0]
    axes = []
    steps = {}
    for axis in "tczyx":
        size = physical_sizes.get(axis)
        unit = NAMES.get(size.unit) if size is not None else None
        axes.append(Axis(axis, unit))
        steps[axis] = size.value if size is not None and unit is not None else 1.0
    datasets = tuple(
        Dataset(
            str(number),
            (
                steps["t"],
                steps["c"],
                steps["z"],
                steps["y"] * full.height / level.height,
                steps["x"] * full.width / level.width,
            ),
        )
        for number, level in enumerate(levels)
    )
    multiscale = Multiscale(tuple(axes), datasets, name or None)
    if version == v05.VERSION:
        group = {
            "zarr_format": 3,
            "node_type": "group",
            "attributes": v05.attributes(multiscale, omero),
        }
        (target / "zarr.json").write_text(json.dumps(group, indent=1))
        return
    (target / ".zattrs").write_text(json.dumps(v04.attributes(multiscale, omero), indent=1))
    (target / ".zgroup").write_text(json.dumps({"zarr_format": 2}))
