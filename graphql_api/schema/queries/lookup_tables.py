"""The list of lookup tables."""

from __future__ import annotations

import strawberry

from graphql_api.context import RequestContext
from graphql_api.schema.types.lookup_tables import LookupTable, all_lookup_tables

Info = strawberry.Info[RequestContext, None]


def _luts(info: Info) -> list[LookupTable]:
    info.context.require_principal()
    return all_lookup_tables(info.context.connection)


@strawberry.type
class LookupTableQueries:
    """Queries of this file."""

    luts: list[LookupTable] = strawberry.field(
        resolver=_luts, description="All lookup tables by name, for `lookupTable` and `c=`."
    )
