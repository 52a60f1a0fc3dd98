"""Every link table."""

from __future__ import annotations

from shared.migrations import words as w

revision = "0007"
down_revision = "0006"

LINKS = (
    ("fileset_job_link", "fileset", "job"),
    ("job_original_file_link", "job", "original_file"),
    ("project_dataset_link", "project", "dataset"),
    ("screen_plate_link", "screen", "plate"),
    ("annotation_annotation_link", "annotation", "annotation"),
    ("dataset_annotation_link", "dataset", "annotation"),
    ("detector_annotation_link", "detector", "annotation"),
    ("dichroic_annotation_link", "dichroic", "annotation"),
    ("fileset_annotation_link", "fileset", "annotation"),
    ("filter_annotation_link", "filter", "annotation"),
    ("folder_annotation_link", "folder", "annotation"),
    ("group_annotation_link", "user_group", "annotation"),
    ("instrument_annotation_link", "instrument", "annotation"),
    ("light_source_annotation_link", "light_source", "annotation"),
    ("namespace_annotation_link", "namespace", "annotation"),
    ("objective_annotation_link", "objective", "annotation"),
    ("original_file_annotation_link", "original_file", "annotation"),
    ("plate_acquisition_annotation_link", "plate_acquisition", "annotation"),
    ("plate_annotation_link", "plate", "annotation"),
    ("project_annotation_link", "project", "annotation"),
    ("reagent_annotation_link", "reagent", "annotation"),
    ("screen_annotation_link", "screen", "annotation"),
    ("session_annotation_link", "session", "annotation"),
    ("user_annotation_link", "user_account", "annotation"),
    ("well_annotation_link", "well", "annotation"),
    ("well_reagent_link", "well", "reagent"),
    ("filter_set_emission_filter_link", "filter_set", "filter"),
    ("filter_set_excitation_filter_link", "filter_set", "filter"),
    ("light_path_annotation_link", "light_path", "annotation"),
    ("light_path_emission_filter_link", "light_path", "filter"),
    ("light_path_excitation_filter_link", "light_path", "filter"),
    ("dataset_image_link", "dataset", "image"),
    ("folder_image_link", "folder", "image"),
    ("image_annotation_link", "image", "annotation"),
    ("folder_roi_link", "folder", "roi"),
    ("pixels_original_file_map", "original_file", "pixels"),
    ("roi_annotation_link", "roi", "annotation"),
    ("channel_annotation_link", "channel", "annotation"),
    ("plane_info_annotation_link", "plane_info", "annotation"),
    ("shape_annotation_link", "shape", "annotation"),
)


def upgrade() -> None:
    for table, parent, child in LINKS:
        w.make_link(table, parent, child)


def downgrade() -> None:
    w.drop(*(table for table, _, _ in reversed(LINKS)))
