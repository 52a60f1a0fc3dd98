"""Filter inputs for scalars, and the predicates that look beyond the row itself.

Every predicate asks only among rows that the caller sees: a hidden dataset, tag or parent never
decides whether something matches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import strawberry
from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true

from graphql_api.schema.scalars import DateTime
from graphql_api.schema.types.ancestors import PARENTS, Holders, ids_within, parent_exists
from shared.auth.select import visible
from shared.errors import Invalid
from shared.models import MODELS
from shared.models.annotations import Annotation, MapPair
from shared.models.base import sort_key
from shared.models.rois import Shape
from shared.refs import parse_ref

if TYPE_CHECKING:
    from graphql_api.compiler.scope import Scope

_EQ = "Equal to this."
_NE = "Not equal to this."
_IN = "One of these, at most 1,000."
_GTE = "This or more."
_LTE = "This or less."
_NULL = "True: has no value. False: has one."


def _operator(description: str, name: str | None = None) -> Any:
    return strawberry.field(description=description, default=strawberry.UNSET, name=name)


@strawberry.input(description="Conditions on an id. Ids of another class match nothing.")
class IDFilter:
    """Conditions on an id."""

    eq: strawberry.ID | None = _operator(_EQ)
    ne: strawberry.ID | None = _operator(_NE)
    in_: list[strawberry.ID] | None = _operator(_IN, "in")


@strawberry.input(description="Conditions on a name, without regard to case.")
class StringFilter:
    """Conditions on a name."""

    eq: str | None = _operator(_EQ)
    ne: str | None = _operator(_NE)
    in_: list[str] | None = _operator(_IN, "in")
    contains: str | None = _operator("Has this somewhere in it.")
    starts_with: str | None = _operator("Begins with this.")
    is_null: bool | None = _operator(_NULL)


@strawberry.input(description="Conditions on a moment.")
class DateTimeFilter:
    """Conditions on a moment."""

    eq: DateTime | None = _operator(_EQ)
    gte: DateTime | None = _operator("Then or later.")
    lte: DateTime | None = _operator("Then or earlier.")
    is_null: bool | None = _operator(_NULL)


@strawberry.input(description="Conditions on a whole number.")
class IntFilter:
    """Conditions on a whole number."""

    eq: int | None = _operator(_EQ)
    ne: int | None = _operator(_NE)
    in_: list[int] | None = _operator(_IN, "in")
    gte: int | None = _operator(_GTE)
    lte: int | None = _operator(_LTE)
    is_null: bool | None = _operator(_NULL)


@strawberry.input(description="By the tags that an object has; all three must hold.")
class TagFilter:
    """By the tags that an object has."""

    any: list[strawberry.ID] | None = _operator("Has at least one of these tags.")
    all: list[strawberry.ID] | None = _operator("Has every one of these tags, at most 20.")
    none: list[strawberry.ID] | None = _operator("Has none of these tags.")


@strawberry.input(description="By a key-value pair that an object has, without regard to case.")
class KeyValueFilter:
    """By a key-value pair that an object has."""

    key: str | None = _operator("The pair's key.")
    value: str | None = _operator("The pair's value; its first 256 characters count.")


def within(scope: Scope, class_name: str, value: str) -> ColumnElement[bool]:
    """Lies in this container, or in one that lies in it, at any depth."""
    ref = parse_ref(value)
    if ref is None:
        return false()
    key = ("within", ref)
    shared = scope.shared
    if key not in shared.found:
        holders = Holders(ref.class_name, (ref.id,))
        shared.found[key] = ids_within(scope.principal, class_name, holders, apart=shared.apart)
    found = shared.found[key]
    return false() if found is None else scope.table.c.id.in_(select(found.c.id))


def orphaned(scope: Scope, class_name: str, value: bool) -> ColumnElement[bool]:
    """Lies in no container that the caller sees; Folders and the Fileset do not count."""
    held = [
        parent_exists(scope, step)
        for step in PARENTS[class_name]
        if step.class_name not in {"Folder", "Fileset"}
    ]
    free: ColumnElement[bool] = and_(true(), *[~one for one in held])
    return free if value else ~free


def owned_by(scope: Scope, _class_name: str, value: str) -> ColumnElement[bool]:
    """Belongs to this user."""
    return _refers(scope.table.c.owner_id, "User", value)


def in_group(scope: Scope, _class_name: str, value: str) -> ColumnElement[bool]:
    """Lies in this group."""
    return _refers(scope.table.c.group_id, "Group", value)


def belongs_to(column: str, class_name: str) -> Any:
    """A predicate that a column refers to the object given by its id."""

    def function(scope: Scope, _class_name: str, value: str) -> ColumnElement[bool]:
        return _refers(scope.table.c[column], class_name, value)

    return function


def identified(scope: Scope, _class_name: str, value: dict[str, Any]) -> ColumnElement[bool]:
    """Conditions on the id of rows that stand in one table with a class column.

    An id names its class: `CommentAnnotation:5` does not match a tag with this number.
    """
    found: list[ColumnElement[bool]] = []
    if value.get("eq") is not None:
        found.append(_one_of(scope, [value["eq"]]))
    if value.get("in") is not None:
        found.append(_one_of(scope, value["in"]))
    if value.get("ne") is not None:
        found.append(~_one_of(scope, [value["ne"]]))
    return and_(true(), *found)


def on_plane(scope: Scope, class_name: str, value: dict[str, Any]) -> ColumnElement[bool]:
    """A shape, or some shape of a ROI, that is seen on a plane: bound to it, or to no index."""
    if class_name == "Shape":
        return _bound(scope.table, value)
    shape: Any = Shape.__table__.alias()
    found = select(shape.c.id).where(shape.c.roi_id == scope.table.c.id, _bound(shape, value))
    return found.exists()


def _bound(shape: Any, plane: dict[str, Any]) -> ColumnElement[bool]:
    return and_(
        true(),
        *(
            or_(shape.c[f"the_{axis}"].is_(None), shape.c[f"the_{axis}"] == plane[axis])
            for axis in ("z", "t", "c")
            if plane.get(axis) is not None
        ),
    )


def _one_of(scope: Scope, ids: list[str]) -> ColumnElement[bool]:
    by_class: dict[str, list[int]] = {}
    for ref in map(parse_ref, ids):
        if ref is not None:
            by_class.setdefault(ref.class_name, []).append(ref.id)
    base = scope.source.class_name
    return or_(
        false(),
        *(
            scope.table.c.id.in_(numbers)
            if name == base
            else and_(scope.table.c.class_name == name, scope.table.c.id.in_(numbers))
            for name, numbers in sorted(by_class.items())
        ),
    )


def tagged(scope: Scope, class_name: str, value: dict[str, Any]) -> ColumnElement[bool]:
    """Has any, all or none of some tags."""
    found: list[ColumnElement[bool]] = []
    if value.get("any") is not None:
        found.append(_has_tag(scope, class_name, value["any"]))
    if value.get("all") is not None:
        found += [_has_tag(scope, class_name, [tag]) for tag in _few(value["all"])]
    if value.get("none") is not None:
        found.append(~_has_tag(scope, class_name, value["none"]))
    return and_(true(), *found)


def annotated_by(scope: Scope, class_name: str, value: str) -> ColumnElement[bool]:
    """Carries an annotation that this user attached."""
    ref = parse_ref(value)
    if ref is None or ref.class_name != "User":
        return false()
    link, annotation, held = _annotated(scope, class_name)
    return held.select_from(_joined(link, annotation)).where(link.c.owner_id == ref.id).exists()


def has_pair(scope: Scope, class_name: str, value: dict[str, Any]) -> ColumnElement[bool]:
    """Has a key-value pair with this key, this value or both."""
    link, annotation, held = _annotated(scope, class_name)
    pair = MapPair.__table__.alias()
    found = []
    if value.get("key") is not None:
        found.append(pair.c.key_key == sort_key(value["key"]))
    if value.get("value") is not None:
        found.append(pair.c.value_key == sort_key(value["value"][:256]))
    joined = _joined(link, annotation).join(pair, pair.c.annotation_id == annotation.c.id)
    return held.select_from(joined).where(*found).exists()


def _few(tags: list[str]) -> list[str]:
    if len(tags) > 20:
        raise Invalid("tag.all has more than 20 tags.", hint="Give fewer.", path=("where", "tag"))
    return tags


def _refers(column: ColumnElement[Any], class_name: str, value: str) -> ColumnElement[bool]:
    ref = parse_ref(value)
    if ref is None or ref.class_name != class_name:
        return false()
    return and_(column.is_not(None), column == ref.id)


def _has_tag(scope: Scope, class_name: str, tags: list[str]) -> ColumnElement[bool]:
    refs = [parse_ref(tag) for tag in tags]
    ids = [ref.id for ref in refs if ref and ref.class_name in {"TagAnnotation", "Annotation"}]
    link, annotation, held = _annotated(scope, class_name)
    is_tag = annotation.c.class_name == "TagAnnotation"
    held = held.select_from(_joined(link, annotation))
    return held.where(is_tag, annotation.c.id.in_(ids)).exists()


def _joined(link: Any, annotation: Any) -> Any:
    """Joins are written out: within LATERAL, SQLAlchemy takes others for cartesian products."""
    return link.join(annotation, annotation.c.id == link.c.child_id)


def _annotated(scope: Scope, class_name: str) -> tuple[Any, Any, Select[Any]]:
    """Links from our row to annotations that the caller sees: both tables, and the query."""
    link: Any = MODELS[f"{class_name}AnnotationLink"].__table__.alias()
    annotation: Any = Annotation.__table__.alias()
    held = select(annotation.c.id).where(
        link.c.parent_id == scope.table.c.id,
        link.c.trash_id.is_(None),
        visible(scope.principal, annotation),
    )
    return link, annotation, held
