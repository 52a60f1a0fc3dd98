"""The list of activities."""

from __future__ import annotations

import strawberry

from graphql_api.compiler.declare import RootList, connection
from graphql_api.schema.types.activities import Activity
from graphql_api.schema.types.connections import Connection
from graphql_api.schema.types.orders import PlainOrder
from graphql_api.schema.types.where import ActivityWhere


@strawberry.type
class ActivityQueries:
    """Queries of this file."""

    activities: Connection[Activity] = connection(
        RootList("Activity", only=lambda scope: scope.table.c.dismissed_at.is_(None)),
        "The caller's activities, all for administrators; those dismissed are left out.",
        where=ActivityWhere,
        order=PlainOrder,
    )
