"""Small TIFFs for tests: values that tell pixels apart, and reading by both roads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from shared.pixels.indexed import IndexedSource
from shared.pixels.metadata import InspectedFileset
from shared.pixels.reader import InspectOptions, OpenRequest, Reader
from shared.pixels.readers.tiff import TiffReader
from shared.pixels.source import PlaneRegion

Array = np.ndarray[Any, Any]
READER: Reader = TiffReader()


def pattern(shape: tuple[int, ...], dtype: str) -> Array:
    """Values that differ from pixel to pixel and use the type's whole range, signs included."""
    count = int(np.prod(shape))
    values = (np.arange(count, dtype=np.int64) * 7919) % 65_521
    kind = np.dtype(dtype).kind
    if kind == "b":
        return np.asarray(values % 3 == 0).reshape(shape)
    if kind == "c":
        return np.asarray((values - 9000) / 7 + 1j * values).astype(dtype).reshape(shape)
    if kind == "f":
        return ((values - 9000) / 7).astype(dtype).reshape(shape)
    return values.astype(dtype).reshape(shape)


def inspect(path: Path, axes: str | None = None) -> InspectedFileset:
    """Describe one TIFF in this process."""
    return READER.inspect(path.parent, (path.name,), InspectOptions(axes=axes))


def planes(
    path: Path, series: int = 0, axes: str | None = None, level: int = 0
) -> tuple[Array, Array | None]:
    """Every plane as (t, c, z, y, x): by the library, and by the index where there is one."""
    request = OpenRequest((path.name,), series, axes)
    source = READER.open(path.parent, request)
    index = READER.index(path.parent, request)
    indexed = None if index is None else IndexedSource(path.parent, index)
    sizes, shown = source.dimensions, source.levels[level]
    found: list[list[Array]] = [[], []]
    for t in range(sizes.size_t):
        for c in range(sizes.size_c):
            for z in range(sizes.size_z):
                region = PlaneRegion(level, z, c, t, 0, 0, shown.width, shown.height)
                found[0].append(source.read(region))
                if indexed is not None:
                    found[1].append(indexed.read(region))
    shape = (sizes.size_t, sizes.size_c, sizes.size_z, shown.height, shown.width)
    source.close()
    by_library = np.stack(found[0]).reshape(shape)
    return by_library, np.stack(found[1]).reshape(shape) if indexed is not None else None
