"""Screen, Plate, PlateAcquisition (run), Well and WellSample (field)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import strawberry

from graphql_api.compiler.declare import (
    Batched,
    Foreign,
    Linked,
    ToOne,
    column,
    connection,
    planned,
    rows_of,
)
from graphql_api.compiler.scope import Join, Source
from graphql_api.schema.scalars import Color, DateTime, print_moment
from graphql_api.schema.types.annotatable import Annotatable
from graphql_api.schema.types.connections import Connection
from graphql_api.schema.types.objects import Node, Owned
from graphql_api.schema.types.orders import NamedOrder, PlainOrder, WellOrder, WellSampleOrder
from graphql_api.schema.types.plate_grid import LazyPlateGrid, grid_field, label_of
from graphql_api.schema.types.quantities import Length, length
from graphql_api.schema.types.references import (
    LazyImage,
    LazyPlate,
    LazyPlateAcquisition,
    LazyReagent,
    LazyScreen,
    LazyWell,
    LazyWellSample,
)
from graphql_api.schema.types.where import (
    PlateAcquisitionWhere,
    PlateWhere,
    ScreenWhere,
    WellSampleWhere,
    WellWhere,
)
from graphql_api.schema.types.where_parts import ReagentWhere
from shared.models import screening
from shared.models.links import LINKS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql_api.compiler.declare import Values
    from graphql_api.compiler.run import Run


def _labels(_run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
    """By the plate's conventions: letters for rows and numbers for columns unless it says so."""

    return [
        label_of(row["row"], row["plate.row_naming_convention"])
        + label_of(row["column"], row["plate.column_naming_convention"])
        for row in rows
    ]


def _run_names(_run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
    """Its name, else start and end, else its number."""
    found = []
    for row in rows:
        start, end = row["start_time"], row["end_time"]
        named = row["name"]
        if not named and start is not None and end is not None:
            named = f"{print_moment(start)} – {print_moment(end)}"
        found.append(named or f"Run {row['id']}")
    return found


@rows_of(Source(screening.Screen))
@strawberry.type(description="Holds plates.")
class Screen(Owned, Annotatable, Node):
    """Holds plates."""

    name: str = column("name", "Its name.")
    description: str | None = column("description", "What it is about.")
    type: str | None = column("type", "What kind of screen it is.")
    protocol_identifier: str | None = column("protocol_identifier", "Id of its protocol.")
    protocol_description: str | None = column("protocol_description", "Its protocol.")
    reagent_set_identifier: str | None = column(
        "reagent_set_identifier", "Id of its set of reagents."
    )
    reagent_set_description: str | None = column("reagent_set_description", "Its set of reagents.")
    plates: Connection[LazyPlate] = connection(
        Linked("Plate", LINKS["ScreenPlateLink"].model),
        "Its plates.",
        where=PlateWhere,
        order=NamedOrder,
    )
    reagents: Connection[LazyReagent] = connection(
        Foreign("Reagent", "screen_id"), "Its reagents.", where=ReagentWhere, order=PlainOrder
    )


@rows_of(Source(screening.Plate))
@strawberry.type(description="A grid of wells.")
class Plate(Owned, Annotatable, Node):
    """A grid of wells."""

    name: str = column("name", "Its name.")
    description: str | None = column("description", "What it is about.")
    rows: int | None = column("rows", "How many rows it has.")
    columns: int | None = column("columns", "How many columns it has.")
    row_naming_convention: str = column("row_naming_convention", "`letter` or `number`.")
    column_naming_convention: str = column("column_naming_convention", "`letter` or `number`.")
    well_origin_x: Length | None = length("well_origin_x", "Where wells begin, from the left.")
    well_origin_y: Length | None = length("well_origin_y", "Where wells begin, from the top.")
    default_sample: int | None = column(
        "default_sample", "The field to show first, by its place within the well, from 0."
    )
    status: str | None = column("status", "Its status.")
    external_identifier: str | None = column("external_identifier", "Its id elsewhere, a barcode.")
    screens: Connection[LazyScreen] = connection(
        Linked("Screen", LINKS["ScreenPlateLink"].model, "child_id", "parent_id"),
        "Screens that hold it.",
        where=ScreenWhere,
        order=NamedOrder,
    )
    wells: Connection[LazyWell] = connection(
        Foreign("Well", "plate_id"), "Its wells.", where=WellWhere, order=WellOrder
    )
    grid: LazyPlateGrid = grid_field()
    plate_acquisitions: Connection[LazyPlateAcquisition] = connection(
        Foreign("PlateAcquisition", "plate_id"),
        "Its runs.",
        where=PlateAcquisitionWhere,
        order=PlainOrder,
    )


@rows_of(Source(screening.PlateAcquisition))
@strawberry.type(description="One run over a plate.")
class PlateAcquisition(Owned, Annotatable, Node):
    """One run over a plate."""

    name: str | None = column("name", "Its name, where it has one.")
    label: str = planned(
        Batched(("id", "name", "start_time", "end_time"), _run_names),
        "Its name, else start and end, else its number.",
    )
    description: str | None = column("description", "What it is about.")
    start_time: DateTime | None = column("start_time", "When it began.")
    end_time: DateTime | None = column("end_time", "When it ended.")
    maximum_field_count: int | None = column("maximum_field_count", "Most fields of any well.")
    plate: LazyPlate | None = planned(ToOne("Plate", "plate_id"), "Its plate.")
    well_samples: Connection[LazyWellSample] = connection(
        Foreign("WellSample", "plate_acquisition_id"),
        "Fields taken in it.",
        where=WellSampleWhere,
        order=WellSampleOrder,
    )


@rows_of(Source(screening.Well, joins={"plate": Join(screening.Plate, "plate_id")}))
@strawberry.type(description="A place on a plate.")
class Well(Owned, Annotatable, Node):
    """A place on a plate."""

    label: str = planned(
        Batched(
            ("row", "column", "plate.row_naming_convention", "plate.column_naming_convention"),
            _labels,
        ),
        "Row and column by the plate's conventions, such as B7.",
    )
    status: str | None = column("status", "Its status.")
    type: str | None = column("type", "What it is for, such as a control.")
    color: Color | None = column("color", "The colour in which it is shown.")
    external_description: str | None = column("external_description", "What is in it.")
    external_identifier: str | None = column("external_identifier", "Its id elsewhere.")
    plate: LazyPlate | None = planned(ToOne("Plate", "plate_id"), "Its plate.")
    well_samples: Connection[LazyWellSample] = connection(
        Foreign("WellSample", "well_id"),
        "Its fields.",
        where=WellSampleWhere,
        order=WellSampleOrder,
    )
    reagents: Connection[LazyReagent] = connection(
        Linked("Reagent", LINKS["WellReagentLink"].model),
        "What is in it.",
        where=ReagentWhere,
        order=PlainOrder,
    )
    row: int = column("row", "Its row, from 0.")
    column: int = column("column", "Its column, from 0.")  # last: it hides the function's name


@rows_of(Source(screening.Reagent))
@strawberry.type(description="A substance of a screen, to which wells refer.")
class Reagent(Owned, Annotatable, Node):
    """A substance of a screen, to which wells refer."""

    name: str | None = column("name", "Its name, where it has one.")
    description: str | None = column("description", "What it is.")
    reagent_identifier: str | None = column("reagent_identifier", "Its id elsewhere.")
    screen: LazyScreen | None = planned(ToOne("Screen", "screen_id"), "Its screen.")
    wells: Connection[LazyWell] = connection(
        Linked("Well", LINKS["WellReagentLink"].model, "child_id", "parent_id"),
        "Wells that contain it.",
        where=WellWhere,
        order=WellOrder,
    )


@rows_of(Source(screening.WellSample))
@strawberry.type(description="A field: one image of a well.")
class WellSample(Owned, Node):
    """A field: one image of a well."""

    position: int = column("position", "Its place within the well, from 0.")
    position_x: Length | None = length("position_x", "Where the stage stood.")
    position_y: Length | None = length("position_y", "Where the stage stood.")
    timepoint: DateTime | None = column("timepoint", "When it was taken.")
    image: LazyImage | None = planned(ToOne("Image", "image_id"), "Its image.")
    well: LazyWell | None = planned(ToOne("Well", "well_id"), "Its well.")
    plate_acquisition: LazyPlateAcquisition | None = planned(
        ToOne("PlateAcquisition", "plate_acquisition_id"), "The run in which it was taken."
    )
