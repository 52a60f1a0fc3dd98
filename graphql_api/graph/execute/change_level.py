"""Carry out a change of level: trash what cannot stay, part people's rows, set the level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, insert, literal, null, or_, select, update

from graphql_api.graph.edges import CARRIERS, CODES, EDGES, Edge, rows_of, table_of
from graphql_api.graph.execute.rows import discard, json_object
from graphql_api.graph.planner.tables import reached_rows
from graphql_api.graph.policies.change_level import OPTICS
from graphql_api.graph.words import State
from shared.clock import now
from shared.journal import record
from shared.models.events import JournalEntry
from shared.models.people import Group

if TYPE_CHECKING:
    from graphql_api.graph.execute.rows import Execution

_SETTINGS = (
    "Image.objective_settings_id", "LogicalChannel.detector_settings_id",
    "LogicalChannel.light_source_settings_id", "Channel.stats_info_id",
)  # fmt: skip
"""Columns that may name what is destroyed."""


def execute_change_of_level(work: Execution) -> list[str]:
    """Do what the plan says; nothing is created."""
    group = work.plan.facts["group"]
    if work.plan.facts["closing"]:
        discard(work)
        for name in (*_SETTINGS, *OPTICS, "Folder.parent_folder_id"):
            _empty(work, EDGES[name], group)
    before = work.connection.execute(
        select(Group.permissions).where(Group.id == group)
    ).scalar_one()
    work.connection.execute(
        update(Group)
        .where(Group.id == group)
        .values(permissions=work.plan.facts["level"], updated_at=now(), version=Group.version + 1)
    )
    record(
        work.connection, work.event_id, "Group", "UPDATE", [group], group_id=group,
        before={group: {"permissions": before}},
    )  # fmt: skip
    return []


def _empty(work: Execution, edge: Edge, group: int) -> None:
    """Empty a column where it joins two people's rows, or names what is destroyed."""
    name = edge.part or (edge.target if edge.name.startswith(f"{edge.target}.") else edge.source)
    other_class = edge.source if name == edge.target and not edge.part else edge.target
    if edge.name == "Folder.parent_folder_id":
        other_class = "Folder"
    row, other, gone = rows_of(name), rows_of(other_class), reached_rows()
    owner: Any = row
    joined = row.join(other, other.c.id == row.c[edge.column])
    if name in CARRIERS:
        owner = rows_of(CARRIERS[name][0])
        joined = joined.join(owner, owner.c.id == row.c[CARRIERS[name][1]])
    joined = joined.outerjoin(
        gone,
        and_(
            gone.c.cls == CODES[other_class], gone.c.id == other.c.id,
            gone.c.state == int(State.DESTROY),
        ),
    )  # fmt: skip
    parted = or_(owner.c.owner_id != other.c.owner_id, gone.c.id.is_not(None))
    found = (
        select(row.c.id, row.c[edge.column].label("named"))
        .select_from(joined)
        .where(owner.c.group_id == group, parted)
    )
    if name not in CARRIERS:
        listed = found.subquery()
        entry = select(
            literal(work.event_id), literal(name), listed.c.id, literal("UPDATE"), literal(group),
            json_object(work.connection, edge.column, listed.c.named),
        )  # fmt: skip
        columns = ["event_id", "class_name", "object_id", "action", "group_id", "before"]
        work.connection.execute(insert(JournalEntry).from_select(columns, entry))
    table = table_of(name)
    work.connection.execute(
        update(table)
        .where(table.c.id.in_(select(found.subquery().c.id)))
        .values({edge.column: null()})
    )
