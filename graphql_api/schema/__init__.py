"""The GraphQL schema: types, queries and mutations, with the planner behind what is read."""

from __future__ import annotations

import strawberry
from strawberry.schema.config import StrawberryConfig

from graphql_api.compiler.install import install_planner


def build_schema() -> strawberry.Schema:
    """The schema, ready to be executed; call once per process and keep it."""
    from graphql_api.schema.mutations import Mutation
    from graphql_api.schema.mutations.outcomes import ERROR_TYPES
    from graphql_api.schema.queries import Query
    from graphql_api.schema.scalars import SCALARS
    from graphql_api.schema.types import NODE_TYPES

    schema = strawberry.Schema(
        query=Query,
        mutation=Mutation,
        types=[*NODE_TYPES, *ERROR_TYPES],
        config=StrawberryConfig(scalar_map=SCALARS),
    )
    install_planner(schema._schema)  # noqa: SLF001  # Strawberry has no other way to the core
    return schema


def print_schema(schema: strawberry.Schema) -> str:
    """The schema as text, sorted: what lies in `schema.graphql`."""
    from graphql import build_schema as read_schema
    from graphql import lexicographic_sort_schema
    from graphql import print_schema as printed

    # by way of text, because defaults hold members of Python's enums
    return printed(lexicographic_sort_schema(read_schema(schema.as_str()))) + "\n"
