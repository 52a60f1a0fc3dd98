"""A plan as people read it: the JSON form of GraphQL's OperationReport.

The summary is stored with the plan; its pages are read from the stored rows, 100 at a time.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from graphql_api.graph.plan import Blocker
from graphql_api.graph.words import Reason, State
from shared.errors import Invalid
from shared.models.events import JournalEntry
from shared.models.plans import SECTIONS, PlanItem, StoredPlan

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from graphql_api.graph.plan import Plan

PAGE = 100
MAX_PAGE = 1000
PAGES = {
    "unlinked": "UNLINKED",
    "leftBehind": "LEFT_BEHIND",
    "deletedItems": "DELETED",
    "blockers": "BLOCKER",
    "copies": "COPY",
}
"""The report's fields that have pages, and the section of a stored plan behind each."""
_DELETING = {"delete", "purge"}


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A row of a stored plan, as `PlanItem` has it."""

    section: str
    position: int
    object: str
    name: str | None
    parent: str | None
    child: str | None
    stays: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Stored:
    """A plan that is kept."""

    id: int
    first: list[PlanRow] | None = None
    """The first page of each section; None when they have to be read."""


def summary(plan: Plan, created: Sequence[str] = ()) -> dict[str, Any]:
    """The report without its pages."""
    deleting = plan.request.kind in _DELETING
    going = _type_counts(plan, State.IN)
    destroyed = _type_counts(plan, State.DESTROY)
    return {
        "included": [] if deleting else going,
        "deleted": going if deleting else destroyed,
        "referenced": _type_counts(plan, State.REFER),
        "unlinkedCount": _reason_counts(plan, State.CUT),
        "leftBehindCount": _reason_counts(plan, State.STAY),
        "deletedCount": _reason_counts(plan, State.DESTROY),
        "created": list(created),
        "bytes": plan.bytes,
        "warnings": [
            {"code": each.code, "message": each.message, "targets": list(each.targets)}
            for each in plan.warnings
        ],
        "blockerCount": plan.blocker_count,
    }


def _type_counts(plan: Plan, state: State) -> list[dict[str, Any]]:
    ids: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for each in plan.ranges:
        if each.state is state:
            ids[each.class_name].append((each.first, each.last))
    return [
        {
            "type": name,
            "count": sum(last - first + 1 for first, last in found),
            "idRanges": id_ranges(found),
        }
        for name, found in sorted(ids.items())
    ]


def id_ranges(found: Iterable[tuple[int, int]]) -> str:
    """Ranges of ids as text: `51-53,56`."""
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in sorted(found))


def _reason_counts(plan: Plan, state: State) -> list[dict[str, Any]]:
    return [
        {"reason": each.reason.value, "type": each.class_name, "count": each.count}
        for each in sorted(plan.tallies, key=lambda one: (one.class_name, one.reason or ""))
        if each.reason and each.state is state
    ]  # fmt: skip


def report_page(
    connection: Connection,
    plan_id: int,
    field: str,
    *,
    first: int = PAGE,
    after: str | None = None,
) -> list[dict[str, Any]]:
    """A page of one of the report's lists; each item has a `cursor` for `after`.

    Whoever calls has made sure that the plan is the caller's. Raises `Invalid`.
    """
    section = PAGES.get(field)
    if section not in SECTIONS:
        raise Invalid(f"A report has no pages of {field!r}.", hint=f"One of {', '.join(PAGES)}.")
    if not 0 <= first <= MAX_PAGE:
        raise Invalid("Too many rows at once.", hint=f"At most {MAX_PAGE}.", path=("first",))
    if after is not None and not after.isdecimal():
        raise Invalid("No cursor of this list.", hint="Pass back what was given.", path=("after",))
    if section == "COPY":
        return _copies(connection, plan_id, first, int(after or 0))
    item = PlanItem.__table__.c
    rows = connection.execute(
        select(PlanItem.__table__)
        .where(item.plan_id == plan_id, item.section == section, item.position > int(after or 0))
        .order_by(item.position)
        .limit(first)
    )
    return [_item(row) for row in rows]


def _item(row: Any) -> dict[str, Any]:
    return {**_told(row.section, row), "cursor": str(row.position)}


def _told(section: str, row: Any) -> dict[str, Any]:
    if section == "UNLINKED":
        return {
            "link": row.object, "linkType": row.object.split(":")[0], "parent": row.parent,
            "child": row.child, "name": row.name, "staysBehind": row.stays,
            "reason": row.reason,
        }  # fmt: skip
    if section == "BLOCKER":
        blocker = Blocker(row.object, row.parent, row.child, Reason(row.reason))
        return {
            "object": row.object, "holder": row.parent, "shared": row.child,
            "reason": row.reason, "message": blocker.message,
            "suggestedTargets": [row.name or row.parent] if row.parent else [],
        }  # fmt: skip
    return {"object": row.object, "name": row.name, "reason": row.reason}


def _copies(connection: Connection, plan_id: int, first: int, after: int) -> list[dict[str, Any]]:
    """Originals and copies stand in the journal of the event that made them, not in the plan."""
    told = connection.execute(
        select(StoredPlan.report).where(StoredPlan.id == plan_id)
    ).scalar_one_or_none()
    return [] if told is None else _copies_of(connection, told, first, after)


def _copies_of(
    connection: Connection, told: dict[str, Any], first: int = PAGE, after: int = 0
) -> list[dict[str, Any]]:
    if "event" not in told:
        return []
    entry = JournalEntry.__table__.c
    rows = connection.execute(
        select(entry.id, entry.object_id, entry.before)
        .where(entry.event_id == told["event"], entry.id > after, entry.action == "INSERT",
               entry.before.is_not(None))
        .order_by(entry.id)
        .limit(first)
    )  # fmt: skip
    found = []
    for row in rows:
        original = row.before["original"]
        copy = f"{original.split(':')[0]}:{row.object_id}"
        found.append({"original": original, "copy": copy, "cursor": str(row.id)})
    return found


def full_report(
    connection: Connection, stored: Stored, summarised: dict[str, Any]
) -> dict[str, Any]:
    """The report with the first page of each list."""
    rows: Iterable[Any] | None = stored.first
    if rows is None:
        item = PlanItem.__table__.c
        rows = connection.execute(
            select(PlanItem.__table__)
            .where(item.plan_id == stored.id, item.position <= PAGE)
            .order_by(item.section, item.position)
        )
    listed: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        listed[row.section].append(_item(row))
    pages = {field: listed[section] for field, section in PAGES.items()}
    pages["copies"] = _copies_of(connection, summarised)
    return {**summarised, "planId": f"Plan:{stored.id}", **pages}
