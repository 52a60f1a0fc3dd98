"""Physical sizes with units, and metadata flattened to key-value pairs.

NGFF leaves a scale without unit undefined: it stays in the original metadata and is never taken for
micrometres.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shared.pixels.metadata import Quantity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.pixels.ngff.multiscales import Multiscale

# UDUNITS names that NGFF recommends, with OME's symbols (UnitsLength, UnitsTime).
SYMBOLS = {
    "angstrom": "Å",
    "picometer": "pm",
    "nanometer": "nm",
    "micrometer": "µm",
    "micron": "µm",
    "millimeter": "mm",
    "centimeter": "cm",
    "decimeter": "dm",
    "meter": "m",
    "kilometer": "km",
    "inch": "in",
    "foot": "ft",
    "yard": "yd",
    "mile": "mi",
    "parsec": "pc",
    "picosecond": "ps",
    "nanosecond": "ns",
    "microsecond": "µs",
    "millisecond": "ms",
    "second": "s",
    "minute": "min",
    "hour": "h",
    "day": "d",
}
NAMES = {symbol: name for name, symbol in reversed(SYMBOLS.items())}
MAX_PAIRS = 100_000


def physical_sizes(multiscale: Multiscale) -> dict[str, Quantity]:
    """Sizes of a full-resolution pixel by axis (t: time between frames), where a unit is said."""
    sizes: dict[str, Quantity] = {}
    for axis, scale in zip(multiscale.axes, multiscale.datasets[0].scale, strict=True):
        symbol = SYMBOLS.get((axis.unit or "").lower().replace("metre", "meter"))
        if symbol is not None and scale > 0 and axis.name != "c":
            sizes[axis.name] = Quantity(scale, symbol)
    return sizes


def flattened(attributes: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Every leaf as (`multiscales[0].axes[1].name`, text), in the file's order."""
    pairs: list[tuple[str, str]] = []
    for pair in _leaves("", attributes):
        pairs.append(pair)
        if len(pairs) >= MAX_PAIRS:
            pairs.append(("…", f"more than {MAX_PAIRS} values; the rest is in the file itself"))
            break
    return tuple(pairs)


def _leaves(prefix: str, stored: Any) -> Iterator[tuple[str, str]]:
    if isinstance(stored, Mapping) and stored:
        for key, value in stored.items():
            yield from _leaves(f"{prefix}.{key}" if prefix else str(key), value)
    elif isinstance(stored, list) and stored:
        if all(not isinstance(value, list | Mapping) for value in stored):
            yield prefix, ", ".join(_text(value) for value in stored)
            return
        for number, value in enumerate(stored):
            yield from _leaves(f"{prefix}[{number}]", value)
    else:
        yield prefix, _text(stored)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
