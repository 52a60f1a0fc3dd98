"""`duplicate`: full independent copies, owned by the caller.

Each class is copied, referred to or left out by its most specific mention; what is reached and how
is decided in `graph.policies.duplicate`.
"""

from __future__ import annotations

import strawberry

from graphql_api.graph.request import OperationRequest
from graphql_api.schema.mutations.operations import (
    Info,
    OperationInput,
    OperationPayload,
    common,
    operate,
)


@strawberry.input(description="What to copy, and how.")
class DuplicateInput(OperationInput):
    """Input of `duplicate`."""

    duplicate: list[str] = strawberry.field(
        default_factory=list,
        description="Classes to copy, against a parent of theirs in reference or ignore.",
    )
    reference: list[str] = strawberry.field(
        default_factory=list,
        description="Classes that are not copied: the copies share them with the originals.",
    )
    ignore: list[str] = strawberry.field(
        default_factory=list, description="Classes to leave out, such as Roi or IAnnotationLink."
    )
    into: strawberry.ID | None = strawberry.field(
        default=None, description="A container that gets the copies which it can hold."
    )
    group: strawberry.ID | None = strawberry.field(
        default=None, description="The group in which the copies lie; else that of the targets."
    )
    name_prefix: str = strawberry.field(
        default="", description="Written before the names of the copied targets."
    )
    name_suffix: str = strawberry.field(
        default="", description="Written behind the names of the copied targets."
    )


def _duplicate(info: Info, input: DuplicateInput) -> OperationPayload:
    """Copy."""

    def make() -> OperationRequest:
        return OperationRequest(
            "duplicate",
            **common(input),
            duplicate=tuple(input.duplicate),
            reference=tuple(input.reference),
            ignore=tuple(input.ignore),
            into=None if input.into is None else str(input.into),
            group=None if input.group is None else str(input.group),
            name_prefix=input.name_prefix,
            name_suffix=input.name_suffix,
        )

    return operate(info, input, make)


@strawberry.type
class DuplicateMutations:
    """Mutations of this file."""

    duplicate: OperationPayload = strawberry.field(
        resolver=_duplicate,
        description="Copy objects with everything below them: images, annotations, ROIs and files, "
        "which are hard-linked where that can be. Afterwards neither depends on the other.",
    )
