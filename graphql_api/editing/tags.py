"""Tags and tag sets: a tag set is a tag in a namespace of its own, with tags attached to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from graphql_api.editing.annotation_rows import Maker, make_annotations, new_link, tag_values
from graphql_api.editing.attachable import require_attachable
from graphql_api.editing.changing import hold_targets
from graphql_api.editing.containers import (
    NewContainer,
    group_of_new,
    owner_of_new,
    parent_of_new,
)
from graphql_api.editing.idempotency import once
from graphql_api.editing.links import open_event, save_links
from graphql_api.editing.texts import valid_description, valid_name
from shared.auth.creation import link_owner, may_refer, require_same_group
from shared.auth.decide import decide, denied
from shared.auth.epoch import bump_epoch
from shared.auth.rules import Action
from shared.errors import Invalid
from shared.models.annotations import NS_TAG_SET, Annotation

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from graphql_api.editing.targets import Target
    from shared.auth.creation import GroupFacts
    from shared.auth.principal import Principal
    from shared.database import Database
    from shared.refs import ObjectRef

CLASS = "TagAnnotation"


@dataclass(frozen=True, slots=True)
class NewTag:
    """A tag or a tag set that is to be made; `parent` is the tag set of a tag."""

    name: str
    description: str | None = None
    group: str | None = None
    owner: str | None = None
    parent: str | None = None
    members: tuple[str, ...] = ()
    """Tags to put into a new tag set."""
    is_set: bool = False


def create_tag(
    database: Database, principal: Principal, new: NewTag, key: str | None = None
) -> ObjectRef:
    """Make a tag or a tag set.

    Raises `NotFound`, `Denied` or `Invalid`, alone or as a group; then nothing was made.
    """
    mutation = "createTagSet" if new.is_set else "createTag"
    with database.write() as connection:
        (ref,) = once(
            connection,
            principal,
            mutation,
            key,
            asdict(new),
            lambda: [_create(connection, principal, new, mutation)],
        )
    return ref


def _create(connection: Connection, principal: Principal, new: NewTag, mutation: str) -> ObjectRef:
    text = valid_name(new.name)
    asked = NewContainer(
        CLASS, text, valid_description(new.description), new.group, new.parent, new.owner
    )
    parent = parent_of_new(connection, principal, asked)
    if parent is not None:
        _require_set(connection, parent)
    members = hold_targets(connection, principal, new.members, [CLASS], path=("tags",))
    group = group_of_new(connection, principal, asked, parent)
    owner_id = owner_of_new(connection, principal, asked, group, parent)
    event_id = open_event(connection, principal, mutation)
    maker = Maker(owner_id, group, event_id)
    namespace = NS_TAG_SET if new.is_set else None
    values = tag_values(text, asked.description, namespace)
    (made,) = make_annotations(connection, maker, CLASS, **values)
    if parent is not None:
        _attach(connection, principal, group, event_id, parent, [made])
    _attach(connection, principal, group, event_id, made, members)
    bump_epoch(connection)
    return made.ref


def _attach(
    connection: Connection,
    principal: Principal,
    group: GroupFacts,
    event_id: int,
    tag_set: Target,
    tags: Sequence[Target],
) -> None:
    """Put tags into a set, by links that belong to whom semantics 2.5 says."""
    if not tags:
        return
    require_attachable(principal, [], tags)
    links = []
    for tag in tags:
        require_same_group(tag_set.group_id, tag.facts)
        owner_id = link_owner(principal, group, tag_set.owner_id, tag.owner_id)
        verdict = may_refer(principal, "AnnotationAnnotationLink", owner_id, tag_set.facts)
        if not verdict:
            verdict = decide(principal, Action.ANNOTATE, tag_set.facts)
            raise denied(principal, Action.ANNOTATE, tag_set.facts, verdict, tag_set.ref)
        links.append(new_link(tag_set, tag, owner_id))
    save_links(connection, links, event_id)


def _require_set(connection: Connection, tag: Target) -> None:
    namespace = connection.scalar(select(Annotation.namespace).where(Annotation.id == tag.ref.id))
    if namespace != NS_TAG_SET:
        raise Invalid(
            f"{tag.ref} is no tag set.",
            hint="Name a tag set, or make one by createTagSet.",
            path=("parent",),
            target=str(tag.ref),
        )
