"""Single values of OME-XML: numbers, units, colours, attributes that moved between schema versions.

A newcomer's trap: `Channel.Color` is a *signed* 32-bit RGBA, and before 2016 its absence was
written as the least integer.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from shared.pixels.metadata import Quantity
from shared.pixels.xml import child, text_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_NANOMETRES = {
    "nm": 1.0,
    "pm": 1e-3,
    "Å": 0.1,
    "µm": 1e3,
    "μm": 1e3,
    "um": 1e3,
    "mm": 1e6,
    "cm": 1e7,
    "m": 1e9,
}
_UNSPECIFIED_COLOR = 0x80000000


def attribute(element: Element | None, *names: str) -> str | None:
    """Answer the first of the attributes that is there and not empty, else a child's text."""
    if element is None:
        return None
    for name in names:
        value = element.get(name)
        if value is not None and value.strip():
            return value.strip()
    # Schemas of 2003 and 2007 wrote some of these as child elements.
    return text_of(child(element, *names))


def number(element: Element | None, *names: str) -> float | None:
    """Answer an attribute as a finite number, or None."""
    text = attribute(element, *names)
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def whole_number(element: Element | None, *names: str) -> int | None:
    """Answer an attribute as an integer, or None when absent or not one."""
    text = attribute(element, *names)
    try:
        return None if text is None else int(text)
    except ValueError:
        return None


def quantity(
    element: Element | None, name: str, default_unit: str, *older_names: str
) -> Quantity | None:
    """Answer a length or time with its unit; `default_unit` is the schema's default."""
    value = number(element, name, *older_names)
    if value is None or element is None:
        return None
    return Quantity(value, element.get(f"{name}Unit") or default_unit)


def positive_quantity(element: Element | None, name: str, default_unit: str) -> Quantity | None:
    """Answer a quantity, or None when it is not above zero: zero was written for "unknown"."""
    found = quantity(element, name, default_unit)
    return found if found is not None and found.value > 0 else None


def wavelength_nm(element: Element | None, *names: str) -> float | None:
    """Answer a wavelength in nanometres, whatever unit it is written in."""
    for name in names:
        found = quantity(element, name, "nm")
        if found is not None and found.value > 0 and found.unit in _NANOMETRES:
            return found.value * _NANOMETRES[found.unit]
    return None


def color(element: Element) -> int | None:
    """Answer `Color` as 0xRRGGBBAA, or None when unspecified."""
    value = whole_number(element, "Color")
    if value is None or not -(2**31) <= value < 2**32:
        return None
    unsigned = value & 0xFFFFFFFF
    return None if unsigned == _UNSPECIFIED_COLOR else unsigned
