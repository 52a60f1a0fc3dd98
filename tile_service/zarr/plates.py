"""Plates as OME-Zarr: a plate holds wells by row and column, a well its fields, a field an image.

Only images that the caller sees are listed. A field keeps its number when another of its well is
hidden, so that an address means the same image for everybody.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from shared import clock
from shared.auth.select import visible
from shared.errors import NotFound
from shared.models.images import Image
from shared.models.screening import Plate, PlateAcquisition, Well, WellSample
from shared.pixels.ngff import v04, v05
from tile_service.zarr.codecs import Format

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.auth.grants import Grant
    from shared.auth.principal import Principal

LETTERS = string.ascii_uppercase


@dataclass(frozen=True, slots=True)
class Field:
    """One image of a well; `number` counts all fields of the well from 0."""

    number: int
    image_id: int
    acquisition_id: int | None


@dataclass(frozen=True, slots=True)
class ServedPlate:
    """A plate and the fields that its viewer sees, by well (row, column)."""

    id: int
    name: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    wells: dict[tuple[int, int], tuple[Field, ...]]
    acquisitions: tuple[dict[str, Any], ...]

    def attributes(self, format: Format) -> dict[str, Any]:
        """The `plate` block."""
        wells = [
            {
                "path": f"{self.rows[row]}/{self.columns[column]}",
                "rowIndex": row,
                "columnIndex": column,
            }
            for row, column in sorted(self.wells)
        ]
        plate: dict[str, Any] = {
            "name": self.name,
            "rows": [{"name": name} for name in self.rows],
            "columns": [{"name": name} for name in self.columns],
            "wells": wells,
            "field_count": max((len(fields) for fields in self.wells.values()), default=0),
        }
        if self.acquisitions:
            plate["acquisitions"] = list(self.acquisitions)
        return _versioned("plate", plate, format)

    def well_attributes(self, place: tuple[int, int], format: Format) -> dict[str, Any]:
        """The `well` block of one well."""
        several = len(self.acquisitions) > 1
        images = []
        for field in self.wells[place]:
            image: dict[str, Any] = {"path": str(field.number)}
            if field.acquisition_id is not None and (self.acquisitions or several):
                image["acquisition"] = field.acquisition_id
            images.append(image)
        return _versioned("well", {"images": images}, format)

    def well(self, row: str, column: str) -> tuple[int, int]:
        """The place of a well by the names in its path; raises `NotFound`."""
        if row in self.rows and column in self.columns:
            place = self.rows.index(row), self.columns.index(column)
            if place in self.wells:
                return place
        raise NotFound("There is no such well.", hint="The plate's document lists its wells.")

    def field(self, place: tuple[int, int], name: str) -> Field:
        """A field of a well by the name in its path; raises `NotFound`."""
        for field in self.wells[place]:
            if str(field.number) == name:
                return field
        raise NotFound("There is no such field.", hint="The well's document lists its fields.")


def plate_of(plate_id: int) -> Callable[[Connection, Principal, Grant | None], ServedPlate]:
    """The question for a plate; `NotFound` when it is not visible or the grant is for another."""

    def question(connection: Connection, principal: Principal, grant: Grant | None) -> ServedPlate:
        plate = connection.execute(
            select(Plate.__table__).where(Plate.id == plate_id, visible(principal, Plate))
        ).one_or_none()
        is_granted = grant is None or (grant.ref.class_name == "Plate" and grant.ref.id == plate_id)
        if plate is None or not is_granted:
            raise NotFound("There is no such plate.", hint="Or you may not see it.")
        wells = _wells(connection, principal, plate_id)
        last_row = max([(plate.rows or 1) - 1, *(row for row, _ in wells)])
        last_column = max([(plate.columns or 1) - 1, *(column for _, column in wells)])
        used = {field.acquisition_id for fields in wells.values() for field in fields} - {None}
        return ServedPlate(
            plate_id,
            plate.name,
            place_names(last_row + 1, plate.row_naming_convention),
            place_names(last_column + 1, plate.column_naming_convention),
            wells,
            _acquisitions(connection, principal, plate_id, used),
        )

    return question


def _wells(
    connection: Connection, principal: Principal, plate_id: int
) -> dict[tuple[int, int], tuple[Field, ...]]:
    seen = select(Image.id).where(visible(principal, Image))
    rows = connection.execute(
        select(
            Well.row,
            Well.column,
            WellSample.image_id,
            WellSample.plate_acquisition_id,
            WellSample.image_id.in_(seen).label("is_seen"),
        )
        .join(WellSample, WellSample.well_id == Well.id)
        .where(
            Well.plate_id == plate_id,
            visible(principal, Well),
            WellSample.trash_id.is_(None),
        )
        .order_by(Well.row, Well.column, WellSample.position, WellSample.id)
    )
    counts: dict[tuple[int, int], int] = {}
    found: dict[tuple[int, int], list[Field]] = {}
    for row in rows:
        place = row.row, row.column
        number = counts.get(place, 0)
        counts[place] = number + 1
        if row.is_seen:
            field = Field(number, row.image_id, row.plate_acquisition_id)
            found.setdefault(place, []).append(field)
    return {place: tuple(fields) for place, fields in found.items()}


def _acquisitions(
    connection: Connection, principal: Principal, plate_id: int, used: set[int | None]
) -> tuple[dict[str, Any], ...]:
    rows = connection.execute(
        select(PlateAcquisition.__table__)
        .where(PlateAcquisition.plate_id == plate_id, visible(principal, PlateAcquisition))
        .order_by(PlateAcquisition.id)
    )
    found = []
    for row in rows:
        if row.id not in used:
            continue
        said = {
            "id": row.id,
            "name": row.name,
            "description": row.description,
            "maximumfieldcount": row.maximum_field_count or None,
            "starttime": None if row.start_time is None else row.start_time // clock.SECOND,
            "endtime": None if row.end_time is None else row.end_time // clock.SECOND,
        }
        found.append({key: value for key, value in said.items() if value is not None})
    return tuple(found)


def place_names(count: int, convention: str) -> tuple[str, ...]:
    """The names of the first `count` rows or columns of a plate: A … Z, AA …, or 1, 2 …."""
    if convention == "letter":
        return tuple(_letters(number) for number in range(count))
    return tuple(str(number + 1) for number in range(count))


def _letters(number: int) -> str:
    """A … Z, AA … as on a plate."""
    text = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, len(LETTERS))
        text = LETTERS[rest] + text
    return text


def _versioned(name: str, block: dict[str, Any], format: Format) -> dict[str, Any]:
    if format is Format.V2:
        return {name: {"version": v04.VERSION, **block}}
    # OME-Zarr 0.5 has the version once, in `ome`
    return {"ome": {"version": v05.VERSION, name: block}}
