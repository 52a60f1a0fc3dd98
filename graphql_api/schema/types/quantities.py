"""Length and time with their units, as files give them and in one unit to compute with."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import strawberry

from graphql_api.compiler.declare import Batched, planned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql_api.compiler.declare import Values
    from graphql_api.compiler.run import Run

MICROMETERS = {
    "ym": 1e-18, "zm": 1e-15, "am": 1e-12, "fm": 1e-9, "pm": 1e-6, "Å": 1e-4, "nm": 1e-3,
    "µm": 1.0, "μm": 1.0, "um": 1.0, "mm": 1e3, "cm": 1e4, "dm": 1e5, "m": 1e6, "dam": 1e7,
    "hm": 1e8, "km": 1e9, "Mm": 1e12, "thou": 25.4, "li": 25_400 / 12, "in": 25_400.0,
    "ft": 304_800.0, "yd": 914_400.0, "mi": 1_609_344_000.0, "pt": 25_400 / 72,
}  # fmt: skip
"""OME's units of length; `pixel` and `reference frame` have no length."""


@strawberry.type(description="A length with its unit.")
class Length:
    """A length with its unit."""

    value: float = strawberry.field(description="The number, as the file gives it.")
    unit: str = strawberry.field(description="Its unit, such as µm, nm or pixel.")
    micrometers: float | None = strawberry.field(
        description="The same in micrometres; null for units that are no length."
    )


@strawberry.type(description="A duration with its unit.")
class Duration:
    """A duration with its unit."""

    value: float = strawberry.field(description="The number, as the file gives it.")
    unit: str = strawberry.field(description="Its unit, such as s or ms.")


@strawberry.type(description="A number with its unit, such as a voltage.")
class Quantity:
    """A number with its unit."""

    value: float = strawberry.field(description="The number, as the file gives it.")
    unit: str = strawberry.field(description="Its unit, such as mV, °C or mbar.")


def _finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _length(name: str, default: str) -> Any:
    unit_name = f"{name}_unit"

    def lengths(_run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
        found: list[Length | None] = []
        for row in rows:
            value, unit = row[name], row[unit_name] or default
            factor = MICROMETERS.get(unit)
            micrometers = None if factor is None or not _finite(value) else value * factor
            length = Length(value=value, unit=unit, micrometers=micrometers)
            found.append(length if _finite(value) else None)
        return found

    return Batched((name, unit_name), lengths)


def length(name: str, description: str, *, default: str = "µm") -> Any:
    """A field of the columns `name` and `name_unit`; `default` is the unit that OME implies."""
    return planned(_length(name, default), description)


def duration(name: str, description: str) -> Any:
    """A field of the columns `name` and `name_unit`, in seconds unless it says otherwise."""
    return planned(_with_unit(name, "s", Duration), description)


def quantity(name: str, description: str, *, default: str) -> Any:
    """A field of the columns `name` and `name_unit`; `default` is the unit that OME implies."""
    return planned(_with_unit(name, default, Quantity), description)


def _with_unit(name: str, default: str, kind: type[Any]) -> Batched:
    def found(_run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
        return [
            kind(value=row[name], unit=row[f"{name}_unit"] or default)
            if _finite(row[name])
            else None
            for row in rows
        ]

    return Batched((name, f"{name}_unit"), found)
