"""`annotate`: attach tags, a comment, a rating, key-value pairs and files to many objects."""

from __future__ import annotations

import strawberry

from graphql_api.compiler.planner import fetch_nodes
from graphql_api.context import RequestContext
from graphql_api.editing.annotate import Annotating
from graphql_api.importing.attachments import annotate_with_files
from graphql_api.schema.mutations.annotation_inputs import (
    KeyValueInput,
    NewAnnotationInput,
    new_annotation,
)
from graphql_api.schema.mutations.outcomes import MutationError, attempt
from graphql_api.schema.transport_deadline import extend_deadline
from graphql_api.schema.types.connections import Link
from graphql_api.schema.types.references import LazyAnnotation
from shared.models.annotations import NS_CLIENT_MAP

Info = strawberry.Info[RequestContext, None]
MORE_TIME_S = 60.0
"""For the checksums of attachments."""


@strawberry.input(description="A tag that is to be made on the way.")
class NewTagInput:
    """A new tag."""

    name: str = strawberry.field(description="Its text, 1 to 255 characters.")
    description: str | None = strawberry.field(default=None, description="Any text.")


@strawberry.input(description="Key-value pairs in their order.")
class KeyValuesInput:
    """The pairs of a map annotation."""

    namespace: str | None = strawberry.field(
        default=NS_CLIENT_MAP, description="Which kind of pairs; people edit those of the default."
    )
    pairs: list[KeyValueInput] = strawberry.field(description="At most 1,000 pairs.")


@strawberry.input(description="What to attach to which objects.")
class AnnotateInput:
    """Input of `annotate`."""

    targets: list[strawberry.ID] = strawberry.field(description="At most 10,000 objects.")
    tags: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Tags that are there already."
    )
    new_tags: list[NewTagInput] = strawberry.field(
        default_factory=list, description="Tags to be made, once for each group."
    )
    comment: str | None = strawberry.field(
        default=None, description="A comment; the targets of one group share it."
    )
    rating: int | None = strawberry.field(
        default=None, description="0 to 5; replaces the caller's own rating of each target."
    )
    key_values: KeyValuesInput | None = strawberry.field(
        default=None, description="Pairs; each target gets an annotation of its own with them."
    )
    files: list[strawberry.ID] = strawberry.field(
        default_factory=list,
        description="File annotations that are there already, or finished uploads: used up by it.",
    )
    annotations: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Annotations of any class that are there already."
    )
    new_annotations: list[NewAnnotationInput] = strawberry.field(
        default_factory=list,
        description=(
            "Annotations of any class to be made, once for each group; key-value pairs once for "
            "each target."
        ),
    )
    group: strawberry.ID | None = strawberry.field(
        default=None,
        description=(
            "For people and groups as targets: in which group what is made for them lies; else in "
            "the annotated group itself, or the caller's default group."
        ),
    )
    owner: strawberry.ID | None = strawberry.field(
        default=None,
        description=(
            "For whom, where the caller may write for others: what is made and its links belong "
            "to them. In private groups only on their own data. Not for ratings."
        ),
    )
    idempotency_key: str | None = strawberry.field(
        default=None, description="The same key within 24 hours attaches once."
    )


@strawberry.type(description="What was attached, or why nothing was.")
class AnnotatePayload:
    """Answer of `annotate`."""

    annotations: list[LazyAnnotation] = strawberry.field(
        default_factory=list, description="The annotations, old and new, that the targets carry."
    )
    links: list[Link] = strawberry.field(
        default_factory=list, description="The caller's links to them, old ones included."
    )
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was attached."
    )


def _annotate(info: Info, input: AnnotateInput) -> AnnotatePayload:
    """Attach annotations."""
    context = info.context

    def work() -> AnnotatePayload:
        if input.files:
            extend_deadline(MORE_TIME_S)
        annotations, links = annotate_with_files(
            context.database,
            context.storage,
            context.require_principal(),
            wanted(input),
            input.idempotency_key,
        )
        context.renew()
        return AnnotatePayload(
            annotations=[
                each for each in fetch_nodes(info, annotations, "annotations") if each is not None
            ],
            links=[link for link in fetch_nodes(info, links, "links") if link is not None],
        )

    return attempt(context, work, lambda found: AnnotatePayload(errors=found))


def wanted(given: AnnotateInput) -> Annotating:
    """The input as the editing service takes it."""
    pairs = given.key_values
    return Annotating(
        targets=tuple(str(each) for each in given.targets),
        tags=tuple(str(each) for each in given.tags),
        new_tags=tuple((tag.name, tag.description) for tag in given.new_tags),
        comment=given.comment,
        rating=given.rating,
        namespace=NS_CLIENT_MAP if pairs is None else pairs.namespace,
        pairs=() if pairs is None else tuple((pair.key, pair.value) for pair in pairs.pairs),
        files=tuple(str(each) for each in given.files),
        annotations=tuple(str(each) for each in given.annotations),
        made=tuple(map(new_annotation, given.new_annotations)),
        group=None if given.group is None else str(given.group),
        owner=None if given.owner is None else str(given.owner),
    )


@strawberry.type
class AnnotateMutations:
    """Mutations of this file."""

    annotate: AnnotatePayload = strawberry.field(
        resolver=_annotate,
        description="Attach tags, a comment, a rating, key-value pairs and files.",
    )
