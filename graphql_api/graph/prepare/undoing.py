"""Before an undo: whose Activity it was, what it changed, and whether all of it can go back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, String, and_, cast, literal, null, select, union_all, update

from graphql_api.graph.edges import CODES, Kind, edges_of, rows_of
from graphql_api.graph.operations import Preparation
from graphql_api.graph.planner.reversal import UNDONE, classes, gather, is_link, undone
from graphql_api.graph.planner.tables import REACHED, add, analyze
from graphql_api.graph.policies import undo
from graphql_api.graph.targets import roots
from graphql_api.graph.words import Reason, State, verdict
from shared.auth.principal import load_standings
from shared.errors import Conflict, Denied, Invalid, NotFound
from shared.models.activities import Activity
from shared.models.events import Event, JournalEntry
from shared.models.people import Privilege
from shared.refs import ObjectRef, parse_ref

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from graphql_api.graph.request import OperationRequest
    from shared.auth.principal import Principal

KINDS = {
    "move_to_group", "change_owner", "link", "unlink", "relink", "unannotate", "annotate",
    "renameChannels",
}  # fmt: skip
"""Verbs that can be undone."""
_HINTS = {
    "delete": "Restore what it deleted from the trash.",
    "duplicate": "Delete the copies.",
    "undo": "Do again what was undone.",
}
_LINKS = {edge.name for edge in edges_of(Kind.CONTAINS, Kind.ANNOTATES) if edge.link is not None}


@dataclass(frozen=True, slots=True)
class _Done:
    """What is to be undone: the events of an Activity, or one event."""

    ref: str
    kind: str
    events: tuple[int, ...]
    activity_id: int | None
    request: dict[str, Any]


def prepare_undo(
    connection: Connection, principal: Principal, request: OperationRequest
) -> Preparation:
    """The rules of this undo; raises what forbids it at all."""
    done = _find(connection, principal, request)
    gather(connection, done.events, done.activity_id)
    present = {action: classes(connection, action) for action in
               ("CHGRP", "CHOWN", "INSERT", "UPDATE", "TRASH")}  # fmt: skip
    arms = _rows(present)
    rows = add(connection, union_all(*arms).subquery(), 0) if arms else 0
    if not rows:
        raise Conflict(
            f"There is nothing left of {done.ref} to undo.",
            hint="Everything that it made is gone already.",
            target=done.ref,
        )
    _settle_twins(connection, present["TRASH"])
    analyze(connection, rows)
    found = roots(connection, ())
    _must_be_member(connection, principal)
    _must_be_given_back(connection, principal)
    return Preparation(
        undo.undo_policy(),
        found,
        {"present": present},
        blockers=_blockers(principal, done, present),
    )


def undo_groups(
    connection: Connection, principal: Principal, request: OperationRequest
) -> set[int]:
    """The groups in which the undone lay before and lies now."""
    done = _find(connection, principal, request)
    before = select(JournalEntry.group_id).where(
        JournalEntry.event_id.in_(done.events), JournalEntry.group_id.is_not(None)
    )
    groups = {each for each in connection.execute(before.distinct()).scalars() if each is not None}
    moved_to = parse_ref(str(done.request.get("group") or ""))
    return groups | ({moved_to.id} if moved_to is not None else set())


def _find(connection: Connection, principal: Principal, request: OperationRequest) -> _Done:
    if request.activity is None:
        raise Invalid("No Activity is named.", hint="Name one.", path=("activity",))
    ref = parse_ref(request.activity)
    if ref is not None and ref.class_name == "Activity":
        return _activity(connection, principal, ref)
    if ref is not None and ref.class_name == "Event":
        return _event(connection, principal, ref)
    raise _missing(request.activity)


def _missing(text: str) -> NotFound:
    return NotFound(
        f"There is no {text[:80]}.", hint="Or you may not see it.", target=text[:80],
        path=("activity",),
    )  # fmt: skip


def _activity(connection: Connection, principal: Principal, ref: ObjectRef) -> _Done:
    row = connection.execute(
        select(Activity.user_id, Activity.kind, Activity.state, Activity.request).where(
            Activity.id == ref.id
        )
    ).one_or_none()
    if row is None or (row.user_id != principal.user_id and not principal.is_admin):
        raise _missing(str(ref))
    if row.state != "SUCCEEDED":
        raise Conflict(
            f"{ref} has changed nothing.", hint="Only what succeeded is undone.", target=str(ref)
        )
    _must_be_undoable(str(ref), row.kind)
    events = connection.execute(select(Event.id).where(Event.activity_id == ref.id)).scalars()
    return _Done(str(ref), row.kind, tuple(events), ref.id, dict(row.request))


def _event(connection: Connection, principal: Principal, ref: ObjectRef) -> _Done:
    row = connection.execute(
        select(Event.user_id, Event.kind, Event.activity_id).where(Event.id == ref.id)
    ).one_or_none()
    if row is None or (row.user_id != principal.user_id and not principal.is_admin):
        raise _missing(str(ref))
    if row.activity_id is not None:
        return _activity(connection, principal, ObjectRef("Activity", row.activity_id))
    _must_be_undoable(str(ref), row.kind)
    return _Done(str(ref), row.kind, (ref.id,), None, {})


def _must_be_undoable(ref: str, kind: str) -> None:
    if kind not in KINDS:
        raise Conflict(
            f"{ref} cannot be undone: it was {kind}.",
            hint=_HINTS.get(kind, "Links, moves, changes of owner and names of channels can be."),
            target=ref,
        )


def _rows(present: dict[str, list[str]]) -> list[Any]:
    """What goes back, for the planner's table: changed rows as targets, new ones to the trash."""
    arms = []
    for action, names in present.items():
        for name in names:
            row, clauses = undone(name, action)
            table = rows_of(name)
            made = action == "INSERT"
            state = (State.CUT if is_link(name) else State.DESTROY) if made else State.FORCED
            reason = Reason.WILL_BE_DELETED if made else None
            if made:
                clauses.append(table.c.trash_id.is_(None))
                if not is_link(name):
                    clauses += _is_left_alone(name, table)
            sub = table.c.class_name if name == "Annotation" else cast(null(), String(64))
            arms.append(
                select(
                    literal(CODES[name], Integer).label("cls"), table.c.id.label("id"),
                    table.c.owner_id.label("owner_id"), table.c.group_id.label("group_id"),
                    sub.label("sub"), literal(verdict(state, reason), Integer).label("code"),
                )
                .select_from(row.join(table, table.c.id == row.c.id))
                .where(*clauses)
            )  # fmt: skip
    return arms


def _is_left_alone(name: str, table: Any) -> list[Any]:
    """A container that was made goes again, unless somebody has put something else into it."""
    found = []
    for edge in edges_of(Kind.CONTAINS, Kind.ANNOTATES):
        if edge.source != name or edge.link is None:
            continue
        link, made = rows_of(edge.name), UNDONE.alias()
        own = select(made.c.id).where(
            made.c.cls == CODES[edge.name], made.c.id == link.c.id, made.c.action == "INSERT"
        )
        used = select(link.c.id).where(
            link.c.parent_id == table.c.id, link.c.trash_id.is_(None), ~own.exists()
        )
        found.append(~used.exists())
    return found


def _settle_twins(connection: Connection, trashed: list[str]) -> None:
    """What was made anew meanwhile need not come back."""
    arms = [undo.twins(name) for name in trashed if is_link(name) or name == "RenderingDef"]
    if not arms:
        return
    found = union_all(*arms).subquery()
    here = select(found.c.id).where(found.c.cls == REACHED.c.cls, found.c.id == REACHED.c.id)
    connection.execute(update(REACHED).where(here.exists()).values(state=int(State.STAY), reason=0))


def _must_be_member(connection: Connection, principal: Principal) -> None:
    """Moving back takes what every move takes: membership of the group, or Chgrp."""
    groups = connection.execute(
        select(UNDONE.c.number).distinct().where(UNDONE.c.action == "CHGRP")
    ).scalars()
    for group in sorted(groups):
        if not principal.is_member(group) and not principal.may(Privilege.CHGRP):
            raise Denied(
                f"You may not move data to Group:{group}.",
                reasons=("NOT_MEMBER",),
                hint="You are no member of the group from which it came.",
                target=f"Group:{group}",
            )


def _must_be_given_back(connection: Connection, principal: Principal) -> None:
    """Giving back takes what every change of owner takes of its recipient."""
    if principal.may(Privilege.CHOWN):
        return
    pairs = connection.execute(
        select(UNDONE.c.number, REACHED.c.group_id)
        .distinct()
        .join(REACHED, and_(REACHED.c.cls == UNDONE.c.cls, REACHED.c.id == UNDONE.c.id))
        .where(UNDONE.c.action == "CHOWN")
    ).all()
    people = load_standings(connection, {pair.number for pair in pairs})
    for owner, group in sorted(tuple(pair) for pair in pairs):
        if group not in people[owner].memberships:
            raise Denied(
                f"User:{owner} is no member of Group:{group}.",
                reasons=("NOT_MEMBER",),
                hint="Leaders give data to members of their group; administrators to anybody.",
                target=f"User:{owner}",
            )


def _blockers(principal: Principal, done: _Done, present: dict[str, list[str]]) -> list[Any]:
    found: list[Any] = []
    for action in ("CHGRP", "CHOWN", "INSERT", "UPDATE"):
        rights = (undo.forbidden(principal, name, action) for name in present[action])
        found += [arm for arm in rights if arm is not None]
    if present["CHGRP"]:
        group = ObjectRef.parse(done.request["group"]).id
        found += [undo.moved_on(name, "CHGRP", "group_id", group) for name in present["CHGRP"]]
        found += undo.attached_since(present["CHGRP"], "CHGRP", undo.in_one_group)
    if present["CHOWN"]:
        owner = ObjectRef.parse(done.request["owner"]).id
        found += [undo.moved_on(name, "CHOWN", "owner_id", owner) for name in present["CHOWN"]]
        found += undo.attached_since(
            present["CHOWN"], "CHOWN", undo.of_another_owner(max(done.events))
        )
        found += [undo.given_twice(name) for name in present["CHOWN"]
                  if is_link(name) or name == "RenderingDef"]  # fmt: skip
    if done.kind == "renameChannels":
        found += [undo.changed_since(name, done.events[0]) for name in present["UPDATE"]]
    for name in present["TRASH"]:
        if is_link(name):
            found += undo.loose_ends(name, groups_go_back=bool(present["CHGRP"]))
            if done.kind in {"unlink", "relink", "unannotate"} and name in _LINKS:
                found += undo.unlinkable(principal, name)
    return found
