"""`createTag`, `createTagSet`, `updateTag` and `updateTagSet`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import strawberry

from graphql_api.compiler.planner import fetch_nodes
from graphql_api.context import RequestContext
from graphql_api.editing.annotation_values import ValueChange, update_annotation
from graphql_api.editing.tags import CLASS, NewTag, create_tag
from graphql_api.schema.mutations.containers import CreateInput
from graphql_api.schema.mutations.outcomes import MutationError, attempt
from graphql_api.schema.mutations.update import UpdateInput, given_values
from graphql_api.schema.types.references import LazyTagAnnotation

if TYPE_CHECKING:
    from shared.refs import ObjectRef

Info = strawberry.Info[RequestContext, None]


@strawberry.input(description="A new tag.")
class CreateTagInput(CreateInput):
    """Input of `createTag`."""

    parent: strawberry.ID | None = strawberry.field(
        default=None, description="The tag set that holds it."
    )


@strawberry.input(description="A new tag set.")
class CreateTagSetInput(CreateInput):
    """Input of `createTagSet`."""

    tags: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Tags that it holds."
    )


@strawberry.input(description="What is to change in a tag.")
class UpdateTagInput(UpdateInput):
    """Input of `updateTag`."""


@strawberry.input(description="What is to change in a tag set.")
class UpdateTagSetInput(UpdateInput):
    """Input of `updateTagSet`."""


@strawberry.type(description="The tag, or why nothing was done.")
class TagPayload:
    """Answer of `createTag` and `updateTag`."""

    tag: LazyTagAnnotation | None = strawberry.field(default=None, description="The tag.")
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was done."
    )


@strawberry.type(description="The tag set, or why nothing was done.")
class TagSetPayload:
    """Answer of `createTagSet` and `updateTagSet`."""

    tag_set: LazyTagAnnotation | None = strawberry.field(default=None, description="The tag set.")
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was done."
    )


def _create_tag(info: Info, input: CreateTagInput) -> TagPayload:
    """Make a tag."""

    def work() -> TagPayload:
        return TagPayload(tag=_shown(info, _created(info, input, parent=input.parent), "tag"))

    return attempt(info.context, work, lambda found: TagPayload(errors=found))


def _create_tag_set(info: Info, input: CreateTagSetInput) -> TagSetPayload:
    """Make a tag set."""

    def work() -> TagSetPayload:
        members = tuple(str(each) for each in input.tags)
        return TagSetPayload(
            tag_set=_shown(info, _created(info, input, members=members, is_set=True), "tagSet")
        )

    return attempt(info.context, work, lambda found: TagSetPayload(errors=found))


def _update_tag(info: Info, input: UpdateTagInput) -> TagPayload:
    """Change a tag."""

    def work() -> TagPayload:
        return TagPayload(tag=_shown(info, _updated(info, input, is_set=False), "tag"))

    return attempt(info.context, work, lambda found: TagPayload(errors=found))


def _update_tag_set(info: Info, input: UpdateTagSetInput) -> TagSetPayload:
    """Change a tag set."""

    def work() -> TagSetPayload:
        return TagSetPayload(tag_set=_shown(info, _updated(info, input, is_set=True), "tagSet"))

    return attempt(info.context, work, lambda found: TagSetPayload(errors=found))


def _shown(info: Info, ref: ObjectRef, field: str) -> Any:
    info.context.renew()
    return fetch_nodes(info, [ref], field)[0]


def _created(
    info: Info,
    given: CreateInput,
    *,
    parent: str | None = None,
    members: tuple[str, ...] = (),
    is_set: bool = False,
) -> ObjectRef:
    context = info.context
    new = NewTag(
        given.name, given.description, given.group, given.owner, parent, members, is_set
    )  # fmt: skip
    principal = context.require_principal()
    return create_tag(context.database, principal, new, given.idempotency_key)


def _updated(info: Info, given: UpdateInput, *, is_set: bool) -> ObjectRef:
    context = info.context
    values = given_values(given, "name", "description")
    if "name" in values:
        values["text"] = values.pop("name")
    change = ValueChange(
        str(given.id),
        values,
        given.expected_version,
        (CLASS,),
        "updateTagSet" if is_set else "updateTag",
        is_tag_set=is_set,
    )
    return update_annotation(context.database, context.require_principal(), change)


@strawberry.type
class TagMutations:
    """Mutations of this file."""

    create_tag: TagPayload = strawberry.field(
        resolver=_create_tag, description="Make a tag, in a tag set if wanted."
    )
    create_tag_set: TagSetPayload = strawberry.field(
        resolver=_create_tag_set, description="Make a tag set, with tags if wanted."
    )
    update_tag: TagPayload = strawberry.field(
        resolver=_update_tag, description="Change text or description of a tag, everywhere."
    )
    update_tag_set: TagSetPayload = strawberry.field(
        resolver=_update_tag_set, description="Change text or description of a tag set."
    )
