"""TIFF tags and vendor metadata as text pairs, and the few tags with a meaning of their own.

Texts are kept whole; an array of more than 1,000 entries is replaced by its length, which says so.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from shared.pixels.metadata import Quantity, StoredDisplay

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray
    from tifffile import TiffPage

MAX_ENTRIES = 1_000
MAX_DEPTH = 12
PLAUSIBLE_PIXEL_UM = 10.0
_STRUCTURE = frozenset({273, 279, 324, 325, 330, 347})
"""Tables of offsets and codec tables: they say where pixels lie, nothing about the specimen."""
_RESOLUTION_UNITS = {2: 25_400.0, 3: 10_000.0}


def tag_pairs(page: TiffPage) -> tuple[tuple[str, str], ...]:
    """Answer the page's tags as text pairs, in the file's order."""
    pairs: list[tuple[str, str]] = []
    for tag in page.tags:
        if int(tag.code) in _STRUCTURE:
            continue
        pairs.extend(flattened(tag.name, tag.value))
    return tuple(pairs)


def flattened(key: str, value: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Answer nested metadata as pairs with dotted keys."""
    if isinstance(value, dict) and depth < MAX_DEPTH:
        for name, inner in value.items():
            yield from flattened(f"{key}.{name}" if key else str(name), inner, depth + 1)
    elif isinstance(value, (list, tuple)) and any(isinstance(v, (dict, list)) for v in value):
        if len(value) > MAX_ENTRIES:
            yield key, f"[{len(value):,} entries]"
            return
        for number, inner in enumerate(value):
            yield from flattened(f"{key}[{number}]", inner, depth + 1)
    else:
        yield key, as_text(value)


def as_text(value: Any) -> str:
    """Answer one value as text; never fails, never contains NUL."""
    if isinstance(value, str):
        return value.replace("\x00", "\n").strip("\n \r")
    if isinstance(value, bytes):
        if len(value) > MAX_ENTRIES:
            return f"[{len(value):,} bytes]"
        text = value.rstrip(b"\0")
        return text.decode() if text.isascii() and text.isalnum() else value.hex(" ")
    if isinstance(value, Enum):
        return value.name
    length = getattr(value, "size", None)
    if length is None and isinstance(value, (list, tuple)):
        length = len(value)
    if isinstance(length, int) and length > MAX_ENTRIES:
        return f"[{length:,} values]"
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return ", ".join(as_text(entry) for entry in value)
    return str(value).replace("\x00", " ").strip()


def pixels_per_unit(page: TiffPage, code: int) -> float | None:
    """Answer XResolution (282) or YResolution (283) as a number, or None."""
    value = page.tags.valueof(code)
    if not isinstance(value, tuple) or len(value) != 2 or not value[1] or not value[0]:
        return None
    return float(value[0]) / float(value[1])


def plausible_pixel_sizes(page: TiffPage) -> tuple[Quantity | None, Quantity | None]:
    """Answer pixel sizes from the resolution tags, if they can be a microscope's.

    Ordinary programs write 72 or 300 dpi whatever the picture shows, so only pixels of at most
    10 µm are believed.
    """
    unit = _RESOLUTION_UNITS.get(int(page.resolutionunit))
    found: list[Quantity | None] = []
    for code in (282, 283):
        density = pixels_per_unit(page, code)
        size = unit / density if unit and density else None
        found.append(
            Quantity(size, "µm") if size is not None and size <= PLAUSIBLE_PIXEL_UM else None
        )
    return found[0], found[1]


def date_time(page: TiffPage) -> str | None:
    """Answer the DateTime tag as written, or None."""
    value = page.tags.valueof(306)
    return value.strip("\x00 ") or None if isinstance(value, str) else None


def lookup_color(table: NDArray[np.generic]) -> tuple[int, StoredDisplay] | None:
    """Answer colour and direction of a lookup table (3, 256) of 8-bit values that is a plain ramp.

    A ramp from black to a colour is that colour; from a colour to black, the reversed one. None for
    any other table.
    """
    import numpy as np

    values = np.asarray(table).astype(np.float64)
    if values.shape != (3, 256):
        return None
    ramp = np.arange(256) / 255.0
    for reverse in (False, True):
        ordered = values[:, ::-1] if reverse else values
        top = ordered[:, -1]
        if top.any() and np.abs(ordered - top[:, None] * ramp).max() <= 2:
            red, green, blue = (int(value) for value in top)
            color = red << 24 | green << 16 | blue << 8 | 0xFF
            return color, StoredDisplay(reverse_intensity=True if reverse else None)
    return None
