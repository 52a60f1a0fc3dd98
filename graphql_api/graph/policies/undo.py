"""What forbids undoing: things moved on since, attached since, or no longer one's to change.

Undoing needs today's rights for the reverse. It is done whole or not at all, so everything in the
way is a blocker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, exists, not_, or_, select

from graphql_api.graph.edges import CODES, EDGES, Edge, Kind, edges_of, rows_of
from graphql_api.graph.planner.blockers import blocker_row
from graphql_api.graph.planner.reversal import UNDONE, is_link, undone
from graphql_api.graph.policies.rules import Policy
from graphql_api.graph.words import Reason
from shared.auth.rules import Action
from shared.auth.select import allowed
from shared.models.people import Group, GroupPermissions, Privilege

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.auth.principal import Principal

_FREE = {"RenderingDef", "Thumbnail", "Roi"}
_BEARING = {
    "Project", "Dataset", "Folder", "Image", "Screen", "Plate", "Annotation", "Fileset", "Reagent",
}  # fmt: skip
"""What moves by somebody's right; parts, shared things and people's settings go along."""


def undo_policy() -> Policy:
    """Nothing is followed: the journal says what was changed."""
    return Policy(follows=(), holds=())


def moved_on(name: str, action: str, column: str, now: int) -> Any:
    """Blockers: rows that are not any more where the Activity put them."""
    row, clauses = undone(name, action)
    table = rows_of(name)
    joined = row.outerjoin(table, table.c.id == row.c.id)
    return (
        select(*blocker_row(Reason.SHARED_ELSEWHERE, name, row.c.id))
        .select_from(joined)
        .where(
            *clauses,
            or_(table.c.id.is_(None), table.c.trash_id.is_not(None), table.c[column] != now),
        )
    )


def changed_since(name: str, event: int) -> Any:
    """Blockers: rows that somebody has changed since, or trashed."""
    row, clauses = undone(name, "UPDATE")
    table = rows_of(name)
    return (
        select(*blocker_row(Reason.SHARED_ELSEWHERE, name, row.c.id))
        .select_from(row.outerjoin(table, table.c.id == row.c.id))
        .where(
            *clauses,
            or_(
                table.c.id.is_(None), table.c.trash_id.is_not(None),
                table.c.update_event_id != event,
            ),
        )
    )  # fmt: skip


def forbidden(principal: Principal, name: str, action: str) -> Any | None:
    """Blockers: rows that the principal may not change back today; None where no right is asked."""
    row, clauses = undone(name, action)
    table = rows_of(name)
    if action == "CHGRP":
        if principal.may(Privilege.CHGRP) or name not in _BEARING:
            return None
        able = or_(
            table.c.owner_id == principal.user_id, allowed(principal, Action.DELETE, table, name)
        )
    elif action == "CHOWN":
        able = allowed(principal, Action.CHANGE_OWNER, table, "Image")
    elif action == "INSERT":
        able = allowed(principal, Action.DELETE, table, name)
        clauses.append(table.c.trash_id.is_(None))
    else:
        able = allowed(principal, Action.UPDATE, table, name)
    return (
        select(*blocker_row(Reason.NOT_PERMITTED, name, row.c.id))
        .select_from(row.join(table, table.c.id == row.c.id))
        .where(*clauses, not_(able))
    )


def unlinkable(principal: Principal, name: str) -> list[Any]:
    """Blockers: links that come back though one may not make them today."""
    edge = EDGES[name]
    action = Action.ANNOTATE if edge.kind is Kind.ANNOTATES else Action.LINK
    found = []
    for class_name, end in ((edge.source, "source"), (edge.target, "target")):
        if class_name not in CODES:
            continue
        row, clauses = undone(name, "TRASH")
        path, other = edge.path(), rows_of(class_name)
        joined = row.join(path.tables, path.link.c.id == row.c.id).join(
            other, other.c.id == getattr(path, end)
        )
        found.append(
            select(*blocker_row(Reason.NOT_PERMITTED, name, row.c.id, (class_name, other.c.id)))
            .select_from(joined)
            .where(*clauses, not_(allowed(principal, action, other, class_name)),
                   other.c.trash_id.is_(None))
        )  # fmt: skip
    return found


def loose_ends(name: str, groups_go_back: bool) -> list[Any]:
    """Blockers: links that come back to something that is gone, or is in another group by now."""
    edge = EDGES[name]
    found = []
    for class_name, end in ((edge.source, "source"), (edge.target, "target")):
        if class_name not in CODES:
            continue
        row, clauses = undone(name, "TRASH")
        path, other, back = edge.path(), rows_of(class_name), UNDONE.alias()
        joined = (
            row.join(path.tables, path.link.c.id == row.c.id)
            .join(other, other.c.id == getattr(path, end))
            .outerjoin(
                back,
                and_(
                    back.c.cls == CODES[class_name], back.c.id == other.c.id,
                    back.c.action.in_(("CHGRP", "TRASH")),
                ),
            )
        )  # fmt: skip
        gone = and_(other.c.trash_id.is_not(None), back.c.id.is_(None))
        elsewhere = and_(other.c.group_id != path.link.c.group_id, back.c.id.is_(None))
        faults = [gone, elsewhere]
        if groups_go_back:
            faults.append(and_(back.c.action == "CHGRP", back.c.number != path.link.c.group_id))
        found.append(
            select(
                *blocker_row(
                    Reason.PARENT_NOT_INCLUDED, name, row.c.id, shared=(class_name, other.c.id)
                )
            )
            .distinct()
            .select_from(joined)
            .where(*clauses, or_(*faults))
        )
    return found


def attached_since(changed: Iterable[str], action: str, apart: Any) -> list[Any]:
    """Blockers: live rows and links that join what goes back to what stays; `apart` is the
    condition on (changed row's record, its table, the other's columns, the link's if there is one)
    under which that matters.
    """
    found = []
    names = set(changed)
    for edge in edges_of(*Kind):
        if edge.source not in CODES:
            continue
        for near_class, far_class, forward in (
            (edge.source, edge.target, True),
            (edge.target, edge.source, False),
        ):
            if near_class in names:
                found.append(_attached(edge, near_class, far_class, action, apart, forward=forward))
    return found


def _attached(
    edge: Edge, near_class: str, far_class: str, action: str, apart: Any, *, forward: bool
) -> Any:
    row, clauses = undone(near_class, action)
    path, near, far = edge.path(), rows_of(near_class), rows_of(far_class)
    here, there = (path.source, path.target) if forward else (path.target, path.source)
    back = UNDONE.alias()
    goes = exists(
        select(back.c.id).where(
            back.c.cls == CODES[far_class], back.c.id == far.c.id, back.c.action == action
        )
    )
    joined = (
        row.join(near, near.c.id == row.c.id)
        .join(path.tables, here == near.c.id)
        .join(far, far.c.id == there)
    )
    live = [far.c.trash_id.is_(None), not_(goes), apart(row, near, far, path.link)]
    # Said of the edge's own alias as well, so that the index of live rows is used.
    live += [
        alias.c.trash_id.is_(None)
        for alias in (path.source_row, path.target_row)
        if alias is not None
    ]
    if path.link is not None:
        made = UNDONE.alias()
        live.append(path.link.c.trash_id.is_(None))
        live.append(
            not_(
                exists(
                    select(made.c.id).where(
                        made.c.cls == CODES[edge.name], made.c.id == path.link.c.id,
                        made.c.action == "INSERT",
                    )
                )
            )
        )  # fmt: skip
    return (
        select(
            *blocker_row(Reason.CHILD_NOT_INCLUDED, near_class, near.c.id, (far_class, far.c.id))
        )
        .distinct()
        .select_from(joined)
        .where(*clauses, *live)
    )


def in_one_group(_row: Any, near: Any, far: Any, _link: Any) -> Any:
    """What stays is where the moved rows are now."""
    return far.c.group_id == near.c.group_id


def of_another_owner(event: int) -> Any:
    """In a private group what stays belongs to another person than what goes back will, and the two
    came together since the change: what it found joined may be joined again.
    """

    def apart(row: Any, near: Any, far: Any, link: Any) -> Any:
        private = select(Group.id).where(Group.permissions == GroupPermissions.PRIVATE.value)
        joint = near if link is None else link
        since = or_(far.c.update_event_id > event, joint.c.update_event_id > event)
        return and_(near.c.group_id.in_(private), far.c.owner_id != row.c.number, since)

    return apart


def twins(name: str) -> Any:
    """Links that come back though an identical one of the same owner is there: no matter."""
    row, clauses = undone(name, "TRASH")
    old, new = rows_of(name), rows_of(name)
    key = ("parent_id", "child_id", "owner_id") if is_link(name) else ("pixels_id", "owner_id")
    same = [old.c[column] == new.c[column] for column in key]
    return (
        select(row.c.cls, row.c.id)
        .distinct()
        .select_from(row.join(old, old.c.id == row.c.id).join(new, and_(*same)))
        .where(*clauses, new.c.trash_id.is_(None), new.c.id != old.c.id)
    )


def given_twice(name: str) -> Any:
    """Blockers: what goes back to an owner who has an identical one by now."""
    row, clauses = undone(name, "CHOWN")
    mine, other = rows_of(name), rows_of(name)
    key = ("parent_id", "child_id") if is_link(name) else ("pixels_id",)
    same = [mine.c[column] == other.c[column] for column in key]
    return (
        select(*blocker_row(Reason.IDENTICAL_LINK, name, row.c.id, (name, other.c.id)))
        .distinct()
        .select_from(row.join(mine, mine.c.id == row.c.id).join(other, and_(*same)))
        .where(
            *clauses, other.c.owner_id == row.c.number, other.c.id != mine.c.id,
            other.c.trash_id.is_(None),
        )
    )  # fmt: skip
