"""Carry out a move: trash what is cut, change the group of the rest, link into the container."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, and_, cast, insert, literal, null, select, update

from graphql_api.graph.edges import CODES, table_of
from graphql_api.graph.execute.carry_tags import carry_tags
from graphql_api.graph.execute.rows import IN_STATES, change, discard, note
from graphql_api.graph.planner.tables import REACHED, reached_rows
from graphql_api.graph.words import GOING, State
from shared.clock import now
from shared.journal import record
from shared.journal.write import record_selected
from shared.models.base import sort_key
from shared.models.links import LINKS
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphql_api.graph.edges import Edge
    from graphql_api.graph.execute.carry_tags import carry_tags
from graphql_api.graph.execute.rows import Execution


def execute_move(work: Execution) -> list[str]:
    """Do what the plan says; answers what was created."""
    plan = work.plan
    discard(work)
    for edge in plan.policy.detached:
        detach(work, edge)
    note(work, IN_STATES, "CHGRP")
    change(work, IN_STATES, {"group_id": plan.facts["group"]})
    created = link_into(work, plan.facts["group"], plan.facts["owner"])
    return [*created, *carry_tags(work)]


def detach(work: Execution, edge: Edge, when: Callable[[Any, Any, Any], Any] | None = None) -> None:
    """Empty a column of the target's table where one end goes and the other stays.

    `when` adds a condition on the row that names, and on whether either end goes.
    """
    table, source, target = table_of(edge.target), reached_rows(), reached_rows()
    column = table.c[edge.column]
    joined = table.outerjoin(
        source,
        and_(
            source.c.cls == CODES[edge.source], source.c.id == column,
            source.c.state >= int(GOING),
        ),
    ).outerjoin(
        target,
        and_(
            target.c.cls == CODES[edge.target], target.c.id == table.c.id,
            target.c.state >= int(GOING),
        ),
    )  # fmt: skip
    apart = source.c.id.is_(None) != target.c.id.is_(None)
    if when is not None:
        apart = and_(apart, when(table.c, source.c, target.c))
    near = column.in_(select(REACHED.c.id).where(REACHED.c.cls == CODES[edge.source]))
    mine = table.c.id.in_(select(REACHED.c.id).where(REACHED.c.cls == CODES[edge.target]))
    if edge.source not in work.classes(IN_STATES) and edge.target not in work.classes(IN_STATES):
        return
    rows = work.connection.execute(
        select(table.c.id, column, table.c.group_id)
        .select_from(joined)
        .where(column.is_not(None), near | mine, apart)
    ).all()
    for group_id in sorted({row.group_id for row in rows}):
        before = {row[0]: {edge.column: row[1]} for row in rows if row.group_id == group_id}
        record(
            work.connection, work.event_id, edge.target, "UPDATE", sorted(before),
            group_id=group_id, before=before,
        )  # fmt: skip
    if rows:
        ids = [row[0] for row in rows]
        work.connection.execute(
            update(table).where(table.c.id.in_(ids)).values({edge.column: null()})
        )


def link_into(work: Execution, group_id: int, owner_id: int) -> list[str]:
    """Link the targets into the container that the request names, making it when it is new.

    Each link belongs to the owner of what is linked.
    """
    request, facts = work.plan.request, work.plan.facts
    kinds = facts.get("link_kinds")
    if not kinds:
        return []
    created = []
    if request.new_container is not None:
        parent = _new_container(work, group_id, owner_id)
        created.append(str(parent))
    else:
        parent = ObjectRef.parse(facts["into"])
    for name in kinds:
        table = table_of(name)
        row = REACHED.c
        source = select(
            literal(parent.id), row.id, row.owner_id, literal(group_id),
            literal(work.event_id), literal(work.event_id), literal(now()), literal(now()),
            cast(literal(1), Integer),
        ).where(
            row.cls == CODES[LINKS[name].child.__name__], row.wave == 0,
            row.state == int(State.FORCED),
        )  # fmt: skip
        columns = [
            "parent_id", "child_id", "owner_id", "group_id", "creation_event_id",
            "update_event_id", "created_at", "updated_at", "version",
        ]  # fmt: skip
        work.connection.execute(insert(table).from_select(columns, source))
        made = select(table.c.id, table.c.group_id).where(
            table.c.creation_event_id == work.event_id
        )
        record_selected(work.connection, work.event_id, name, "INSERT", made)
    return created


def _new_container(work: Execution, group_id: int, owner_id: int) -> ObjectRef:
    new = work.plan.request.new_container
    assert new is not None
    table: Any = table_of(new.class_name)
    moment = now()
    number = work.connection.execute(
        insert(table)
        .values(
            name=new.name, name_key=sort_key(new.name), description=new.description,
            owner_id=owner_id, group_id=group_id, creation_event_id=work.event_id,
            update_event_id=work.event_id, created_at=moment, updated_at=moment, version=1,
        )
        .returning(table.c.id)
    ).scalar_one()  # fmt: skip
    record(
        work.connection, work.event_id, new.class_name, "INSERT", [number], group_id=group_id
    )  # fmt: skip
    return ObjectRef(new.class_name, int(number))
