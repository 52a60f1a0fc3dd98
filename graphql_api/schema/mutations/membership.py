"""`removeFromGroup`: take somebody out of a group; his data stay where they are."""

from __future__ import annotations

import strawberry

from graphql_api.compiler.planner import fetch_nodes
from graphql_api.context import RequestContext
from graphql_api.editing.membership import remove_from_group
from graphql_api.schema.mutations.outcomes import MutationError, attempt
from graphql_api.schema.types.references import LazyGroup, LazyUser
from shared.refs import ObjectRef

Info = strawberry.Info[RequestContext, None]


@strawberry.input(description="Who leaves which group.")
class RemoveFromGroupInput:
    """Input of `removeFromGroup`."""

    user: strawberry.ID = strawberry.field(description="The member.")
    group: strawberry.ID = strawberry.field(description="The group that he leaves.")


@strawberry.type(description="The group without the user, or why he is still a member.")
class RemoveFromGroupPayload:
    """Answer of `removeFromGroup`."""

    group: LazyGroup | None = strawberry.field(
        default=None, description="The group; null where the caller no longer sees it."
    )
    user: LazyUser | None = strawberry.field(
        default=None, description="The user; null where the caller no longer sees him."
    )
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was changed."
    )


def _remove_from_group(info: Info, input: RemoveFromGroupInput) -> RemoveFromGroupPayload:
    """Remove a member."""
    context = info.context

    def work() -> RemoveFromGroupPayload:
        remove_from_group(context.database, context.require_principal(), input.group, input.user)
        context.reload_principal()
        group, user = ObjectRef.parse(input.group), ObjectRef.parse(input.user)
        return RemoveFromGroupPayload(
            group=fetch_nodes(info, [group], "group")[0],
            user=fetch_nodes(info, [user], "user")[0],
        )

    return attempt(context, work, lambda found: RemoveFromGroupPayload(errors=found))


@strawberry.type
class MembershipMutations:
    """Mutations of this file."""

    remove_from_group: RemoveFromGroupPayload = strawberry.field(
        resolver=_remove_from_group,
        description="Take a user out of a group, within five seconds everywhere.",
    )
