"""The query root, gathered from one file per subject."""

from __future__ import annotations

import strawberry

from graphql_api.schema.queries.activities import ActivityQueries
from graphql_api.schema.queries.credentials import CredentialQueries
from graphql_api.schema.queries.lookup_tables import LookupTableQueries
from graphql_api.schema.queries.objects import ObjectQueries
from graphql_api.schema.queries.operations import OperationQueries
from graphql_api.schema.queries.paths import PathQueries
from graphql_api.schema.queries.sums import SumQueries
from graphql_api.schema.queries.tree import TreeQueries


@strawberry.type(description="Everything that can be asked.")
class Query(
    ObjectQueries,
    TreeQueries,
    ActivityQueries,
    OperationQueries,
    CredentialQueries,
    PathQueries,
    LookupTableQueries,
    SumQueries,
):
    """Root of queries."""
