"""LookupTable: 256 colours under a name, for everybody.

Tables that come with Tessera or an installed package have no row and so no id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import strawberry

from graphql_api.schema.scalars import Color
from shared.rendering.luts import installed_names, lookup_table
from shared.rendering.uploaded_luts import uploaded_tables

if TYPE_CHECKING:
    from sqlalchemy import Connection

_PLAIN_BYTES = 768


def _colors(root: LookupTable) -> list[Color]:
    table = lookup_table(root.name)
    assert table is not None
    rows: list[list[int]] = table.tolist()
    return [Color(red << 24 | green << 16 | blue << 8 | 255) for red, green, blue in rows]


@strawberry.type(description="256 colours under a name, by which settings and addresses mean them.")
class LookupTable:
    """A lookup table."""

    id: strawberry.ID | None = strawberry.field(
        description="Its id, such as LookupTable:3; null for those that come with the server."
    )
    name: str = strawberry.field(description="Its name, such as fire.lut.")
    path: str = strawberry.field(
        description="Where it comes from: `installed/` with the server, or `uploaded/` by somebody."
    )
    size: int = strawberry.field(description="Length of its file in bytes.")
    index: int = strawberry.field(description="Its place in the list, from 0.")
    colors: list[Color] = strawberry.field(
        resolver=_colors, description="Its colours, darkest first; always 256."
    )


def all_lookup_tables(connection: Connection) -> list[LookupTable]:
    """Every table by name, in one statement."""
    rows: list[tuple[str, strawberry.ID | None, int]] = [
        (name, None, _PLAIN_BYTES) for name in installed_names()
    ]
    rows += [
        (each.name, strawberry.ID(f"LookupTable:{each.id}"), each.size)
        for each in uploaded_tables(connection)
    ]
    return [
        LookupTable(
            id=number,
            name=name,
            path="installed/" if number is None else "uploaded/",
            size=size,
            index=index,
        )
        for index, (name, number, size) in enumerate(sorted(rows, key=lambda row: row[0].lower()))
    ]
