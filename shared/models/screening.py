"""Screen, Plate, PlateAcquisition (Run), Well, WellSample (Field) and Reagent."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import (
    Base,
    Code,
    Details,
    SortKey,
    details_indexes,
    is_one_of,
    live_index,
    table_args,
)
from shared.models.containers import Named

NAMINGS = ("letter", "number")


class Screen(Named, Base):
    """Holds plates."""

    __tablename__ = "screen"
    __table_args__ = table_args(*details_indexes("screen", "name_key", "created_at"))

    type: Mapped[str | None]
    protocol_identifier: Mapped[str | None]
    protocol_description: Mapped[str | None]
    reagent_set_identifier: Mapped[str | None]
    reagent_set_description: Mapped[str | None]


class Plate(Named, Base):
    """A grid of wells. Rows and columns count from 0."""

    __tablename__ = "plate"
    __table_args__ = table_args(
        *details_indexes("plate", "name_key", "created_at"),
        CheckConstraint(is_one_of("row_naming_convention", NAMINGS), name="row_naming"),
        CheckConstraint(is_one_of("column_naming_convention", NAMINGS), name="column_naming"),
    )

    rows: Mapped[int | None]
    columns: Mapped[int | None]
    row_naming_convention: Mapped[Code] = mapped_column(default="letter")
    column_naming_convention: Mapped[Code] = mapped_column(default="number")
    well_origin_x: Mapped[float | None]
    well_origin_x_unit: Mapped[str | None]
    well_origin_y: Mapped[float | None]
    well_origin_y_unit: Mapped[str | None]
    default_sample: Mapped[int | None]
    status: Mapped[str | None]
    external_identifier: Mapped[str | None]


class PlateAcquisition(Details, Base):
    """One run over a plate."""

    __tablename__ = "plate_acquisition"
    __table_args__ = table_args(
        *details_indexes("plate_acquisition"),
        live_index("ix_plate_acquisition_plate_id", "plate_id", "id"),
    )

    name: Mapped[str | None]
    name_key: Mapped[SortKey | None]
    description: Mapped[str | None]
    start_time: Mapped[int | None]
    end_time: Mapped[int | None]
    maximum_field_count: Mapped[int | None]
    plate_id: Mapped[int] = mapped_column(ForeignKey("plate.id"))


class Well(Details, Base):
    """A place on a plate, by row and column from 0."""

    __tablename__ = "well"
    __table_args__ = table_args(
        *details_indexes("well"),
        live_index("uq_well_place", "plate_id", "row", "column", unique=True),
        CheckConstraint('"row" >= 0 AND "column" >= 0', name="place"),
    )

    plate_id: Mapped[int] = mapped_column(ForeignKey("plate.id"))
    row: Mapped[int]
    column: Mapped[int]
    status: Mapped[str | None]
    type: Mapped[str | None]
    color: Mapped[int | None]
    external_description: Mapped[str | None]
    external_identifier: Mapped[str | None]


class WellSample(Details, Base):
    """A field: one image of a well, in a run or in none."""

    __tablename__ = "well_sample"
    __table_args__ = table_args(
        *details_indexes("well_sample"),
        live_index("ix_well_sample_well_id", "well_id", "position", "id"),
        live_index("ix_well_sample_image_id", "image_id"),
        live_index("ix_well_sample_plate_acquisition_id", "plate_acquisition_id", "id"),
    )

    well_id: Mapped[int] = mapped_column(ForeignKey("well.id"))
    image_id: Mapped[int | None] = mapped_column(ForeignKey("image.id"))
    plate_acquisition_id: Mapped[int | None] = mapped_column(ForeignKey("plate_acquisition.id"))
    position: Mapped[int] = mapped_column(default=0)
    position_x: Mapped[float | None]
    position_x_unit: Mapped[str | None]
    position_y: Mapped[float | None]
    position_y_unit: Mapped[str | None]
    timepoint: Mapped[int | None]


class Reagent(Details, Base):
    """A substance of a screen that wells refer to."""

    __tablename__ = "reagent"
    __table_args__ = table_args(
        *details_indexes("reagent"), live_index("ix_reagent_screen_id", "screen_id", "id")
    )

    name: Mapped[str | None]
    name_key: Mapped[SortKey | None]
    description: Mapped[str | None]
    reagent_identifier: Mapped[str | None]
    screen_id: Mapped[int] = mapped_column(ForeignKey("screen.id"))
