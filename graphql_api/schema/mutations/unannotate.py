"""`unannotate`: cut annotation links; comments, ratings and pairs go with their last link."""

from __future__ import annotations

import strawberry

from graphql_api.compiler.planner import fetch_nodes
from graphql_api.context import RequestContext
from graphql_api.editing.detaching import unannotate
from graphql_api.schema.mutations.outcomes import MutationError, attempt
from graphql_api.schema.types.references import LazyActivity

Info = strawberry.Info[RequestContext, None]


@strawberry.input(description="Objects, and annotations that they carry.")
class AnnotationPairsInput:
    """A cross product of targets and annotations."""

    targets: list[strawberry.ID] = strawberry.field(description="The objects.")
    annotations: list[strawberry.ID] = strawberry.field(description="What they shall not carry.")


@strawberry.input(description="Which links to cut: exactly one of the two.", one_of=True)
class UnannotateInput:
    """Input of `unannotate`."""

    links: strawberry.Maybe[list[strawberry.ID]] = strawberry.field(
        description="Links by their ids; the caller must be allowed to delete each."
    )
    pairs: strawberry.Maybe[AnnotationPairsInput] = strawberry.field(
        description="All links of these pairs that the caller may delete; none is no error."
    )


@strawberry.type(description="What was cut, or why nothing was.")
class UnannotatePayload:
    """Answer of `unannotate`."""

    activity: LazyActivity | None = strawberry.field(
        default=None, description="The trash entry; null when there was nothing to cut."
    )
    removed: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="The links that went to the trash."
    )
    deleted: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Annotations that went with their last link."
    )
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was cut."
    )


def _unannotate(info: Info, input: UnannotateInput) -> UnannotatePayload:
    """Cut annotation links."""
    context = info.context

    def work() -> UnannotatePayload:
        links, pairs = input.links, input.pairs
        cut = unannotate(
            context.database,
            context.require_principal(),
            links=[str(each) for each in links.value] if links else (),
            targets=[str(each) for each in pairs.value.targets] if pairs else (),
            annotations=[str(each) for each in pairs.value.annotations] if pairs else (),
        )
        context.renew()
        activity = None
        if cut.activity is not None:
            (activity,) = fetch_nodes(info, [cut.activity], "activity")
        return UnannotatePayload(
            activity=activity,
            removed=[strawberry.ID(str(ref)) for ref in cut.links],
            deleted=[strawberry.ID(str(ref)) for ref in cut.annotations],
        )

    return attempt(context, work, lambda found: UnannotatePayload(errors=found))


@strawberry.type
class UnannotateMutations:
    """Mutations of this file."""

    unannotate: UnannotatePayload = strawberry.field(
        resolver=_unannotate,
        description="Cut links to annotations; tags and files themselves always stay.",
    )
