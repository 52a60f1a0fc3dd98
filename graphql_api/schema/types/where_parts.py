"""Filter inputs of ROIs, shapes, reagents, and of what has no name of its own."""

from __future__ import annotations

import strawberry

from graphql_api.compiler.filters import OWN_CLASS, OnColumn, Predicate, where_field
from graphql_api.schema.types import filters
from graphql_api.schema.types.filters import (
    IDFilter,
    IntFilter,
    KeyValueFilter,
    StringFilter,
    TagFilter,
)
from graphql_api.schema.types.where import AnnotatedWhere, every, no, some


@strawberry.input(description="Which objects a list holds.")
class ObjectWhere(AnnotatedWhere):
    """Which objects a list holds."""

    id: IDFilter | None = where_field(OnColumn("id", class_name=OWN_CLASS), "By id.")
    and_: list[ObjectWhere] | None = every()
    or_: list[ObjectWhere] | None = some()
    not_: ObjectWhere | None = no()


@strawberry.input(description="Which parts, that nobody owns by themselves, a list holds.")
class PartWhere:
    """Which parts a list holds."""

    id: IDFilter | None = where_field(OnColumn("id", class_name=OWN_CLASS), "By id.")
    tag: TagFilter | None = where_field(Predicate(filters.tagged), "By tags that the caller sees.")
    key_value: KeyValueFilter | None = where_field(
        Predicate(filters.has_pair), "By a key-value pair that the caller sees."
    )
    annotated_by: strawberry.ID | None = where_field(
        Predicate(filters.annotated_by), "Carries an annotation attached by this user."
    )
    and_: list[PartWhere] | None = every()
    or_: list[PartWhere] | None = some()
    not_: PartWhere | None = no()


@strawberry.input(description="Which planes a list holds.")
class PlaneInfoWhere:
    """Which planes a list holds."""

    id: IDFilter | None = where_field(OnColumn("id", class_name=OWN_CLASS), "By id.")
    the_z: IntFilter | None = where_field(OnColumn("the_z"), "By section, from 0.")
    the_c: IntFilter | None = where_field(OnColumn("the_c"), "By channel, from 0.")
    the_t: IntFilter | None = where_field(OnColumn("the_t"), "By timepoint, from 0.")
    and_: list[PlaneInfoWhere] | None = every()
    or_: list[PlaneInfoWhere] | None = some()
    not_: PlaneInfoWhere | None = no()


@strawberry.input(description="Which reagents a list holds.")
class ReagentWhere(AnnotatedWhere):
    """Which reagents a list holds."""

    id: IDFilter | None = where_field(OnColumn("id", class_name=OWN_CLASS), "By id.")
    name: StringFilter | None = where_field(
        OnColumn("name_key", is_key=True), "By name, without regard to case."
    )
    and_: list[ReagentWhere] | None = every()
    or_: list[ReagentWhere] | None = some()
    not_: ReagentWhere | None = no()


@strawberry.input(description="Which ROIs a list holds.")
class RoiWhere(AnnotatedWhere):
    """Which ROIs a list holds."""

    id: IDFilter | None = where_field(OnColumn("id", class_name=OWN_CLASS), "By id.")
    name: StringFilter | None = where_field(
        OnColumn("name_key", is_key=True), "By name, without regard to case."
    )
    plane: PlaneFilter | None = where_field(
        Predicate(filters.on_plane), "Has a shape that is seen on this plane."
    )
    and_: list[RoiWhere] | None = every()
    or_: list[RoiWhere] | None = some()
    not_: RoiWhere | None = no()


@strawberry.input(
    description="A plane, by its 0-based indices; shapes without an index are on every plane."
)
class PlaneFilter:
    """A plane."""

    z: int | None = strawberry.field(description="Its section.", default=strawberry.UNSET)
    t: int | None = strawberry.field(description="Its timepoint.", default=strawberry.UNSET)
    c: int | None = strawberry.field(description="Its channel.", default=strawberry.UNSET)


@strawberry.input(description="Which shapes a list holds.")
class ShapeWhere:
    """Which shapes a list holds."""

    id: IDFilter | None = where_field(Predicate(filters.identified), "By id.")
    plane: PlaneFilter | None = where_field(Predicate(filters.on_plane), "Is seen on this plane.")
    the_z: IntFilter | None = where_field(OnColumn("the_z"), "By the section it is bound to.")
    the_t: IntFilter | None = where_field(OnColumn("the_t"), "By the timepoint it is bound to.")
    the_c: IntFilter | None = where_field(OnColumn("the_c"), "By the channel it is bound to.")
    tag: TagFilter | None = where_field(Predicate(filters.tagged), "By tags that the caller sees.")
    key_value: KeyValueFilter | None = where_field(
        Predicate(filters.has_pair), "By a key-value pair that the caller sees."
    )
    annotated_by: strawberry.ID | None = where_field(
        Predicate(filters.annotated_by), "Carries an annotation attached by this user."
    )
    and_: list[ShapeWhere] | None = every()
    or_: list[ShapeWhere] | None = some()
    not_: ShapeWhere | None = no()
