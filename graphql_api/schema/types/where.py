"""Filter inputs of each type: what a list can be narrowed by. All of it is indexed."""

from __future__ import annotations

from typing import Any

import strawberry

from graphql_api.compiler.filters import OnColumn, Predicate, where_field
from graphql_api.schema.types import filters
from graphql_api.schema.types.activities import ActivityState
from graphql_api.schema.types.filters import (
    DateTimeFilter,
    IDFilter,
    IntFilter,
    KeyValueFilter,
    StringFilter,
    TagFilter,
)


@strawberry.input(description="Conditions on how far an activity is.")
class ActivityStateFilter:
    """Conditions on how far an activity is."""

    eq: ActivityState | None = strawberry.field(
        description="Is in this state.", default=strawberry.UNSET
    )
    in_: list[ActivityState] | None = strawberry.field(
        description="Is in one of these states.", name="in", default=strawberry.UNSET
    )


def every() -> Any:
    """The field `and`."""
    return strawberry.field(description="All of these hold.", name="and", default=strawberry.UNSET)


def some() -> Any:
    """The field `or`."""
    return strawberry.field(
        description="At least one of these holds.", name="or", default=strawberry.UNSET
    )


def no() -> Any:
    """The field `not`."""
    return strawberry.field(description="This does not hold.", name="not", default=strawberry.UNSET)


def _id(class_name: str) -> Any:
    return where_field(OnColumn("id", class_name=class_name), "By id.")


def _name(column: str = "name_key") -> Any:
    return where_field(OnColumn(column, is_key=True), "By name, without regard to case.")


@strawberry.input(description="By owner, group and age.")
class OwnedWhere:
    """By owner, group and age."""

    owner: strawberry.ID | None = where_field(Predicate(filters.owned_by), "Belongs to this user.")
    group: strawberry.ID | None = where_field(Predicate(filters.in_group), "Lies in this group.")
    created_at: DateTimeFilter | None = where_field(OnColumn("created_at"), "By when it was made.")


@strawberry.input(description="By annotations.")
class AnnotatedWhere(OwnedWhere):
    """By annotations."""

    tag: TagFilter | None = where_field(Predicate(filters.tagged), "By tags that the caller sees.")
    key_value: KeyValueFilter | None = where_field(
        Predicate(filters.has_pair), "By a key-value pair that the caller sees."
    )
    annotated_by: strawberry.ID | None = where_field(
        Predicate(filters.annotated_by), "Carries an annotation attached by this user."
    )


@strawberry.input(description="Which projects a list holds.")
class ProjectWhere(AnnotatedWhere):
    """Which projects a list holds."""

    id: IDFilter | None = _id("Project")
    name: StringFilter | None = _name()
    and_: list[ProjectWhere] | None = every()
    or_: list[ProjectWhere] | None = some()
    not_: ProjectWhere | None = no()


@strawberry.input(description="Which datasets a list holds.")
class DatasetWhere(AnnotatedWhere):
    """Which datasets a list holds."""

    id: IDFilter | None = _id("Dataset")
    name: StringFilter | None = _name()
    within: strawberry.ID | None = where_field(
        Predicate(filters.within), "Lies in this container at any depth."
    )
    orphaned: bool | None = where_field(
        Predicate(filters.orphaned), "Lies in no container that the caller sees."
    )
    and_: list[DatasetWhere] | None = every()
    or_: list[DatasetWhere] | None = some()
    not_: DatasetWhere | None = no()


@strawberry.input(description="Which folders a list holds.")
class FolderWhere(AnnotatedWhere):
    """Which folders a list holds."""

    id: IDFilter | None = _id("Folder")
    name: StringFilter | None = _name()
    within: strawberry.ID | None = where_field(
        Predicate(filters.within), "Lies in this container at any depth."
    )
    and_: list[FolderWhere] | None = every()
    or_: list[FolderWhere] | None = some()
    not_: FolderWhere | None = no()


@strawberry.input(description="Which images a list holds.")
class ImageWhere(AnnotatedWhere):
    """Which images a list holds."""

    id: IDFilter | None = _id("Image")
    name: StringFilter | None = _name()
    acquired_at: DateTimeFilter | None = where_field(
        OnColumn("acquired_at"), "By when it was taken."
    )
    within: strawberry.ID | None = where_field(
        Predicate(filters.within), "Lies in this container at any depth."
    )
    orphaned: bool | None = where_field(
        Predicate(filters.orphaned), "Lies in no container that the caller sees."
    )
    and_: list[ImageWhere] | None = every()
    or_: list[ImageWhere] | None = some()
    not_: ImageWhere | None = no()


@strawberry.input(description="Which screens a list holds.")
class ScreenWhere(AnnotatedWhere):
    """Which screens a list holds."""

    id: IDFilter | None = _id("Screen")
    name: StringFilter | None = _name()
    and_: list[ScreenWhere] | None = every()
    or_: list[ScreenWhere] | None = some()
    not_: ScreenWhere | None = no()


@strawberry.input(description="Which plates a list holds.")
class PlateWhere(AnnotatedWhere):
    """Which plates a list holds."""

    id: IDFilter | None = _id("Plate")
    name: StringFilter | None = _name()
    within: strawberry.ID | None = where_field(
        Predicate(filters.within), "Lies in this container at any depth."
    )
    orphaned: bool | None = where_field(
        Predicate(filters.orphaned), "Lies in no container that the caller sees."
    )
    and_: list[PlateWhere] | None = every()
    or_: list[PlateWhere] | None = some()
    not_: PlateWhere | None = no()


@strawberry.input(description="Which runs a list holds.")
class PlateAcquisitionWhere(AnnotatedWhere):
    """Which runs a list holds."""

    id: IDFilter | None = _id("PlateAcquisition")
    and_: list[PlateAcquisitionWhere] | None = every()
    or_: list[PlateAcquisitionWhere] | None = some()
    not_: PlateAcquisitionWhere | None = no()


@strawberry.input(description="Which wells a list holds.")
class WellWhere(AnnotatedWhere):
    """Which wells a list holds."""

    id: IDFilter | None = _id("Well")
    row: IntFilter | None = where_field(OnColumn("row"), "By row, from 0.")
    column: IntFilter | None = where_field(OnColumn("column"), "By column, from 0.")
    and_: list[WellWhere] | None = every()
    or_: list[WellWhere] | None = some()
    not_: WellWhere | None = no()


@strawberry.input(description="Which fields of wells a list holds.")
class WellSampleWhere(OwnedWhere):
    """Which fields of wells a list holds."""

    id: IDFilter | None = _id("WellSample")
    plate_acquisition: strawberry.ID | None = where_field(
        Predicate(filters.belongs_to("plate_acquisition_id", "PlateAcquisition")),
        "Was taken in this run.",
    )
    and_: list[WellSampleWhere] | None = every()
    or_: list[WellSampleWhere] | None = some()
    not_: WellSampleWhere | None = no()


@strawberry.input(description="Which filesets a list holds.")
class FilesetWhere(AnnotatedWhere):
    """Which filesets a list holds."""

    id: IDFilter | None = _id("Fileset")
    and_: list[FilesetWhere] | None = every()
    or_: list[FilesetWhere] | None = some()
    not_: FilesetWhere | None = no()


@strawberry.input(description="Which people a list holds.")
class UserWhere:
    """Which people a list holds."""

    id: IDFilter | None = _id("User")
    login: StringFilter | None = where_field(OnColumn("login_key", is_key=True), "By login name.")
    last_name: StringFilter | None = where_field(
        OnColumn("last_name_key", is_key=True), "By last name."
    )
    and_: list[UserWhere] | None = every()
    or_: list[UserWhere] | None = some()
    not_: UserWhere | None = no()


@strawberry.input(description="Which groups a list holds.")
class GroupWhere:
    """Which groups a list holds."""

    id: IDFilter | None = _id("Group")
    name: StringFilter | None = _name()
    and_: list[GroupWhere] | None = every()
    or_: list[GroupWhere] | None = some()
    not_: GroupWhere | None = no()


@strawberry.input(description="Which activities a list holds.")
class ActivityWhere:
    """Which activities a list holds."""

    id: IDFilter | None = _id("Activity")
    state: ActivityStateFilter | None = where_field(OnColumn("state"), "By how far it is.")
    and_: list[ActivityWhere] | None = every()
    or_: list[ActivityWhere] | None = some()
    not_: ActivityWhere | None = no()
