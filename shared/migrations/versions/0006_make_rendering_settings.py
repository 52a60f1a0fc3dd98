"""Everybody's rendering settings and thumbnails."""

from __future__ import annotations

import sqlalchemy as sa

from shared.migrations import words as w

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    w.make(
        "rendering_def",
        w.ref("pixels_id", "pixels"),
        w.words("name", null=True),
        w.code("model"),
        w.whole("default_z"),
        w.whole("default_t"),
        w.real("compression", null=True),
        w.whole("cd_start"),
        w.whole("cd_end"),
        w.whole("bit_resolution"),
        *w.details(),
        w.one_of("model", "color", "greyscale", name="model"),
    )
    w.details_indexes("rendering_def")
    w.live("uq_rendering_def_pixels_owner", "rendering_def", "pixels_id", "owner_id", unique=True)
    w.make(
        "thumbnail",
        w.ref("pixels_id", "pixels"),
        w.words("mime_type"),
        w.whole("size_x"),
        w.whole("size_y"),
        w.words("ref", null=True),
        *w.details(),
    )
    w.details_indexes("thumbnail")
    w.live("ix_thumbnail_pixels_id", "thumbnail", "pixels_id", "owner_id")
    w.make(
        "channel_binding",
        w.ref("rendering_def_id", "rendering_def"),
        w.whole("position"),
        w.flag("active"),
        w.code("family"),
        w.real("coefficient"),
        w.real("input_start"),
        w.real("input_end"),
        w.flag("noise_reduction"),
        w.whole("color"),
        w.words("lookup_table", null=True),
        w.flag("reverse_intensity"),
        w.id_(),
        w.one_of("family", "linear", "polynomial", "exponential", "logarithmic", name="family"),
        sa.UniqueConstraint("rendering_def_id", "position"),
    )
    w.make(
        "projection_def",
        w.ref("rendering_def_id", "rendering_def"),
        w.whole("position"),
        w.code("axis"),
        w.code("type"),
        w.flag("active"),
        w.whole("start_plane", null=True),
        w.whole("end_plane", null=True),
        w.whole("stepping", null=True),
        w.id_(),
        sa.UniqueConstraint("rendering_def_id", "position"),
    )
    w.make(
        "codomain_map_context",
        w.ref("channel_binding_id", "channel_binding"),
        w.code("class_name"),
        w.whole("x_start", null=True),
        w.whole("y_start", null=True),
        w.whole("x_end", null=True),
        w.whole("y_end", null=True),
        w.id_(),
        sa.UniqueConstraint("channel_binding_id", "class_name"),
    )


def downgrade() -> None:
    w.drop(
        "codomain_map_context", "projection_def", "channel_binding", "thumbnail", "rendering_def"
    )
