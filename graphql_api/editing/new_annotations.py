"""Annotations of any class as they are asked for: their values checked, then written.

Tags, comments and the like of one call are shared by all targets of a group; key-value pairs are
made for each, so that editing one object never changes another.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphql_api.editing.annotation_rows import (
    Maker,
    Pairs,
    make_annotations,
    new_link,
    require_creation,
    write_pairs,
)
from graphql_api.editing.texts import (
    storable,
    valid_description,
    valid_name,
    valid_namespace,
    valid_pairs,
    valid_text,
)
from shared.errors import BrokenFile, Invalid
from shared.models import sort_key
from shared.models.annotations import ANNOTATION_CLASSES, NS_RATING, NS_TAG_SET
from shared.pixels.xml import parse_xml

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from graphql_api.editing.links import NewLink
    from graphql_api.editing.targets import Target
    from shared.auth.principal import Principal

MAX_XML = 1_000_000
MAX_MEMBERS = 10_000
PER_TARGET = "MapAnnotation"


@dataclass(frozen=True, slots=True)
class NewAnnotation:
    """One annotation; `value` is what its class holds, None for a list."""

    class_name: str
    value: Any = None
    """Text, number, yes or no, microseconds UTC, or pairs."""
    namespace: str | None = None
    name: str | None = None
    description: str | None = None
    members: tuple[str, ...] = ()
    """Annotations that a list holds, by id."""


def checked_annotation(new: NewAnnotation, path: tuple[str, ...] = ()) -> NewAnnotation:
    """The same with a clean value; raises `Invalid` naming the field."""
    if new.class_name not in ANNOTATION_CLASSES or new.class_name == "FileAnnotation":
        raise Invalid(f"No {new.class_name[:40]} is made so.", path=path)
    namespace = valid_namespace(new.namespace, (*path, "namespace"))
    if new.class_name == "LongAnnotation" and namespace == NS_RATING:
        raise Invalid(
            "A rating is one per person and object.",
            hint="Give `rating` to annotate.",
            path=(*path, "namespace"),
        )
    if new.class_name == "TagAnnotation" and namespace == NS_TAG_SET:
        raise Invalid(
            "This namespace is that of tag sets.",
            hint="Call createTagSet.",
            path=(*path, "namespace"),
        )
    if len(new.members) > MAX_MEMBERS:
        raise Invalid("The list is too long.", path=(*path, "value", "list"))
    name = None if new.name is None else valid_name(new.name, (*path, "name"))
    return NewAnnotation(
        new.class_name,
        _value(new.class_name, new.value, (*path, "value")),
        namespace,
        name,
        valid_description(new.description, (*path, "description")),
        tuple(dict.fromkeys(new.members)),
    )


def make_shared(
    connection: Connection, principal: Principal, maker: Maker, new: NewAnnotation
) -> Target:
    """Insert a checked annotation; what a list holds is linked by the caller."""
    require_creation(principal, new.class_name, maker.group)
    (made,) = make_annotations(connection, maker, new.class_name, **_columns(new))
    if new.class_name == PER_TARGET:
        write_pairs(connection, {made.ref.id: new.value})
    return made


def make_per_target(
    connection: Connection,
    principal: Principal,
    maker: Maker,
    new: NewAnnotation,
    members: Sequence[Target],
) -> list[NewLink]:
    """Insert an annotation for each of these objects; answers the links to them."""
    require_creation(principal, new.class_name, maker.group)
    made = make_annotations(connection, maker, new.class_name, len(members), **_columns(new))
    write_pairs(connection, {one.ref.id: new.value for one in made})
    return [
        new_link(target, one, maker.owner_id) for target, one in zip(members, made, strict=True)
    ]


def well_formed(text: str, path: tuple[str, ...]) -> str:
    """A piece of XML, as it was given; raises `Invalid` for what is none or declares entities."""
    storable(text, path)
    if len(text) > MAX_XML:
        raise Invalid(f"The XML has {len(text)} characters.", hint=f"Give at most {MAX_XML}.",
                      path=path)  # fmt: skip
    try:
        parse_xml(text, "value")
    except BrokenFile as error:
        raise Invalid(error.message, hint=error.hint, path=path) from error
    return text


def _columns(new: NewAnnotation) -> dict[str, Any]:
    found: dict[str, Any] = {
        "namespace": new.namespace, "name": new.name, "description": new.description
    }  # fmt: skip
    column = _COLUMNS.get(new.class_name)
    if column is not None:
        found[column] = new.value
    if new.class_name in {"TagAnnotation", "TermAnnotation"}:
        found["text_key"] = sort_key(new.value)
    return found


_COLUMNS = {
    "TagAnnotation": "text_value",
    "CommentAnnotation": "text_value",
    "XmlAnnotation": "text_value",
    "TermAnnotation": "text_value",
    "LongAnnotation": "long_value",
    "DoubleAnnotation": "double_value",
    "BooleanAnnotation": "bool_value",
    "TimestampAnnotation": "time_value",
}


def _value(class_name: str, value: Any, path: tuple[str, ...]) -> Any:
    match class_name:
        case "TagAnnotation" | "TermAnnotation":
            return valid_name(value, path)
        case "CommentAnnotation":
            return valid_text(value, path)
        case "XmlAnnotation":
            return well_formed(value, path)
        case "DoubleAnnotation" if not math.isfinite(value):
            raise Invalid("The value is not finite.", hint="Give a number.", path=path)
        case "MapAnnotation":
            pairs: Pairs = valid_pairs(value, path)
            return pairs
    return value
