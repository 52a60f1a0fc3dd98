"""Change the physical size of pixels: what a scale bar, a measurement and OME-Zarr are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graphql_api.editing.changing import differs, hold, require_version, write_change
from graphql_api.editing.links import open_event
from graphql_api.editing.quantities import LENGTHS, Quantity, checked_quantity

if TYPE_CHECKING:
    from shared.auth.principal import Principal
    from shared.database import Database
    from shared.refs import ObjectRef


@dataclass(frozen=True, slots=True)
class PixelChange:
    """New physical sizes of one Pixels; what is not in `sizes` stays, None takes it away."""

    id: str
    sizes: Mapping[str, Quantity | None] = field(default_factory=dict)
    """By column: `physical_size_x`, `_y` and `_z`."""
    expected_version: int | None = None


def update_pixels(database: Database, principal: Principal, change: PixelChange) -> ObjectRef:
    """Change physical sizes; answers the Pixels.

    Raises `NotFound`, `Denied`, `Conflict` for a stale version, or `Invalid`; then nothing has
    changed.
    """
    values: dict[str, Any] = {}
    for name, size in change.sizes.items():
        path = ("physicalSize" + name[-1].upper(),)
        values |= checked_quantity(name, size, path, units=LENGTHS, positive=True)
    with database.write() as connection:
        held = hold(connection, principal, change.id, ["Pixels"])
        require_version(held, change.expected_version)
        if differs(held, values):
            event_id = open_event(connection, principal, "updatePixels")
            write_change(connection, held, event_id, values)
        return held.target.ref
