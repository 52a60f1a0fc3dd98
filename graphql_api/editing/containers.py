"""Make containers and reagents: in which group, for whom, and under which parent.

Without a group it is the parent's, else the caller's default group; without an owner semantics 2.5
decides. The link to the parent follows the rules of every other link.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from graphql_api.editing.links import open_event, plan_links, refusal, save_links
from graphql_api.editing.places import find_group, find_user, load_group, require_owner
from graphql_api.editing.targets import Target, find_target
from graphql_api.editing.texts import valid_description, valid_name
from shared.auth.creation import (
    GroupFacts,
    default_owner,
    may_create,
    may_refer,
    require_same_group,
)
from shared.auth.decide import ObjectFacts, denied
from shared.auth.epoch import bump_epoch
from shared.auth.rules import Action
from shared.clock import now
from shared.database import lock_groups
from shared.errors import Invalid
from shared.journal import record
from shared.models import MODELS, sort_key
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.auth.principal import Principal

PARENTS: Mapping[str, tuple[str, ...]] = {
    "Project": (),
    "Dataset": ("Project",),
    "Screen": (),
    "Folder": ("Folder",),
    "TagAnnotation": ("TagAnnotation",),
    "Reagent": ("Screen",),
}
"""Into which classes something new of a class can be put."""
PARENT_COLUMNS: Mapping[str, str] = {
    "Folder": "parent_folder_id",
    "Reagent": "screen_id",
}
"""The column that names the parent, for classes that are no links' children."""


@dataclass(frozen=True, slots=True)
class NewContainer:
    """What is to be made; ids as they were given."""

    class_name: str
    name: str
    description: str | None = None
    group: str | None = None
    parent: str | None = None
    owner: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    """Further columns, checked already."""


def create_container(connection: Connection, principal: Principal, new: NewContainer) -> ObjectRef:
    """Make a container, linked to its parent, as part of the caller's write transaction.

    Raises `NotFound`, `Denied` or `Invalid`; then the transaction must not be committed.
    """
    name, description = valid_name(new.name), valid_description(new.description)
    parent = parent_of_new(connection, principal, new)
    group = group_of_new(connection, principal, new, parent)
    owner_id = owner_of_new(connection, principal, new, group, parent)
    placed = _placed(principal, new, owner_id, parent)
    event_id = open_event(connection, principal, f"create{new.class_name}")
    moment = now()
    table: Any = MODELS[new.class_name].__table__
    number: int = connection.execute(
        insert(table)
        .values(
            owner_id=owner_id,
            group_id=group.id,
            creation_event_id=event_id,
            update_event_id=event_id,
            created_at=moment,
            updated_at=moment,
            version=1,
            name=name,
            name_key=sort_key(name),
            description=description,
            **placed,
            **new.more,
        )
        .returning(table.c.id)
    ).scalar_one()
    record(connection, event_id, new.class_name, "INSERT", [number], group_id=group.id)
    ref = ObjectRef(new.class_name, number)
    if parent is not None and not placed:
        facts = ObjectFacts(new.class_name, owner_id, group.id, group.permissions)
        links = plan_links(connection, principal, [parent], [Target(ref, facts, 1)])
        save_links(connection, links, event_id)
    bump_epoch(connection)
    return ref


def _placed(
    principal: Principal, new: NewContainer, owner_id: int, parent: Target | None
) -> dict[str, int]:
    """The column that names the parent, for a class that has one; raises `Denied`."""
    column = PARENT_COLUMNS.get(new.class_name)
    if column is None or parent is None:
        return {}
    if not may_refer(principal, new.class_name, owner_id, parent.facts):
        raise refusal(principal, parent)
    return {column: parent.ref.id}


def parent_of_new(connection: Connection, principal: Principal, new: NewContainer) -> Target | None:
    """What is to hold it, its group held; raises `NotFound`, or `Invalid` for what cannot."""
    if new.parent is None:
        return None
    classes = PARENTS[new.class_name]
    if not classes:
        raise Invalid(
            f"A {new.class_name} has no parent.",
            hint="Leave parent out.",
            path=("parent",),
            target=new.parent[:80],
        )
    found = find_target(connection, principal, new.parent, path=("parent",))
    if found.ref.class_name not in classes:
        raise Invalid(
            f"A {new.class_name} cannot be put into {found.ref}.",
            hint=f"Name a {' or '.join(classes)}.",
            path=("parent",),
            target=str(found.ref),
        )
    lock_groups(connection, [found.group_id])
    return find_target(connection, principal, new.parent, path=("parent",))


def group_of_new(
    connection: Connection, principal: Principal, new: NewContainer, parent: Target | None
) -> GroupFacts:
    """In which group it is made; raises `NotFound` or `Invalid`."""
    if new.group is not None:
        group = find_group(connection, principal, new.group, ("group",))
    elif parent is not None:
        group = load_group(connection, parent.group_id)
    elif principal.default_group_id is not None:
        group = load_group(connection, principal.default_group_id)
    else:
        raise Invalid(
            "You are in no group in which something could be made.",
            hint="Name a group, or ask to be added to one.",
            path=("group",),
        )
    if group.is_special:
        raise Invalid(
            f"No data lie in the group {group.name}.",
            hint="Name another group.",
            path=("group",),
            target=f"Group:{group.id}",
        )
    if parent is not None:
        require_same_group(group.id, parent.facts)
    return group


def owner_of_new(
    connection: Connection,
    principal: Principal,
    new: NewContainer,
    group: GroupFacts,
    parent: Target | None,
) -> int:
    """The owner's id; raises `Denied` naming the group or the owner, whichever forbids it, and
    `Invalid` for an owner who is no member.
    """
    named = None
    if new.owner is None:
        owner_id = default_owner(principal, group, parent.owner_id if parent else None)
    else:
        named = find_user(connection, principal, new.owner, ("owner",))
        owner_id = named.user_id
    facts = ObjectFacts(new.class_name, principal.user_id, group.id, group.permissions)
    verdict = may_create(principal, new.class_name, group)
    if not verdict:
        ref = ObjectRef("Group", group.id)
        raise denied(principal, Action.CREATE_IN, facts, verdict, ref)
    verdict = may_create(principal, new.class_name, group, owner_id)
    if not verdict:
        ref = ObjectRef("User", owner_id)
        raise denied(principal, Action.CREATE_FOR_OTHERS, facts, verdict, ref)
    if named is not None:
        require_owner(principal, group, named)
    return owner_id
