"""By what annotations can be narrowed and ordered."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

import strawberry
from sqlalchemy import ColumnElement, and_, select

from graphql_api.compiler.filters import OnColumn, Predicate, where_field
from graphql_api.schema.types.connections import Nulls, OrderDirection
from graphql_api.schema.types.filters import IDFilter, StringFilter, identified
from graphql_api.schema.types.where import AnnotatedWhere, every, no, some
from shared.auth.select import visible
from shared.models import MODELS
from shared.models.annotations import NS_TAG_SET, Annotation
from shared.refs import parse_ref

if TYPE_CHECKING:
    from graphql_api.compiler.scope import Scope


def is_tag_set(table: Any) -> ColumnElement[bool]:
    """Whether an annotation is a tag set."""
    return and_(
        table.c.class_name == "TagAnnotation",
        table.c.namespace.is_not(None),
        table.c.namespace == NS_TAG_SET,
    )


def _is_tag_set(scope: Scope, _class_name: str, value: bool) -> ColumnElement[bool]:
    found = is_tag_set(scope.table)
    return found if value else ~found


def _in_set(scope: Scope) -> tuple[Any, Any]:
    """Tag sets that the caller sees and that hold our row: the table of sets, and the query."""
    link: Any = MODELS["AnnotationAnnotationLink"].__table__.alias()
    holder: Any = Annotation.__table__.alias()
    found = (
        select(holder.c.id)
        .select_from(link.join(holder, holder.c.id == link.c.parent_id))
        .where(
            link.c.child_id == scope.table.c.id,
            link.c.trash_id.is_(None),
            visible(scope.principal, holder),
        )
    )
    return holder, found


def _orphaned(scope: Scope, _class_name: str, value: bool) -> ColumnElement[bool]:
    holder, found = _in_set(scope)
    held: ColumnElement[bool] = found.where(is_tag_set(holder)).exists()
    return ~held if value else held


def _within(scope: Scope, _class_name: str, value: str) -> ColumnElement[bool]:
    ref = parse_ref(value)
    holder, found = _in_set(scope)
    number = ref.id if ref and ref.class_name in {"TagAnnotation", "Annotation"} else 0
    held: ColumnElement[bool] = found.where(holder.c.id == number).exists()
    return held


@strawberry.input(description="Which annotations a list holds.")
class AnnotationWhere(AnnotatedWhere):
    """Which annotations a list holds."""

    id: IDFilter | None = where_field(Predicate(identified), "By id.")
    text: StringFilter | None = where_field(
        OnColumn("text_key", is_key=True), "By the text of a tag or term, without regard to case."
    )
    namespace: StringFilter | None = where_field(
        OnColumn("namespace"), "By namespace, as it is written."
    )
    is_tag_set: bool | None = where_field(Predicate(_is_tag_set), "Is a tag set, or is none.")
    within: strawberry.ID | None = where_field(
        Predicate(_within), "Lies in this tag set, or hangs on this annotation."
    )
    orphaned: bool | None = where_field(
        Predicate(_orphaned), "Lies in no tag set that the caller sees."
    )
    and_: list[AnnotationWhere] | None = every()
    or_: list[AnnotationWhere] | None = some()
    not_: AnnotationWhere | None = no()


@strawberry.enum(description="By what annotations can be ordered.")
class AnnotationOrderField(Enum):
    """By what annotations can be ordered."""

    ID = strawberry.enum_value("id", description="By number.")
    TEXT = strawberry.enum_value(
        "text_key", description="By the text of tags and terms, without regard to case."
    )
    CREATED_AT = strawberry.enum_value("created_at", description="By when they were made.")


@strawberry.input(description="One term of an order of annotations.")
class AnnotationOrder:
    """One term of an order of annotations."""

    field: AnnotationOrderField = strawberry.field(description="What to order by.")
    direction: OrderDirection = strawberry.field(
        description="Ascending or descending.", default=OrderDirection.ASC
    )
    nulls: Nulls = strawberry.field(
        description="Where annotations without a text stand.", default=Nulls.LAST
    )
