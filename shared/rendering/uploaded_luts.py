"""Lookup tables that people uploaded, as rows; what a process has read once it knows for ever.

A table never changes and its name is never given twice, so a name in settings, in an address or in
a kept tile means the same colours always.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from shared.clock import now
from shared.errors import Conflict, Invalid
from shared.models.base import sort_key
from shared.models.rendering import LookupTable
from shared.rendering.grammar import is_table_name
from shared.rendering.lut_files import parse_lut
from shared.rendering.luts import installed_names, learn, lookup_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sqlalchemy import Connection

    from shared.rendering.settings import RenderingSettings


@dataclass(frozen=True, slots=True)
class UploadedTable:
    """A row; `size` is the length of the uploaded file in bytes."""

    id: int
    name: str
    size: int


def uploaded_tables(connection: Connection) -> tuple[UploadedTable, ...]:
    """All uploaded tables, by name; this process knows their colours afterwards."""
    table: Any = LookupTable.__table__
    found = []
    for row in connection.execute(select(table).order_by(table.c.name_key)):
        learn(row.name, _colors(row.colors))
        found.append(UploadedTable(row.id, row.name, row.size))
    return tuple(found)


def learn_table(connection: Connection, name: str) -> bool:
    """Make sure that this process knows the table; False when there is none of that name.

    It takes a statement only for a name that the process has not met.
    """
    if lookup_table(name) is not None:
        return True
    table: Any = LookupTable.__table__
    row = connection.execute(
        select(table.c.name, table.c.colors).where(table.c.name_key == sort_key(name))
    ).one_or_none()
    if row is None:
        return False
    # by the name asked for as well: Unicode has more ways to fold case than `lower`
    for spelling in (row.name, name):
        learn(spelling, _colors(row.colors))
    return True


def with_known_tables(
    connection: Connection, settings: Mapping[int, RenderingSettings]
) -> dict[int, RenderingSettings]:
    """The same settings without tables that nobody knows: then the channel has its colour.

    One statement when they name tables that this process has not met, none otherwise.
    """
    named = {
        channel.lookup_table
        for each in settings.values()
        for channel in each.channels
        if channel.lookup_table is not None
    }
    unmet = {sort_key(name) for name in named if lookup_table(name) is None}
    if not unmet:
        return dict(settings)
    table: Any = LookupTable.__table__
    rows = connection.execute(
        select(table.c.name, table.c.name_key, table.c.colors).where(
            table.c.name_key.in_(sorted(unmet))
        )
    ).all()
    for row in rows:
        for spelling in {row.name, *(name for name in named if sort_key(name) == row.name_key)}:
            learn(spelling, _colors(row.colors))
    return {key: _without_unknown(each) for key, each in settings.items()}


def _without_unknown(settings: RenderingSettings) -> RenderingSettings:
    channels = tuple(
        replace(channel, lookup_table=None)
        if channel.lookup_table is not None and lookup_table(channel.lookup_table) is None
        else channel
        for channel in settings.channels
    )
    return replace(settings, channels=channels)


def save_table(
    connection: Connection, owner_id: int, event_id: int, name: str, content: bytes
) -> int:
    """Keep an uploaded file as a table and answer its id; the caller has checked the right.

    Raises `Invalid` for a name or a file that is none, `TooLarge`, or `Conflict` when the name is
    taken.
    """
    if not is_table_name(name):
        raise Invalid(
            f"A lookup table cannot be called {name[:80]!r}.",
            hint="End the name in .lut, without comma, bar, dollar or slash; at most 100 signs.",
            path=("name",),
        )
    colors = parse_lut(content)
    if sort_key(name) in {sort_key(known) for known in installed_names()}:
        raise _taken(name)
    statement = (
        insert(LookupTable)
        .values(
            name=name, name_key=sort_key(name), owner_id=owner_id, creation_event_id=event_id,
            created_at=now(), size=len(content), colors=colors.tobytes(),
        )
        .returning(LookupTable.id)
    )  # fmt: skip
    try:
        with connection.begin_nested():
            return int(connection.execute(statement).scalar_one())
    except IntegrityError as error:
        raise _taken(name) from error


def _taken(name: str) -> Conflict:
    return Conflict(
        f"There is a lookup table {name} already.",
        hint="Tables never change, since tiles are kept by their names: choose another name.",
        path=("name",),
    )


def _colors(content: bytes) -> NDArray[np.uint8]:
    import numpy as np

    return np.frombuffer(content, np.uint8).reshape(256, 3)
