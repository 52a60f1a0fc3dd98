"""`updateScreen`, `updatePlate` and what lies in them; `createReagent`."""

from __future__ import annotations

from enum import Enum
from typing import Any

import strawberry

from graphql_api.compiler.planner import fetch_nodes
from graphql_api.context import RequestContext
from graphql_api.editing.containers import NewContainer, create_container
from graphql_api.editing.idempotency import once
from graphql_api.editing.quantities import Quantity
from graphql_api.editing.texts import valid_description
from graphql_api.schema.mutations.containers import CreateInput
from graphql_api.schema.mutations.lengths import LengthInput
from graphql_api.schema.mutations.outcomes import MutationError, attempt
from graphql_api.schema.mutations.update import UpdateInput, updated
from graphql_api.schema.scalars import Color, DateTime
from graphql_api.schema.types.references import (
    LazyPlate,
    LazyPlateAcquisition,
    LazyReagent,
    LazyScreen,
    LazyWell,
    LazyWellSample,
)

Info = strawberry.Info[RequestContext, None]


def _field(description: str) -> Any:
    return strawberry.field(default=strawberry.UNSET, description=description)


def _errors() -> Any:
    return strawberry.field(default_factory=list, description="Why nothing was done.")


@strawberry.enum(description="How rows or columns of a plate are named.")
class NamingConvention(Enum):
    """OME's naming conventions."""

    LETTER = strawberry.enum_value("letter", description="A to Z, then AA.")
    NUMBER = strawberry.enum_value("number", description="From 1.")


@strawberry.input(description="What is to change in an object; what is left out stays.")
class _VersionedInput:
    """What the inputs of parts have in common."""

    id: strawberry.ID = strawberry.field(description="The object.")
    expected_version: int | None = strawberry.field(
        default=None, description="The version that was seen; another one is a Conflict."
    )


@strawberry.input(description="What is to change in a Screen.")
class UpdateScreenInput(UpdateInput):
    """Input of `updateScreen`."""

    type: str | None = _field("What kind of screen it is, or null.")
    protocol_identifier: str | None = _field("Id of its protocol, or null.")
    protocol_description: str | None = _field("Its protocol, or null.")
    reagent_set_identifier: str | None = _field("Id of its set of reagents, or null.")
    reagent_set_description: str | None = _field("Its set of reagents, or null.")


@strawberry.input(description="What is to change in a Plate.")
class UpdatePlateInput(UpdateInput):
    """Input of `updatePlate`."""

    row_naming_convention: NamingConvention | None = _field("How its rows are named.")
    column_naming_convention: NamingConvention | None = _field("How its columns are named.")
    well_origin_x: LengthInput | None = _field("Where wells begin, from the left, or null.")
    well_origin_y: LengthInput | None = _field("Where wells begin, from the top, or null.")
    default_sample: int | None = _field("The field to show first, from 0, or null.")
    status: str | None = _field("Its status, or null.")
    external_identifier: str | None = _field("Its id elsewhere, a barcode, or null.")


@strawberry.input(description="What is to change in a run; what is left out stays.")
class UpdatePlateAcquisitionInput(_VersionedInput):
    """Input of `updatePlateAcquisition`."""

    name: str | None = _field("1 to 255 characters, or null.")
    description: str | None = _field("Any text, or null.")
    start_time: DateTime | None = _field("When it began, or null.")
    end_time: DateTime | None = _field("When it ended, or null.")


@strawberry.input(description="What is to change in a Well; what is left out stays.")
class UpdateWellInput(_VersionedInput):
    """Input of `updateWell`."""

    status: str | None = _field("Its status, or null.")
    type: str | None = _field("What it is for, such as a control, or null.")
    color: Color | None = _field("The colour in which it is shown, or null.")
    external_description: str | None = _field("What is in it, or null.")
    external_identifier: str | None = _field("Its id elsewhere, or null.")


@strawberry.input(description="What is to change in a field; what is left out stays.")
class UpdateWellSampleInput(_VersionedInput):
    """Input of `updateWellSample`."""

    position_x: LengthInput | None = _field("Where the stage stood, or null.")
    position_y: LengthInput | None = _field("Where the stage stood, or null.")
    timepoint: DateTime | None = _field("When it was taken, or null.")


@strawberry.input(description="What is to change in a Reagent; what is left out stays.")
class UpdateReagentInput(_VersionedInput):
    """Input of `updateReagent`."""

    name: str | None = _field("1 to 255 characters, or null.")
    description: str | None = _field("What it is, or null.")
    reagent_identifier: str | None = _field("Its id elsewhere, or null.")


@strawberry.input(description="A new Reagent.")
class CreateReagentInput(CreateInput):
    """Input of `createReagent`."""

    parent: strawberry.ID = strawberry.field(description="The Screen to which it belongs.")
    reagent_identifier: str | None = strawberry.field(default=None, description="Its id elsewhere.")


@strawberry.type(description="The changed Screen, or why it was not changed.")
class UpdateScreenPayload:
    """Answer of `updateScreen`."""

    screen: LazyScreen | None = strawberry.field(default=None, description="The Screen.")
    errors: list[MutationError] = _errors()


@strawberry.type(description="The changed Plate, or why it was not changed.")
class UpdatePlatePayload:
    """Answer of `updatePlate`."""

    plate: LazyPlate | None = strawberry.field(default=None, description="The Plate.")
    errors: list[MutationError] = _errors()


@strawberry.type(description="The changed run, or why it was not changed.")
class UpdatePlateAcquisitionPayload:
    """Answer of `updatePlateAcquisition`."""

    plate_acquisition: LazyPlateAcquisition | None = strawberry.field(
        default=None, description="The run."
    )
    errors: list[MutationError] = _errors()


@strawberry.type(description="The changed Well, or why it was not changed.")
class UpdateWellPayload:
    """Answer of `updateWell`."""

    well: LazyWell | None = strawberry.field(default=None, description="The Well.")
    errors: list[MutationError] = _errors()


@strawberry.type(description="The changed field, or why it was not changed.")
class UpdateWellSamplePayload:
    """Answer of `updateWellSample`."""

    well_sample: LazyWellSample | None = strawberry.field(default=None, description="The field.")
    errors: list[MutationError] = _errors()


@strawberry.type(description="The Reagent, or why nothing was done.")
class ReagentPayload:
    """Answer of `createReagent` and `updateReagent`."""

    reagent: LazyReagent | None = strawberry.field(default=None, description="The Reagent.")
    errors: list[MutationError] = _errors()


def _stored(values: dict[str, Any]) -> dict[str, Any]:
    """Inputs as the editing service takes them."""
    found = {}
    for name, value in values.items():
        if isinstance(value, LengthInput):
            found[name] = Quantity(value.value, value.unit or "µm")
        else:
            found[name] = value.value if isinstance(value, Enum) else value
    return found


def _update_screen(info: Info, input: UpdateScreenInput) -> UpdateScreenPayload:
    """Change a Screen."""
    return updated(info, "Screen", input, UpdateScreenPayload)


def _update_plate(info: Info, input: UpdatePlateInput) -> UpdatePlatePayload:
    """Change a Plate."""
    return updated(info, "Plate", input, UpdatePlatePayload, _stored)


def _update_plate_acquisition(
    info: Info, input: UpdatePlateAcquisitionInput
) -> UpdatePlateAcquisitionPayload:
    """Change a run."""
    return updated(info, "PlateAcquisition", input, UpdatePlateAcquisitionPayload)


def _update_well(info: Info, input: UpdateWellInput) -> UpdateWellPayload:
    """Change a Well."""
    return updated(info, "Well", input, UpdateWellPayload)


def _update_well_sample(info: Info, input: UpdateWellSampleInput) -> UpdateWellSamplePayload:
    """Change a field."""
    return updated(info, "WellSample", input, UpdateWellSamplePayload, _stored)


def _update_reagent(info: Info, input: UpdateReagentInput) -> ReagentPayload:
    """Change a Reagent."""
    return updated(info, "Reagent", input, ReagentPayload)


def _create_reagent(info: Info, input: CreateReagentInput) -> ReagentPayload:
    """Make a Reagent."""
    context = info.context

    def work() -> ReagentPayload:
        principal = context.require_principal()
        identifier = valid_description(input.reagent_identifier, ("reagentIdentifier",))
        new = NewContainer(
            "Reagent", input.name, input.description, input.group, input.parent, input.owner,
            {"reagent_identifier": identifier},
        )  # fmt: skip
        given = {
            "name": input.name, "description": input.description, "group": input.group,
            "parent": input.parent, "owner": input.owner, "identifier": identifier,
        }  # fmt: skip
        with context.database.write() as connection:
            refs = once(
                connection, principal, "createReagent", input.idempotency_key, given,
                lambda: [create_container(connection, principal, new)],
            )  # fmt: skip
        context.renew()
        return ReagentPayload(reagent=fetch_nodes(info, refs, "reagent")[0])

    return attempt(context, work, lambda found: ReagentPayload(errors=found))


@strawberry.type
class ScreeningMutations:
    """Mutations of this file."""

    update_screen: UpdateScreenPayload = strawberry.field(
        resolver=_update_screen, description="Change fields of a Screen."
    )
    update_plate: UpdatePlatePayload = strawberry.field(
        resolver=_update_plate, description="Change fields of a Plate."
    )
    update_plate_acquisition: UpdatePlateAcquisitionPayload = strawberry.field(
        resolver=_update_plate_acquisition, description="Change fields of a run of a plate."
    )
    update_well: UpdateWellPayload = strawberry.field(
        resolver=_update_well, description="Change fields of a Well."
    )
    update_well_sample: UpdateWellSamplePayload = strawberry.field(
        resolver=_update_well_sample, description="Change fields of a field of a well."
    )
    create_reagent: ReagentPayload = strawberry.field(
        resolver=_create_reagent, description="Make a Reagent of a Screen."
    )
    update_reagent: ReagentPayload = strawberry.field(
        resolver=_update_reagent, description="Change fields of a Reagent."
    )
