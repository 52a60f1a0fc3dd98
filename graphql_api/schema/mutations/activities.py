"""`cancelActivity`, `retryActivity`, `dismissActivities`: what one does with long-running jobs."""

from __future__ import annotations

import strawberry

from graphql_api.compiler.planner import fetch_nodes
from graphql_api.context import RequestContext
from graphql_api.editing.activities import cancel, dismiss, retry
from graphql_api.schema.mutations.outcomes import MutationError, attempt
from graphql_api.schema.types.references import LazyActivity

Info = strawberry.Info[RequestContext, None]


@strawberry.input(description="Which job to stop.")
class CancelActivityInput:
    """Input of `cancelActivity`."""

    activity: strawberry.ID = strawberry.field(description="The job.")


@strawberry.type(description="The job, or why it goes on.")
class CancelActivityPayload:
    """Answer of `cancelActivity`."""

    activity: LazyActivity | None = strawberry.field(
        default=None, description="The job; a running one stops at its next heartbeat."
    )
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was done."
    )


def _cancel_activity(info: Info, input: CancelActivityInput) -> CancelActivityPayload:
    """Cancel an Activity."""
    context = info.context

    def work() -> CancelActivityPayload:
        ref = cancel(context.database, context.require_principal(), input.activity)
        context.renew()
        return CancelActivityPayload(activity=fetch_nodes(info, [ref], "activity")[0])

    return attempt(context, work, lambda found: CancelActivityPayload(errors=found))


@strawberry.input(description="Which job to do again.")
class RetryActivityInput:
    """Input of `retryActivity`."""

    activity: strawberry.ID = strawberry.field(description="A job that failed or was cancelled.")


@strawberry.type(description="The job, or why it is not done again.")
class RetryActivityPayload:
    """Answer of `retryActivity`."""

    activity: LazyActivity | None = strawberry.field(
        default=None, description="The job, queued again; rights are those of when it runs."
    )
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was done."
    )


@strawberry.input(description="Which jobs to take out of the list.")
class DismissActivitiesInput:
    """Input of `dismissActivities`."""

    activities: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Jobs that have ended; all of the caller's own when absent."
    )


@strawberry.type(description="What was taken out of the list, or why nothing was.")
class DismissActivitiesPayload:
    """Answer of `dismissActivities`."""

    dismissed: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="The jobs; they are kept 90 days all the same."
    )
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was done."
    )


def _retry_activity(info: Info, input: RetryActivityInput) -> RetryActivityPayload:
    """Queue an Activity again."""
    context = info.context

    def work() -> RetryActivityPayload:
        ref = retry(context.database, context.require_principal(), input.activity)
        context.renew()
        return RetryActivityPayload(activity=fetch_nodes(info, [ref], "activity")[0])

    return attempt(context, work, lambda found: RetryActivityPayload(errors=found))


def _dismiss_activities(info: Info, input: DismissActivitiesInput) -> DismissActivitiesPayload:
    """Put Activities away."""
    context = info.context

    def work() -> DismissActivitiesPayload:
        named = input.activities
        texts = None if named is None else [str(each) for each in named]
        gone = dismiss(context.database, context.require_principal(), texts)
        return DismissActivitiesPayload(dismissed=[strawberry.ID(str(ref)) for ref in gone])

    return attempt(context, work, lambda found: DismissActivitiesPayload(errors=found))


@strawberry.type
class ActivityMutations:
    """Mutations of this file."""

    cancel_activity: CancelActivityPayload = strawberry.field(
        resolver=_cancel_activity, description="Stop a queued or running job."
    )
    retry_activity: RetryActivityPayload = strawberry.field(
        resolver=_retry_activity, description="Do a failed or cancelled job again."
    )
    dismiss_activities: DismissActivitiesPayload = strawberry.field(
        resolver=_dismiss_activities, description="Take ended jobs out of the list."
    )
