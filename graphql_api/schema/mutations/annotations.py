"""`updateAnnotation`: what a comment, number, map or other annotation says."""

from __future__ import annotations

from typing import Any

import strawberry

from graphql_api.compiler.planner import fetch_nodes
from graphql_api.context import RequestContext
from graphql_api.editing.annotation_values import ValueChange, update_annotation
from graphql_api.schema.mutations.annotate import KeyValueInput
from graphql_api.schema.mutations.outcomes import MutationError, attempt
from graphql_api.schema.mutations.update import given_values
from graphql_api.schema.scalars import BigInt, DateTime
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
    description: str | None = _value("Any text, or null.")


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
    "text", "long_value", "double_value", "bool_value", "time_value", "pairs", "description",
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


@strawberry.type
class AnnotationMutations:
    """Mutations of this file."""

    update_annotation: UpdateAnnotationPayload = strawberry.field(
        resolver=_update_annotation,
        description="Change what an annotation says, for every object that carries it.",
    )
