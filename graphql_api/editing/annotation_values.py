"""Change what an annotation says: the text of a comment, the value of a number, a map's pairs.

What is changed is changed for every object that carries the annotation.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from graphql_api.editing.annotation_rows import Pairs, write_pairs
from graphql_api.editing.changing import Held, differs, hold, require_version, write_change
from graphql_api.editing.links import open_event
from graphql_api.editing.new_annotations import well_formed
from graphql_api.editing.texts import (
    valid_description,
    valid_name,
    valid_namespace,
    valid_pairs,
    valid_text,
)
from shared.database import ids_in
from shared.errors import Invalid
from shared.models import sort_key
from shared.models.annotations import ANNOTATION_CLASSES, NS_RATING, NS_TAG_SET, MapPair

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.auth.principal import Principal
    from shared.database import Database
    from shared.refs import ObjectRef

MAX_RATING = 5
VALUES: Mapping[str, tuple[str, ...]] = {
    "text": ("TagAnnotation", "CommentAnnotation", "XmlAnnotation", "TermAnnotation"),
    "long_value": ("LongAnnotation",),
    "double_value": ("DoubleAnnotation",),
    "bool_value": ("BooleanAnnotation",),
    "time_value": ("TimestampAnnotation",),
    "pairs": ("MapAnnotation",),
}
"""Which classes have which value."""
SORTED_TEXTS = ("TagAnnotation", "TermAnnotation")
MAX_LONG = 2**63


@dataclass(frozen=True, slots=True)
class ValueChange:
    """New values of one annotation; what is not in `values` stays."""

    id: str
    values: Mapping[str, Any] = field(default_factory=dict)
    """Names of `VALUES`, `name`, `description` and `namespace`."""
    expected_version: int | None = None
    classes: tuple[str, ...] = ANNOTATION_CLASSES
    verb: str = "updateAnnotation"
    is_tag_set: bool | None = None
    """Whether a tag must be a tag set, or must not be; None for either."""


def update_annotation(database: Database, principal: Principal, change: ValueChange) -> ObjectRef:
    """Change an annotation's value or description; answers it.

    Raises `NotFound`, `Denied`, `Conflict` for a stale version, or `Invalid`; then nothing has
    changed.
    """
    with database.write() as connection:
        held = hold(connection, principal, change.id, change.classes)
        _require_kind(held, change)
        require_version(held, change.expected_version)
        columns, pairs = _checked(held, change.values)
        old = pairs_of(connection, [held.row.id]).get(held.row.id, ())
        changes_pairs = pairs is not None and pairs != old
        if not (differs(held, columns) or changes_pairs):
            return held.target.ref
        event_id = open_event(connection, principal, change.verb)
        more = None
        if changes_pairs and pairs is not None:
            replace_pairs(connection, {held.row.id: pairs})
            more = {"pairs": [list(pair) for pair in old]}
        write_change(connection, held, event_id, columns, more=more)
        return held.target.ref


def _require_kind(held: Held, change: ValueChange) -> None:
    if change.is_tag_set in {None, held.row.namespace == NS_TAG_SET}:
        return
    ref = held.target.ref
    other = ("a tag", "updateTag") if change.is_tag_set else ("a tag set", "updateTagSet")
    raise Invalid(f"{ref} is {other[0]}.", hint=f"Call {other[1]}.", path=("id",), target=str(ref))


def pairs_of(connection: Connection, annotation_ids: Iterable[int]) -> dict[int, Pairs]:
    """The pairs of map annotations, in order; one statement."""
    found: dict[int, list[tuple[str, str]]] = {}
    rows = connection.execute(
        select(MapPair.annotation_id, MapPair.key, MapPair.value)
        .where(ids_in(connection, MapPair.__table__.c.annotation_id, annotation_ids))
        .order_by(MapPair.annotation_id, MapPair.position)
    )
    for row in rows:
        found.setdefault(row.annotation_id, []).append((row.key, row.value))
    return {number: tuple(pairs) for number, pairs in found.items()}


def replace_pairs(connection: Connection, pairs: Mapping[int, Pairs]) -> None:
    """Give map annotations these pairs instead of theirs; two statements."""
    column = MapPair.__table__.c.annotation_id
    connection.execute(delete(MapPair).where(ids_in(connection, column, sorted(pairs))))
    write_pairs(connection, pairs)


def _checked(held: Held, values: Mapping[str, Any]) -> tuple[dict[str, Any], Pairs | None]:
    """Columns, and pairs where they were given; raises `Invalid`."""
    class_name = held.target.ref.class_name
    columns: dict[str, Any] = {}
    pairs: Pairs | None = None
    for name, value in values.items():
        if name == "description":
            columns["description"] = valid_description(value)
            continue
        if name == "name":
            columns["name"] = None if value is None else valid_name(value)
            continue
        if name == "namespace":
            columns["namespace"] = _namespace(held, value)
            continue
        _require_fitting(class_name, name, value)
        if name == "text":
            columns |= _text_columns(class_name, value)
        elif name == "pairs":
            pairs = valid_pairs(value)
        else:
            columns[name] = _valid_number(held, name, value)
    return columns, pairs


def _namespace(held: Held, value: str | None) -> str | None:
    """A new namespace; raises `Invalid` for one that makes another thing of the annotation."""
    namespace = valid_namespace(value)
    for name, what in ((NS_RATING, "a rating"), (NS_TAG_SET, "a tag set")):
        if namespace != held.row.namespace and name in {namespace, held.row.namespace}:
            raise Invalid(
                f"An annotation cannot become {what}, or cease to be one.",
                hint="Make another one instead.",
                path=("namespace",),
            )
    return namespace


def _require_fitting(class_name: str, name: str, value: Any) -> None:
    path = (_printed(name),)
    if class_name not in VALUES[name]:
        raise Invalid(
            f"A {class_name} has no {path[0]}.",
            hint=f"Only {' and '.join(VALUES[name])} have one.",
            path=path,
        )
    if value is None:
        raise Invalid(
            "A value cannot be taken away.", hint=f"Leave {path[0]} out to keep it.", path=path
        )


def _text_columns(class_name: str, text: str) -> dict[str, Any]:
    if class_name in SORTED_TEXTS:
        text = valid_name(text, ("text",))
        return {"text_value": text, "text_key": sort_key(text)}
    if class_name == "XmlAnnotation":
        return {"text_value": well_formed(text, ("text",))}
    return {"text_value": valid_text(text, ("text",))}


def _valid_number(held: Held, name: str, value: Any) -> Any:
    path = (_printed(name),)
    if name == "double_value" and not math.isfinite(value):
        raise Invalid("The value is not finite.", hint="Give a number.", path=path)
    if name == "long_value":
        if held.row.namespace == NS_RATING and not 0 <= value <= MAX_RATING:
            raise Invalid("A rating is a number from 0 to 5.", path=path)
        if not -MAX_LONG <= value < MAX_LONG:
            raise Invalid("The number does not fit into 64 bits.", path=path)
    return value


def _printed(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)
