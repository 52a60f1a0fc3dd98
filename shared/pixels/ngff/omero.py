"""The `omero` block: how OME-Zarr keeps channel names, colours and windows.

Writers fill it freely, so a value that makes no sense is left out and never refuses an image.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_COLOR = re.compile(r"#?([0-9A-Fa-f]{6})([0-9A-Fa-f]{2})?")
FAMILIES = frozenset({"linear", "polynomial", "exponential", "logarithmic"})
MAX_CHANNELS = 65_536


@dataclass(frozen=True, slots=True)
class OmeroChannel:
    """One channel; `color` is 0xRRGGBBAA, None is what the file does not say."""

    label: str | None = None
    color: int | None = None
    window_start: float | None = None
    window_end: float | None = None
    window_min: float | None = None
    window_max: float | None = None
    active: bool | None = None
    inverted: bool | None = None
    family: str | None = None
    coefficient: float | None = None
    lookup_table: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The channel as metadata, with only what is known."""
        window = {
            "start": self.window_start,
            "end": self.window_end,
            "min": self.window_min,
            "max": self.window_max,
        }
        known = {key: value for key, value in window.items() if value is not None}
        stored = {
            "label": self.label,
            "color": None if self.color is None else f"{self.color >> 8:06X}",
            "window": known or None,
            "active": self.active,
            "inverted": self.inverted,
            "family": self.family,
            "coefficient": self.coefficient,
            "lut": self.lookup_table,
        }
        return {key: value for key, value in stored.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Omero:
    """The whole block; `model` is `color` or `greyscale`."""

    channels: tuple[OmeroChannel, ...] = ()
    name: str | None = None
    default_z: int | None = None
    default_t: int | None = None
    model: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The block as metadata."""
        rdefs = {"defaultZ": self.default_z, "defaultT": self.default_t, "model": self.model}
        known = {key: value for key, value in rdefs.items() if value is not None}
        stored: dict[str, Any] = {"channels": [channel.as_json() for channel in self.channels]}
        if self.name:
            stored["name"] = self.name
        return {**stored, "rdefs": known} if known else stored


def parse_omero(stored: Any) -> Omero:
    """Read an `omero` block, or whatever stands in its place; never raises."""
    if not isinstance(stored, Mapping):
        return Omero()
    channels = stored.get("channels")
    rdefs = stored.get("rdefs")
    rdefs = rdefs if isinstance(rdefs, Mapping) else {}
    model = rdefs.get("model")
    return Omero(
        tuple(_channel(at) for at in channels[:MAX_CHANNELS]) if isinstance(channels, list) else (),
        _text(stored.get("name")),
        _count(rdefs.get("defaultZ")),
        _count(rdefs.get("defaultT")),
        {"color": "color", "rgb": "color", "greyscale": "greyscale"}.get(str(model)),
    )


def _channel(stored: Any) -> OmeroChannel:
    if not isinstance(stored, Mapping):
        return OmeroChannel()
    window = stored.get("window")
    window = window if isinstance(window, Mapping) else {}
    start, end = _number(window.get("start")), _number(window.get("end"))
    if start is None or end is None or start > end:
        start = end = None
    family = stored.get("family")
    label = stored.get("label")
    return OmeroChannel(
        label=str(label) if isinstance(label, int | float) else _text(label),
        color=_color(stored.get("color")),
        window_start=start,
        window_end=end,
        window_min=_number(window.get("min")),
        window_max=_number(window.get("max")),
        active=_flag(stored.get("active")),
        inverted=_flag(stored.get("inverted")),
        family=family if isinstance(family, str) and family in FAMILIES else None,
        coefficient=_number(stored.get("coefficient")),
        lookup_table=_text(stored.get("lut")) or _text(stored.get("lookupTable")),
    )


def _color(stored: Any) -> int | None:
    match = _COLOR.fullmatch(stored) if isinstance(stored, str) else None
    return int(match[1] + (match[2] or "FF"), 16) if match else None


def _number(stored: Any) -> float | None:
    if isinstance(stored, bool) or not isinstance(stored, int | float):
        return None
    try:
        number = float(stored)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _count(stored: Any) -> int | None:
    number = _number(stored)
    return int(number) if number is not None and number >= 0 else None


def _flag(stored: Any) -> bool | None:
    return stored if isinstance(stored, bool) else None


def _text(stored: Any) -> str | None:
    return stored if isinstance(stored, str) and stored else None
