"""Projects, datasets, folders, screens, plates and wells."""

from __future__ import annotations

import sqlalchemy as sa

from shared.migrations import words as w

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    w.make(
        "dataset",
        w.words("name"),
        w.key("name_key"),
        w.words("description", null=True),
        *w.details(),
    )
    w.details_indexes("dataset", "name_key", "created_at")
    w.make(
        "folder",
        w.ref("parent_folder_id", "folder", null=True),
        w.words("name"),
        w.key("name_key"),
        w.words("description", null=True),
        *w.details(),
    )
    w.details_indexes("folder", "name_key", "created_at")
    w.live("ix_folder_parent_folder_id", "folder", "parent_folder_id", "name_key", "id")
    w.make(
        "plate",
        w.whole("rows", null=True),
        w.whole("columns", null=True),
        w.code("row_naming_convention"),
        w.code("column_naming_convention"),
        w.real("well_origin_x", null=True),
        w.words("well_origin_x_unit", null=True),
        w.real("well_origin_y", null=True),
        w.words("well_origin_y_unit", null=True),
        w.whole("default_sample", null=True),
        w.words("status", null=True),
        w.words("external_identifier", null=True),
        w.words("name"),
        w.key("name_key"),
        w.words("description", null=True),
        *w.details(),
        w.one_of("column_naming_convention", "letter", "number", name="column_naming"),
        w.one_of("row_naming_convention", "letter", "number", name="row_naming"),
    )
    w.details_indexes("plate", "name_key", "created_at")
    w.make(
        "project",
        w.words("name"),
        w.key("name_key"),
        w.words("description", null=True),
        *w.details(),
    )
    w.details_indexes("project", "name_key", "created_at")
    w.make(
        "screen",
        w.words("type", null=True),
        w.words("protocol_identifier", null=True),
        w.words("protocol_description", null=True),
        w.words("reagent_set_identifier", null=True),
        w.words("reagent_set_description", null=True),
        w.words("name"),
        w.key("name_key"),
        w.words("description", null=True),
        *w.details(),
    )
    w.details_indexes("screen", "name_key", "created_at")
    w.make(
        "plate_acquisition",
        w.words("name", null=True),
        w.key("name_key", null=True),
        w.words("description", null=True),
        w.whole("start_time", null=True),
        w.whole("end_time", null=True),
        w.whole("maximum_field_count", null=True),
        w.ref("plate_id", "plate"),
        *w.details(),
    )
    w.details_indexes("plate_acquisition")
    w.live("ix_plate_acquisition_plate_id", "plate_acquisition", "plate_id", "id")
    w.make(
        "reagent",
        w.words("name", null=True),
        w.key("name_key", null=True),
        w.words("description", null=True),
        w.words("reagent_identifier", null=True),
        w.ref("screen_id", "screen"),
        *w.details(),
    )
    w.details_indexes("reagent")
    w.live("ix_reagent_screen_id", "reagent", "screen_id", "id")
    w.make(
        "well",
        w.ref("plate_id", "plate"),
        w.whole("row"),
        w.whole("column"),
        w.words("status", null=True),
        w.words("type", null=True),
        w.whole("color", null=True),
        w.words("external_description", null=True),
        w.words("external_identifier", null=True),
        *w.details(),
        sa.CheckConstraint('"row" >= 0 AND "column" >= 0', name="place"),
    )
    w.details_indexes("well")
    w.live("uq_well_place", "well", "plate_id", "row", "column", unique=True)
    w.make(
        "well_sample",
        w.ref("well_id", "well"),
        w.ref("image_id", "image", null=True),
        w.ref("plate_acquisition_id", "plate_acquisition", null=True),
        w.whole("position"),
        w.real("position_x", null=True),
        w.words("position_x_unit", null=True),
        w.real("position_y", null=True),
        w.words("position_y_unit", null=True),
        w.whole("timepoint", null=True),
        *w.details(),
    )
    w.details_indexes("well_sample")
    w.live("ix_well_sample_image_id", "well_sample", "image_id")
    w.live("ix_well_sample_plate_acquisition_id", "well_sample", "plate_acquisition_id", "id")
    w.live("ix_well_sample_well_id", "well_sample", "well_id", "position", "id")


def downgrade() -> None:
    w.drop(
        "well_sample",
        "well",
        "reagent",
        "plate_acquisition",
        "screen",
        "project",
        "plate",
        "folder",
        "dataset",
    )
