"""Many accounts from a table: comma, semicolon or tab between the columns, a heading first.

All or nothing. Every row that is refused is told with its line, so that the file can be put right
in one go.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from graphql_api.editing.people.accounts import taken_logins
from graphql_api.editing.people.drafts import NewUser, check_draft
from graphql_api.editing.people.words import SHORTEST_PASSWORD
from shared.auth.creation import GroupFacts
from shared.auth.passwords import MAX_LENGTH, hash_password
from shared.auth.select import visible_groups
from shared.errors import Invalid, NotFound, TesseraError
from shared.models.base import sort_key
from shared.models.people import Group, GroupPermissions

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from graphql_api.editing.people.drafts import Draft
    from shared.auth.principal import Principal

MAX_ROWS = 1_000
MAX_PASSWORDS = 50
"""How many rows of one table may bring a password: each takes a tenth of a second."""
COLUMNS: Mapping[str, str] = {
    "login": "login", "omename": "login", "username": "login", "user": "login",
    "first": "first_name", "firstname": "first_name", "givenname": "first_name",
    "middle": "middle_name", "middlename": "middle_name",
    "last": "last_name", "lastname": "last_name", "surname": "last_name", "familyname": "last_name",
    "email": "email", "mail": "email",
    "institution": "institution", "institute": "institution",
    "groups": "groups", "group": "groups",
    "leads": "leads", "leaderof": "leads", "ownerof": "leads",
    "password": "password",
}  # fmt: skip
"""Headings, without blanks, hyphens and case, to what they mean."""
REQUIRED = ("login", "first_name", "last_name")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: its line in the text, from 1, and its cells by what they mean."""

    line: int
    cells: Mapping[str, str]
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a row is refused."""

    line: int
    login: str
    error: TesseraError


def read_table(text: str) -> list[Row]:
    """The rows of a table; raises `Invalid` for one that cannot be read or has no such columns."""
    text = text.removeprefix("\ufeff")
    if "\0" in text or not text.strip():
        raise Invalid(
            "The table is empty or holds NUL.", hint="Send it as CSV text.", path=("csv",)
        )
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        lines = [
            (reader.line_num, cells) for cells in reader if any(each.strip() for each in cells)
        ]
    except csv.Error as error:
        raise Invalid(
            f"Line {reader.line_num} cannot be read as CSV.",
            hint="Close every quotation mark, and double those inside a cell.",
            path=("csv",),
        ) from error
    heading = _heading(lines[0][1])
    if len(lines) - 1 > MAX_ROWS:
        raise Invalid(
            f"The table has {len(lines) - 1} rows.",
            hint=f"Send at most {MAX_ROWS} at once.",
            path=("csv",),
        )
    if len(lines) == 1:
        raise Invalid("The table has a heading only.", hint="Add a row a person.", path=("csv",))
    return [_row(number, heading, cells) for number, cells in lines[1:]]


def _heading(cells: list[str]) -> list[str]:
    found = []
    for cell in cells:
        word = re.sub(r"[\s_\-]+", "", cell).casefold()
        if word not in COLUMNS:
            raise Invalid(
                f"The table has a column {cell.strip()[:40]!r}.",
                hint="Columns are login, first, middle, last, e-mail, institution, groups, leads "
                "and password.",
                path=("csv",),
            )
        found.append(COLUMNS[word])
    missing = [name for name in REQUIRED if name not in found]
    if missing or len(set(found)) < len(found):
        raise Invalid(
            "The heading names no column " + " and ".join(missing) + "."
            if missing
            else "The heading names a column twice.",
            hint="The first line holds the names: login, first and last at least.",
            path=("csv",),
        )
    return found


def _row(number: int, heading: list[str], cells: list[str]) -> Row:
    fault = None
    if len(cells) > len(heading) and any(each.strip() for each in cells[len(heading) :]):
        fault = f"The row has {len(cells)} cells, the heading {len(heading)}."
    found = {name: cell.strip() for name, cell in zip(heading, cells, strict=False)}
    if "password" in found:
        found["password"] = cells[heading.index("password")]
    return Row(number, found, fault)


class RowsRefused(Exception):
    """Some rows of the table are wrong, so nothing is made."""

    def __init__(self, refusals: list[Refusal]) -> None:
        super().__init__(f"{len(refusals)} refusals")
        self.refusals = refusals


def digests_of(rows: list[Row]) -> list[str | None]:
    """What is stored of the rows' passwords; call it before the transaction begins.

    Raises `Invalid` when there are too many. One that is too short is refused with its row.
    """
    texts = [row.cells.get("password") or "" for row in rows]
    if sum(map(bool, texts)) > MAX_PASSWORDS:
        raise Invalid(
            f"More than {MAX_PASSWORDS} rows bring a password.",
            hint="Send fewer rows, or leave the column out and set passwords one by one.",
            path=("csv",),
        )
    return [
        hash_password(text) if SHORTEST_PASSWORD <= len(text) <= MAX_LENGTH else None
        for text in texts
    ]


def check_table(connection: Connection, principal: Principal, rows: list[Row]) -> list[Draft]:
    """The accounts of all rows; raises `RowsRefused` with everything that is wrong."""
    drafts, refusals = _check_rows(connection, principal, rows)
    refusals += [
        Refusal(drafts[place][0].line, drafts[place][1].login, fault)
        for place, fault in taken_logins(connection, [draft for _, draft in drafts]).items()
    ]
    if refusals:
        raise RowsRefused(refusals)
    return [draft for _, draft in drafts]


def _check_rows(
    connection: Connection, principal: Principal, rows: list[Row]
) -> tuple[list[tuple[Row, Draft]], list[Refusal]]:
    groups = _groups(connection, principal, rows)
    drafts: list[tuple[Row, Draft]] = []
    refusals: list[Refusal] = []
    for row in rows:
        new, faults = _new_user(row, groups)
        draft, more = check_draft(principal, new)
        faults += more
        if draft is None or faults:
            login = new.login[:100]
            refusals += [Refusal(row.line, login, fault) for fault in faults]
        else:
            drafts.append((row, draft))
    return drafts, refusals


def _new_user(row: Row, groups: Mapping[str, GroupFacts]) -> tuple[NewUser, list[TesseraError]]:
    faults: list[TesseraError] = []
    if row.fault is not None:
        faults.append(Invalid(row.fault, hint="Put cells that hold commas into quotation marks."))

    def named(column: str) -> tuple[GroupFacts, ...]:
        found = []
        for name in _names(row.cells.get(column, "")):
            group = groups.get(sort_key(name))
            if group is None:
                faults.append(
                    NotFound(
                        f"There is no group {name[:80]!r}.",
                        hint="Or you may not see it; several are separated by semicolons.",
                        path=(column,),
                    )
                )
            else:
                found.append(group)
        return tuple(found)

    cells = row.cells
    return NewUser(
        login=cells.get("login", ""),
        first_name=cells.get("first_name"),
        last_name=cells.get("last_name"),
        middle_name=cells.get("middle_name"),
        email=cells.get("email"),
        institution=cells.get("institution"),
        password=cells.get("password") or None,
        groups=named("groups"),
        leads=named("leads"),
    ), faults


def _names(cell: str) -> list[str]:
    return [name.strip() for name in re.split(r"[;|]", cell) if name.strip()]


def _groups(connection: Connection, principal: Principal, rows: list[Row]) -> dict[str, GroupFacts]:
    """The groups that the table names and the caller sees, by their keys; one statement."""
    keys = {
        sort_key(name)
        for row in rows
        for column in ("groups", "leads")
        for name in _names(row.cells.get(column, ""))
    }
    query = select(
        Group.id, Group.permissions, Group.name, Group.link_owner_follows_content, Group.name_key
    ).where(visible_groups(principal))
    if len(keys) <= MAX_ROWS:
        query = query.where(Group.name_key.in_(sorted(keys)))
    return {
        row.name_key: GroupFacts(
            row.id,
            GroupPermissions(row.permissions),
            row.name,
            bool(row.link_owner_follows_content),
        )
        for row in connection.execute(query)
    }
