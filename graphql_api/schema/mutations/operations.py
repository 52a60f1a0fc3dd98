"""What all graph operations share in GraphQL: their common input, their payload, how one begins.

Each verb has a file of its own that names its fields and makes an `OperationRequest` of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import strawberry

from graphql_api.compiler.planner import fetch_nodes
from graphql_api.context import RequestContext
from graphql_api.graph.booking import Desk, begin
from graphql_api.graph.request import ChildOption
from graphql_api.schema.mutations.import_files import MAX_WAIT_S, wait_for
from graphql_api.schema.mutations.outcomes import MutationError, attempt
from graphql_api.schema.transport_deadline import time_left
from graphql_api.schema.types.references import LazyActivity
from shared.errors import Invalid
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from graphql_api.graph.request import OperationRequest

Info = strawberry.Info[RequestContext, None]
MAX_TARGETS = 10_000
TO_ANSWER_S = 3.0
"""What is left of a request when an operation that goes on is given to a worker."""


@strawberry.input(
    description="What to take along or leave of what is reached; the first fitting option counts."
)
class ChildOptionInput:
    """One option of `options`."""

    include: list[str] = strawberry.field(
        default_factory=list,
        description="Classes, parents of classes too, that come along though held elsewhere.",
    )
    exclude: list[str] = strawberry.field(
        default_factory=list, description="Classes that stay; their links are cut."
    )
    include_namespaces: list[str] = strawberry.field(
        default_factory=list, description="Only annotations of these namespaces are meant."
    )
    exclude_namespaces: list[str] = strawberry.field(
        default_factory=list, description="Annotations of these namespaces are not meant."
    )


@strawberry.input
class WhenInput:
    """How an operation begins; every input of a graph operation extends it."""

    dry_run: bool = strawberry.field(
        default=False, description="Only show what would be done: the report is the plan."
    )
    wait: int = strawberry.field(
        default=0,
        description="A large operation answers only when it has ended, or after so many seconds "
        "(to 30).",
    )
    idempotency_key: str | None = strawberry.field(
        default=None, description="The same key and input within 24 hours do it once."
    )


@strawberry.input
class OperationInput(WhenInput):
    """What every graph operation on targets takes."""

    targets: list[strawberry.ID] = strawberry.field(
        description="Objects of any legal classes, at most 10,000."
    )
    start_from: list[str] = strawberry.field(
        default_factory=list,
        description="Begin below the targets, at the last of these classes: [Dataset, Image] under "
        "a Project means its images alone.",
    )
    options: list[ChildOptionInput] = strawberry.field(
        default_factory=list, description="What to take along or leave, in order."
    )
    include: list[str] = strawberry.field(
        default_factory=list, description="Short for one option: classes that come along."
    )
    exclude: list[str] = strawberry.field(
        default_factory=list, description="Short for one option: classes that stay."
    )


@strawberry.type(description="The operation under way or done, or why nothing was begun.")
class OperationPayload:
    """Answer of every graph operation."""

    activity: LazyActivity | None = strawberry.field(
        default=None,
        description="The operation with its report; small ones have ended already.",
    )
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was begun."
    )


def common(input: OperationInput) -> dict[str, Any]:
    """The fields of an `OperationRequest` that every operation on targets has; raises `Invalid`."""
    if len(input.targets) > MAX_TARGETS:
        raise Invalid(
            f"{len(input.targets)} targets are too many at once.",
            hint=f"Name at most {MAX_TARGETS}, or their containers.",
            path=("targets",),
        )
    short = ChildOption(tuple(input.include), tuple(input.exclude))
    if input.options and (short.include or short.exclude):
        raise Invalid(
            "Both options and include or exclude are given.",
            hint="include and exclude stand for one option: use options alone.",
            path=("options",),
        )
    options = tuple(
        ChildOption(
            tuple(each.include),
            tuple(each.exclude),
            tuple(each.include_namespaces),
            tuple(each.exclude_namespaces),
        )
        for each in input.options
    )
    return {
        "targets": tuple(dict.fromkeys(str(each) for each in input.targets)),
        "start_from": tuple(input.start_from),
        "options": options or ((short,) if short.include or short.exclude else ()),
    }


def operate(info: Info, input: WhenInput, make: Callable[[], OperationRequest]) -> OperationPayload:
    """Begin the operation that `make` describes, and answer its Activity."""

    def start(desk: Desk) -> int:
        return begin(desk, make(), dry_run=input.dry_run, key=input.idempotency_key)

    return answer(info, input.wait, start)


def answer(info: Info, wait: int, start: Callable[[Desk], int]) -> OperationPayload:
    """The payload of what `start` books, perhaps after some seconds."""
    context = info.context

    def work() -> OperationPayload:
        if not 0 <= wait <= MAX_WAIT_S:
            raise Invalid(f"Wait from 0 to {MAX_WAIT_S} seconds.", path=("wait",))
        principal = context.require_principal()
        context.renew()
        ends_at = time_left(TO_ANSWER_S)
        number = start(
            Desk(context.database, context.storage, context.settings, principal, ends_at)
        )  # fmt: skip
        context.renew()
        if wait:
            wait_for(context.database, number, wait)
        (found,) = fetch_nodes(info, [ObjectRef("Activity", number)], "activity")
        return OperationPayload(activity=found)

    return attempt(context, work, lambda found: OperationPayload(errors=found))
