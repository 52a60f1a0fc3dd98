"""Before a duplicate: whether the names of the copies, with prefix and suffix, are not too long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, func, select

from graphql_api.editing.texts import MAX_NAME
from graphql_api.graph.edges import CODES, table_of
from graphql_api.graph.planner.tables import reached_rows
from shared.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from graphql_api.graph.request import OperationRequest


def require_names_fit(
    connection: Connection, request: OperationRequest, classes: Sequence[str]
) -> None:
    """Raise `Invalid` where a target's name would grow beyond what a name may be.

    One statement for each class of targets, and none without prefix and suffix.
    """
    more = len(request.name_prefix) + len(request.name_suffix)
    if not more:
        return
    for name in classes:
        table = table_of(name)
        if "name_key" not in table.c:
            continue
        row = reached_rows()
        long = connection.execute(
            select(func.min(table.c.id))
            .select_from(row.join(table, and_(table.c.id == row.c.id, row.c.cls == CODES[name])))
            .where(row.c.wave == 0, func.length(table.c.name) + more > MAX_NAME)
        ).scalar()
        if long is not None:
            raise Invalid(
                f"The name of the copy of {name}:{long} would be longer than {MAX_NAME} "
                "characters.",
                hint="Give a shorter namePrefix or nameSuffix, or rename it first.",
                path=("namePrefix" if request.name_prefix else "nameSuffix",),
                target=f"{name}:{long}",
            )
