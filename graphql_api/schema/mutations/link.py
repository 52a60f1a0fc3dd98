"""`link`: put content into containers.

A cross product of parents and children; one illegal pair and nothing is done. Links that exist are
no error and are answered like new ones.
"""

from __future__ import annotations

import strawberry

from graphql_api.compiler.declare import rows_of
from graphql_api.compiler.planner import fetch_nodes
from graphql_api.compiler.scope import Source
from graphql_api.context import RequestContext
from graphql_api.editing.links import KINDS, link
from graphql_api.schema.mutations.outcomes import MutationError, attempt
from graphql_api.schema.types.connections import Link
from graphql_api.schema.types.references import LazyActivity

Info = strawberry.Info[RequestContext, None]

for _kind in KINDS.values():
    rows_of(Source(_kind.model), class_name=_kind.name)(Link)


@strawberry.input(description="Which children to put into which parents.")
class LinkInput:
    """Input of `link`."""

    parents: list[strawberry.ID] = strawberry.field(
        description="Projects, Datasets, Screens, Folders or Wells."
    )
    children: list[strawberry.ID] = strawberry.field(
        description="What goes into each of the parents."
    )
    idempotency_key: str | None = strawberry.field(
        default=None, description="The same key within 24 hours answers the same links again."
    )


@strawberry.type(description="The links of all pairs, or why none was made.")
class LinkPayload:
    """Answer of `link`."""

    activity: LazyActivity | None = strawberry.field(
        default=None, description="The change, to be undone; null when all links were there."
    )
    links: list[Link] = strawberry.field(
        default_factory=list, description="The links of all pairs, those that existed included."
    )
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was linked."
    )


def _link(info: Info, input: LinkInput) -> LinkPayload:
    """Link every child into every parent."""
    context = info.context

    def work() -> LinkPayload:
        refs, made = link(
            context.database,
            context.require_principal(),
            input.parents,
            input.children,
            input.idempotency_key,
        )
        context.renew()
        found = fetch_nodes(info, refs, "links")
        activity = None if made is None else fetch_nodes(info, [made], "activity")[0]
        return LinkPayload(activity=activity, links=[row for row in found if row is not None])

    return attempt(context, work, lambda found: LinkPayload(errors=found))


@strawberry.type
class LinkMutations:
    """Mutations of this file."""

    link: LinkPayload = strawberry.field(
        resolver=_link, description="Put content into containers of the same group."
    )
