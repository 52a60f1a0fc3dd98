"""A table of key-value pairs as text: which separator, which columns, which cells.

A row names an object: by id where its heading says so or the cell reads `Image:12`, else by name.
The columns that OMERO's own scripts write (OBJECT_ID, OBJECT_NAME) are known wherever they stand.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from graphql_api.editing.texts import (
    MAX_PAIRS,
    require_few_pairs,
    valid_name,
    valid_namespace,
    valid_pairs,
)
from shared.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

SEPARATORS = ",;\t|"
MAX_ROWS = 10_000
MAX_COLUMNS = 1_000
ID_HEADINGS = frozenset({"object id"})
NAME_HEADINGS = frozenset({"object name"})
NAMESPACE = "namespace"
"""First cell of a row below the headings that names a namespace per column."""
Pairs = tuple[tuple[str, str], ...]
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: its line in the text, from 1, whom it names, and its pairs by namespace."""

    line: int
    id: str | None
    name: str | None
    pairs: dict[str | None, Pairs] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """What it names, as a report shows it."""
        return _UNSTORABLE.sub("\ufffd", (self.id or self.name or "")[:255])


def decode_table(content: bytes) -> str:
    """The text of a table file: UTF-8, or UTF-16 with its mark; raises `Invalid`."""
    encoding = "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise Invalid(
            "The table is no UTF-8 text.", hint="Save it as CSV UTF-8.", path=("source", "upload")
        ) from error


def read_table(
    text: str,
    *,
    separator: str | None = None,
    value_separator: str | None = None,
    namespace: str | None = None,
) -> list[TableRow]:
    """The rows of a CSV text; raises `Invalid` naming line and column of what is wrong."""
    text = text.removeprefix("\ufeff")
    for name, mark in (("separator", separator), ("valueSeparator", value_separator)):
        if mark is not None and (len(mark) != 1 or mark in '"\r\n\0'):
            raise Invalid(f"The {name} is one character.", path=(name,))
    lines = _lines(text, separator or _guessed(text))
    if len(lines) < 2 or len(lines[0][1]) < 2:
        raise Invalid(
            "The table is empty.",
            hint="Give a line of headings, of which the first is the object's, and lines below.",
            path=("csv",),
        )
    if len(lines) - 1 > MAX_ROWS or len(lines[0][1]) > MAX_COLUMNS:
        raise Invalid(
            f"The table has {len(lines) - 1} rows and {len(lines[0][1])} columns.",
            hint=f"Give at most {MAX_ROWS} rows and {MAX_COLUMNS} columns.",
            path=("csv",),
        )
    columns, below = _columns(lines, namespace)
    rows = [columns.row(line, cells, value_separator) for line, cells in below]
    require_few_pairs(sum(len(pairs) for row in rows for pairs in row.pairs.values()), ("csv",))
    return rows


@dataclass(frozen=True, slots=True)
class _Columns:
    width: int
    id: int | None
    name: int | None
    keys: tuple[tuple[int, str, str | None], ...]
    """Column, key and namespace of each that holds values."""

    def row(self, line: int, cells: Sequence[str], value_separator: str | None) -> TableRow:
        if len(cells) > self.width:
            raise Invalid(
                f"Line {line} of the table has {len(cells)} cells, the headings are {self.width}.",
                hint="Put cells that hold the separator into quotation marks.",
                path=("csv", str(line)),
            )
        found: dict[str | None, list[tuple[str, str]]] = {}
        for place, key, space in self.keys:
            cell = cells[place] if place < len(cells) else ""
            parts = cell.split(value_separator) if value_separator else [cell]
            values = [part.strip() if value_separator else part for part in parts]
            found.setdefault(space, []).extend((key, value) for value in values if value.strip())
        for listed in found.values():
            if len(listed) > MAX_PAIRS:
                raise Invalid(
                    f"Line {line} of the table has {len(listed)} values.",
                    hint=f"One object takes at most {MAX_PAIRS} pairs.",
                    path=("csv", str(line)),
                )
        return TableRow(
            line,
            _cell(cells, self.id),
            _cell(cells, self.name),
            {
                space: valid_pairs(pairs, ("csv", str(line)))
                for space, pairs in found.items()
                if pairs
            },
        )


def _cell(cells: Sequence[str], place: int | None) -> str | None:
    if place is None or place >= len(cells):
        return None
    return cells[place].strip() or None


def _columns(
    lines: Sequence[tuple[int, list[str]]], namespace: str | None
) -> tuple[_Columns, Sequence[tuple[int, list[str]]]]:
    """What each column is, and the rows below the headings."""
    line, headings = lines[0]
    words = [" ".join(each.casefold().replace("_", " ").split()) for each in headings]
    id_at = next((place for place, each in enumerate(words) if each in ID_HEADINGS), None)
    name_at = next((place for place, each in enumerate(words) if each in NAME_HEADINGS), None)
    if id_at is None and name_at is None:
        if "id" in words[0].split():
            id_at = 0
        else:
            name_at = 0
    below = lines[1:]
    spaces: list[str | None] = [namespace] * len(headings)
    if below[0][1][0].strip().casefold() == NAMESPACE:
        at, named = below[0]
        below = below[1:]
        for place, each in enumerate(named):
            if place and each.strip() and place < len(spaces):
                spaces[place] = valid_namespace(each, ("csv", str(at), str(place + 1)))
    keys = tuple(
        (place, valid_name(key, ("csv", str(line), str(place + 1))), spaces[place])
        for place, key in enumerate(headings)
        if place not in {id_at, name_at}
    )
    return _Columns(len(headings), id_at, name_at, keys), below


def _guessed(text: str) -> str:
    """The separator that cuts the headings into most cells; a comma where none does better."""

    def cells(mark: str) -> int:
        try:
            return len(next(csv.reader(io.StringIO(text, newline=""), delimiter=mark), []))
        except csv.Error:
            return 0

    return max(SEPARATORS, key=cells)


def _lines(text: str, separator: str) -> list[tuple[int, list[str]]]:
    """The records that hold anything, with the line on which each begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    found = []
    begins = 1
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                found.append((begins, cells))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise Invalid(
            f"Line {begins} of the table cannot be read: {error}.",
            hint='Double quotation marks within a quoted cell: "like ""this""".',
            path=("csv", str(begins)),
        ) from error
    return found
