"""The demo's screen: rows of a plate, its wells, runs and fields laid over imported images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql_api.demo.rows import Rows
from graphql_api.demo.sources import PLATE_COLUMNS, PLATE_FIELDS, PLATE_ROWS, PLATE_RUNS
from shared.clock import DAY, MINUTE
from shared.models.screening import Plate, PlateAcquisition, Reagent, Screen, Well, WellSample

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SCREEN = "siRNA screen"
FIELD_STEP_UM = 21.0


def make_screen(rows: Rows, images: Sequence[int]) -> int:
    """Lay a screen with one plate over `images`: well by well, run by run, field by field."""
    screen = rows.add(Screen, name=SCREEN, description="Kinases that delay mitosis.")
    plate = rows.add(
        Plate,
        name="Plate 1",
        rows=PLATE_ROWS,
        columns=PLATE_COLUMNS,
        row_naming_convention="letter",
        column_naming_convention="number",
    )
    rows.link(("Screen", screen), ("Plate", plate))
    reagent = rows.add(
        Reagent, name="siAURKB", reagent_identifier="s495", screen_id=screen, description="siRNA"
    )
    runs = [_make_run(rows, plate, number) for number in range(PLATE_RUNS)]
    pictures = iter(images)
    for row in range(PLATE_ROWS):
        for column in range(PLATE_COLUMNS):
            well = rows.add(Well, plate_id=plate, row=row, column=column)
            if column % 2:
                rows.link(("Well", well), ("Reagent", reagent))
            _make_fields(rows, well, runs, pictures)
    return screen


def _make_run(rows: Rows, plate: int, number: int) -> int:
    start = rows.at - DAY * (PLATE_RUNS - number)
    name = f"Run {number + 1}"
    return rows.add(
        PlateAcquisition,
        name=name,
        plate_id=plate,
        start_time=start,
        end_time=start + 40 * MINUTE,
        maximum_field_count=PLATE_FIELDS,
    )


def _make_fields(rows: Rows, well: int, runs: Sequence[int], pictures: Iterator[int]) -> None:
    position = 0
    for run in runs:
        for field in range(PLATE_FIELDS):
            rows.add(
                WellSample,
                well_id=well,
                image_id=next(pictures),
                plate_acquisition_id=run,
                position=position,
                position_x=field * FIELD_STEP_UM,
                position_x_unit="µm",
                position_y=0.0,
                position_y_unit="µm",
            )
            position += 1
