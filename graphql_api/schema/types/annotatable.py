"""Annotatable: what annotations can be attached to, and the list of those attached.

One field serves every class: the link table follows from the class that has the field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import strawberry
from sqlalchemy import ColumnElement, and_, case, false, func, select

from graphql_api.compiler.declare import (
    Batched,
    Linked,
    PerClass,
    RootList,
    argument,
    connection,
    planned,
)
from graphql_api.schema.types.annotation_where import AnnotationOrder, AnnotationWhere
from graphql_api.schema.types.connections import Connection
from graphql_api.schema.types.references import LazyAnnotation
from shared.auth.select import visible
from shared.database import ids_in
from shared.errors import Invalid
from shared.models import MODELS
from shared.models.annotations import ANNOTATION_CLASSES, NS_RATING
from shared.models.annotations import Annotation as StoredAnnotation  # LazyAnnotation is another
from shared.models.links import LINKS

if TYPE_CHECKING:
    from graphql_api.compiler.declare import Values
    from graphql_api.compiler.run import Run
    from graphql_api.compiler.scope import Scope

UMBRELLAS: Mapping[str, tuple[str, ...]] = {
    "Annotation": ANNOTATION_CLASSES,
    "TextAnnotation": ("TagAnnotation", "CommentAnnotation", "XmlAnnotation"),
    "NumericAnnotation": ("LongAnnotation", "DoubleAnnotation"),
    "BasicAnnotation": (
        "LongAnnotation", "DoubleAnnotation", "BooleanAnnotation", "TimestampAnnotation",
        "TermAnnotation",
    ),
    "TypeAnnotation": ("FileAnnotation",),
}  # fmt: skip
"""OME's abstract classes of annotations, and what each of them covers."""


def _classes(word: str) -> tuple[str, ...]:
    """The classes behind a name: one, or all below an abstract one; `Tag` is understood too."""
    found = UMBRELLAS.get(word)
    if found is not None:
        return found
    for name in (word, f"{word}Annotation"):
        if name in ANNOTATION_CLASSES:
            return (name,)
    raise Invalid(
        f"There is no class of annotations called {word[:80]!r}.",
        hint=f"Name some of {', '.join((*ANNOTATION_CLASSES, *UMBRELLAS))}.",
        path=("types",),
    )


def of_types(scope: Scope, types: list[str] | None, namespace: str | None) -> list[Any]:
    """Conditions for annotations of some classes and one namespace; None: all."""
    found: list[ColumnElement[bool]] = []
    if types is not None:
        listed = {name for word in types for name in _classes(word)}
        column = scope.table.c.class_name
        if not listed:
            found.append(false())
        elif len(listed) == 1:
            found.append(column == listed.pop())
        else:
            found.append(column.in_(sorted(listed)))
    if namespace is not None:
        if "\0" in namespace:
            raise Invalid(
                "Text must not contain NUL.", hint="Leave the character out.", path=("namespace",)
            )
        found.append(scope.table.c.namespace == namespace)
    return found


def _narrow(scope: Scope, arguments: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    return of_types(scope, arguments.get("types"), arguments.get("namespace"))


def _linked(class_name: str) -> Linked:
    link = LINKS[f"{class_name}AnnotationLink"].model
    return Linked("Annotation", link, narrow=_narrow)


TYPES = argument(
    "types",
    list[str] | None,
    "Only of these classes, such as TagAnnotation; OME's abstract classes cover what is below.",
)
NAMESPACE = argument("namespace", str | None, "Only in this namespace.")


def annotations_of(plan: PerClass | RootList, description: str) -> Any:
    """A connection of annotations."""
    return connection(
        plan,
        description,
        where=AnnotationWhere,
        order=AnnotationOrder,
        more=(TYPES, NAMESPACE),
    )


ALL_ANNOTATIONS = RootList("Annotation", narrow=_narrow)


@strawberry.type(description="What people think of an object, from 0 to 5.")
class RatingSummary:
    """What people think of an object."""

    average: float | None = strawberry.field(description="The mean; null without any rating.")
    count: int = strawberry.field(description="How many ratings the caller sees.")
    own: int | None = strawberry.field(description="The caller's own; null when he gave none.")


def _ratings(class_name: str) -> Batched:
    """One statement for all rows: a rating is a number in its namespace, one per user."""
    links: Any = MODELS[f"{class_name}AnnotationLink"].__table__

    def found(run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
        link, note = links.alias(), StoredAnnotation.__table__.alias()
        mine = and_(note.c.owner_id == run.principal.user_id, link.c.owner_id == note.c.owner_id)
        held = (
            select(
                link.c.parent_id,
                note.c.id,
                note.c.long_value,
                func.max(case((mine, 1), else_=0)).label("mine"),
            )
            .join(note, note.c.id == link.c.child_id)
            .where(
                ids_in(run.connection, link.c.parent_id, sorted({row["id"] for row in rows})),
                link.c.trash_id.is_(None),
                note.c.class_name == "LongAnnotation",
                note.c.namespace == NS_RATING,
                note.c.long_value.is_not(None),
                visible(run.principal, note),
            )
            .group_by(link.c.parent_id, note.c.id, note.c.long_value)
            .order_by(link.c.parent_id, note.c.id)
        )
        values: dict[int, list[tuple[int, bool]]] = {}
        for parent, _, value, own in run.all(held):
            values.setdefault(parent, []).append((value, bool(own)))
        return [summary_of(values.get(row["id"], [])) for row in rows]

    return Batched(("id",), found)


def summary_of(values: Sequence[tuple[int, bool]]) -> RatingSummary:
    """Average and count of ratings, each with whether it is the caller's own."""
    own = [value for value, mine in values if mine]
    return RatingSummary(
        average=sum(value for value, _ in values) / len(values) if values else None,
        count=len(values),
        own=own[-1] if own else None,
    )


@strawberry.interface(description="What annotations can be attached to.")
class Annotatable:
    """What annotations can be attached to."""

    annotations: Connection[LazyAnnotation] = annotations_of(
        PerClass(_linked),
        "Annotations that the caller sees; `link` on the edge tells who attached each.",
    )
    rating: RatingSummary = planned(
        PerClass(_ratings), "Its ratings: the mean, how many, and the caller's own."
    )
