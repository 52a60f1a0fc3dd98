"""Ratings: one per user and object, from 0 to 5; a new one replaces the user's old one."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from graphql_api.editing.annotation_rows import KINDS, Maker, make_annotations, new_link
from graphql_api.editing.detaching import CutLink, detach, link_counts
from graphql_api.editing.trash import ended_activity
from shared.auth.rules import base_class
from shared.clock import now
from shared.database import ids_in
from shared.journal import record
from shared.models.annotations import NS_RATING, Annotation
from shared.models.people import User
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from graphql_api.editing.links import NewLink
    from graphql_api.editing.targets import Target
    from shared.auth.principal import Principal


def rate(
    connection: Connection,
    principal: Principal,
    maker: Maker,
    targets: Sequence[Target],
    rating: int,
) -> list[NewLink]:
    """Give every target this rating; answers the links that must be there afterwards.

    An old rating that stands on its object alone takes the new value; others are detached.
    """
    # two ratings of one person at once must not both find none: the second one waits here
    connection.execute(
        select(User.id).where(User.id == principal.user_id).with_for_update(key_share=True)
    )
    old = _own_ratings(connection, principal, targets)
    counts = link_counts(connection, {row.annotation_id for rows in old.values() for row in rows})
    kept: dict[Target, Any] = {}
    cut: list[CutLink] = []
    for target, rows in old.items():
        for row in rows:
            if target not in kept and counts[row.annotation_id] == 1:
                kept[target] = row
            else:
                name = KINDS[base_class(target.ref.class_name)].name
                cut.append(CutLink(ObjectRef(name, row.id), target.group_id, row.annotation_id))
    if cut:
        request = {"targets": [str(target.ref) for target in old]}
        activity = ended_activity(connection, principal, "annotate", request)
        detach(connection, principal, maker.event_id, activity, cut)
    _change(connection, maker, list(kept.values()), rating)
    new = [target for target in targets if target not in kept]
    values = {"namespace": NS_RATING, "long_value": rating}
    made = make_annotations(connection, maker, "LongAnnotation", len(new), **values) if new else []
    links = [
        new_link(target, one, principal.user_id) for target, one in zip(new, made, strict=True)
    ]
    links += [
        new_link(target, maker.target("LongAnnotation", row.annotation_id), principal.user_id)
        for target, row in kept.items()
    ]
    return links


def _own_ratings(
    connection: Connection, principal: Principal, targets: Sequence[Target]
) -> dict[Target, list[Any]]:
    """The links to the user's own ratings, oldest first; one statement per class of target."""
    by_class: dict[str, dict[int, Target]] = defaultdict(dict)
    for target in targets:
        by_class[base_class(target.ref.class_name)][target.ref.id] = target
    found: dict[Target, list[Any]] = defaultdict(list)
    note: Any = Annotation.__table__
    for name, members in by_class.items():
        model: Any = KINDS[name].model
        link = model.__table__
        rows = connection.execute(
            select(link.c.id, link.c.parent_id, note.c.id.label("annotation_id"), note.c.long_value)
            .join(note, note.c.id == link.c.child_id)
            .where(
                ids_in(connection, link.c.parent_id, sorted(members)),
                link.c.owner_id == principal.user_id,
                link.c.trash_id.is_(None),
                note.c.owner_id == principal.user_id,
                note.c.class_name == "LongAnnotation",
                note.c.namespace == NS_RATING,
                note.c.trash_id.is_(None),
            )
            .order_by(link.c.id)
        )
        for row in rows:
            found[members[row.parent_id]].append(row)
    return found


def _change(connection: Connection, maker: Maker, rows: Sequence[Any], rating: int) -> None:
    before = {
        row.annotation_id: {"long_value": row.long_value}
        for row in rows
        if row.long_value != rating
    }
    if not before:
        return
    table: Any = Annotation.__table__
    connection.execute(
        update(table)
        .where(ids_in(connection, table.c.id, sorted(before)))
        .values(
            long_value=rating,
            version=table.c.version + 1,
            updated_at=now(),
            update_event_id=maker.event_id,
        )
    )
    record(
        connection,
        maker.event_id,
        "LongAnnotation",
        "UPDATE",
        sorted(before),
        group_id=maker.group.id,
        before=before,
    )
