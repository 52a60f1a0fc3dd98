"""`createAnnotation` and `updateAnnotation`: what a comment, number or map says."""

from __future__ import annotations

from typing import Any

import strawberry

from graphql_api.compiler.planner import fetch_nodes
from graphql_api.context import RequestContext
from graphql_api.editing.annotation_creation import create_annotation
from graphql_api.editing.annotation_values import ValueChange, update_annotation
from graphql_api.schema.mutations.annotation_inputs import (
    KeyValueInput,
    NewAnnotationInput,
    new_annotation,
)
from graphql_api.schema.mutations.outcomes import MutationError, attempt
from graphql_api.schema.mutations.update import given_values
from graphql_api.schema.scalars import BigInt, DateTime
from graphql_api.schema.types.connections import Link
from graphql_api.schema.types.references import LazyAnnotation

Info = strawberry.Info[RequestContext, None]


def _value(description: str) -> Any:
    return strawberry.field(default=strawberry.UNSET, description=description)


@strawberry.input(description="What is to change in an annotation; what is left out stays.")
class UpdateAnnotationInput:
    """Input of `updateAnnotation`."""

    id: strawberry.ID = strawberry.field(description="The annotation.")
    expected_version: int | None = strawberry.field(
        default=None, description="The version that was seen; another one is a Conflict."
    )
    text: str | None = _value("Of a tag, comment, term or XML annotation.")
    long_value: BigInt | None = _value("Of a whole number; a rating goes from 0 to 5.")
    double_value: float | None = _value("Of a number.")
    bool_value: bool | None = _value("Of a yes or no.")
    time_value: DateTime | None = _value("Of a moment.")
    pairs: list[KeyValueInput] | None = _value("All pairs of a map annotation, in order.")
    name: str | None = _value("1 to 255 characters, or null.")
    description: str | None = _value("Any text, or null.")
    namespace: str | None = _value("What it is for, or null; not to or from ratings, tag sets.")


@strawberry.type(description="The annotation, or why it was not changed.")
class UpdateAnnotationPayload:
    """Answer of `updateAnnotation`."""

    annotation: LazyAnnotation | None = strawberry.field(
        default=None, description="The annotation."
    )
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was changed."
    )


NAMES = (
    "text", "long_value", "double_value", "bool_value", "time_value", "pairs", "name",
    "description", "namespace",
)  # fmt: skip


def _update_annotation(info: Info, input: UpdateAnnotationInput) -> UpdateAnnotationPayload:
    """Change an annotation."""
    context = info.context

    def work() -> UpdateAnnotationPayload:
        values = given_values(input, *NAMES)
        if values.get("pairs") is not None:
            values["pairs"] = tuple((pair.key, pair.value) for pair in values["pairs"])
        change = ValueChange(str(input.id), values, input.expected_version)
        ref = update_annotation(context.database, context.require_principal(), change)
        context.renew()
        return UpdateAnnotationPayload(annotation=fetch_nodes(info, [ref], "annotation")[0])

    return attempt(context, work, lambda found: UpdateAnnotationPayload(errors=found))


@strawberry.input(description="An annotation that is to be made, on objects or alone.")
class CreateAnnotationInput(NewAnnotationInput):
    """Input of `createAnnotation`."""

    targets: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Objects that carry it, at most 10,000; none is fine."
    )
    group: strawberry.ID | None = strawberry.field(
        default=None,
        description=(
            "In which group, without targets or on people and groups; else the default group."
        ),
    )
    owner: strawberry.ID | None = strawberry.field(
        default=None,
        description=(
            "For whom, where the caller may write for others: annotations and links belong to "
            "them. In private groups only on their own data."
        ),
    )
    idempotency_key: str | None = strawberry.field(
        default=None, description="The same key within 24 hours makes it once."
    )


@strawberry.type(description="The new annotations, or why there are none.")
class CreateAnnotationPayload:
    """Answer of `createAnnotation`."""

    annotations: list[LazyAnnotation] = strawberry.field(
        default_factory=list, description="One for each group; pairs one for each target."
    )
    links: list[Link] = strawberry.field(
        default_factory=list, description="The links by which the targets carry them."
    )
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was made."
    )


def _create_annotation(info: Info, input: CreateAnnotationInput) -> CreateAnnotationPayload:
    """Make an annotation."""
    context = info.context

    def work() -> CreateAnnotationPayload:
        new = new_annotation(input)
        annotations, links = create_annotation(
            context.database,
            context.require_principal(),
            new,
            [str(each) for each in input.targets],
            input.group,
            input.idempotency_key,
            input.owner,
        )
        context.renew()
        made = fetch_nodes(info, annotations, "annotations")
        return CreateAnnotationPayload(
            annotations=[each for each in made if each is not None],
            links=[each for each in fetch_nodes(info, links, "links") if each is not None],
        )

    return attempt(context, work, lambda found: CreateAnnotationPayload(errors=found))


@strawberry.type
class AnnotationMutations:
    """Mutations of this file."""

    create_annotation: CreateAnnotationPayload = strawberry.field(
        resolver=_create_annotation,
        description="Make an annotation of any class but files, on objects or alone.",
    )
    update_annotation: UpdateAnnotationPayload = strawberry.field(
        resolver=_update_annotation,
        description="Change what an annotation says, for every object that carries it.",
    )
