"""`createProject`, `createDataset`, `createScreen` and `createFolder`.

Where something new goes and to whom it belongs is decided in `graphql_api.editing.containers`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TypeVar

import strawberry

from graphql_api.compiler.planner import fetch_nodes
from graphql_api.context import RequestContext
from graphql_api.editing.containers import NewContainer, create_container
from graphql_api.editing.idempotency import once
from graphql_api.schema.mutations.outcomes import MutationError, attempt
from graphql_api.schema.types.references import (
    LazyDataset,
    LazyFolder,
    LazyProject,
    LazyScreen,
)

Info = strawberry.Info[RequestContext, None]


@strawberry.input(description="Something new that has a name.")
class CreateInput:
    """What the inputs of this file have in common."""

    name: str = strawberry.field(description="1 to 255 characters.")
    description: str | None = strawberry.field(default=None, description="Any text.")
    group: strawberry.ID | None = strawberry.field(
        default=None, description="In which group; else the parent's, else the default group."
    )
    owner: strawberry.ID | None = strawberry.field(
        default=None, description="For whom, where the caller may write for others."
    )
    idempotency_key: str | None = strawberry.field(
        default=None, description="The same key within 24 hours makes it once."
    )


@strawberry.input(description="A new Project.")
class CreateProjectInput(CreateInput):
    """Input of `createProject`."""

    parent: strawberry.ID | None = strawberry.field(
        default=None, description="Projects have no parent: anything but null is refused."
    )


@strawberry.input(description="A new Dataset.")
class CreateDatasetInput(CreateInput):
    """Input of `createDataset`."""

    parent: strawberry.ID | None = strawberry.field(
        default=None, description="The Project that holds it."
    )


@strawberry.input(description="A new Screen.")
class CreateScreenInput(CreateInput):
    """Input of `createScreen`."""

    parent: strawberry.ID | None = strawberry.field(
        default=None, description="Screens have no parent: anything but null is refused."
    )


@strawberry.input(description="A new Folder.")
class CreateFolderInput(CreateInput):
    """Input of `createFolder`."""

    parent: strawberry.ID | None = strawberry.field(
        default=None, description="The Folder in which it lies."
    )


@strawberry.type(description="The new Project, or why there is none.")
class CreateProjectPayload:
    """Answer of `createProject`."""

    project: LazyProject | None = strawberry.field(default=None, description="The new Project.")
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was made."
    )


@strawberry.type(description="The new Dataset, or why there is none.")
class CreateDatasetPayload:
    """Answer of `createDataset`."""

    dataset: LazyDataset | None = strawberry.field(default=None, description="The new Dataset.")
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was made."
    )


@strawberry.type(description="The new Screen, or why there is none.")
class CreateScreenPayload:
    """Answer of `createScreen`."""

    screen: LazyScreen | None = strawberry.field(default=None, description="The new Screen.")
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was made."
    )


@strawberry.type(description="The new Folder, or why there is none.")
class CreateFolderPayload:
    """Answer of `createFolder`."""

    folder: LazyFolder | None = strawberry.field(default=None, description="The new Folder.")
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was made."
    )


Given = CreateProjectInput | CreateDatasetInput | CreateScreenInput | CreateFolderInput
Payload = TypeVar(
    "Payload", CreateProjectPayload, CreateDatasetPayload, CreateScreenPayload, CreateFolderPayload
)


def _create_project(info: Info, input: CreateProjectInput) -> CreateProjectPayload:
    """Make a Project."""
    return _create(info, "Project", input, CreateProjectPayload)


def _create_dataset(info: Info, input: CreateDatasetInput) -> CreateDatasetPayload:
    """Make a Dataset."""
    return _create(info, "Dataset", input, CreateDatasetPayload)


def _create_screen(info: Info, input: CreateScreenInput) -> CreateScreenPayload:
    """Make a Screen."""
    return _create(info, "Screen", input, CreateScreenPayload)


def _create_folder(info: Info, input: CreateFolderInput) -> CreateFolderPayload:
    """Make a Folder."""
    return _create(info, "Folder", input, CreateFolderPayload)


def _create(info: Info, class_name: str, given: Given, payload: Callable[..., Payload]) -> Payload:
    context = info.context
    field = class_name.lower()

    def work() -> Payload:
        principal = context.require_principal()
        new = NewContainer(
            class_name,
            given.name,
            given.description,
            group=given.group,
            parent=given.parent,
            owner=given.owner,
        )
        with context.database.write() as connection:
            refs = once(
                connection,
                principal,
                f"create{class_name}",
                given.idempotency_key,
                asdict(new),
                lambda: [create_container(connection, principal, new)],
            )
        context.renew()
        return payload(**{field: fetch_nodes(info, refs, field)[0]})

    return attempt(context, work, lambda found: payload(errors=found))


@strawberry.type
class ContainerMutations:
    """Mutations of this file."""

    create_project: CreateProjectPayload = strawberry.field(
        resolver=_create_project, description="Make a Project."
    )
    create_dataset: CreateDatasetPayload = strawberry.field(
        resolver=_create_dataset, description="Make a Dataset, in a Project if wanted."
    )
    create_screen: CreateScreenPayload = strawberry.field(
        resolver=_create_screen, description="Make a Screen."
    )
    create_folder: CreateFolderPayload = strawberry.field(
        resolver=_create_folder, description="Make a Folder, in another one if wanted."
    )
