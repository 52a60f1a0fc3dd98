"""Carry tags over when their objects move and they cannot: as copies, or as tags of the same text.

The tags themselves stay where they are. Tags that say the same become one. New tags belong to the
owner of what is moved, each new link to the owner of the object that carries it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, insert, literal, or_, select, true, union_all

from graphql_api.graph.edges import CODES, EDGES, Kind, edges_of, rows_of, table_of
from graphql_api.graph.planner.tables import reached_rows
from graphql_api.graph.words import State
from shared.clock import now
from shared.journal.write import record_selected
from shared.models.people import Group, GroupPermissions
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from graphql_api.graph.execute.rows import Execution

_SHARED = (GroupPermissions.READ_ANNOTATE, GroupPermissions.READ_WRITE)
"""Levels at which one may use other people's tags."""
_LINKS = tuple(edge.name for edge in edges_of(Kind.ANNOTATES))


def carry_tags(work: Execution) -> list[str]:
    """Link what moved to copies of the tags that it lost, or to their like; answers new tags."""
    policy = work.plan.request.tag_policy
    kinds = [name for name in work.classes((State.CUT,)) if name in _LINKS]
    if policy == "LEAVE" or not kinds:
        return []
    group_id, owner_id = work.plan.facts["group"], work.plan.facts["owner"]
    like = None if policy == "COPY" else _like(work, group_id, owner_id)
    made = _make(work, kinds, like, group_id, owner_id)
    new = rows_of("Annotation")
    fresh = select(func.max(new.c.id).label("id"), new.c.text_value, new.c.namespace).where(
        new.c.creation_event_id == work.event_id, new.c.class_name == "TagAnnotation"
    ).group_by(new.c.text_value, new.c.namespace)  # fmt: skip
    found = fresh if like is None else union_all(fresh, like)
    best = found.subquery()
    for name in kinds:
        _link(work, name, best, group_id)
    return made


def _lost(name: str) -> Any:
    """(parent_id, parent's owner, tag) of the cut links of one kind whose object goes along."""
    edge = EDGES[name]
    path, row, parent, tag = edge.path(), reached_rows(), reached_rows(), rows_of("Annotation")
    joined = (
        row.join(path.tables, path.link.c.id == row.c.id)
        .join(parent, and_(parent.c.cls == CODES[edge.source], parent.c.id == path.source))
        .join(tag, tag.c.id == path.link.c.child_id)
    )
    return (
        select(
            path.link.c.parent_id.label("parent_id"), parent.c.owner_id.label("owner_id"),
            tag.c.id.label("tag_id"), tag.c.text_value, tag.c.text_key, tag.c.namespace,
        )
        .select_from(joined)
        .where(
            row.c.cls == CODES[name], row.c.state == int(State.CUT),
            parent.c.state >= int(State.IN), tag.c.class_name == "TagAnnotation",
            tag.c.trash_id.is_(None),
        )
    )  # fmt: skip


def _like(work: Execution, group_id: int, owner_id: int) -> Any:
    """The tags of the group moved to that may be used, the oldest of each text."""
    level = work.connection.execute(
        select(Group.permissions).where(Group.id == group_id)
    ).scalar_one()
    tag = rows_of("Annotation")
    usable = true() if GroupPermissions(level) in _SHARED else tag.c.owner_id == owner_id
    return (
        select(func.min(tag.c.id).label("id"), tag.c.text_value, tag.c.namespace)
        .where(
            tag.c.group_id == group_id, tag.c.class_name == "TagAnnotation",
            tag.c.trash_id.is_(None), usable,
            tag.c.creation_event_id.is_distinct_from(work.event_id),
        )
        .group_by(tag.c.text_value, tag.c.namespace)
    )  # fmt: skip


def _make(work: Execution, kinds: list[str], like: Any, group_id: int, owner_id: int) -> list[str]:
    lost = union_all(*(_lost(name) for name in kinds)).subquery()
    first = (
        select(func.min(lost.c.tag_id).label("id"))
        .group_by(lost.c.text_value, lost.c.namespace)
        .subquery()
    )
    old, table, moment = rows_of("Annotation"), table_of("Annotation"), now()
    source = select(
        literal("TagAnnotation"), old.c.namespace, old.c.name, old.c.description,
        old.c.text_value, old.c.text_key, literal(owner_id), literal(group_id),
        literal(work.event_id), literal(work.event_id), literal(moment), literal(moment),
        literal(1),
    ).join(first, first.c.id == old.c.id)  # fmt: skip
    if like is not None:
        known = like.subquery()
        same = select(known.c.id).where(_same(known.c, old.c))
        source = source.where(~same.exists())
    columns = [
        "class_name", "namespace", "name", "description", "text_value", "text_key", "owner_id",
        "group_id", "creation_event_id", "update_event_id", "created_at", "updated_at", "version",
    ]  # fmt: skip
    work.connection.execute(insert(table).from_select(columns, source))
    mine = (
        select(table.c.id, table.c.group_id)
        .where(
            table.c.creation_event_id == work.event_id, table.c.class_name == "TagAnnotation"
        )
        .order_by(table.c.id)
    )  # fmt: skip
    record_selected(work.connection, work.event_id, "Annotation", "INSERT", mine)
    rows = work.connection.execute(mine)
    return [str(ObjectRef("TagAnnotation", row.id)) for row in rows]


def _same(one: Any, other: Any) -> Any:
    return and_(
        one.text_value == other.text_value,
        or_(
            one.namespace == other.namespace,
            and_(one.namespace.is_(None), other.namespace.is_(None)),
        ),
    )


def _link(work: Execution, name: str, best: Any, group_id: int) -> None:
    lost, table, moment = _lost(name).subquery(), table_of(name), now()
    source = (
        select(
            lost.c.parent_id, best.c.id, lost.c.owner_id, literal(group_id),
            literal(work.event_id), literal(work.event_id), literal(moment), literal(moment),
            literal(1),
        )
        .join(best, _same(best.c, lost.c))
        .distinct()
    )  # fmt: skip
    columns = [
        "parent_id", "child_id", "owner_id", "group_id", "creation_event_id", "update_event_id",
        "created_at", "updated_at", "version",
    ]  # fmt: skip
    work.connection.execute(insert(table).from_select(columns, source))
    made = select(table.c.id, table.c.group_id).where(table.c.creation_event_id == work.event_id)
    record_selected(work.connection, work.event_id, name, "INSERT", made)
