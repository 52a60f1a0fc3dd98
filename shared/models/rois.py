"""Roi and Shape. Every shape class stands in one table with a class column."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import (
    Base,
    Code,
    Details,
    Identified,
    SortKey,
    details_indexes,
    is_one_of,
    live_index,
    table_args,
)

SHAPE_CLASSES = (
    "Rectangle", "Ellipse", "Point", "Line", "Polyline", "Polygon", "Label", "Mask", "Path",
)  # fmt: skip


class Roi(Details, Base):
    """A region of interest; one without an image lies in folders only."""

    __tablename__ = "roi"
    __table_args__ = table_args(
        *details_indexes("roi"), live_index("ix_roi_image_id", "image_id", "id")
    )

    name: Mapped[str | None]
    name_key: Mapped[SortKey | None]
    description: Mapped[str | None]
    image_id: Mapped[int | None] = mapped_column(ForeignKey("image.id"))
    source_file_id: Mapped[int | None] = mapped_column(ForeignKey("original_file.id"))


class Shape(Identified, Base):
    """One shape of a ROI. Planes are 0-based, null meaning all; colours are 0xRRGGBBAA."""

    __tablename__ = "shape"
    __table_args__ = table_args(
        CheckConstraint(is_one_of("class_name", SHAPE_CLASSES), name="class_name"),
        Index("ix_shape_roi_id", "roi_id", "position", "id"),
    )

    roi_id: Mapped[int] = mapped_column(ForeignKey("roi.id"))
    position: Mapped[int] = mapped_column(default=0)
    class_name: Mapped[Code]
    the_z: Mapped[int | None]
    the_t: Mapped[int | None]
    the_c: Mapped[int | None]
    is_locked: Mapped[bool | None]
    text_value: Mapped[str | None]
    transform: Mapped[str | None]
    """Six numbers a00 a10 a01 a11 a02 a12, space-separated."""
    fill_color: Mapped[int | None]
    fill_rule: Mapped[str | None]
    stroke_color: Mapped[int | None]
    stroke_dash_array: Mapped[str | None]
    stroke_width: Mapped[float | None]
    stroke_width_unit: Mapped[str | None]
    font_family: Mapped[str | None]
    font_size: Mapped[float | None]
    font_size_unit: Mapped[str | None]
    font_style: Mapped[str | None]
    x: Mapped[float | None]
    y: Mapped[float | None]
    width: Mapped[float | None]
    height: Mapped[float | None]
    radius_x: Mapped[float | None]
    radius_y: Mapped[float | None]
    x1: Mapped[float | None]
    y1: Mapped[float | None]
    x2: Mapped[float | None]
    y2: Mapped[float | None]
    marker_start: Mapped[str | None]
    marker_end: Mapped[str | None]
    points: Mapped[str | None]
    """`x,y x,y …`."""
    path_data: Mapped[str | None]
    mask_bytes: Mapped[bytes | None] = mapped_column(LargeBinary)
    """One bit per pixel, row-major, most significant bit first."""
