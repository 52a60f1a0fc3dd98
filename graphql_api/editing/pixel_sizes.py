"""Change the physical size of pixels: what a scale bar, a measurement and OME-Zarr are told."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graphql_api.editing.changing import differs, hold, require_version, write_change
from graphql_api.editing.links import open_event
from shared.errors import Invalid

if TYPE_CHECKING:
    from shared.auth.principal import Principal
    from shared.database import Database
    from shared.refs import ObjectRef


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit."""

    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class PixelChange:
    """New physical sizes of one Pixels; what is not in `sizes` stays, None takes it away."""

    id: str
    sizes: Mapping[str, Quantity | None] = field(default_factory=dict)
    """By column: `physical_size_x`, `_y` and `_z`."""
    units: frozenset[str] = frozenset({"µm"})
    """Units of length that are known."""
    expected_version: int | None = None


def update_pixels(database: Database, principal: Principal, change: PixelChange) -> ObjectRef:
    """Change physical sizes; answers the Pixels.

    Raises `NotFound`, `Denied`, `Conflict` for a stale version, or `Invalid`; then nothing has
    changed.
    """
    values: dict[str, Any] = {}
    for name, size in change.sizes.items():
        if size is not None:
            _check(size, change.units, name)
        values |= {
            name: None if size is None else size.value,
            f"{name}_unit": None if size is None else size.unit,
        }
    with database.write() as connection:
        held = hold(connection, principal, change.id, ["Pixels"])
        require_version(held, change.expected_version)
        if differs(held, values):
            write_change(
                connection, held, open_event(connection, principal, "updatePixels"), values
            )  # fmt: skip
        return held.target.ref


def _check(size: Quantity, units: frozenset[str], name: str) -> None:
    printed = "physicalSize" + name[-1].upper()
    if not (math.isfinite(size.value) and size.value > 0):
        raise Invalid(
            "A pixel's size is a number above 0.",
            hint="Give null when it is not known.",
            path=(printed, "value"),
        )
    if size.unit not in units:
        raise Invalid(
            f"{size.unit[:40]!r} is no unit of length.",
            hint="Write µm, nm, mm or another of OME's units.",
            path=(printed, "unit"),
        )
