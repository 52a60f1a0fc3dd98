"""The rows of a plan that people read one by one: links cut, objects left, deleted, in the way.

They are selected class by class in one statement, so that a page costs the same at any size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import String, and_, case, cast, func, literal, null, select, union_all

from graphql_api.graph.edges import CODES, EDGES, NAMES, rows_of
from graphql_api.graph.planner.tables import BLOCKERS, reached_rows
from graphql_api.graph.words import GOING, REASONS, State
from shared.models.links import LINKS

if TYPE_CHECKING:
    from graphql_api.graph.plan import Plan

REASON_WORDS = {code: reason.value for code, reason in enumerate(REASONS, start=1)}


def select_items(plan: Plan) -> Any | None:
    """(section, object, name, parent, child, stays, reason) of everything that does not simply go
    along; None when there is nothing of the kind.
    """
    links = {each.class_name for each in plan.tallies if each.state is State.CUT}
    arms = [_cut(name) for name in sorted(links)]
    objects = {
        (each.class_name if each.class_name in CODES else "Annotation", each.state)
        for each in plan.tallies
        if not each.is_link and each.reason and each.state in {State.STAY, State.DESTROY}
    }
    arms += [_object(name, state) for name, state in sorted(objects)]
    kept = {each.class_name for each in plan.tallies if each.is_link and each.reason
            and each.state is State.STAY}  # fmt: skip
    arms += [_kept(name) for name in sorted(kept)]
    if plan.blocker_count:
        arms.append(_blocker())
    if not arms:
        return None
    found = union_all(*arms).subquery()
    return select(*found.c).order_by(found.c.section, found.c.cls, found.c.id)


def reference(class_name: Any, id_: Any) -> Any:
    """`Image:5` as SQL."""
    word = literal(class_name, String) if isinstance(class_name, str) else class_name
    return word + ":" + cast(id_, String)


def _reason(column: Any) -> Any:
    words = {code: literal(word, String) for code, word in REASON_WORDS.items()}
    return case(words, value=column, else_=cast(null(), String)).label("reason")


def _columns(section: str, row: Any, **values: Any) -> list[Any]:
    nothing = cast(null(), String)
    return [
        literal(section, String).label("section"),
        row.c.cls.label("cls"),
        row.c.id.label("id"),
        *(
            values.get(name, nothing).label(name)
            for name in ("object", "name", "parent", "child", "stays")
        ),
    ]


def _cut(name: str) -> Any:
    kind, row, link = LINKS[name], reached_rows(), rows_of(name)
    edge = EDGES[name]
    path = edge.path()
    parent, child = reached_rows(), reached_rows()
    joined = (
        row.join(link, link.c.id == row.c.id)
        .join(path.tables, path.link.c.id == link.c.id)
        .outerjoin(parent, _goes(parent, edge.source, path.source))
        .outerjoin(child, _goes(child, edge.target, path.target))
    )
    child_class: Any = kind.child.__name__
    if child_class == "Annotation":
        note = rows_of("Annotation")
        joined = joined.join(note, note.c.id == link.c.child_id)
        child_class = note.c.class_name
        child_name: Any = func.coalesce(note.c.text_value, note.c.name)
    else:
        below = rows_of(child_class)
        joined = joined.join(below, below.c.id == link.c.child_id)
        child_name = _name_of(below)
    above = rows_of(kind.parent.__name__)
    joined = joined.join(above, above.c.id == link.c.parent_id)
    stays = case(
        (parent.c.id.is_not(None), literal("CHILD", String)),
        (child.c.id.is_not(None), literal("PARENT", String)),
        else_=literal("BOTH", String),
    )
    columns = _columns(
        "UNLINKED",
        row,
        object=reference(name, row.c.id),
        parent=reference(kind.parent.__name__, link.c.parent_id),
        child=reference(child_class, link.c.child_id),
        name=case((stays == "PARENT", _name_of(above)), else_=child_name),
        stays=stays,
    )
    return (
        select(*columns, _reason(row.c.reason))
        .select_from(joined)
        .where(row.c.cls == CODES[name], row.c.state == int(State.CUT))
    )


def _name_of(table: Any) -> Any:
    return table.c["name"] if "name" in table.c else cast(null(), String)


def _kept(name: str) -> Any:
    """A link that stays, named by its ends."""
    kind, row, link = LINKS[name], reached_rows(), rows_of(name)
    ends = (
        reference(kind.parent.__name__, link.c.parent_id)
        + literal(" - ", String)
        + reference(kind.child.__name__, link.c.child_id)
    )
    columns = _columns("LEFT_BEHIND", row, object=reference(name, row.c.id), name=ends)
    return (
        select(*columns, _reason(row.c.reason))
        .select_from(row.join(link, link.c.id == row.c.id))
        .where(row.c.cls == CODES[name], row.c.state == int(State.STAY), row.c.reason > 0)
    )


def _goes(alias: Any, class_name: str, id_: Any) -> Any:
    return and_(
        alias.c.cls == CODES.get(class_name, 0), alias.c.id == id_, alias.c.state >= int(GOING)
    )


def _object(class_name: str, state: State) -> Any:
    row, table = reached_rows(), rows_of(class_name)
    joined = row.join(table, table.c.id == row.c.id)
    name = _name_of(table)
    if class_name == "Annotation":
        name = func.coalesce(table.c.text_value, table.c.name)
    section = "LEFT_BEHIND" if state is State.STAY else "DELETED"
    own = row.c.sub if class_name == "Annotation" else class_name
    columns = _columns(section, row, object=reference(own, row.c.id), name=name)
    return (
        select(*columns, _reason(row.c.reason))
        .select_from(joined)
        .where(row.c.cls == CODES[class_name], row.c.state == int(state), row.c.reason > 0)
    )


def _named(column: Any, id_: Any) -> Any:
    words = {code: literal(name, String) for code, name in NAMES.items()}
    return case(words, value=column, else_=cast(null(), String)) + ":" + cast(id_, String)


def _blocker() -> Any:
    row = BLOCKERS.alias()
    columns = _columns(
        "BLOCKER",
        row,
        object=_named(row.c.cls, row.c.id),
        parent=_named(row.c.holder_cls, row.c.holder_id),
        child=_named(row.c.shared_cls, row.c.shared_id),
        name=_plate_of(row),
    )
    return select(*columns, _reason(row.c.reason))


def _plate_of(row: Any) -> Any:
    """What to add to the targets where a field is in the way: fields go with their plate alone."""
    field, well = rows_of("WellSample"), rows_of("Well")
    plate = (
        select(reference("Plate", well.c.plate_id))
        .join(field, field.c.well_id == well.c.id)
        .where(field.c.id == row.c.holder_id, row.c.holder_cls == CODES["WellSample"])
    )
    return plate.scalar_subquery()
