"""Name the copies of targets: a prefix and a suffix around the original's name.

Sort keys are made in Python alone (NFKC is no matter of concatenation), so names pass through here
in batches; nothing of the kind happens when neither is asked for.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Text, and_, bindparam, cast, func, select, update
from sqlalchemy.dialects.postgresql import JSON

from graphql_api.graph.edges import CODES, table_of
from graphql_api.graph.execute.copy_ids import COPIES
from graphql_api.graph.execute.rows import IN_STATES
from graphql_api.graph.planner.tables import reached_rows
from shared.database import POSTGRESQL
from shared.models.base import sort_key

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from graphql_api.graph.execute.rows import Execution

BATCH = 5_000


def name_copies(work: Execution) -> None:
    """Put the request's prefix and suffix around the names of the targets' copies."""
    prefix, suffix = work.plan.request.name_prefix, work.plan.request.name_suffix
    if not prefix and not suffix:
        return
    for name in work.classes(IN_STATES):
        table = table_of(name)
        if "name_key" not in table.c:
            continue
        last = 0
        while rows := _batch(work.connection, name, last):
            named = [
                (row.id, text, sort_key(text))
                for row in rows
                for text in [f"{prefix}{row.name or ''}{suffix}"]
            ]
            _rename(work.connection, table, named)
            last = rows[-1].id


def _batch(connection: Connection, name: str, last: int) -> Any:
    own, row, table = COPIES.alias(), reached_rows(), table_of(name)
    return connection.execute(
        select(table.c.id, table.c.name)
        .select_from(
            own.join(row, and_(row.c.cls == own.c.cls, row.c.id == own.c.id)).join(
                table, table.c.id == own.c.copy_id
            )
        )
        .where(
            own.c.cls == CODES[name], row.c.wave == 0, own.c.copy_id != own.c.id,
            own.c.copy_id > last,
        )
        .order_by(own.c.copy_id)
        .limit(BATCH)
    ).all()  # fmt: skip


def _rename(connection: Connection, table: Any, named: list[tuple[int, str, str]]) -> None:
    values = bindparam("named", json.dumps(named), type_=Text)
    if connection.dialect.name == POSTGRESQL:
        each = func.json_array_elements(cast(values, JSON)).table_valued("value").render_derived()
        item: Any = cast(each.c.value, JSON)
        parts = [item[number].as_string() for number in range(3)]
        id_: Any = cast(parts[0], BigInteger)
    else:
        rows = func.json_each(values).table_valued("value")
        each = rows
        parts = [func.json_extract(rows.c.value, f"$[{number}]") for number in range(3)]
        id_ = parts[0]
    found = select(id_.label("id"), parts[1].label("name"), parts[2].label("key")).select_from(each)
    new = found.subquery()
    connection.execute(
        update(table).where(table.c.id == new.c.id).values(name=new.c.name, name_key=new.c.key)
    )
