"""Small images as the importer would leave them: a real TIFF in storage, its chunk index, its rows.

Nothing here goes through the importer, so that the tile service can be tested without it.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile

from shared.models.images import Channel, Fileset, Image, LogicalChannel, Pixels, StatsInfo
from shared.pixels.index_file import save_index
from shared.pixels.reader import InspectOptions, OpenRequest
from shared.pixels.registry import reader_for
from shared.storage.locator import chunk_index, derived_folder, fileset_folder
from tests.support.people import make_part, make_row

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from sqlalchemy import Connection

    from shared.storage import LocalStorage

FILE_NAME = "image.ome.tif"


@dataclass(frozen=True, slots=True)
class ServedImage:
    """An image with its rows and what its pixels must be."""

    id: int
    pixels_id: int
    pixels_uuid: str
    levels: tuple[NDArray[Any], ...]
    """Arrays (t, c, z, y, x), largest first."""
    file: Path
    index: Path


def make_served_image(
    connection: Connection,
    storage: LocalStorage,
    planes: NDArray[Any],
    /,
    *,
    owner: int,
    group: int,
    tile: int = 256,
    level_count: int = 1,
    colors: tuple[int | None, ...] = (),
    jpeg: bool = False,
    **values: Any,
) -> ServedImage:
    """Store `planes` (t, c, z, y, x) as tiled OME-TIFF with levels (every second pixel), and rows.

    With `jpeg` the three channels are interleaved samples, as in a slide. `values` are columns of
    Pixels, such as `default_z`.
    """
    fileset_uuid, pixels_uuid = str(uuid.uuid4()), str(uuid.uuid4())
    levels = tuple(planes[..., :: 2**n, :: 2**n] for n in range(level_count))
    is_derived = values.get("storage") == "pyramid"
    folder = storage.path(
        derived_folder(pixels_uuid) if is_derived else fileset_folder(fileset_uuid)
    )
    folder.mkdir(parents=True)
    if jpeg:
        _write_slide(folder / FILE_NAME, levels, tile)
    else:
        _write(folder / FILE_NAME, levels, tile)
    index_path = _keep_index(storage, folder, pixels_uuid)
    fileset = make_row(
        connection, Fileset, owner=owner, group=group, uuid=fileset_uuid, format="OME-TIFF",
        reader="tiff", template_prefix="",
    )  # fmt: skip
    image = make_row(connection, Image, owner=owner, group=group, fileset_id=fileset)
    size_t, size_c, size_z, size_y, size_x = planes.shape
    sizes = [[level.shape[4], level.shape[3], tile, tile] for level in levels]
    pixels = make_row(
        connection, Pixels, owner=owner, group=group, image_id=image, uuid=pixels_uuid,
        size_x=size_x, size_y=size_y, size_z=size_z, size_c=size_c, size_t=size_t,
        dimension_order="XYZCT", level_sizes=json.dumps(sizes),
        **{"pixels_type": planes.dtype.name, **values},
    )  # fmt: skip
    for position in range(size_c):
        color = colors[position] if position < len(colors) else None
        _channel(connection, pixels, position, planes[:, position], color, owner, group)
    return ServedImage(image, pixels, pixels_uuid, levels, folder / FILE_NAME, index_path)


def _write(path: Path, levels: tuple[NDArray[Any], ...], tile: int) -> None:
    options: dict[str, Any] = {"tile": (tile, tile), "compression": "zlib"}
    with tifffile.TiffWriter(path, ome=True) as writer:
        writer.write(
            levels[0], subifds=len(levels) - 1, metadata={"axes": "TCZYX"},
            photometric="minisblack", **options,
        )  # fmt: skip
        for level in levels[1:]:
            writer.write(level, subfiletype=1, photometric="minisblack", **options)


def _write_slide(path: Path, levels: tuple[NDArray[Any], ...], tile: int) -> None:
    with tifffile.TiffWriter(path) as writer:
        for number, level in enumerate(levels):
            writer.write(
                np.moveaxis(level[0, :, 0], 0, -1), tile=(tile, tile), photometric="rgb",
                compression="jpeg", compressionargs={"level": 90}, metadata=None,
                subifds=len(levels) - 1 if number == 0 else 0, subfiletype=min(number, 1),
            )  # fmt: skip


def _keep_index(storage: LocalStorage, folder: Path, pixels_uuid: str) -> Path:
    reader = reader_for(folder, (FILE_NAME,))
    inspected = reader.inspect(folder, (FILE_NAME,), InspectOptions())
    index = reader.index(folder, OpenRequest((FILE_NAME,), inspected.images[0].series))
    assert index is not None
    path = storage.path(chunk_index(pixels_uuid))
    path.parent.mkdir(parents=True, exist_ok=True)
    save_index(index, path)
    return path


def _channel(
    connection: Connection,
    pixels: int,
    position: int,
    values: NDArray[Any],
    color: int | None,
    owner: int,
    group: int,
) -> None:
    finite = values[np.isfinite(values)]
    stats = make_row(
        connection, StatsInfo, owner=owner, group=group,
        global_min=float(np.min(finite)), global_max=float(np.max(finite)),
    )  # fmt: skip
    logical = make_row(
        connection, LogicalChannel, owner=owner, group=group, name=f"channel {position}"
    )
    make_part(
        connection, Channel, pixels_id=pixels, position=position, logical_channel_id=logical,
        stats_info_id=stats, color=color,
    )  # fmt: skip
