"""Import key-value pairs from a table: a row per image, a column per key.

The first column names the image, by id where its heading says so or it reads `Image:12`, else by
its exact name. Empty cells set nothing; what a key held before gives way.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from graphql_api.editing.changing import hold_targets
from graphql_api.editing.contents import images_within
from graphql_api.editing.key_values import MAX_TARGETS, PairEdit, apply_edits
from graphql_api.editing.links import open_event
from graphql_api.editing.targets import Target, find_targets
from graphql_api.editing.texts import valid_name, valid_namespace, valid_pairs
from graphql_api.editing.trash import ended_activity
from shared.errors import Invalid
from shared.models.annotations import NS_CLIENT_MAP
from shared.models.images import Image
from shared.refs import ObjectRef, parse_ref

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.auth.principal import Principal
    from shared.database import Database

KIND = "import_key_values"
SEPARATORS = ",;\t"
MAX_COLUMNS = 1_000
MAX_UNMATCHED = 1_000
"""Rows that the report names; further ones are only counted."""


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A row that found no image: its line in the table, from 1, and why."""

    row: int
    value: str
    reason: str
    """NOT_FOUND, AMBIGUOUS (several images have that name) or REPEATED (the image came before)."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did."""

    activity: ObjectRef
    images: tuple[ObjectRef, ...]
    unmatched: tuple[Unmatched, ...]
    unmatched_count: int


@dataclass(frozen=True, slots=True)
class _Table:
    by_id: bool
    keys: tuple[str, ...]
    rows: tuple[tuple[int, str, tuple[str, ...]], ...]


def import_key_values(
    database: Database,
    principal: Principal,
    text: str,
    within: Sequence[str],
    *,
    namespace: str | None = NS_CLIENT_MAP,
    separator: str | None = None,
) -> Imported:
    """Set the pairs of all images that the table names within these objects, in one transaction.

    Rows without an image are reported and change nothing. Raises `NotFound`, `Denied` naming an
    image, or `Invalid` naming the cell; then nothing was done.
    """
    table = read_table(text, separator)
    space = valid_namespace(namespace)
    with database.write() as connection:
        places = hold_targets(connection, principal, within, path=("within",))
        found, unmatched = _matched(connection, principal, places, table)
        edits = {target: PairEdit(set=pairs) for target, pairs in found.items() if pairs}
        event_id = open_event(connection, principal, "importKeyValues")
        apply_edits(connection, principal, event_id, edits, space)
        refs = tuple(target.ref for target in edits)
        shown = tuple(unmatched[:MAX_UNMATCHED])
        activity = ended_activity(
            connection,
            principal,
            KIND,
            {"targets": [str(each.ref) for each in places]},
            report={"unmatched": [asdict(each) for each in shown]},
            result=[str(ref) for ref in refs],
        )
    return Imported(ObjectRef("Activity", activity), refs, shown, len(unmatched))


def read_table(text: str, separator: str | None = None) -> _Table:
    """The table of a CSV text; raises `Invalid` naming line and column of what is wrong."""
    text = text.removeprefix("\ufeff")
    first = text.partition("\n")[0]
    if separator is not None and (len(separator) != 1 or separator in '"\r\n\0'):
        raise Invalid("The separator is one character.", path=("separator",))
    mark = separator or max(SEPARATORS, key=first.count)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True))
    except csv.Error as error:
        raise Invalid(f"The table cannot be read: {error}.", path=("csv",)) from error
    rows = [(place, line) for place, line in enumerate(lines, 1) if any(map(str.strip, line))]
    if len(rows) < 2 or len(rows[0][1]) < 2:
        raise Invalid(
            "The table is empty.",
            hint="Give a line of headings, of which the first is the image's, and lines below.",
            path=("csv",),
        )
    if len(rows) - 1 > MAX_TARGETS or len(rows[0][1]) > MAX_COLUMNS:
        raise Invalid(
            "The table is too large.",
            hint=f"Give at most {MAX_TARGETS} rows and {MAX_COLUMNS} columns.",
            path=("csv",),
        )
    headings = [each.strip() for each in rows[0][1]]
    keys = tuple(
        valid_name(key, ("csv", "1", str(place))) for place, key in enumerate(headings[1:], 2)
    )
    return _Table(
        "id" in headings[0].casefold().replace("_", " ").split(),
        keys,
        tuple(_row(place, line, len(headings)) for place, line in rows[1:]),
    )


def _row(place: int, line: Sequence[str], width: int) -> tuple[int, str, tuple[str, ...]]:
    if len(line) > width:
        raise Invalid(
            f"Line {place} of the table has {len(line)} cells, the headings are {width}.",
            hint="Put cells that hold the separator into quotation marks.",
            path=("csv", str(place)),
        )
    return place, line[0].strip(), tuple(line[1:])


def _matched(
    connection: Connection, principal: Principal, places: Sequence[Target], table: _Table
) -> tuple[dict[Target, tuple[tuple[str, str], ...]], list[Unmatched]]:
    """Pairs by image, and the rows without one: two statements."""
    by_name, by_id = _images(connection, principal, places)
    wanted: dict[int, tuple[tuple[str, str], ...]] = {}
    unmatched = []
    for place, value, cells in table.rows:
        number = _number(value, by_id=table.by_id)
        numbers = by_name.get(value, []) if number is None else [number] if number in by_id else []
        if len(numbers) != 1:
            reason = "AMBIGUOUS" if numbers else "NOT_FOUND"
            unmatched.append(Unmatched(place, value[:255], reason))
        elif numbers[0] in wanted:
            unmatched.append(Unmatched(place, value[:255], "REPEATED"))
        else:
            pairs = [(key, cell) for key, cell in zip(table.keys, cells, strict=False) if cell]
            wanted[numbers[0]] = valid_pairs(pairs, ("csv", str(place)))
    targets = find_targets(connection, principal, [f"Image:{each}" for each in wanted])
    return {target: wanted[target.ref.id] for target in targets}, unmatched


def _images(
    connection: Connection, principal: Principal, places: Sequence[Target]
) -> tuple[dict[str, list[int]], set[int]]:
    image: Any = Image.__table__
    inside = images_within(connection, principal, places)
    by_name: dict[str, list[int]] = defaultdict(list)
    for row in connection.execute(
        select(image.c.id, image.c.name).where(image.c.id.in_(inside)).order_by(image.c.id)
    ):
        by_name[row.name.strip()].append(row.id)
    return by_name, {number for numbers in by_name.values() for number in numbers}


def _number(value: str, *, by_id: bool) -> int | None:
    """The id that a cell stands for; None where it is a name."""
    ref = parse_ref(value)
    if ref is not None and ref.class_name == "Image":
        return ref.id
    if not by_id:
        return None
    ref = parse_ref(f"Image:{value}")
    return 0 if ref is None else ref.id
