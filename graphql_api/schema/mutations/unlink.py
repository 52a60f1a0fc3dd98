"""`unlink` and `relink`: take content out of containers, or carry it from one to another.

Nothing but links goes; what has no container left is told as orphaned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import strawberry

from graphql_api.compiler.planner import fetch_nodes
from graphql_api.context import RequestContext
from graphql_api.editing.unlinking import Unlinked, relink, unlink
from graphql_api.schema.mutations.outcomes import MutationError, attempt
from graphql_api.schema.types.connections import Link
from graphql_api.schema.types.objects import Node
from graphql_api.schema.types.references import LazyActivity

if TYPE_CHECKING:
    from collections.abc import Callable


Info = strawberry.Info[RequestContext, None]


@strawberry.input(description="Containers and contents: all links between them.")
class LinkPairsInput:
    """A cross product of parents and children."""

    parents: list[strawberry.ID] = strawberry.field(description="The containers.")
    children: list[strawberry.ID] = strawberry.field(description="What they shall not hold.")


@strawberry.input(description="Which links to cut: exactly one of the two.", one_of=True)
class UnlinkInput:
    """Input of `unlink`."""

    pairs: strawberry.Maybe[LinkPairsInput] = strawberry.field(
        description="All links of these pairs that the caller may delete; none is no error."
    )
    links: strawberry.Maybe[list[strawberry.ID]] = strawberry.field(
        description="Links by their ids; the caller must be allowed to delete each."
    )


@strawberry.input(description="What to carry from where to where.")
class RelinkInput:
    """Input of `relink`."""

    children: list[strawberry.ID] = strawberry.field(description="The contents.")
    from_: strawberry.ID | None = strawberry.field(
        name="from", default=None, description="The container they leave; null for orphans."
    )
    to: strawberry.ID = strawberry.field(description="The container they go into.")


@strawberry.type(description="The containers that still hold a child.")
class RemainingParents:
    """Where a child hangs now."""

    child: strawberry.ID = strawberry.field(description="The content.")
    parents: list[strawberry.ID] = strawberry.field(
        description="Its containers, as far as the caller sees them."
    )


@strawberry.type(description="What was cut and made, or why nothing was done.")
class UnlinkPayload:
    """Answer of `unlink` and `relink`."""

    activity: LazyActivity | None = strawberry.field(
        default=None, description="The change, to be undone; null when there was nothing to do."
    )
    links: list[Link] = strawberry.field(
        default_factory=list, description="The links that were made."
    )
    removed: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="The links that went to the trash."
    )
    remaining_parents: list[RemainingParents] = strawberry.field(
        default_factory=list, description="Where each child hangs now."
    )
    orphaned: list[Node] = strawberry.field(
        default_factory=list, description="Children that no container holds any more."
    )
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was done."
    )


def _unlink(info: Info, input: UnlinkInput) -> UnlinkPayload:
    """Cut links."""
    links, pairs = input.links, input.pairs

    def work() -> Unlinked:
        return unlink(
            info.context.database,
            info.context.require_principal(),
            links=[str(each) for each in links.value] if links else (),
            parents=[str(each) for each in pairs.value.parents] if pairs else (),
            children=[str(each) for each in pairs.value.children] if pairs else (),
        )

    return _answer(info, work)


def _relink(info: Info, input: RelinkInput) -> UnlinkPayload:
    """Carry content over."""

    def work() -> Unlinked:
        return relink(
            info.context.database,
            info.context.require_principal(),
            [str(each) for each in input.children],
            None if input.from_ is None else str(input.from_),
            str(input.to),
        )

    return _answer(info, work)


def _answer(info: Info, work: Callable[[], Unlinked]) -> UnlinkPayload:
    def answered() -> UnlinkPayload:
        done = work()
        info.context.renew()

        def some(name: str, refs: Any) -> list[Any]:
            return [row for row in fetch_nodes(info, list(refs), name) if row is not None]

        activity = None
        if done.activity is not None:
            (activity,) = fetch_nodes(info, [done.activity], "activity")
        return UnlinkPayload(
            activity=activity,
            links=some("links", done.links),
            removed=[strawberry.ID(str(ref)) for ref in done.removed],
            remaining_parents=[
                RemainingParents(
                    child=strawberry.ID(str(child)),
                    parents=[strawberry.ID(str(parent)) for parent in parents],
                )
                for child, parents in done.parents.items()
            ],
            orphaned=some("orphaned", done.orphaned),
        )

    return attempt(info.context, answered, lambda found: UnlinkPayload(errors=found))


@strawberry.type
class UnlinkMutations:
    """Mutations of this file."""

    unlink: UnlinkPayload = strawberry.field(
        resolver=_unlink, description="Take content out of containers; nothing but links goes."
    )
    relink: UnlinkPayload = strawberry.field(
        resolver=_relink,
        description="Carry content from one container to another in one step, as by dragging.",
    )
