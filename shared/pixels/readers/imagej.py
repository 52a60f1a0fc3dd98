"""What ImageJ writes: calibration in the description, labels, ranges and colours in its own tag.

Pixel size is the TIFF resolution counted in ImageJ's own unit, not in the tag's.
"""

from __future__ import annotations

from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING, Any

from shared.pixels.metadata import ChannelMetadata, Quantity, StoredDisplay
from shared.pixels.readers.stated import Stated
from shared.pixels.readers.tiff_tags import date_time, flattened, lookup_color, pixels_per_unit

if TYPE_CHECKING:
    from tifffile import TiffPage

    from shared.pixels.source import Dimensions

_UNITS = {
    "micron": "µm",
    "microns": "µm",
    "micrometer": "µm",
    "um": "µm",
    "μm": "µm",
    "µm": "µm",
    "\\u00b5m": "µm",
    "nm": "nm",
    "mm": "mm",
    "cm": "cm",
    "m": "m",
    "inch": "in",
    "in": "in",
}


def stated_by_imagej(metadata: dict[str, Any], page: TiffPage, sizes: Dimensions) -> Stated:
    """Answer what ImageJ's metadata (as tifffile reads it) say of an image of these sizes."""
    unit = _UNITS.get(str(metadata.get("unit", "")).strip().lower())
    info = metadata.get("Info")
    return Stated(
        description=info if isinstance(info, str) and info.strip() else None,
        acquisition_date=date_time(page),
        physical_size_x=_pixel_size(page, 282, unit),
        physical_size_y=_pixel_size(page, 283, unit),
        physical_size_z=_positive(metadata.get("spacing"), unit) if sizes.size_z > 1 else None,
        time_increment=_positive(metadata.get("finterval"), "s"),
        channels=_channels(metadata, sizes),
        model={"composite": "color", "color": "color", "grayscale": "greyscale"}.get(
            str(metadata.get("mode", ""))
        ),
        original_metadata=tuple(flattened("ImageJ", metadata)),
    )


def _pixel_size(page: TiffPage, code: int, unit: str | None) -> Quantity | None:
    density = pixels_per_unit(page, code)
    return _positive(1 / density if density else None, unit)


def _positive(value: Any, unit: str | None) -> Quantity | None:
    try:
        number = abs(float(value))
    except (TypeError, ValueError):
        return None
    return Quantity(number, unit) if unit and isfinite(number) and number > 0 else None


def _channels(metadata: dict[str, Any], sizes: Dimensions) -> tuple[ChannelMetadata, ...]:
    count = sizes.size_c
    names = _names(metadata, sizes)
    windows = _windows(metadata, count)
    colors = _colors(metadata, count)
    channels = []
    for c in range(count):
        color, display = colors[c]
        start, end = windows[c]
        channels.append(
            ChannelMetadata(
                name=names[c],
                color=color,
                display=replace(display, window_start=start, window_end=end),
            )
        )
    return tuple(channels)


def _names(metadata: dict[str, Any], sizes: Dimensions) -> list[str | None]:
    """Labels belong to planes, channel fastest; they name channels only where channels differ."""
    labels = metadata.get("Labels")
    count = sizes.size_c
    if not isinstance(labels, (list, tuple)) or count == 1:
        return [None] * count
    if len(labels) not in {count, count * sizes.size_z * sizes.size_t}:
        return [None] * count
    names = [str(label).rpartition(" - ")[2].strip() or None for label in labels[:count]]
    return names if len(set(names)) == count else [None] * count


def _windows(metadata: dict[str, Any], count: int) -> list[tuple[float | None, float | None]]:
    ranges = metadata.get("Ranges")
    if isinstance(ranges, (list, tuple)) and len(ranges) >= 2 * count:
        pairs = [(float(ranges[2 * c]), float(ranges[2 * c + 1])) for c in range(count)]
    elif count == 1 and "min" in metadata and "max" in metadata:
        try:
            pairs = [(float(metadata["min"]), float(metadata["max"]))]
        except (TypeError, ValueError):
            return [(None, None)]
    else:
        return [(None, None)] * count
    return [
        (low, high) if isfinite(low) and isfinite(high) and low < high else (None, None)
        for low, high in pairs
    ]


def _colors(metadata: dict[str, Any], count: int) -> list[tuple[int | None, StoredDisplay]]:
    tables = metadata.get("LUTs")
    found: list[tuple[int | None, StoredDisplay]] = []
    for c in range(count):
        known = None
        if isinstance(tables, (list, tuple)) and c < len(tables):
            known = lookup_color(tables[c])
        found.append(known or (None, StoredDisplay()))
    return found
