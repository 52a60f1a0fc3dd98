"""Annotations of every class, in one table with a class column; key-value pairs are rows.

A tag set is a TagAnnotation in the tag-set namespace whose children are its tags; a rating is a
LongAnnotation in the rating namespace. Tags have no uniqueness on their text.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
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

ANNOTATION_CLASSES = (
    "TagAnnotation", "CommentAnnotation", "LongAnnotation", "DoubleAnnotation", "BooleanAnnotation",
    "TimestampAnnotation", "TermAnnotation", "XmlAnnotation", "ListAnnotation", "MapAnnotation",
    "FileAnnotation",
)  # fmt: skip

NS_TAG_SET = "openmicroscopy.org/omero/insight/tagset"
NS_RATING = "openmicroscopy.org/omero/insight/rating"
NS_CLIENT_MAP = "openmicroscopy.org/omero/client/mapAnnotation"
NS_COMPANION_FILE = "openmicroscopy.org/omero/import/companionFile"
NS_MEASUREMENT = "openmicroscopy.org/omero/measurement"


class Annotation(Details, Base):
    """One annotation. Which value column is filled follows from `class_name`."""

    __tablename__ = "annotation"
    __table_args__ = table_args(
        *details_indexes("annotation", "text_key", "created_at"),
        CheckConstraint(is_one_of("class_name", ANNOTATION_CLASSES), name="class_name"),
        live_index("ix_annotation_class", "group_id", "class_name", "text_key", "id"),
        live_index("ix_annotation_namespace", "group_id", "namespace", "id"),
        live_index("ix_annotation_file_id", "file_id"),
    )

    class_name: Mapped[Code]
    namespace: Mapped[str | None]
    name: Mapped[str | None]
    description: Mapped[str | None]
    text_value: Mapped[str | None]
    """Tag, comment, XML and term."""
    text_key: Mapped[SortKey | None]
    """Sort key of a tag's or term's text; null for comments and XML."""
    long_value: Mapped[int | None]
    double_value: Mapped[float | None]
    bool_value: Mapped[bool | None]
    time_value: Mapped[int | None]
    file_id: Mapped[int | None] = mapped_column(ForeignKey("original_file.id"))


class MapPair(Identified, Base):
    """One key and value of a MapAnnotation, in order; keys may repeat."""

    __tablename__ = "map_pair"
    __table_args__ = table_args(
        UniqueConstraint("annotation_id", "position"),
        Index("ix_map_pair_key_value", "key_key", "value_key", "annotation_id"),
    )

    annotation_id: Mapped[int] = mapped_column(ForeignKey("annotation.id"))
    position: Mapped[int]
    key: Mapped[str]
    value: Mapped[str]
    key_key: Mapped[SortKey]
    value_key: Mapped[SortKey]
    """Sort key of the first 256 characters of the value, so that it can be indexed."""


class Namespace(Details, Base):
    """What a namespace of annotations means."""

    __tablename__ = "namespace"
    __table_args__ = table_args(*details_indexes("namespace"), UniqueConstraint("name"))

    name: Mapped[str]
    display_name: Mapped[str | None]
    description: Mapped[str | None]
    keywords: Mapped[str | None]
