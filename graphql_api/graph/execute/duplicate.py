"""Carry out a duplicate: new ids, then one INSERT ... SELECT per table, translated by joins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Boolean,
    String,
    and_,
    case,
    cast,
    func,
    insert,
    literal,
    null,
    or_,
    select,
)

from graphql_api.graph.edges import CARRIERS, CODES, NAMES, rows_of, table_of
from graphql_api.graph.execute.copy_files import new_name, new_uuid, take_names
from graphql_api.graph.execute.copy_ids import (
    COPIES,
    analyze_ids,
    code,
    number_nodes,
    number_parts,
    prepare_ids,
)
from graphql_api.graph.execute.copy_names import name_copies
from graphql_api.graph.execute.rows import IN_STATES, json_object
from graphql_api.graph.planner.tables import REACHED, reached_rows
from graphql_api.graph.words import State
from shared.auth.slides import WITHHELD
from shared.clock import now
from shared.database import POSTGRESQL
from shared.journal.write import record_selected
from shared.models import MODELS
from shared.models.base import Base
from shared.models.events import JournalEntry
from shared.models.links import LINKS
from shared.models.system import ExternalInfo
from shared.one_of import one_of
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from graphql_api.graph.execute.rows import Execution

_CLASS_OF = {table_of(name).name: name for name in MODELS}
_STORED_NAMES = {
    ("OriginalFile", "storage_name"), ("Fileset", "metadata_file"),
}  # fmt: skip
_LABELS = frozenset({("Image", "label_file"), ("Image", "macro_file")})


def execute_duplicate(work: Execution) -> list[str]:
    """Do what the plan says; answers the copies of the targets."""
    connection = work.connection
    names = set(work.classes(IN_STATES))
    take_names(connection, work.activity_id, work.claim)
    parts = _number(work, names)
    for table in Base.metadata.sorted_tables:
        name = _CLASS_OF.get(table.name)
        if name in names or name in parts:
            work.advance(_copy(work, str(name), is_mapped=name in names or parts[str(name)]))
    _copy_external_info(work, names)
    name_copies(work)
    _note(work)
    _link_into(work)
    return _created(work)


def _number(work: Execution, names: set[str]) -> dict[str, bool]:
    """Number everything copied; answers the parts that are, and whether they have numbers."""
    prepare_ids(work.connection)
    for name in sorted(names):
        number_nodes(work.connection, name)
    analyze_ids(work.connection)
    ignored = work.plan.facts["ignored_parts"]
    found: dict[str, bool] = {}
    for part in CARRIERS:  # carriers of parts come before the parts that they carry
        carrier, _ = CARRIERS[part]
        if part in ignored or (carrier not in names and carrier not in found):
            continue
        found[part] = f"{part}AnnotationLink" in names or part == "ChannelBinding"
        if found[part]:
            number_parts(work.connection, part)
    analyze_ids(work.connection)
    return found


def _copy(work: Execution, name: str, *, is_mapped: bool) -> int:
    """Insert the copies of one class, part or link kind; answers how many."""
    table = table_of(name)
    old = table.alias("old")
    carrier = CARRIERS.get(name)
    own = COPIES.alias("own")
    if is_mapped:
        source = own.join(old, old.c.id == own.c.id)
        clauses = [own.c.cls == code(name), own.c.copy_id != own.c.id]
    else:
        assert carrier is not None
        source = own.join(old, old.c[carrier[1]] == own.c.id)
        clauses = [own.c.cls == code(carrier[0]), own.c.copy_id != own.c.id]
    columns, values = [], []
    for column in table.c:
        if column.name == "id" and not is_mapped:
            continue
        value, source = _value(work, name, column, old, own, source, is_mapped=is_mapped)
        columns.append(column.name)
        values.append(value)
    chosen = select(*values).select_from(source).where(*clauses)
    if work.connection.dialect.name == POSTGRESQL:
        chosen = chosen.order_by(own.c.copy_id)
    statement = insert(table).from_select(columns, chosen)
    return work.connection.execute(
        statement, execution_options={"preserve_rowcount": True}
    ).rowcount


def _value(
    work: Execution, name: str, column: Any, old: Any, own: Any, source: Any, *, is_mapped: bool
) -> tuple[Any, Any]:
    """A column of the copy, and the joins that it needs."""
    carrier = CARRIERS.get(name)
    holds_carrier = carrier is not None and column.name == carrier[1]
    if column.name == "id" or (holds_carrier and not is_mapped):
        return own.c.copy_id, source
    if column.name == "trash_id":
        return null(), source
    fresh = _fresh(work, name, column.name, old)
    if fresh is not None:
        return fresh, source
    return _reference(column, old, source)


def _fresh(work: Execution, name: str, column: str, old: Any) -> Any | None:
    """What a copy has of its own: details, uuids, places of files; None for other columns."""
    facts, moment = work.plan.facts, now()
    details = {
        "owner_id": facts["owner"], "group_id": facts["group"], "version": 1,
        "creation_event_id": work.event_id, "update_event_id": work.event_id,
        "created_at": moment, "updated_at": moment,
    }  # fmt: skip
    if column in details and "trash_id" in old.c:
        return literal(details[column])
    if (name, column) in _LABELS:
        return _label(facts, old, column)
    if (name, column) in _STORED_NAMES:
        return new_name(old.c[column])
    made: dict[tuple[str, str], Callable[[], Any]] = {
        ("Fileset", "uuid"): lambda: new_uuid("files", old.c.uuid),
        ("Pixels", "uuid"): lambda: new_uuid("derived", old.c.uuid),
        ("Fileset", "template_prefix"): lambda: _prefix(work) + new_uuid("files", old.c.uuid),
        ("OriginalFile", "path"): lambda: _path(work, old),
    }
    make = made.get((name, column))
    return None if make is None else make()


def _label(facts: Mapping[str, Any], old: Any, column: str) -> Any:
    """A slide's picture, for who may see the original's; to own a copy gives no right to it."""
    stored = old.c[column]
    may_see = or_(
        literal(facts["is_admin"], Boolean),
        old.c.owner_id == facts["owner"],
        one_of(old.c.group_id, facts["leads"]),
    )
    return case(
        (stored.is_(None), null()),
        (and_(may_see, stored != WITHHELD), new_name(stored)),
        else_=literal(WITHHELD, String),
    )


def _reference(column: Any, old: Any, source: Any) -> tuple[Any, Any]:
    """What the copy names: the copy of what the original names, or that itself, or nothing."""
    other = next((_CLASS_OF.get(key.column.table.name) for key in column.foreign_keys), None)
    if other is None or (other not in CODES and other not in CARRIERS):
        return old.c[column.name], source
    end = COPIES.alias()
    source = source.outerjoin(
        end, and_(end.c.cls == code(other), end.c.id == old.c[column.name])
    )  # fmt: skip
    if column.nullable:
        return end.c.copy_id, source
    return func.coalesce(end.c.copy_id, old.c[column.name]), source


def _prefix(work: Execution) -> Any:
    return literal(f"{work.plan.facts['login']}_{work.plan.facts['owner']}/", String)


def _path(work: Execution, old: Any) -> Any:
    """The path as it is shown, below the copy's fileset."""
    fileset = rows_of("Fileset")
    shown = (
        select(
            _prefix(work)
            + new_uuid("files", fileset.c.uuid)
            + func.substr(old.c.path, func.length(fileset.c.template_prefix) + 1)
        )
        .where(fileset.c.uuid == func.substr(old.c.storage_name, len("files/ab/") + 1, 36))
        .scalar_subquery()
    )
    return func.coalesce(shown, old.c.path)


def _copy_external_info(work: Execution, names: set[str]) -> None:
    """What other systems call an object, they may call its copy."""
    old, own = ExternalInfo.__table__.alias(), COPIES.alias()
    word = case(
        {CODES[name]: literal(name, String) for name in sorted(names)}, value=own.c.cls
    )  # fmt: skip
    plain = ("class_name", "entity_id", "entity_type", "lsid", "uuid")
    source = (
        select(own.c.copy_id, *(old.c[column] for column in plain))
        .select_from(old.join(own, and_(old.c.object_id == own.c.id, old.c.class_name == word)))
        .where(own.c.copy_id != own.c.id)
    )
    if names:
        work.connection.execute(insert(ExternalInfo).from_select(["object_id", *plain], source))


def _note(work: Execution) -> None:
    """Write the journal: each copy with its original, from which the report's pages are read."""
    own, row = COPIES.c, REACHED.c
    words = {CODES[name]: literal(name, String) for name in sorted(NAMES.values())}
    name = case(words, value=own.cls)
    original = func.coalesce(row.sub, name) + ":" + cast(own.id, String)
    source = (
        select(
            literal(work.event_id), name, own.copy_id, literal("INSERT"),
            literal(work.plan.facts["group"]), json_object(work.connection, "original", original),
        )
        .select_from(COPIES.join(REACHED, and_(row.cls == own.cls, row.id == own.id)))
        .where(own.copy_id != own.id)
        .order_by(own.cls, own.id)
    )  # fmt: skip
    columns = ["event_id", "class_name", "object_id", "action", "group_id", "before"]
    work.connection.execute(insert(JournalEntry).from_select(columns, source))


def _link_into(work: Execution) -> None:
    """Put the copies of the targets into the container that the request names."""
    facts = work.plan.facts
    for name in facts.get("link_kinds", ()):
        table, own, row, moment = table_of(name), COPIES.alias(), reached_rows(), now()
        child = CODES[LINKS[name].child.__name__]
        source = (
            select(
                literal(ObjectRef.parse(facts["into"]).id), own.c.copy_id,
                literal(facts["owner"]), literal(facts["group"]), literal(work.event_id),
                literal(work.event_id), literal(moment), literal(moment), literal(1),
            )
            .select_from(own.join(row, and_(row.c.cls == own.c.cls, row.c.id == own.c.id)))
            .where(own.c.cls == child, row.c.wave == 0, own.c.copy_id != own.c.id)
        )  # fmt: skip
        columns = [
            "parent_id", "child_id", "owner_id", "group_id", "creation_event_id",
            "update_event_id", "created_at", "updated_at", "version",
        ]  # fmt: skip
        work.connection.execute(insert(table).from_select(columns, source))
        made = select(table.c.id, table.c.group_id).where(
            table.c.creation_event_id == work.event_id,
            table.c.parent_id == ObjectRef.parse(facts["into"]).id,
        )
        record_selected(work.connection, work.event_id, name, "INSERT", made)


def _created(work: Execution) -> list[str]:
    """The copies of the targets, as references, in the targets' order."""
    own, row = COPIES.c, REACHED.c
    rows = work.connection.execute(
        select(own.cls, own.copy_id, row.sub)
        .select_from(COPIES.join(REACHED, and_(row.cls == own.cls, row.id == own.id)))
        .where(row.wave == 0, row.state == int(State.FORCED), own.copy_id != own.id)
        .order_by(own.cls, own.copy_id)
    )
    return [f"{each.sub or NAMES[each.cls]}:{each.copy_id}" for each in rows]
