"""`updateProject` and its siblings: name and description of containers, plates and images.

What is left out of an input stays as it is; null empties a description.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import strawberry

from graphql_api.compiler.planner import fetch_nodes
from graphql_api.context import RequestContext
from graphql_api.editing.updates import TextChange, update_texts
from graphql_api.schema.mutations.outcomes import MutationError, attempt
from graphql_api.schema.types.references import (
    LazyDataset,
    LazyFolder,
    LazyImage,
    LazyPlate,
    LazyProject,
    LazyScreen,
)

if TYPE_CHECKING:
    from collections.abc import Callable

Info = strawberry.Info[RequestContext, None]
Payload = TypeVar("Payload")


@strawberry.input(description="What is to change in something that has a name.")
class UpdateInput:
    """What the inputs of this file have in common."""

    id: strawberry.ID = strawberry.field(description="The object.")
    expected_version: int | None = strawberry.field(
        default=None, description="The version that was seen; another one is a Conflict."
    )
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="1 to 255 characters; left out, it stays."
    )
    description: str | None = strawberry.field(
        default=strawberry.UNSET, description="Any text, or null; left out, it stays."
    )


@strawberry.input(description="What is to change in a Project.")
class UpdateProjectInput(UpdateInput):
    """Input of `updateProject`."""


@strawberry.input(description="What is to change in a Dataset.")
class UpdateDatasetInput(UpdateInput):
    """Input of `updateDataset`."""


@strawberry.input(description="What is to change in a Folder.")
class UpdateFolderInput(UpdateInput):
    """Input of `updateFolder`."""


@strawberry.input(description="What is to change in a Screen.")
class UpdateScreenInput(UpdateInput):
    """Input of `updateScreen`."""


@strawberry.input(description="What is to change in a Plate.")
class UpdatePlateInput(UpdateInput):
    """Input of `updatePlate`."""


@strawberry.input(description="What is to change in an Image.")
class UpdateImageInput(UpdateInput):
    """Input of `updateImage`."""


def _errors() -> Any:
    return strawberry.field(default_factory=list, description="Why nothing was changed.")


@strawberry.type(description="The changed Project, or why it was not changed.")
class UpdateProjectPayload:
    """Answer of `updateProject`."""

    project: LazyProject | None = strawberry.field(default=None, description="The Project.")
    errors: list[MutationError] = _errors()


@strawberry.type(description="The changed Dataset, or why it was not changed.")
class UpdateDatasetPayload:
    """Answer of `updateDataset`."""

    dataset: LazyDataset | None = strawberry.field(default=None, description="The Dataset.")
    errors: list[MutationError] = _errors()


@strawberry.type(description="The changed Folder, or why it was not changed.")
class UpdateFolderPayload:
    """Answer of `updateFolder`."""

    folder: LazyFolder | None = strawberry.field(default=None, description="The Folder.")
    errors: list[MutationError] = _errors()


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


@strawberry.type(description="The changed Image, or why it was not changed.")
class UpdateImagePayload:
    """Answer of `updateImage`."""

    image: LazyImage | None = strawberry.field(default=None, description="The Image.")
    errors: list[MutationError] = _errors()


def given_values(given: object, *names: str) -> dict[str, Any]:
    """Those of an input's fields that were given at all; null is a value."""
    found = {name: getattr(given, name) for name in names}
    return {name: value for name, value in found.items() if value is not strawberry.UNSET}


def _update_project(info: Info, input: UpdateProjectInput) -> UpdateProjectPayload:
    """Change a Project."""
    return _update(info, "Project", input, UpdateProjectPayload)


def _update_dataset(info: Info, input: UpdateDatasetInput) -> UpdateDatasetPayload:
    """Change a Dataset."""
    return _update(info, "Dataset", input, UpdateDatasetPayload)


def _update_folder(info: Info, input: UpdateFolderInput) -> UpdateFolderPayload:
    """Change a Folder."""
    return _update(info, "Folder", input, UpdateFolderPayload)


def _update_screen(info: Info, input: UpdateScreenInput) -> UpdateScreenPayload:
    """Change a Screen."""
    return _update(info, "Screen", input, UpdateScreenPayload)


def _update_plate(info: Info, input: UpdatePlateInput) -> UpdatePlatePayload:
    """Change a Plate."""
    return _update(info, "Plate", input, UpdatePlatePayload)


def _update_image(info: Info, input: UpdateImageInput) -> UpdateImagePayload:
    """Change an Image."""
    return _update(info, "Image", input, UpdateImagePayload)


def _update(
    info: Info, class_name: str, given: UpdateInput, payload: Callable[..., Payload]
) -> Payload:
    context = info.context
    field = class_name.lower()

    def work() -> Payload:
        texts = given_values(given, "name", "description")
        change = TextChange(class_name, str(given.id), texts, given.expected_version)
        ref = update_texts(context.database, context.require_principal(), change)
        context.renew()
        return payload(**{field: fetch_nodes(info, [ref], field)[0]})

    return attempt(context, work, lambda found: payload(errors=found))


@strawberry.type
class UpdateMutations:
    """Mutations of this file."""

    update_project: UpdateProjectPayload = strawberry.field(
        resolver=_update_project, description="Change name or description of a Project."
    )
    update_dataset: UpdateDatasetPayload = strawberry.field(
        resolver=_update_dataset, description="Change name or description of a Dataset."
    )
    update_folder: UpdateFolderPayload = strawberry.field(
        resolver=_update_folder, description="Change name or description of a Folder."
    )
    update_screen: UpdateScreenPayload = strawberry.field(
        resolver=_update_screen, description="Change name or description of a Screen."
    )
    update_plate: UpdatePlatePayload = strawberry.field(
        resolver=_update_plate, description="Change name or description of a Plate."
    )
    update_image: UpdateImagePayload = strawberry.field(
        resolver=_update_image, description="Change name or description of an Image."
    )
