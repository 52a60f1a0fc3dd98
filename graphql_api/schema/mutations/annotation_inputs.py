"""Annotations of any class, as inputs: exactly one value says which class it is."""

from __future__ import annotations

from typing import Any

import strawberry

from graphql_api.editing.new_annotations import NewAnnotation
from graphql_api.schema.scalars import BigInt, DateTime
from shared.errors import Invalid


@strawberry.input(description="A key and a value.")
class KeyValueInput:
    """One pair."""

    key: str = strawberry.field(description="1 to 255 characters; keys may repeat.")
    value: str = strawberry.field(description="Any text.")


@strawberry.input(description="The value of an annotation: exactly one of these.", one_of=True)
class AnnotationValueInput:
    """A value, which makes the class."""

    tag: strawberry.Maybe[str] = strawberry.field(description="Of a TagAnnotation.")
    comment: strawberry.Maybe[str] = strawberry.field(description="Of a CommentAnnotation.")
    long_value: strawberry.Maybe[BigInt] = strawberry.field(description="Of a LongAnnotation.")
    double_value: strawberry.Maybe[float] = strawberry.field(description="Of a DoubleAnnotation.")
    bool_value: strawberry.Maybe[bool] = strawberry.field(description="Of a BooleanAnnotation.")
    time_value: strawberry.Maybe[DateTime] = strawberry.field(
        description="Of a TimestampAnnotation."
    )
    term: strawberry.Maybe[str] = strawberry.field(description="Of a TermAnnotation.")
    xml: strawberry.Maybe[str] = strawberry.field(
        description="Of an XmlAnnotation: well-formed, without document type and entities."
    )
    pairs: strawberry.Maybe[list[KeyValueInput]] = strawberry.field(
        description="Of a MapAnnotation, in order."
    )
    list: strawberry.Maybe[list[strawberry.ID]] = strawberry.field(
        description="Annotations that a ListAnnotation holds; it may be empty."
    )


@strawberry.input(description="An annotation that is to be made.")
class NewAnnotationInput:
    """A new annotation."""

    value: AnnotationValueInput = strawberry.field(description="Its value, which makes its class.")
    namespace: str | None = strawberry.field(default=None, description="What it is for.")
    name: str | None = strawberry.field(default=None, description="1 to 255 characters.")
    description: str | None = strawberry.field(default=None, description="Any text.")


CLASSES = {
    "tag": "TagAnnotation",
    "comment": "CommentAnnotation",
    "long_value": "LongAnnotation",
    "double_value": "DoubleAnnotation",
    "bool_value": "BooleanAnnotation",
    "time_value": "TimestampAnnotation",
    "term": "TermAnnotation",
    "xml": "XmlAnnotation",
    "pairs": "MapAnnotation",
    "list": "ListAnnotation",
}


def new_annotation(given: NewAnnotationInput) -> NewAnnotation:
    """The input as the editing service takes it."""
    for name, class_name in CLASSES.items():
        found = getattr(given.value, name)
        if not found:
            continue
        value: Any = found.value
        members: tuple[str, ...] = ()
        if name == "pairs":
            value = tuple((pair.key, pair.value) for pair in value)
        if name == "list":
            value, members = None, tuple(str(each) for each in value)
        return NewAnnotation(
            class_name, value, given.namespace, given.name, given.description, members
        )
    raise Invalid("There is no value.", hint="Give exactly one.", path=("value",))
