"""Set key-value pairs of many objects from a table, in one transaction.

Rows that name nobody set nothing and are reported; empty cells set nothing; what a key held before
gives way. The number of statements does not depend on the rows.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select

from graphql_api.editing.changing import hold_targets
from graphql_api.editing.contents import objects_within
from graphql_api.editing.idempotency import once_answer, recalled
from graphql_api.editing.key_value_table import TableRow
from graphql_api.editing.key_values import PairEdit, apply_edits
from graphql_api.editing.links import open_event
from graphql_api.editing.targets import Target, find_targets
from graphql_api.editing.trash import ended_activity
from shared.database import ids_in, texts_in
from shared.errors import Invalid
from shared.models import MODELS
from shared.refs import ObjectRef, parse_ref

if TYPE_CHECKING:
    from sqlalchemy import Connection, Select

    from shared.auth.principal import Principal
    from shared.database import Database

KIND = "import_key_values"
MAX_REPORTED = 1_000
"""Rows that the report names; further ones are only counted."""
NAMED = (
    "Image", "Dataset", "Project", "Folder", "Screen", "Plate", "PlateAcquisition", "Well",
)  # fmt: skip
"""Classes whose objects the rows of a table may name."""
_WELL = re.compile(r"([A-Za-z]{1,3})0*([1-9][0-9]{0,3})")


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A row that set nothing: its line in the table, from 1, and why."""

    row: int
    value: str
    reason: str
    """NOT_FOUND, AMBIGUOUS (several objects have that name) or REPEATED (it came before)."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did; `activity` is None for a dry run."""

    activity: ObjectRef | None
    objects: tuple[ObjectRef, ...]
    unmatched: tuple[Unmatched, ...]
    unmatched_count: int


@dataclass(frozen=True, slots=True)
class TableImport:
    """Rows, of which class their objects are, and where these are looked for."""

    rows: Callable[[], Sequence[TableRow]]
    """Reads them; called once, outside any transaction."""
    within: Sequence[str]
    given: Mapping[str, Any]
    """The input as JSON values, by which a repeated request is known."""
    class_name: str = "Image"
    dry_run: bool = False


def import_key_values(
    database: Database,
    principal: Principal,
    wanted: TableImport,
    *,
    key: str | None = None,
    first: Callable[[Connection], None] | None = None,
) -> Imported:
    """Set the pairs of all objects that the table names within these objects.

    `first` runs within the transaction that sets them. Raises `NotFound`, `Denied` naming an
    object, or `Invalid` naming the cell; then nothing was done.
    """
    if wanted.class_name not in NAMED:
        raise Invalid(f"Rows name {', '.join(NAMED)}.", path=("type",))
    if not wanted.within:
        raise Invalid("The list within is empty.", hint="Name at least one.", path=("within",))
    before = recalled(database, principal, "importKeyValues", key, wanted.given)
    if before is not None:
        return _read(before)
    rows = wanted.rows()
    with database.write() as connection:
        if wanted.dry_run:
            found, unmatched = _matched(connection, principal, wanted, rows)
            return _answer(None, found, unmatched)

        def work() -> dict[str, Any]:
            if first is not None:
                first(connection)
            return _imported(connection, principal, wanted, rows)

        return _read(once_answer(connection, principal, "importKeyValues", key, wanted.given, work))


def _imported(
    connection: Connection, principal: Principal, wanted: TableImport, given: Sequence[TableRow]
) -> dict[str, Any]:
    found, unmatched = _matched(connection, principal, wanted, given)
    event_id = open_event(connection, principal, "importKeyValues")
    spaces: dict[str | None, dict[Target, PairEdit]] = defaultdict(dict)
    for target, row in found.items():
        for space, pairs in row.pairs.items():
            spaces[space][target] = PairEdit(set=pairs)
    for space, edits in sorted(spaces.items(), key=lambda each: each[0] or ""):
        apply_edits(connection, principal, event_id, edits, space)
    done = _answer(None, found, unmatched)
    activity = ended_activity(
        connection,
        principal,
        KIND,
        {"targets": list(wanted.within)},
        report={
            "unmatched": [asdict(each) for each in done.unmatched],
            "unmatchedCount": done.unmatched_count,
        },
        result=[str(ref) for ref in done.objects],
    )
    return {
        "activity": activity,
        "objects": [str(ref) for ref in done.objects],
        "unmatched": [asdict(each) for each in done.unmatched],
        "unmatched_count": done.unmatched_count,
    }


def _read(stored: Mapping[str, Any]) -> Imported:
    return Imported(
        ObjectRef("Activity", stored["activity"]),
        tuple(ObjectRef.parse(text) for text in stored["objects"]),
        tuple(Unmatched(**each) for each in stored["unmatched"]),
        stored["unmatched_count"],
    )


def _answer(
    activity: ObjectRef | None, found: Mapping[Target, TableRow], unmatched: Sequence[Unmatched]
) -> Imported:
    return Imported(
        activity,
        tuple(target.ref for target, row in found.items() if row.pairs),
        tuple(unmatched[:MAX_REPORTED]),
        len(unmatched),
    )


def _matched(
    connection: Connection, principal: Principal, wanted: TableImport, given: Sequence[TableRow]
) -> tuple[dict[Target, TableRow], list[Unmatched]]:
    """The row of each object, and the rows without one."""
    places = hold_targets(connection, principal, wanted.within, path=("within",))
    inside = objects_within(connection, principal, places, wanted.class_name)
    by_name, by_id = _candidates(connection, inside, wanted.class_name, given)
    rows: dict[int, TableRow] = {}
    unmatched = []
    for row in given:
        number = _number(row, wanted.class_name)
        numbers = by_name.get(_name_key(row.name, wanted.class_name), [])
        if number is not None:
            numbers = [number] if number in by_id else []
        if len(numbers) != 1:
            reason = "AMBIGUOUS" if numbers else "NOT_FOUND"
            unmatched.append(Unmatched(row.line, row.shown, reason))
        elif numbers[0] in rows:
            unmatched.append(Unmatched(row.line, row.shown, "REPEATED"))
        else:
            rows[numbers[0]] = row
    named = [f"{wanted.class_name}:{number}" for number in rows]
    targets = find_targets(connection, principal, named, [wanted.class_name], path=("csv",))
    return {target: rows[target.ref.id] for target in targets}, unmatched


def _candidates(
    connection: Connection, inside: Select[Any], class_name: str, given: Sequence[TableRow]
) -> tuple[dict[Any, list[int]], set[int]]:
    """Objects by name and by id, among those inside: only what the rows name is fetched."""
    table: Any = MODELS[class_name].__table__
    named = {_name_key(row.name, class_name) for row in given} - {None}
    numbers = [each for row in given if (each := _number(row, class_name)) is not None]
    if class_name == "Well":
        columns = [table.c.row, table.c.column]
        by_name = ids_in(connection, table.c.row, {each[0] for each in named})
    else:
        columns = [table.c.name]
        by_name = texts_in(connection, table.c.name, named)
    found: dict[Any, list[int]] = defaultdict(list)
    ids = set()
    for row in connection.execute(
        select(table.c.id, *columns)
        .where(table.c.id.in_(inside), or_(by_name, ids_in(connection, table.c.id, numbers)))
        .order_by(table.c.id)
    ):
        found[row[1] if len(columns) == 1 else (row[1], row[2])].append(row.id)
        ids.add(row.id)
    return found, ids


def _name_key(name: str | None, class_name: str) -> Any:
    """What a name is compared by: a well's label stands for its row and column, from 0."""
    if name is None or any(each == "\0" or "\ud800" <= each <= "\udfff" for each in name):
        return None  # no database could hold it
    if class_name != "Well":
        return name
    match = _WELL.fullmatch(name)
    if match is None:
        return None
    row = 0
    for letter in match[1].upper():
        row = row * 26 + ord(letter) - ord("A") + 1
    return row - 1, int(match[2]) - 1


def _number(row: TableRow, class_name: str) -> int | None:
    """The id that a row names; None where it names its object by name, 0 for one that cannot be."""
    if row.id is not None:
        ref = parse_ref(row.id if ":" in row.id else f"{class_name}:{row.id}")
        return ref.id if ref is not None and ref.class_name == class_name else 0
    ref = parse_ref(row.name or "")
    return ref.id if ref is not None and ref.class_name == class_name else None
