"""Numbers with units, as columns: `x` and `x_unit`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from shared.errors import Invalid

LENGTHS = frozenset({
    "ym", "zm", "am", "fm", "pm", "Å", "nm", "µm", "mm", "cm", "dm", "m", "dam", "hm", "km", "Mm",
    "Gm", "Tm", "Pm", "Em", "Zm", "Ym", "thou", "li", "in", "ft", "yd", "mi", "pt", "ua", "ly",
    "pc",
})  # fmt: skip
"""OME's units that are lengths."""
PLACES = LENGTHS | {"pixel", "reference frame"}
"""Units in which OME gives positions."""
SPELLINGS = {"um": "µm", "μm": "µm"}
"""Other ways to write a unit: without the sign, and with the Greek letter."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit."""

    value: float
    unit: str


def checked_quantity(
    name: str,
    quantity: Quantity | None,
    path: tuple[str, ...],
    *,
    units: frozenset[str] = PLACES,
    positive: bool = False,
) -> dict[str, Any]:
    """The columns of a quantity; raises `Invalid`."""
    if quantity is None:
        return {name: None, f"{name}_unit": None}
    value = quantity.value
    if not math.isfinite(value) or (positive and value <= 0):
        raise Invalid(
            "This is no size." if positive else "The number is not finite.",
            hint="Give a number above 0, or null when it is not known." if positive else None,
            path=(*path, "value"),
        )
    unit = SPELLINGS.get(quantity.unit, quantity.unit)
    if unit not in units:
        raise Invalid(
            f"{quantity.unit[:40]!r} is no unit of length.",
            hint="Write µm, nm, mm or another of OME's units.",
            path=(*path, "unit"),
        )
    return {name: value, f"{name}_unit": unit}
