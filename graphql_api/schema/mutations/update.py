"""`updateProject` and its siblings: name and description of containers and images.

What is left out of an input stays as it is; null empties a description.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import strawberry

from graphql_api.compiler.planner import fetch_nodes
from graphql_api.context import RequestContext
from graphql_api.editing.updates import ObjectChange, update_object
from graphql_api.schema.mutations.outcomes import MutationError, attempt
from graphql_api.schema.types.references import (
    LazyDataset,
    LazyFolder,
    LazyImage,
    LazyProject,
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

    parent: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The Folder in which it lies; null for none."
    )


@strawberry.input(description="What is to change in an Image.")
class UpdateImageInput(UpdateInput):
    """Input of `updateImage`."""

    acquisition_date: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "When it was taken: a date or a date and time of ISO 8601, with or without a zone, "
            "kept as it is written; null: not known."
        ),
    )
    is_archived: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether its original files are archived; left out, it stays.",
    )


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
    return updated(info, "Project", input, UpdateProjectPayload)


def _update_dataset(info: Info, input: UpdateDatasetInput) -> UpdateDatasetPayload:
    """Change a Dataset."""
    return updated(info, "Dataset", input, UpdateDatasetPayload)


def _update_folder(info: Info, input: UpdateFolderInput) -> UpdateFolderPayload:
    """Change a Folder."""
    return updated(info, "Folder", input, UpdateFolderPayload)


def _update_image(info: Info, input: UpdateImageInput) -> UpdateImagePayload:
    """Change an Image."""
    return updated(info, "Image", input, UpdateImagePayload)


class _Given(Protocol):
    id: strawberry.ID
    expected_version: int | None


def updated(
    info: Info,
    class_name: str,
    given: _Given,
    payload: Callable[..., Payload],
    convert: Callable[[dict[str, Any]], dict[str, Any]] = dict,
) -> Payload:
    """Change an object by the fields of its input, and answer it under its own name."""
    context = info.context
    field = class_name[0].lower() + class_name[1:]
    column = "".join(f"_{each.lower()}" if each.isupper() else each for each in field)

    def work() -> Payload:
        values = convert(given_values(given, *_names(given)))
        change = ObjectChange(class_name, str(given.id), values, given.expected_version)
        ref = update_object(context.database, context.require_principal(), change)
        context.renew()
        return payload(**{column: fetch_nodes(info, [ref], field)[0]})

    return attempt(context, work, lambda found: payload(errors=found))


def _names(given: object) -> list[str]:
    """The fields of an input that are columns."""
    fields = dataclasses.fields(given)  # type: ignore[arg-type]  # every input is a dataclass
    return [each.name for each in fields if each.name not in {"id", "expected_version"}]


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
    update_image: UpdateImagePayload = strawberry.field(
        resolver=_update_image,
        description="Change name, description, acquisition date or the archived flag of an Image.",
    )
