"""The classes of annotations, each with its value.

A tag set is a TagAnnotation in a namespace of its own, whose tags hang on it; a rating is a
LongAnnotation in another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import strawberry
from sqlalchemy import ColumnElement

from graphql_api.compiler.declare import (
    Batched,
    Linked,
    Parts,
    ToOne,
    column,
    connection,
    planned,
    rows_of,
)
from graphql_api.compiler.scope import Scope, Source
from graphql_api.schema.scalars import BigInt, DateTime, finite
from graphql_api.schema.types.annotation_where import (
    AnnotationOrder,
    AnnotationWhere,
    is_tag_set,
)
from graphql_api.schema.types.annotations import Annotation
from graphql_api.schema.types.connections import Connection
from graphql_api.schema.types.references import LazyOriginalFile, LazyTagAnnotation
from shared.auth.select import visible
from shared.models.annotations import NS_RATING, NS_TAG_SET, MapPair
from shared.models.annotations import Annotation as StoredAnnotation
from shared.models.links import LINKS

if TYPE_CHECKING:
    from graphql_api.compiler.declare import Values
    from graphql_api.compiler.run import Run

_MEMBERS = LINKS["AnnotationAnnotationLink"].model


def _in_namespace(namespace: str) -> Batched:
    def found(_run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
        return [row["namespace"] == namespace for row in rows]

    return Batched(("namespace",), found)


def _tags(scope: Scope, _arguments: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    return [scope.table.c.class_name == "TagAnnotation"]


def _sets(scope: Scope, _arguments: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    return [is_tag_set(scope.table)]


@strawberry.type(description="A word that many objects share; as a tag set it holds other tags.")
class TagAnnotation(Annotation):
    """A tag or a tag set."""

    text: str | None = column("text_value", "The tag itself (OME: textValue).")
    is_tag_set: bool = planned(_in_namespace(NS_TAG_SET), "Whether it is a tag set.")
    tags: Connection[LazyTagAnnotation] = connection(
        Linked("Annotation", _MEMBERS, narrow=_tags),
        "The tags of a tag set.",
        where=AnnotationWhere,
        order=AnnotationOrder,
    )
    tag_sets: Connection[LazyTagAnnotation] = connection(
        Linked("Annotation", _MEMBERS, "child_id", "parent_id", narrow=_sets),
        "The tag sets that hold it.",
        where=AnnotationWhere,
        order=AnnotationOrder,
    )


@strawberry.type(description="A remark of one person.")
class CommentAnnotation(Annotation):
    """A comment."""

    text: str | None = column("text_value", "What it says (OME: textValue).")


@strawberry.type(description="A piece of XML.")
class XmlAnnotation(Annotation):
    """A piece of XML."""

    text: str | None = column("text_value", "The XML, as it was stored (OME: textValue).")


@strawberry.type(description="A term of an ontology.")
class TermAnnotation(Annotation):
    """A term of an ontology."""

    text: str | None = column("text_value", "The term (OME: termValue).")


@strawberry.type(description="A whole number; a rating, in the namespace of ratings.")
class LongAnnotation(Annotation):
    """A whole number."""

    long_value: BigInt | None = column("long_value", "The number; 0 to 5 for a rating.")
    is_rating: bool = planned(_in_namespace(NS_RATING), "Whether it is a rating.")


@strawberry.type(description="A number.")
class DoubleAnnotation(Annotation):
    """A number."""

    double_value: float | None = column("double_value", "The number.", finite)


@strawberry.type(description="A yes or no.")
class BooleanAnnotation(Annotation):
    """A yes or no."""

    bool_value: bool | None = column("bool_value", "The yes or no.")


@strawberry.type(description="A moment.")
class TimestampAnnotation(Annotation):
    """A moment."""

    time_value: DateTime | None = column("time_value", "The moment.")


@strawberry.type(description="A list of annotations: those that are attached to it.")
class ListAnnotation(Annotation):
    """A list of annotations."""


def _of_seen_map(scope: Scope) -> ColumnElement[bool]:
    holder = StoredAnnotation.__table__.alias()
    found: ColumnElement[bool] = (
        holder.select()
        .where(holder.c.id == scope.table.c.annotation_id, visible(scope.principal, holder))
        .exists()
    )
    return found


@rows_of(Source(MapPair, seen=_of_seen_map, has_details=False), class_name="MapPair")
@strawberry.type(description="A key with its value.")
class KeyValuePair:
    """A key with its value."""

    key: str = column("key", "The key; keys may repeat.")
    value: str = column("value", "The value.")


@strawberry.type(description="Key-value pairs, in order.")
class MapAnnotation(Annotation):
    """Key-value pairs, in order."""

    pairs: list[KeyValuePair] = planned(
        Parts("MapPair", "annotation_id", ("position", "id")), "The pairs, in order."
    )


@strawberry.type(description="An attached file.")
class FileAnnotation(Annotation):
    """An attached file."""

    file: LazyOriginalFile | None = planned(ToOne("OriginalFile", "file_id"), "The file.")
