"""PlateGrid: a plate as people look at it, one picture per well, in constant statements.

`field` counts the fields of each well from 0, among those of the run when one is given. Wells
without such a field stand in the grid all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from sqlalchemy import and_, func, select

from graphql_api.compiler.declare import (
    Batched,
    Derived,
    ToOne,
    argument,
    column,
    made,
    planned,
    with_arguments,
)
from graphql_api.schema.types.references import (
    LazyImage,
    LazyPlateAcquisition,
    LazyWell,
    LazyWellSample,
)
from graphql_api.schema.types.tiles import thumbnail_of
from shared.auth.select import visible
from shared.database import ids_in
from shared.errors import Invalid
from shared.models import images, screening
from shared.refs import parse_ref
from shared.rendering.versions import shown_settings

if TYPE_CHECKING:
    from graphql_api.compiler.declare import Values
    from graphql_api.compiler.run import Run

LazyPlateGrid = Annotated["PlateGrid", strawberry.lazy("graphql_api.schema.types.plate_grid")]
MAX_SIDE = 10_000
"""Longest side of a plate whose labels are written out."""
_PLATE = ("id", "rows", "columns", "row_naming_convention", "column_naming_convention")


def label_of(index: int, convention: str | None) -> str:
    """A row's or column's label, from 0: A to Z, AA and so on, or numbers from 1."""
    if convention != "letter":
        return str(index + 1)
    text = ""
    index += 1
    while index > 0:
        index, rest = divmod(index - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def _grids(run: Run, rows: Sequence[Values], arguments: Mapping[str, Any]) -> list[Any]:
    """One statement for all plates: how far their wells reach and how many fields one has."""
    field: int = arguments["field"]
    if field < 0:
        raise Invalid(f"field cannot be {field}.", hint="Fields count from 0.", path=("field",))
    run_id = _run_id(arguments.get("run"))
    well, sample = screening.Well.__table__.alias(), _samples(run, run_id)
    counted = (
        select(well.c.id, well.c.plate_id, well.c.row, well.c.column, func.count(sample.c.id))
        .select_from(well.outerjoin(sample, sample.c.well_id == well.c.id))
        .where(_on_plates(run, well, rows), visible(run.principal, well))
        .group_by(well.c.id, well.c.plate_id, well.c.row, well.c.column)
        .subquery()
    )
    plate, row, col, fields = list(counted.c)[1:]
    extents = {
        found[0]: found[1:]
        for found in run.all(
            select(plate, func.max(row), func.max(col), func.max(fields)).group_by(plate)
        )
    }
    made_rows = []
    for each in rows:
        last_row, last_column, most = extents.get(each["id"], (-1, -1, 0))
        made_rows.append(
            {
                "plate_id": each["id"],
                "run_id": run_id,
                "field": field,
                "rows": max(each["rows"] or 0, last_row + 1),
                "columns": max(each["columns"] or 0, last_column + 1),
                "row_naming": each["row_naming_convention"],
                "column_naming": each["column_naming_convention"],
                "field_count": most,
            }
        )
    return made_rows


def _run_id(text: str | None) -> int | None:
    """The number of the run; 0, which no run has, for an id that names none."""
    if text is None:
        return None
    ref = parse_ref(text)
    return ref.id if ref is not None and ref.class_name == "PlateAcquisition" else 0


def _samples(run: Run, run_id: int | None) -> Any:
    """Fields that the caller sees, of one run or all, with their place within the well."""
    sample = screening.WellSample.__table__.alias()
    place = func.row_number().over(
        partition_by=sample.c.well_id, order_by=(sample.c.position, sample.c.id)
    )
    found = select(
        sample.c.id, sample.c.well_id, sample.c.image_id, (place - 1).label("place")
    ).where(visible(run.principal, sample))
    if run_id is not None:
        found = found.where(sample.c.plate_acquisition_id == run_id)
    return found.subquery()


def _on_plates(run: Run, well: Any, rows: Sequence[Values]) -> Any:
    return ids_in(run.connection, well.c.plate_id, sorted({row["id"] for row in rows}))


def _cells(run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
    """One statement for all grids: their wells, each with the one field that is shown."""
    if not rows:
        return []
    run_id, field = rows[0]["run_id"], rows[0]["field"]  # the arguments are those of the field
    well, image, pixels = (
        screening.Well.__table__.alias(),
        images.Image.__table__.alias(),
        images.Pixels.__table__.alias(),
    )
    shown, every = _samples(run, run_id), _samples(run, run_id)
    count = select(func.count()).where(every.c.well_id == well.c.id).scalar_subquery()
    joined = (
        well.outerjoin(shown, and_(shown.c.well_id == well.c.id, shown.c.place == field))
        .outerjoin(image, and_(image.c.id == shown.c.image_id, visible(run.principal, image)))
        .outerjoin(
            pixels,
            and_(
                pixels.c.image_id == image.c.id,
                pixels.c.position == 0,
                pixels.c.trash_id.is_(None),
            ),
        )
    )
    plates = [{"id": row["plate_id"]} for row in rows]
    statement = (
        select(
            well.c.plate_id, well.c.id, well.c.row, well.c.column, shown.c.id.label("sample_id"),
            image.c.id.label("image_id"), pixels.c.id.label("pixels_id"), count.label("fields"),
            pixels.c.generation, shown_settings(
                pixels.c.id, run.principal.user_id, image.c.owner_id
            ).label("shown_settings"),
        )
        .select_from(joined)
        .where(_on_plates(run, well, plates), visible(run.principal, well))
        .order_by(well.c.plate_id, well.c.row, well.c.column, well.c.id)
    )  # fmt: skip
    naming = {row["plate_id"]: (row["row_naming"], row["column_naming"]) for row in rows}
    found: dict[int, list[dict[str, Any]]] = {plate: [] for plate in naming}
    for each in run.all(statement):
        by_row, by_column = naming[each.plate_id]
        found[each.plate_id].append(
            {
                "well_id": each.id,
                "row": each.row,
                "column": each.column,
                "label": label_of(each.row, by_row) + label_of(each.column, by_column),
                "sample_id": each.sample_id,
                "image_id": each.image_id,
                "pixels_id": each.pixels_id,
                "generation": each.generation,
                "shown_settings": each.shown_settings,
                "field_count": each.fields,
            }
        )
    return [found[row["plate_id"]] for row in rows]


def _labels(side: str, naming: str) -> Batched:
    def found(_run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
        for row in rows:
            if row[side] > MAX_SIDE:
                raise Invalid(
                    f"A plate of {row[side]} {side} is too large for a grid.",
                    hint="Ask for its wells, which come in pages.",
                )
        return [[label_of(index, row[naming]) for index in range(row[side])] for row in rows]

    return Batched((side, naming), found)


@made
@strawberry.type(description="A well in the grid of a plate, with the field that is shown.")
class PlateGridCell:
    """A well in the grid of a plate."""

    row: int = column("row", "Its row, from 0.")
    label: str = column("label", "Row and column by the plate's conventions, such as B7.")
    field_count: int = column("field_count", "How many fields the well has, in this run.")
    well: LazyWell | None = planned(ToOne("Well", "well_id"), "The well.")
    well_sample: LazyWellSample | None = planned(
        ToOne("WellSample", "sample_id"), "The field that is shown; null when it has none here."
    )
    image: LazyImage | None = planned(ToOne("Image", "image_id"), "The image of this field.")
    thumbnail_url: str | None = thumbnail_of(
        "image_id", "pixels_id", "Signed address of a small picture of this field."
    )
    column: int = column("column", "Its column, from 0.")  # last: it hides the function's name


@made
@strawberry.type(description="A plate as a grid of wells, for one field and one run or all.")
class PlateGrid:
    """A plate as a grid of wells."""

    rows: int = column("rows", "How many rows it has.")
    columns: int = column("columns", "How many columns it has.")
    row_labels: list[str] = planned(
        _labels("rows", "row_naming"), "Labels of the rows, by the plate's convention."
    )
    column_labels: list[str] = planned(
        _labels("columns", "column_naming"), "Labels of the columns, likewise."
    )
    field: int = column("field", "The field that is shown, from 0.")
    field_count: int = column("field_count", "Most fields of any well, in this run.")
    run: LazyPlateAcquisition | None = planned(
        ToOne("PlateAcquisition", "run_id"), "The run that is shown; null for all."
    )
    cells: list[PlateGridCell] = planned(
        Derived(("plate_id", "run_id", "field", "row_naming", "column_naming"), _cells, many=True),
        "Its wells, row by row; places without a well have none.",
    )


def grid_field() -> Any:
    """`grid(run, field)` of a plate."""
    return with_arguments(
        planned(
            Derived(_PLATE, _grids),
            "The plate as a grid: labels, and one field of every well with its picture.",
        ),
        argument("run", strawberry.ID | None, "Only fields of this run; all unless said."),
        argument("field", int, "Which field of each well, from 0, among those of the run.", 0),
    )
