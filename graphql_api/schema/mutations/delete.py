"""`delete`: put objects into the trash with what goes along; `restore` and `purge` of the trash.

What goes and what stays is decided in `graph.policies.delete` and `graph.policies.trash`.
"""

from __future__ import annotations

import strawberry

from graphql_api.graph.booking import begin
from graphql_api.graph.request import OperationRequest
from graphql_api.schema.mutations.operations import (
    Info,
    OperationInput,
    OperationPayload,
    WhenInput,
    answer,
    common,
    operate,
)


@strawberry.input(description="What to delete.")
class DeleteInput(OperationInput):
    """Input of `delete`."""

    purge: bool = strawberry.field(
        default=False, description="Erase at once, without the trash. It cannot be taken back."
    )


@strawberry.input(description="What to take back from the trash: exactly one.", one_of=True)
class RestoreInput:
    """Input of `restore`."""

    targets: strawberry.Maybe[list[strawberry.ID]] = strawberry.field(
        description="Objects in the trash."
    )
    activity: strawberry.Maybe[strawberry.ID] = strawberry.field(
        description="A deletion: everything that it put into the trash."
    )


@strawberry.input(description="What to erase from the trash.")
class PurgeInput(WhenInput):
    """Input of `purge`."""

    targets: list[strawberry.ID] = strawberry.field(
        description="Objects in the trash, or deletions such as Activity:7. It cannot be taken "
        "back."
    )


def _delete(info: Info, input: DeleteInput) -> OperationPayload:
    """Delete."""
    return operate(
        info, input, lambda: OperationRequest("delete", **common(input), purge=input.purge)
    )


def _restore(info: Info, input: RestoreInput) -> OperationPayload:
    """Restore."""
    targets, activity = input.targets, input.activity
    request = OperationRequest(
        "restore",
        tuple(str(each) for each in targets.value) if targets else (),
        activity=str(activity.value) if activity else None,
    )
    return answer(info, 0, lambda desk: begin(desk, request, dry_run=False, key=None))


def _purge(info: Info, input: PurgeInput) -> OperationPayload:
    """Purge."""
    texts = tuple(dict.fromkeys(str(each) for each in input.targets))
    whole = len(texts) == 1 and texts[0].startswith("Activity:")
    return operate(
        info,
        input,
        lambda: OperationRequest(
            "purge", () if whole else texts, activity=texts[0] if whole else None
        ),
    )


@strawberry.type
class DeleteMutations:
    """Mutations of this file."""

    delete: OperationPayload = strawberry.field(
        resolver=_delete,
        description="Put objects into the trash with what goes along: contents that nothing else "
        "holds, parts, remarks. Tags, terms and files stay unless include names them.",
    )
    restore: OperationPayload = strawberry.field(
        resolver=_restore,
        description="Take back from the trash, for whoever deleted or owns it, with everything "
        "that the same deletion took from below it.",
    )
    purge: OperationPayload = strawberry.field(
        resolver=_purge, description="Erase from the trash for good, files included."
    )
