"""Filesets, files, uploads, jobs, images, pixels and channels."""

from __future__ import annotations

import sqlalchemy as sa

from shared.migrations import words as w

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    w.make(
        "fileset",
        w.words("uuid"),
        w.words("format"),
        w.words("reader"),
        w.words("axes", null=True),
        w.words("template_prefix"),
        w.words("metadata_file", null=True),
        *w.details(),
        sa.UniqueConstraint("uuid"),
    )
    w.details_indexes("fileset")
    w.make(
        "job",
        w.code("class_name"),
        w.words("user_name"),
        w.words("message", null=True),
        w.code("status"),
        w.whole("submitted_at", null=True),
        w.whole("started_at", null=True),
        w.whole("finished_at", null=True),
        w.words("version_info", null=True),
        *w.details(),
    )
    w.details_indexes("job")
    w.make(
        "original_file",
        w.words("name"),
        w.words("path"),
        w.words("storage_name", null=True),
        w.words("repo", null=True),
        w.whole("size"),
        w.whole("atime", null=True),
        w.whole("mtime", null=True),
        w.whole("ctime", null=True),
        w.words("hasher", null=True),
        w.words("hash", null=True),
        w.words("mimetype", null=True),
        *w.details(),
    )
    w.details_indexes("original_file")
    w.index("ix_original_file_hash", "original_file", "hash")
    w.make(
        "stats_info",
        w.real("global_min"),
        w.real("global_max"),
        w.flag("is_approximate"),
        *w.details(),
    )
    w.details_indexes("stats_info")
    w.make_plain(
        "upload",
        w.words("uuid", primary_key=True),
        w.ref("user_id", "user_account"),
        w.ref("session_id", "session", null=True),
        w.words("file_name"),
        w.whole("length"),
        w.whole("created_at"),
        w.whole("expires_at"),
        w.ref("claimed_by", "activity", null=True),
    )
    w.index("ix_upload_expires_at", "upload", "expires_at")
    w.make(
        "fileset_entry",
        w.ref("fileset_id", "fileset"),
        w.ref("original_file_id", "original_file"),
        w.whole("position"),
        w.words("client_path"),
        w.id_(),
        sa.UniqueConstraint("fileset_id", "position"),
    )
    w.index("ix_fileset_entry_original_file_id", "fileset_entry", "original_file_id")
    w.make(
        "image",
        w.words("acquisition_date", null=True),
        w.whole("acquired_at", null=True),
        w.whole("series"),
        w.flag("is_archived"),
        w.flag("is_partial"),
        w.words("format", null=True),
        w.ref("fileset_id", "fileset", null=True),
        w.ref("instrument_id", "instrument", null=True),
        w.ref("objective_settings_id", "objective_settings", null=True),
        w.ref("imaging_environment_id", "imaging_environment", null=True),
        w.ref("stage_label_id", "stage_label", null=True),
        w.ref("experiment_id", "experiment", null=True),
        w.words("label_file", null=True),
        w.words("macro_file", null=True),
        w.words("name"),
        w.key("name_key"),
        w.words("description", null=True),
        *w.details(),
    )
    w.details_indexes("image", "name_key", "created_at", "acquired_at")
    w.live("ix_image_experiment_id", "image", "experiment_id")
    w.live("ix_image_fileset_id", "image", "fileset_id", "series")
    w.live("ix_image_imaging_environment_id", "image", "imaging_environment_id")
    w.live("ix_image_instrument_id", "image", "instrument_id")
    w.live("ix_image_objective_settings_id", "image", "objective_settings_id")
    w.live("ix_image_stage_label_id", "image", "stage_label_id")
    w.make(
        "logical_channel",
        w.words("name", null=True),
        w.real("emission_wave", null=True),
        w.words("emission_wave_unit", null=True),
        w.real("excitation_wave", null=True),
        w.words("excitation_wave_unit", null=True),
        w.words("fluor", null=True),
        w.words("contrast_method", null=True),
        w.words("illumination", null=True),
        w.words("mode", null=True),
        w.real("pin_hole_size", null=True),
        w.words("pin_hole_size_unit", null=True),
        w.real("nd_filter", null=True),
        w.whole("samples_per_pixel", null=True),
        w.words("photometric_interpretation", null=True),
        w.whole("pockel_cell_setting", null=True),
        w.ref("otf_id", "otf", null=True),
        w.ref("detector_settings_id", "detector_settings", null=True),
        w.ref("light_source_settings_id", "light_settings", null=True),
        w.ref("filter_set_id", "filter_set", null=True),
        w.ref("light_path_id", "light_path", null=True),
        *w.details(),
    )
    w.details_indexes("logical_channel")
    w.make(
        "pixels",
        w.ref("image_id", "image"),
        w.whole("position"),
        w.words("uuid"),
        w.whole("generation"),
        w.code("storage"),
        w.code("pixels_type"),
        w.whole("significant_bits", null=True),
        w.flag("is_rgb"),
        w.whole("size_x"),
        w.whole("size_y"),
        w.whole("size_z"),
        w.whole("size_c"),
        w.whole("size_t"),
        w.words("level_sizes"),
        w.code("dimension_order"),
        w.real("physical_size_x", null=True),
        w.words("physical_size_x_unit", null=True),
        w.real("physical_size_y", null=True),
        w.words("physical_size_y_unit", null=True),
        w.real("physical_size_z", null=True),
        w.words("physical_size_z_unit", null=True),
        w.real("time_increment", null=True),
        w.words("time_increment_unit", null=True),
        w.whole("wave_start", null=True),
        w.whole("wave_increment", null=True),
        w.words("methodology", null=True),
        w.words("sha1", null=True),
        w.whole("default_z", null=True),
        w.whole("default_t", null=True),
        w.words("display_model", null=True),
        *w.details(),
        w.one_of(
            "dimension_order",
            "XYZCT",
            "XYZTC",
            "XYCZT",
            "XYCTZ",
            "XYTZC",
            "XYTCZ",
            name="dimension_order",
        ),
        w.one_of(
            "pixels_type",
            "bit",
            "int8",
            "int16",
            "int32",
            "uint8",
            "uint16",
            "uint32",
            "float",
            "double",
            "complex",
            "double-complex",
            name="pixels_type",
        ),
        sa.CheckConstraint(
            "size_x > 0 AND size_y > 0 AND size_z > 0 AND size_c > 0 AND size_t > 0", name="sizes"
        ),
        sa.UniqueConstraint("uuid"),
    )
    w.details_indexes("pixels")
    w.live("ix_pixels_image_id", "pixels", "image_id", "position")
    w.make(
        "channel",
        w.ref("pixels_id", "pixels"),
        w.whole("position"),
        w.ref("logical_channel_id", "logical_channel"),
        w.ref("stats_info_id", "stats_info", null=True),
        w.whole("color", null=True),
        w.words("lookup_table", null=True),
        w.flag("display_active", null=True),
        w.real("display_start", null=True),
        w.real("display_end", null=True),
        w.words("display_family", null=True),
        w.real("display_coefficient", null=True),
        w.flag("display_reverse", null=True),
        w.id_(),
        sa.UniqueConstraint("pixels_id", "position"),
    )
    w.index("ix_channel_logical_channel_id", "channel", "logical_channel_id")
    w.index("ix_channel_stats_info_id", "channel", "stats_info_id")
    w.make(
        "plane_info",
        w.ref("pixels_id", "pixels"),
        w.whole("the_z"),
        w.whole("the_c"),
        w.whole("the_t"),
        w.real("delta_t", null=True),
        w.words("delta_t_unit", null=True),
        w.real("exposure_time", null=True),
        w.words("exposure_time_unit", null=True),
        w.real("position_x", null=True),
        w.words("position_x_unit", null=True),
        w.real("position_y", null=True),
        w.words("position_y_unit", null=True),
        w.real("position_z", null=True),
        w.words("position_z_unit", null=True),
        w.id_(),
        sa.UniqueConstraint("pixels_id", "the_t", "the_c", "the_z"),
    )


def downgrade() -> None:
    w.drop(
        "plane_info",
        "channel",
        "pixels",
        "logical_channel",
        "image",
        "fileset_entry",
        "upload",
        "stats_info",
        "original_file",
        "job",
        "fileset",
    )
