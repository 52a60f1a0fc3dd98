"""`imgData/{iid}[/{key}]`: all that a viewer of OMERO's must know of an image, or one part of it.

`key` selects a part by dots (`size.width`, `channels.0.color`); what is not there is null. With
`getDefaults=true` channels are as computed from the file, whatever anybody saved.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from shared import clock
from shared.errors import Unreadable
from shared.pixels.levels import served_tile_size
from shared.rendering.defaults import imported_settings
from shared.rendering.settings import Model, value_range
from tile_service.query import MAX_TEXT
from tile_service.routes.webgateway.image_rows import surroundings_of
from tile_service.routes.webgateway.json_answers import answer_gateway_json
from tile_service.routes.webgateway.parameters import bare_id, gateway_query
from tile_service.routes.webgateway.pictures import numbered

if TYPE_CHECKING:
    from shared.rendering.settings import RenderingSettings
    from tile_service.develop import Darkroom
    from tile_service.routes.exchange import Exchange
    from tile_service.routes.webgateway.image_rows import ImageSurroundings
    from tile_service.seen import SeenImage
    from tile_service.settings import TileSettings

_MICROMETRES = {
    "Å": 1e-4, "pm": 1e-6, "nm": 1e-3, "µm": 1.0, "μm": 1.0, "um": 1.0, "mm": 1e3, "cm": 1e4,
    "dm": 1e5, "m": 1e6, "km": 1e9, "in": 25_400.0, "ft": 304_800.0, "yd": 914_400.0,
}  # fmt: skip
BORDER = 2


async def img_data(
    exchange: Exchange,
    segments: list[str],
    darkroom: Darkroom,
    settings: TileSettings,  # noqa: ARG001  # every route is called alike
) -> None:
    """Answer `imgData/{iid}[/{key}]?getDefaults=&callback=`."""
    numbered(segments, 1, 2, "imgData/{id}/{key}")
    number, query = bare_id(segments[0]), gateway_query(exchange.query)
    data = await image_data(exchange, number, darkroom, defaults=query.get("getDefaults") == "true")
    key = segments[1][:MAX_TEXT] if len(segments) > 1 else ""
    await answer_gateway_json(exchange, part_of(data, key) if key else data, query)


async def image_data(
    exchange: Exchange, number: int, darkroom: Darkroom, *, defaults: bool = False
) -> dict[str, Any]:
    """The whole of `imgData`; `Exception` in place of sizes when the pixels cannot be opened."""
    credential = exchange.credential()
    seen = await darkroom.admit(credential, number, None, None)
    around: ImageSurroundings = await darkroom.ask(credential, surroundings_of(number))
    head = {"id": number, "meta": _meta(around, seen), "perms": around.can}
    try:
        if darkroom.sight(seen) is None:
            await exchange.unless_gone(darkroom.look(seen, lambda pixels: pixels.source.levels))
    except Unreadable as error:
        return {**head, "Exception": error.message}
    base = imported_settings(seen.facts) if defaults else seen.settings
    return {**head, **_geometry(seen, around), **_display(seen, base)}


def part_of(data: Any, key: str) -> Any:
    """The part that a dotted key selects; None when there is no such part."""
    for name in key.split("."):
        if isinstance(data, dict):
            data = data.get(name)
        elif isinstance(data, list) and name.isdecimal() and len(name) < 6:
            data = data[int(name)] if int(name) < len(data) else None
        else:
            return None
    return data


def channel_label(seen: SeenImage, index: int) -> str:
    """A channel's name, else its emission wavelength, else its number."""
    facts = seen.facts.channels[index]
    if facts.name:
        return facts.name
    return f"{facts.emission_nm:g}" if facts.emission_nm else str(index)


def split_dimensions(seen: SeenImage, count: int) -> dict[str, int]:
    """Size and grid of a montage of `count` panels of the image at full resolution."""
    root = math.sqrt(count)
    rows = round(root)
    columns = rows + 1 if root > rows else rows
    full = seen.levels[0]
    return {
        "width": full.width * columns + BORDER * (columns + 1),
        "height": full.height * rows + BORDER * (rows + 1),
        "border": BORDER,
        "gridx": columns,
        "gridy": rows,
    }


def _meta(around: ImageSurroundings, seen: SeenImage) -> dict[str, Any]:
    image, dataset, project = around.image, around.dataset, around.project
    moment = image.created_at if image.acquired_at is None else image.acquired_at
    return {
        "imageName": image.name,
        "imageDescription": image.description or "",
        "imageAuthor": f"{image.first_name} {image.last_name}".strip(),
        "imageArchived": image.is_archived,
        "projectName": project.name if project else "Multiple",
        "projectId": project.id if project else None,
        "projectDescription": project.description if project else None,
        "datasetName": dataset.name if dataset else "Multiple",
        "datasetId": dataset.id if dataset else None,
        "datasetDescription": dataset.description if dataset else None,
        "wellSampleId": around.field.sample_id if around.field else "",
        "wellId": around.field.well_id if around.field else "",
        "imageTimestamp": moment / clock.SECOND,
        "imageId": image.id,
        "pixelsType": seen.pixel_type,
    }


def _geometry(seen: SeenImage, around: ImageSurroundings) -> dict[str, Any]:
    sizes, row, full = seen.dimensions, around.image, seen.levels[0]
    found: dict[str, Any] = {
        "tiles": len(seen.levels) > 1,
        "interpolate": True,
        "init_zoom": 0,
        "size": {
            "width": sizes.size_x,
            "height": sizes.size_y,
            "z": sizes.size_z,
            "t": sizes.size_t,
            "c": sizes.size_c,
        },
        "pixel_size": {
            axis: _micrometres(
                getattr(row, f"physical_size_{axis}"), getattr(row, f"physical_size_{axis}_unit")
            )
            for axis in "xyz"
        },
    }
    if len(seen.levels) > 1:
        width, height = served_tile_size(full)
        found["tile_size"] = {"width": width, "height": height}
        found["levels"] = len(seen.levels)
        found["resolutions"] = {
            str(number): {"sizeX": level.width, "sizeY": level.height}
            for number, level in enumerate(seen.levels)
        }
        found["zoomLevelScaling"] = {
            str(number): level.width / full.width for number, level in enumerate(seen.levels)
        }
    if row.nominal_magnification is not None:
        found["nominalMagnification"] = row.nominal_magnification
    return found


def _display(seen: SeenImage, base: RenderingSettings) -> dict[str, Any]:
    limits = value_range(seen.pixel_type, seen.facts.significant_bits)
    count = seen.dimensions.size_c
    return {
        "pixel_range": list(limits),
        "channels": [_channel(seen, base, index, limits) for index in range(len(base.channels))],
        "split_channel": {
            "g": split_dimensions(seen, count),
            "c": split_dimensions(seen, count + 1),
        },
        "rdefs": {
            "model": "greyscale" if base.model is Model.GREYSCALE else "color",
            "projection": "normal",
            "defaultZ": base.default_z,
            "defaultT": base.default_t,
            "invertAxis": False,
        },
    }


def _channel(
    seen: SeenImage, base: RenderingSettings, index: int, limits: tuple[float, float]
) -> dict[str, Any]:
    channel, facts = base.channels[index], seen.facts.channels[index]
    found: dict[str, Any] = {
        "label": channel_label(seen, index),
        "emissionWave": facts.emission_nm,
        "color": f"{channel.color >> 8:06X}",
        "active": channel.active,
        "inverted": channel.reverse_intensity,
        "reverseIntensity": channel.reverse_intensity,
        "family": channel.family.value,
        "coefficient": channel.coefficient,
        "window": {
            "min": limits[0] if facts.minimum is None else facts.minimum,
            "max": limits[1] if facts.maximum is None else facts.maximum,
            "start": channel.window_start,
            "end": channel.window_end,
        },
    }
    if channel.lookup_table:
        found["lut"] = channel.lookup_table
    return found


def _micrometres(value: float | None, unit: str | None) -> float | None:
    factor = _MICROMETRES.get(unit or "µm")
    return None if value is None or factor is None else value * factor
