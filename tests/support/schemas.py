"""What a database's schema is, as text that can be compared: columns, constraints, indexes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection

OTHERS = ("alembic_version", "sqlite_sequence")
_CATALOGUE = {
    "column": """
        SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
            || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
            || coalesce(' COLLATE ' || l.collname, '')
            || coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '')
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_collation l ON l.oid = a.attcollation
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
            AND c.relnamespace = 'public'::regnamespace
    """,
    "constraint": """
        SELECT conrelid::regclass::text || '.' || conname || ' ' || pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    """,
    "index": """
        SELECT pg_get_indexdef(indexrelid) FROM pg_index
        JOIN pg_class c ON c.oid = indexrelid WHERE c.relnamespace = 'public'::regnamespace
    """,
    "table": """
        SELECT relname || ' ' || relpersistence::text FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    """,
}


def described(connection: Connection) -> set[str]:
    """Every fact of the schema as a line; order of columns and of tables does not count."""
    if connection.dialect.name == "sqlite":
        found = _sqlite(connection)
    else:
        found = {
            f"{kind}: {line}"
            for kind, query in _CATALOGUE.items()
            for line in connection.execute(text(query)).scalars()
        }
    return {line for line in found if not any(name in line for name in OTHERS)}


def _sqlite(connection: Connection) -> set[str]:
    rows = connection.execute(
        text("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    ).all()
    lines = set()
    for kind, name, statement in rows:
        if kind != "table":
            lines.add(f"{kind}: {_squeezed(statement)}")
            continue
        opening, _, body = statement.partition("(")
        lines.add(f"table: {_squeezed(opening)}")
        for part in _parts(body.rpartition(")")[0]):
            lines.add(f"{name}: {_squeezed(part)}")
    return lines


def _parts(body: str) -> list[str]:
    """Columns and constraints, split at commas outside brackets: SQLite adds a column in line."""
    parts, depth = [""], 0
    for letter in body:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _squeezed(statement: str) -> str:
    return re.sub(r"\s+", " ", statement).strip().replace('"', "")
