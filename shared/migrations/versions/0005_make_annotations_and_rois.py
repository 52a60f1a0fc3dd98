"""Annotations, key-value pairs, namespaces, ROIs and shapes."""

from __future__ import annotations

import sqlalchemy as sa

from shared.migrations import words as w

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    w.make(
        "namespace",
        w.words("name"),
        w.words("display_name", null=True),
        w.words("description", null=True),
        w.words("keywords", null=True),
        *w.details(),
        sa.UniqueConstraint("name"),
    )
    w.details_indexes("namespace")
    w.make(
        "annotation",
        w.code("class_name"),
        w.words("namespace", null=True),
        w.words("name", null=True),
        w.words("description", null=True),
        w.words("text_value", null=True),
        w.key("text_key", null=True),
        w.whole("long_value", null=True),
        w.real("double_value", null=True),
        w.flag("bool_value", null=True),
        w.whole("time_value", null=True),
        w.ref("file_id", "original_file", null=True),
        *w.details(),
        w.one_of(
            "class_name",
            "TagAnnotation",
            "CommentAnnotation",
            "LongAnnotation",
            "DoubleAnnotation",
            "BooleanAnnotation",
            "TimestampAnnotation",
            "TermAnnotation",
            "XmlAnnotation",
            "ListAnnotation",
            "MapAnnotation",
            "FileAnnotation",
            name="class_name",
        ),
    )
    w.details_indexes("annotation")
    w.live("ix_annotation_class", "annotation", "group_id", "class_name", "text_key", "id")
    w.live("ix_annotation_file_id", "annotation", "file_id")
    w.live("ix_annotation_namespace", "annotation", "group_id", "namespace", "id")
    w.make(
        "map_pair",
        w.ref("annotation_id", "annotation"),
        w.whole("position"),
        w.words("key"),
        w.words("value"),
        w.key("key_key"),
        w.key("value_key"),
        w.id_(),
        sa.UniqueConstraint("annotation_id", "position"),
    )
    w.index("ix_map_pair_key_value", "map_pair", "key_key", "value_key", "annotation_id")
    w.make(
        "roi",
        w.words("name", null=True),
        w.key("name_key", null=True),
        w.words("description", null=True),
        w.ref("image_id", "image", null=True),
        w.ref("source_file_id", "original_file", null=True),
        *w.details(),
    )
    w.details_indexes("roi")
    w.live("ix_roi_image_id", "roi", "image_id", "id")
    w.make(
        "shape",
        w.ref("roi_id", "roi"),
        w.whole("position"),
        w.code("class_name"),
        w.whole("the_z", null=True),
        w.whole("the_t", null=True),
        w.whole("the_c", null=True),
        w.flag("is_locked", null=True),
        w.words("text_value", null=True),
        w.words("transform", null=True),
        w.whole("fill_color", null=True),
        w.words("fill_rule", null=True),
        w.whole("stroke_color", null=True),
        w.words("stroke_dash_array", null=True),
        w.real("stroke_width", null=True),
        w.words("stroke_width_unit", null=True),
        w.words("font_family", null=True),
        w.real("font_size", null=True),
        w.words("font_size_unit", null=True),
        w.words("font_style", null=True),
        w.real("x", null=True),
        w.real("y", null=True),
        w.real("width", null=True),
        w.real("height", null=True),
        w.real("radius_x", null=True),
        w.real("radius_y", null=True),
        w.real("x1", null=True),
        w.real("y1", null=True),
        w.real("x2", null=True),
        w.real("y2", null=True),
        w.words("marker_start", null=True),
        w.words("marker_end", null=True),
        w.words("points", null=True),
        w.words("path_data", null=True),
        w.blob("mask_bytes", null=True),
        w.id_(),
        w.one_of(
            "class_name",
            "Rectangle",
            "Ellipse",
            "Point",
            "Line",
            "Polyline",
            "Polygon",
            "Label",
            "Mask",
            "Path",
            name="class_name",
        ),
    )
    w.index("ix_shape_roi_id", "shape", "roi_id", "position", "id")


def downgrade() -> None:
    w.drop("shape", "roi", "map_pair", "annotation", "namespace")
