"""Aperio SVS: everything is in the first page's description, `key = value` between bars."""

from __future__ import annotations

from math import isfinite

from shared.pixels.metadata import ObjectiveMetadata, Quantity
from shared.pixels.readers.stated import Stated


def stated_by_aperio(description: str) -> Stated:
    """Answer pixel size (MPP, µm), objective (AppMag) and date of a slide; keeps every pair."""
    head, *entries = description.replace("\x00", "").split("|")
    pairs: list[tuple[str, str]] = []
    for entry in entries:
        key, separator, value = entry.partition("=")
        if separator and key.strip():
            pairs.append((key.strip(), value.strip()))
    values = dict(pairs)
    pixel = _number(values.get("MPP"))
    size = Quantity(pixel, "µm") if pixel else None
    magnification = _number(values.get("AppMag"))
    date = " ".join(part for part in (values.get("Date"), values.get("Time")) if part)
    return Stated(
        description=head.strip() or None,
        acquisition_date=date or None,
        physical_size_x=size,
        physical_size_y=size,
        objective=ObjectiveMetadata(nominal_magnification=magnification) if magnification else None,
        microscope_model=values.get("ScanScope ID"),
        microscope_manufacturer="Aperio",
        model="color",
        original_metadata=tuple((f"Aperio.{key}", value) for key, value in pairs),
    )


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if isfinite(value) and value > 0 else None
