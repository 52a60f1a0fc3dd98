"""Make one annotation of any class: on objects, or in a group for later use."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from graphql_api.editing.annotate import (
    Annotating,
    checked,
    list_members,
    write_annotations,
)
from graphql_api.editing.annotation_rows import Maker, new_link
from graphql_api.editing.attachable import require_attachable
from graphql_api.editing.containers import NewContainer, group_of_new, owner_of_new
from graphql_api.editing.idempotency import once
from graphql_api.editing.links import open_event, save_links
from graphql_api.editing.new_annotations import NewAnnotation, checked_annotation, make_shared
from shared.auth.creation import require_same_group
from shared.auth.epoch import bump_epoch
from shared.database import lock_groups
from shared.models.links import LINKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from shared.auth.principal import Principal
    from shared.database import Database
    from shared.refs import ObjectRef


def create_annotation(
    database: Database,
    principal: Principal,
    new: NewAnnotation,
    targets: Sequence[str],
    group: str | None = None,
    key: str | None = None,
    owner: str | None = None,
) -> tuple[list[ObjectRef], list[ObjectRef]]:
    """Make it; answers annotations and links.

    Raises `NotFound`, `Denied` naming a target or the group, or `Invalid`; then nothing was made.
    """
    clean = checked_annotation(new)
    given = {**asdict(clean), "targets": list(targets), "group": group}
    if owner is not None:
        given["owner"] = owner

    def work() -> list[ObjectRef]:
        if not targets:
            return [_alone(connection, principal, clean, group, owner)]
        wanted = checked(Annotating(tuple(targets), made=(clean,), group=group, owner=owner))
        return write_annotations(connection, principal, wanted)

    with database.write() as connection:
        refs = once(connection, principal, "createAnnotation", key, given, work)
    return (
        [ref for ref in refs if ref.class_name not in LINKS],
        [ref for ref in refs if ref.class_name in LINKS],
    )


def _alone(
    connection: Connection,
    principal: Principal,
    new: NewAnnotation,
    group: str | None,
    owner: str | None,
) -> ObjectRef:
    asked = NewContainer(new.class_name, "", group=group, owner=owner)
    place = group_of_new(connection, principal, asked, None)
    lock_groups(connection, [place.id])
    members = list_members(connection, principal, [new], ("value", "list"))
    owner_id = owner_of_new(connection, principal, asked, place, None)
    require_attachable(principal, [], list(members.values()), owner_id)
    for member in members.values():
        require_same_group(place.id, member.facts)
    event_id = open_event(connection, principal, "createAnnotation")
    maker = Maker(owner_id, place, event_id)
    made = make_shared(connection, principal, maker, new)
    links = [new_link(made, member, owner_id) for member in members.values()]
    if links:
        save_links(connection, links, event_id)
    bump_epoch(connection)
    return made.ref
