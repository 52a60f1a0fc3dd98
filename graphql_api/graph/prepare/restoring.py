"""Before a restore or a purge: whose the trash entry is, and what cannot come back from it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, or_, select, union_all, update

from graphql_api.graph.edges import CODES, EDGES, Kind, edges_of, rows_of, table_of
from graphql_api.graph.operations import Preparation
from graphql_api.graph.planner.blockers import blocker_row
from graphql_api.graph.planner.expand import code_of, names_reached, node_columns
from graphql_api.graph.planner.tables import REACHED, add, reached_rows
from graphql_api.graph.policies.trash import purge_policy, restore_policy
from graphql_api.graph.targets import Roots, node_class, roots
from graphql_api.graph.words import Reason, State, reason_code
from shared.auth.decide import ObjectFacts, decide
from shared.auth.rules import Action
from shared.database import ids_in
from shared.errors import Denied, Invalid, NotFound
from shared.models.activities import Activity
from shared.models.events import JournalEntry
from shared.models.links import LINKS
from shared.models.people import Group, GroupPermissions
from shared.refs import parse_ref

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from graphql_api.graph.request import OperationRequest
    from shared.auth.principal import Principal


def prepare_restore(
    connection: Connection, principal: Principal, request: OperationRequest
) -> Preparation:
    """The rules of this restore; whoever deleted something or owns it may have it back."""
    found, entries = _start(connection, principal, request)
    policy = restore_policy(entries)
    return Preparation(policy, found, blockers=_broken(), refine=_drop_links)


def prepare_purge(
    connection: Connection, principal: Principal, request: OperationRequest
) -> Preparation:
    """The rules of this purge; it takes the right to delete each target."""
    found, _ = _start(connection, principal, request, purging=True)
    return Preparation(purge_policy(), found)


def prepare_expiry(
    connection: Connection, _principal: Principal, request: OperationRequest
) -> Preparation:
    """The rules for erasing a deletion whose days are over; nobody asks for it, so no right is
    judged.
    """
    ref = parse_ref(request.activity or "")
    assert ref is not None
    arms = [_arm(name, lambda row: row.c.trash_id == ref.id) for name in CODES]
    add(connection, union_all(*arms).subquery(), 0)
    return Preparation(purge_policy(), roots(connection, ()))


def trash_groups(
    connection: Connection, principal: Principal, request: OperationRequest
) -> set[int]:
    """The groups in which the trashed targets lie."""
    return {row.group_id for rows in _rows(connection, principal, request)[0].values()
            for row in rows}  # fmt: skip


def _start(
    connection: Connection,
    principal: Principal,
    request: OperationRequest,
    *,
    purging: bool = False,
) -> tuple[Roots, tuple[int, ...]]:
    rows, entries = _rows(connection, principal, request)
    for name, found in rows.items():
        for row in found:
            _must_be_allowed(principal, name, row, purging=purging)
    if request.activity is not None:
        arms = [_arm(name, lambda row: row.c.trash_id.in_(entries)) for name in CODES]
    else:
        arms = [
            _arm(name, lambda row, n=[each.id for each in found]: ids_in(connection, row.c.id, n))
            for name, found in rows.items()
        ]
    add(connection, union_all(*arms).subquery(), 0)
    return roots(connection, ()), entries


def _arm(name: str, chosen: Any) -> Any:
    row = rows_of(name)
    number = code_of([(None, State.FORCED, None)]).label("code")
    return select(*node_columns(name, row), number).where(chosen(row), row.c.trash_id.is_not(None))


def _rows(
    connection: Connection, principal: Principal, request: OperationRequest
) -> tuple[dict[str, list[Any]], tuple[int, ...]]:
    """The trashed targets by class with what rights depend on, and their trash entries.

    Raises `NotFound` for what is not in the trash or not this principal's to see there.
    """
    names = request.targets
    if request.activity is not None:
        names = _targets_of(connection, principal, request.activity)
    if not names:
        raise Invalid("No target is named.", hint="Name some, or an Activity.", path=("targets",))
    wanted: dict[str, list[int]] = defaultdict(list)
    for text in names:
        ref = parse_ref(text)
        if ref is None or node_class(ref.class_name) not in CODES:
            raise _missing(text)
        wanted[node_class(ref.class_name)].append(ref.id)
    found: dict[str, list[Any]] = {}
    for name, ids in wanted.items():
        table = table_of(name)
        found[name] = list(
            connection.execute(
                select(
                    table.c.id, table.c.owner_id, table.c.group_id, table.c.trash_id,
                    Activity.user_id.label("deleter_id"), Group.permissions,
                )
                .join(Activity, Activity.id == table.c.trash_id)
                .join(Group, Group.id == table.c.group_id)
                .where(ids_in(connection, table.c.id, ids))
            )
        )  # fmt: skip
        missing = set(ids) - {row.id for row in found[name] if _sees(principal, name, row)}
        if missing and request.activity is None:
            raise _missing(f"{name}:{min(missing)}")
    entries = {row.trash_id for rows in found.values() for row in rows}
    if request.activity is not None and not entries:
        raise _missing(request.activity)
    return found, tuple(sorted(entries))


def _targets_of(connection: Connection, principal: Principal, text: str) -> tuple[str, ...]:
    ref = parse_ref(text)
    row = None
    if ref is not None and ref.class_name == "Activity":
        row = connection.execute(
            select(Activity.user_id, Activity.kind, Activity.request).where(Activity.id == ref.id)
        ).one_or_none()
    if row is None or row.user_id != principal.user_id or not row.request.get("targets"):
        raise _missing(text)
    return tuple(row.request["targets"])


def _missing(text: str) -> NotFound:
    return NotFound(
        f"There is no {text[:80]} in the trash.", hint="Or you may not see it.", target=text[:80]
    )


def _sees(principal: Principal, name: str, row: Any) -> bool:
    mine = principal.user_id in {row.owner_id, row.deleter_id}
    return mine or bool(decide(principal, Action.DELETE, _facts(name, row)))


def _facts(name: str, row: Any) -> ObjectFacts:
    return ObjectFacts(name, row.owner_id, row.group_id, GroupPermissions(row.permissions))


def _must_be_allowed(principal: Principal, name: str, row: Any, *, purging: bool) -> None:
    if purging:
        allowed = bool(decide(principal, Action.DELETE, _facts(name, row)))
    else:
        allowed = principal.user_id in {row.owner_id, row.deleter_id}
    if not allowed:
        raise Denied(
            f"You may not {'purge' if purging else 'restore'} {name}:{row.id}.",
            reasons=("NOT_OWNER",),
            hint="Its owner may, or whoever deleted it.",
            target=f"{name}:{row.id}",
        )


def _drop_links(connection: Connection) -> None:
    """Leave in the trash what cannot come back: links across groups or to what is gone, and what
    its owner has made anew meanwhile.
    """
    present = names_reached(connection, State.IN)
    arms = [_hopeless(name) for name in sorted(present & set(LINKS))]
    if "RenderingDef" in present:
        arms.append(_replaced("RenderingDef", ("pixels_id", "owner_id")))
    if not arms:
        return
    gone = union_all(*arms).subquery()
    here = select(gone.c.id).where(gone.c.cls == REACHED.c.cls, gone.c.id == REACHED.c.id)
    reason = reason_code(Reason.SHARED_ELSEWHERE)
    connection.execute(
        update(REACHED).where(here.exists()).values(state=int(State.STAY), reason=reason)
    )


def _hopeless(name: str) -> Any:
    edge, row = EDGES[name], reached_rows()
    path = edge.path()
    link = path.link
    joined = row.join(path.tables, link.c.id == row.c.id)
    faults, owners = [], []
    for class_name, column in ((edge.source, path.source), (edge.target, path.target)):
        if class_name not in CODES:
            continue
        end, other = rows_of(class_name), reached_rows()
        joined = joined.join(end, end.c.id == column).outerjoin(
            other, and_(other.c.cls == CODES[class_name], other.c.id == column)
        )
        gone = and_(end.c.trash_id.is_not(None), other.c.id.is_(None))
        faults.append(or_(gone, end.c.group_id != link.c.group_id))
        owners.append(end.c.owner_id)
    if len(owners) > 1 and edge.kind in {Kind.CONTAINS, Kind.ANNOTATES}:
        faults.append(and_(owners[0] != owners[1], _closed_since(link)))
    again = rows_of(name)
    identical = select(again.c.id).where(
        again.c.parent_id == link.c.parent_id, again.c.child_id == link.c.child_id,
        again.c.owner_id == link.c.owner_id, again.c.trash_id.is_(None),
    )  # fmt: skip
    return (
        select(row.c.cls.label("cls"), row.c.id.label("id"))
        .select_from(joined)
        .where(row.c.cls == CODES[name], or_(identical.exists(), *faults))
    )


def _closed_since(link: Any) -> Any:
    """The link's group has become private since the link was trashed."""
    entry = JournalEntry.__table__.alias()
    changed = select(entry.c.id).where(
        entry.c.class_name == "Group", entry.c.object_id == link.c.group_id,
        entry.c.action == "UPDATE", entry.c.event_id > link.c.update_event_id,
    )  # fmt: skip
    private = select(Group.id).where(Group.permissions == GroupPermissions.PRIVATE.value)
    return and_(link.c.group_id.in_(private), changed.exists())


def _replaced(name: str, key: tuple[str, ...]) -> Any:
    row, old, new = reached_rows(), rows_of(name), rows_of(name)
    same = [old.c[column] == new.c[column] for column in key]
    return (
        select(row.c.cls.label("cls"), row.c.id.label("id"))
        .select_from(row.join(old, old.c.id == row.c.id).join(new, and_(*same)))
        .where(row.c.cls == CODES[name], new.c.trash_id.is_(None))
    )


def _broken() -> list[Any]:
    """Blockers: what would come back refers to something of another group, or in the trash."""
    found = []
    for edge in edges_of(Kind.PART, Kind.REFERS):
        if edge.link is not None or edge.name == "Roi.image_id":
            continue
        source, target, path = reached_rows(), reached_rows(), edge.path()
        # A part refers to what holds it; everything else is the edge's source.
        part = edge.kind is Kind.PART
        near, far = (path.target, path.source) if part else (path.source, path.target)
        near_class, far_class = (
            (edge.target, edge.source) if part else (edge.source, edge.target)
        )  # fmt: skip
        row = rows_of(far_class)
        joined = (
            source.join(path.tables, near == source.c.id)
            .join(row, row.c.id == far)
            .outerjoin(target, and_(target.c.cls == CODES[far_class], target.c.id == far))
        )
        found.append(
            select(
                *blocker_row(
                    Reason.PARENT_NOT_INCLUDED, near_class, source.c.id,
                    shared=(far_class, row.c.id),
                )
            )
            .distinct()
            .select_from(joined)
            .where(
                source.c.cls == CODES[near_class], source.c.state >= int(State.IN),
                or_(
                    row.c.group_id != source.c.group_id,
                    and_(row.c.trash_id.is_not(None), target.c.id.is_(None)),
                ),
            )
        )  # fmt: skip
    return found
