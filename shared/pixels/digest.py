"""What an import does with a stranger's file inside the limited child: describe, index, try,
measure.

`digest_here` writes nothing; `pyramid_here` writes only the pyramid. Each function is called by
name through
`limited.run_limited`, so everything that decodes bytes for the first time does it under limits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from shared.errors import Unreadable, Unsupported
from shared.pixels.chunk_index import ImageIndex, KeyLocator, ShardLocator
from shared.pixels.metadata import InspectedFileset
from shared.pixels.reader import InspectOptions, OpenRequest
from shared.pixels.source import PlaneRegion
from shared.pixels.statistics import ChannelStatistics

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.pixels.metadata import InspectedImage
    from shared.pixels.source import Level, PixelSource

PYRAMID_FOLDER = "pyramid.ome.zarr"
SAMPLE_PX = 256


@dataclass(frozen=True, slots=True)
class DigestedImage:
    """One image: where its chunks lie and its statistics, both None while it needs a pyramid."""

    index: ImageIndex | None
    statistics: tuple[ChannelStatistics, ...] | None


@dataclass(frozen=True, slots=True)
class Digest:
    """A fileset as described, and for each of its images what was found by reading it."""

    fileset: InspectedFileset
    images: tuple[DigestedImage, ...]


@dataclass(frozen=True, slots=True)
class PyramidDone:
    """The index of a pyramid, relative to the folder that holds it, and the image's statistics."""

    index: ImageIndex
    statistics: tuple[ChannelStatistics, ...] | None


def digest_here(
    root: str, files: tuple[str, ...], options: InspectOptions, measure: bool
) -> Digest:
    """Describe a fileset and try to read it; raises `Unreadable` kinds as the reader does."""
    from shared.pixels.registry import reader_for

    folder = Path(root)
    reader = reader_for(folder, files)
    fileset = reader.inspect(folder, files, options)
    refuse_what_cannot_be_shown(fileset)
    images = []
    for image in fileset.images:
        request = OpenRequest(fileset.used_files, image.series, options.axes, image.dimensions)
        index = reader.index(folder, request)
        images.append(_digest(folder, image, index, measure=measure))
    return Digest(fileset, tuple(images))


def refuse_what_cannot_be_shown(fileset: InspectedFileset) -> None:
    """Raises `Unsupported` for complex pixels, which a window and a colour cannot show.

    A reader may describe them all the same: a later answer may show magnitude or phase.
    """
    for image in fileset.images:
        if image.pixel_type.is_complex:
            raise Unsupported(
                f"Image {image.series + 1} ({image.name!r}) has complex pixels "
                f"({image.pixel_type}), which cannot be shown.",
                hint="Save its magnitude or its phase as real numbers and import that.",
            )


def _digest(
    folder: Path, image: InspectedImage, index: ImageIndex | None, *, measure: bool
) -> DigestedImage:
    from shared.pixels.indexed import IndexedSource
    from shared.pixels.pyramids import needs_pyramid
    from shared.pixels.statistics import image_statistics

    if index is None or needs_pyramid(image):
        return DigestedImage(None, None)
    source = IndexedSource(folder, index)
    try:
        try_samples(source)
        statistics = tuple(image_statistics(source)) if measure else None
    except Unreadable as error:
        raise type(error)(
            f"Image {image.series + 1} ({image.name!r}): {error.message}", hint=error.hint
        ) from error
    finally:
        source.close()
    return DigestedImage(index, statistics)


def try_samples(source: PixelSource) -> None:
    """Decode the first, middle and last tile of each level, of the first and last plane."""
    sizes = source.dimensions
    planes = {(0, 0, 0), (sizes.size_z - 1, sizes.size_c - 1, sizes.size_t - 1)}
    for number, level in enumerate(source.levels):
        for z, c, t in planes:
            for x, y in _sample_corners(level):
                width, height = min(SAMPLE_PX, level.width - x), min(SAMPLE_PX, level.height - y)
                source.read(PlaneRegion(number, z, c, t, x, y, width, height))


def _sample_corners(level: Level) -> set[tuple[int, int]]:
    right, bottom = max(0, level.width - SAMPLE_PX), max(0, level.height - SAMPLE_PX)
    return {(0, 0), (right // 2, bottom // 2), (right, bottom)}


def pyramid_here(
    root: str,
    reader_name: str,
    request: OpenRequest,
    target: str,
    measure: bool,
    progress: Callable[[int, int], None] | None = None,
) -> PyramidDone:
    """Write the pyramid of one image below the existing folder `target`, and measure it."""
    from shared.pixels.indexed import IndexedSource
    from shared.pixels.pyramids import build_pyramid, pyramid_index
    from shared.pixels.registry import reader_named
    from shared.pixels.statistics import image_statistics

    reader = reader_named(reader_name)
    folder = Path(root)
    index = reader.index(folder, request)
    source = reader.open(folder, request) if index is None else IndexedSource(folder, index)
    pyramid = Path(target) / PYRAMID_FOLDER
    try:
        build_pyramid(source, pyramid, progress=progress)
    finally:
        source.close()
    built = pyramid_index(pyramid)
    done = IndexedSource(pyramid, built)
    try:
        try_samples(done)
        statistics = tuple(image_statistics(done)) if measure else None
    finally:
        done.close()
    return PyramidDone(below(built, PYRAMID_FOLDER), statistics)


def below(index: ImageIndex, folder: str) -> ImageIndex:
    """The same index, relative to the parent of `folder`."""
    levels = []
    for level in index.levels:
        locator = level.locator
        if isinstance(locator, KeyLocator):
            locator = replace(locator, prefix=f"{folder}/{locator.prefix}".rstrip("/"))
        elif isinstance(locator, ShardLocator):
            keys = replace(locator.keys, prefix=f"{folder}/{locator.keys.prefix}".rstrip("/"))
            locator = replace(locator, keys=keys)
        else:
            files = tuple(f"{folder}/{name}" for name in locator.files)
            locator = replace(locator, files=files)
        levels.append(replace(level, locator=locator))
    return replace(index, levels=tuple(levels))
