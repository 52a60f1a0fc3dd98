"""The metadata documents of a served image, by their keys below `{imageId}.zarr`.

What stands in `omero` is how the caller sees the image, so two callers may read different documents
over the same chunks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.pixels.ngff import v04, v05
from shared.pixels.ngff.multiscales import Axis, Dataset, Multiscale
from shared.pixels.ngff.omero import Omero, OmeroChannel
from shared.pixels.ngff.quantities import NAMES
from shared.rendering.settings import value_range
from tile_service.zarr.codecs import Format

if TYPE_CHECKING:
    from shared.pixels.chunk_index import ChunkShape
    from tile_service.downloads.rows import ImageRows
    from tile_service.seen import SeenImage
    from tile_service.zarr.arrays import ServedArray
    from tile_service.zarr.labels import LabelSummary

Documents = dict[str, Any]
LABEL = "masks"
"""Name of the one label image, made from mask shapes."""


@dataclass(frozen=True, slots=True)
class ServedImage:
    """All that an image's documents are made from."""

    seen: SeenImage
    rows: ImageRows
    arrays: tuple[ServedArray, ...]
    labels: LabelSummary
    label_arrays: tuple[ServedArray, ...] = ()


def documents(image: ServedImage, format: Format) -> Documents:
    """Every document of the image by key, `.zmetadata` included for Zarr 2."""
    shapes = [array.shape for array in image.arrays]
    found = _group("", _attributes(_multiscale(image, shapes), _omero(image), format), format)
    for number, array in enumerate(image.arrays):
        found |= _array(str(number), array, format)
    if image.label_arrays:
        found |= _group("labels/", _named({"labels": [LABEL]}, format), format)
        multiscale = _multiscale(image, [array.shape for array in image.label_arrays])
        attributes = _attributes(multiscale, None, format)
        inner = attributes if format is Format.V2 else attributes["ome"]
        inner["image-label"] = image.labels.as_json(format)
        found |= _group(f"labels/{LABEL}/", attributes, format)
        for number, array in enumerate(image.label_arrays):
            found |= _array(f"labels/{LABEL}/{number}", array, format)
    if format is Format.V2:
        found[".zmetadata"] = {"zarr_consolidated_format": 1, "metadata": dict(found)}
    return found


def group_documents(attributes: dict[str, Any], format: Format) -> Documents:
    """The documents of a group that holds other groups, such as a plate."""
    return _group("", attributes, format)


def _group(prefix: str, attributes: dict[str, Any], format: Format) -> Documents:
    if format is Format.V2:
        return {f"{prefix}.zgroup": {"zarr_format": 2}, f"{prefix}.zattrs": attributes}
    group = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
    return {f"{prefix}zarr.json": group}


def _array(path: str, array: ServedArray, format: Format) -> Documents:
    document = array.document(format)
    if format is Format.V2:
        # xarray takes the names of dimensions from here
        names = {"_ARRAY_DIMENSIONS": ["t", "c", "z", "y", "x"]}
        return {f"{path}/.zarray": document, f"{path}/.zattrs": names}
    return {f"{path}/zarr.json": document}


def _attributes(multiscale: Multiscale, omero: Omero | None, format: Format) -> dict[str, Any]:
    version = v04 if format is Format.V2 else v05
    found: dict[str, Any] = version.attributes(multiscale, omero)
    return found


def _named(attributes: dict[str, Any], format: Format) -> dict[str, Any]:
    if format is Format.V2:
        return attributes
    return {"ome": {"version": v05.VERSION, **attributes}}


def _multiscale(image: ServedImage, shapes: list[ChunkShape]) -> Multiscale:
    pixels = image.rows.pixels
    step_t, unit_t = _step(pixels, "time_increment")
    step_z, unit_z = _step(pixels, "physical_size_z")
    step_y, unit_y = _step(pixels, "physical_size_y")
    step_x, unit_x = _step(pixels, "physical_size_x")
    axes = (Axis("t", unit_t), Axis("c"), Axis("z", unit_z), Axis("y", unit_y), Axis("x", unit_x))
    full = shapes[0]
    datasets = tuple(
        Dataset(
            str(number),
            (
                step_t,
                1.0,
                step_z * full.z / shape.z,
                step_y * full.y / shape.y,
                step_x * full.x / shape.x,
            ),
        )
        for number, shape in enumerate(shapes)
    )
    return Multiscale(axes, datasets, image.rows.image.name or None)


def _step(pixels: Any, column: str) -> tuple[float, str | None]:
    """A pixel's extent and UDUNITS name; 1 and no unit where the image does not say."""
    value, symbol = getattr(pixels, column), getattr(pixels, f"{column}_unit")
    name = NAMES.get((symbol or "").replace("μ", "µ"))
    if name is None or value is None or not math.isfinite(value) or value <= 0:
        return 1.0, None
    return value, name


def _omero(image: ServedImage) -> Omero:
    seen = image.seen
    low, high = value_range(seen.pixel_type, seen.facts.significant_bits)
    channels = tuple(
        OmeroChannel(
            label=facts.name or f"Channel {number}",
            color=shown.color,
            window_start=shown.window_start,
            window_end=shown.window_end,
            window_min=low if facts.minimum is None else facts.minimum,
            window_max=high if facts.maximum is None else facts.maximum,
            active=shown.active,
            inverted=shown.reverse_intensity,
            family=shown.family.value,
            coefficient=shown.coefficient,
            lookup_table=shown.lookup_table,
        )
        for number, (shown, facts) in enumerate(
            zip(seen.settings.channels, seen.facts.channels, strict=True)
        )
    )
    settings = seen.settings
    return Omero(
        channels,
        image.rows.image.name or None,
        settings.default_z,
        settings.default_t,
        settings.model.value,
    )
