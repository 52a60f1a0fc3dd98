"""Lookup tables by name (`fire.lut`): our own, computed, and those of installed packages.

Names are compared without case. A package adds tables through the entry point group
`tessera.luts`: a function without arguments that answers a mapping of names to (256, 3) arrays, or
one such array under the entry's own name. What people upload is learned from the database
(`uploaded_luts`) and never changes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from shared.errors import Invalid

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Table = NDArray[np.uint8]

ENTRY_POINT_GROUP = "tessera.luts"

_LEARNED: dict[str, Table] = {}
"""Uploaded tables that this process has met, by lower-case name."""

LookupTableSource = Callable[[str], "Table | None"]

# colours at equal distances, interpolated linearly: dark to bright as seen through the eyepiece
_RAMPS: dict[str, tuple[int, ...]] = {
    "grays": (0x000000, 0xFFFFFF),
    "red": (0x000000, 0xFF0000),
    "green": (0x000000, 0x00FF00),
    "blue": (0x000000, 0x0000FF),
    "cyan": (0x000000, 0x00FFFF),
    "magenta": (0x000000, 0xFF00FF),
    "yellow": (0x000000, 0xFFFF00),
    "orange": (0x000000, 0xFF8000),
    "red_hot": (0x000000, 0xFF0000, 0xFFFF00, 0xFFFFFF),
    "cyan_hot": (0x000000, 0x007F7F, 0x00FFFF, 0xFFFFFF),
    "magenta_hot": (0x000000, 0x7F007F, 0xFF00FF, 0xFFFFFF),
    "yellow_hot": (0x000000, 0x7F7F00, 0xFFFF00, 0xFFFFFF),
    "orange_hot": (0x000000, 0x7F4000, 0xFF8000, 0xFFFFFF),
    "cool": (0x00FFFF, 0xFF00FF),
    "fire": (0x000000, 0x1E0078, 0x6400B4, 0xB4008C, 0xE63232, 0xFF8C00, 0xFFD21E, 0xFFFFFF),
    "ice": (0x009C8C, 0x3296DC, 0x7878F0, 0xA050DC, 0xC83CA0, 0xE63C50, 0xF01E1E),
    "green_fire_blue": (0x000000, 0x0000A0, 0x005A8C, 0x00B432, 0xB4E600, 0xFFFFFF),
    "blue_orange": (0x0080FF, 0x002850, 0x000000, 0x502800, 0xFF8000),
    "red-green": (0xFF0000, 0x000000, 0x00FF00),
    "sepia": (0x000000, 0x704214, 0xC09A6B, 0xFFF4E0),
    "thermal": (0x000000, 0x2B0A8C, 0x9C1F8C, 0xE8643C, 0xFAC850, 0xFFFFE6),
    "jet": (
        0x000080,
        0x0000FF,
        0x0080FF,
        0x00FFFF,
        0x80FF80,
        0xFFFF00,
        0xFF8000,
        0xFF0000,
        0x800000,
    ),
}
_SIXTEEN = (
    0x000000, 0x000080, 0x0000FF, 0x0080FF, 0x00FFFF, 0x00FF80, 0x00FF00, 0x80FF00,
    0xFFFF00, 0xFFC000, 0xFF8000, 0xFF4000, 0xFF0000, 0xFF0080, 0xFF80FF, 0xFFFFFF,
)  # fmt: skip


def lookup_table(name: str) -> Table | None:
    """The colours of a table as (256, 3) uint8, read-only; None when there is none of that name.

    Raises `Invalid` when an installed package offers something that is not a table.
    """
    key = name.lower()
    found = _tables().get(key)
    return _LEARNED.get(key) if found is None else found


def names() -> tuple[str, ...]:
    """The names of all tables, sorted, each ending in `.lut`."""
    return tuple(sorted(_tables().keys() | _LEARNED.keys()))


def installed_names() -> tuple[str, ...]:
    """The names of those that come with Tessera or an installed package, sorted."""
    return tuple(sorted(_tables()))


def learn(name: str, table: Table) -> None:
    """Make an uploaded table known to this process."""
    kept = table.copy()
    kept.setflags(write=False)
    _LEARNED[name.lower()] = kept


def read_entry_points(points: tuple[EntryPoint, ...]) -> dict[str, Table]:
    """The tables that these entry points offer, by lower-case name.

    Raises `Invalid` naming the entry point when it offers something that is not a table.
    """
    tables: dict[str, Table] = {}
    for point in points:
        offered = point.load()
        if callable(offered):
            offered = offered()
        each: Mapping[str, Table] = (
            offered if isinstance(offered, Mapping) else {point.name: offered}
        )
        for name, table in each.items():
            tables[_valid_name(name, point)] = _valid_table(name, table, point)
    return tables


@functools.cache
def _tables() -> dict[str, Table]:
    tables = {f"{name}.lut": table for name, table in _own_tables().items()}
    for name, table in read_entry_points(tuple(entry_points(group=ENTRY_POINT_GROUP))).items():
        tables.setdefault(name, table)
    for table in tables.values():
        table.setflags(write=False)
    return tables


def _own_tables() -> dict[str, Table]:
    import numpy as np

    tables = {name: _ramp(colors) for name, colors in _RAMPS.items()}
    level = np.arange(256)
    tables["hilo"] = tables["grays"].copy()
    tables["hilo"][0], tables["hilo"][255] = (0, 0, 255), (255, 0, 0)
    tables["spectrum"] = _hues(level / 256)
    tables["phase"] = _hues((level / 256 + 2 / 3) % 1)
    tables["16_colors"] = _rgb(_SIXTEEN)[level // 16]
    tables["5_ramps"] = np.repeat((level * 5 % 256).astype(np.uint8)[:, np.newaxis], 3, axis=1)
    tables["6_shades"] = _rgb(_SIXTEEN)[[0, 2, 4, 6, 8, 12]][level * 6 // 256]
    tables["3-3-2_rgb"] = np.stack(
        [(level >> 5) * 255 // 7, (level >> 2 & 7) * 255 // 7, (level & 3) * 85], axis=1
    ).astype(np.uint8)
    tables["labels"] = _labels()
    return tables


def _rgb(colors: tuple[int, ...]) -> Table:
    import numpy as np

    packed = np.array(colors)
    colors_8bit = np.stack([packed >> 16, packed >> 8 & 255, packed & 255], axis=1)
    return np.asarray(colors_8bit, dtype=np.uint8)


def _ramp(colors: tuple[int, ...]) -> Table:
    import numpy as np

    stops = np.linspace(0, 255, len(colors))
    bands = [np.interp(np.arange(256), stops, band) for band in _rgb(colors).T]
    return np.asarray(np.floor(np.stack(bands, axis=1) + 0.5), dtype=np.uint8)


def _hues(turn: NDArray[np.floating[Any]]) -> Table:
    """Fully saturated colours; `turn` is the hue from 0 (red) through 1/3 (green) to 1."""
    import numpy as np

    distance = np.abs((turn[:, np.newaxis] * 6 - np.array([0, 2, 4]) + 3) % 6 - 3)
    return np.asarray(np.floor(np.clip(2 - distance, 0, 1) * 255 + 0.5), dtype=np.uint8)


def _labels() -> Table:
    """Colours far from their neighbours for label images: hues a golden section apart, 0 black."""
    import numpy as np

    index = np.arange(256)
    hue = _hues(index * 0.6180339887498949 % 1).astype(np.float64)
    brightness = np.array([1.0, 0.75, 0.5])[index % 3][:, np.newaxis]
    whiteness = np.array([0.0, 0.35])[index // 3 % 2][:, np.newaxis]
    colors = (hue * (1 - whiteness) + 255 * whiteness) * brightness
    colors[0] = 0
    return np.asarray(colors.astype(np.uint8), dtype=np.uint8)


def _valid_name(name: str, point: EntryPoint) -> str:
    if not name.lower().endswith(".lut") or any(sign in name for sign in ",|$/\\"):
        raise Invalid(
            f"The lookup table {name!r} of {point.value} has no usable name.",
            hint="End the name in .lut, without comma, bar, dollar or slash.",
        )
    return name.lower()


def _valid_table(name: str, table: object, point: EntryPoint) -> Table:
    import numpy as np

    colors = np.asarray(table)
    if colors.shape != (256, 3) or colors.dtype != np.uint8:
        raise Invalid(
            f"The lookup table {name!r} of {point.value} is not 256 colours.",
            hint="Answer an array of shape (256, 3) and type uint8.",
        )
    return colors.copy()
