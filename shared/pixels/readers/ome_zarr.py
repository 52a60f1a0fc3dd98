"""OME-Zarr 0.4 (Zarr 2) and 0.5 (Zarr 3): single images in a folder, nested or several of them.

`inspect` and `index` read metadata only. `open` goes through zarr-python, the fallback for codecs
that the chunk index does not know; pixels are normally read by `IndexedSource`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.errors import BrokenFile, Invalid
from shared.pixels.beneath import Folder
from shared.pixels.chunk_index import AXES, ChunkShape, ImageIndex
from shared.pixels.metadata import ChannelMetadata, InspectedFileset, InspectedImage, StoredDisplay
from shared.pixels.ngff.hierarchy import MARKS, ImageGroup, image_groups
from shared.pixels.ngff.quantities import flattened, physical_sizes
from shared.pixels.reader import Priority
from shared.pixels.source import Dimensions, Level, PixelType
from shared.pixels.zarr_arrays import level_index

if TYPE_CHECKING:
    from pathlib import Path

    from shared.pixels.ngff import OmeroChannel
    from shared.pixels.reader import InspectOptions, OpenRequest
    from shared.pixels.source import PixelSource

IN_PLACE_PX = 2048 * 2048
_RGB = (0xFF0000FF, 0x00FF00FF, 0x0000FFFF)


class OmeZarrReader:
    """Reads every OME-Zarr 0.4 or 0.5 image of a folder; plates and older versions are refused."""

    name = "ome_zarr"
    suffixes = (".ome.zarr", ".zarr")
    priority = int(Priority.HIGH)

    def recognises(self, root: Path, files: tuple[str, ...]) -> bool:  # noqa: ARG002 (protocol)
        """Know a Zarr folder by the names of its metadata files."""
        return any(name.rpartition("/")[2] in MARKS for name in files)

    def inspect(
        self, root: Path, files: tuple[str, ...], options: InspectOptions
    ) -> InspectedFileset:
        """Describe the images; raises as `Reader.inspect` says."""
        if options.axes is not None:
            raise Invalid(
                "An OME-Zarr names its own axes.", hint="Leave the axes out.", path=("axes",)
            )
        groups = _groups(root, files)
        images = tuple(_inspected(number, group) for number, group in enumerate(groups))
        versions = sorted({group.version for group in groups})
        return InspectedFileset(
            format=f"OME-Zarr {' and '.join(versions)}",
            reader=self.name,
            used_files=files,
            images=images,
            warnings=tuple(text for group in groups for text in _warnings(group)),
        )

    def open(self, root: Path, request: OpenRequest) -> PixelSource:
        """Open one image through zarr-python."""
        from shared.pixels.readers.zarr_source import ZarrSource

        group, dimensions = _requested(root, request)
        levels = _levels(group)
        axes = group.multiscale.axis_names
        return ZarrSource(root, group.arrays[: len(levels)], axes, dimensions, levels)

    def index(self, root: Path, request: OpenRequest) -> ImageIndex | None:
        """Say where each chunk lies; None when a level's codecs are not known."""
        group, dimensions = _requested(root, request)
        return index_of(group, dimensions)


def index_of(group: ImageGroup, dimensions: Dimensions) -> ImageIndex | None:
    """Make the chunk index of one image; None when a level's codecs are not known."""
    axes = group.multiscale.axis_names
    levels = [level_index(array, axes, dimensions.size_z) for array in group.arrays]
    known = tuple(level for level in levels if level is not None)
    if len(known) != len(levels):
        return None
    return ImageIndex(dimensions, group.arrays[0].pixel_type, known)


def dimensions_of(group: ImageGroup) -> Dimensions:
    """Sizes at full resolution; raises `BrokenFile` when the levels contradict each other."""
    sizes = [_sizes(group, number) for number in range(len(group.arrays))]
    full = sizes[0]
    for number, (size, array) in enumerate(zip(sizes, group.arrays, strict=True)):
        before = sizes[max(number - 1, 0)]
        same = size.t == full.t and size.c == full.c
        smaller = size.x <= before.x and size.y <= before.y and size.z <= before.z
        if not same or not smaller or array.pixel_type is not group.arrays[0].pixel_type:
            raise BrokenFile(
                f"The level {array.path!r} does not fit the levels before it.",
                hint="Levels go from large to small, with the same channels, times and values.",
            )
    return Dimensions(full.x, full.y, full.z, full.c, full.t)


def _groups(root: Path, files: tuple[str, ...]) -> tuple[ImageGroup, ...]:
    folder = Folder(root)
    try:
        return image_groups(folder, files)
    finally:
        folder.close()


def _requested(root: Path, request: OpenRequest) -> tuple[ImageGroup, Dimensions]:
    groups = _groups(root, request.used_files)
    if not 0 <= request.series < len(groups):
        raise BrokenFile(
            f"The OME-Zarr has no series {request.series}.",
            hint="The folder has changed since it was imported.",
        )
    group = groups[request.series]
    dimensions = dimensions_of(group)
    if request.dimensions is not None and request.dimensions != dimensions:
        raise BrokenFile(
            f"The image is {dimensions}, at import it was {request.dimensions}.",
            hint="The folder has changed since it was imported.",
        )
    return group, dimensions


def _sizes(group: ImageGroup, number: int) -> ChunkShape:
    axes = group.multiscale.axis_names
    shape = group.arrays[number].shape
    if len(shape) != len(axes):
        raise BrokenFile(
            f"The array {group.arrays[number].path!r} has {len(shape)} axes, "
            f"the metadata name {len(axes)}.",
            hint="Write the image again with an OME-Zarr 0.4 or 0.5 writer.",
        )
    return ChunkShape(*(shape[axes.index(axis)] if axis in axes else 1 for axis in AXES))


def _levels(group: ImageGroup) -> tuple[Level, ...]:
    axes = group.multiscale.axis_names
    y, x = axes.index("Y"), axes.index("X")
    return tuple(
        Level(
            array.shape[x],
            array.shape[y],
            min(array.chunks[x], array.shape[x]),
            min(array.chunks[y], array.shape[y]),
        )
        for array in group.arrays
    )


def _inspected(number: int, group: ImageGroup) -> InspectedImage:
    dimensions = dimensions_of(group)
    levels = _levels(group)
    largest = levels[0]
    sizes = physical_sizes(group.multiscale)
    order = group.multiscale.axis_names[::-1]
    rest = "".join(axis for axis in order if axis not in "XY")
    named = (group.path.rpartition("/")[2] or group.path).removesuffix(".zarr").removesuffix(".ome")
    return InspectedImage(
        series=number,
        name=group.omero.name or _last(group.multiscale.name or "") or named or "image",
        dimensions=dimensions,
        pixel_type=group.arrays[0].pixel_type,
        levels=levels,
        dimension_order="XY" + rest + "".join(axis for axis in "ZCT" if axis not in rest),
        is_rgb=_is_rgb(group, dimensions),
        is_tiled=largest.tile_width * largest.tile_height <= IN_PLACE_PX,
        physical_size_x=sizes.get("x"),
        physical_size_y=sizes.get("y"),
        physical_size_z=sizes.get("z"),
        time_increment=sizes.get("t"),
        channels=_channels(group, dimensions.size_c),
        default_z=_within(group.omero.default_z, dimensions.size_z),
        default_t=_within(group.omero.default_t, dimensions.size_t),
        model=group.omero.model,
        original_metadata=flattened(group.attributes),
    )


def _last(path: str) -> str:
    # SpatialData names a multiscale by its path in the store, such as /images/blobs.
    return path.strip("/").rpartition("/")[2]


def _within(number: int | None, size: int) -> int | None:
    return number if number is not None and number < size else None


def _channels(group: ImageGroup, count: int) -> tuple[ChannelMetadata, ...]:
    known = group.omero.channels[:count]
    channels = [
        ChannelMetadata(name=channel.label, color=channel.color, display=_display(channel))
        for channel in known
    ]
    return (*channels, *(ChannelMetadata() for _ in range(count - len(channels))))


def _display(channel: OmeroChannel) -> StoredDisplay:
    return StoredDisplay(
        active=channel.active,
        window_start=channel.window_start,
        window_end=channel.window_end,
        lookup_table=channel.lookup_table,
        family=channel.family,
        coefficient=channel.coefficient,
        reverse_intensity=channel.inverted,
    )


def _is_rgb(group: ImageGroup, dimensions: Dimensions) -> bool:
    """Three 8-bit channels are a colour picture only when the file shows them as R, G and B."""
    channels = group.omero.channels
    return (
        group.arrays[0].pixel_type is PixelType.UINT8
        and dimensions.size_c == len(channels) == 3
        and tuple(channel.color for channel in channels) == _RGB
        and all((at.window_start or 0.0, at.window_end or 255.0) == (0.0, 255.0) for at in channels)
        and all(channel.active is not False for channel in channels)
    )


def _warnings(group: ImageGroup) -> tuple[str, ...]:
    warnings: list[Any] = list(group.warnings)
    extra = len(group.omero.channels) - dimensions_of(group).size_c
    if extra > 0:
        warnings.append(
            f"{extra} more channels are described in {group.path or '/'!r} than stored."
        )
    return tuple(warnings)
