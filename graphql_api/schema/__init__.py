"""The GraphQL schema: all its types and roots, with the planner behind what is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import strawberry
from graphql import get_named_type
from strawberry.schema.config import StrawberryConfig

from graphql_api.compiler.install import install_planner

if TYPE_CHECKING:
    from graphql import GraphQLSchema


def build_schema() -> strawberry.Schema:
    """The schema, ready to be executed; call once per process and keep it."""
    from graphql_api.schema.mutations import Mutation
    from graphql_api.schema.mutations.outcomes import ERROR_TYPES
    from graphql_api.schema.queries import Query
    from graphql_api.schema.scalars import SCALARS
    from graphql_api.schema.subscriptions import Subscription
    from graphql_api.schema.types import NODE_TYPES

    schema = strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[*NODE_TYPES, *ERROR_TYPES],
        config=StrawberryConfig(scalar_map=SCALARS),
    )
    _describe_inputs(schema._schema)  # as below
    install_planner(schema._schema)  # Strawberry has no other way to the core
    return schema


def _describe_inputs(core: GraphQLSchema) -> None:
    """The one argument of every mutation says what its type says."""
    fields = {} if core.mutation_type is None else core.mutation_type.fields
    for field in fields.values():
        given = field.args.get("input")
        if given is not None and not given.description:
            given.description = get_named_type(given.type).description


def print_schema(schema: strawberry.Schema) -> str:
    """The schema as text, sorted: what lies in `schema.graphql`."""
    from graphql import build_schema as read_schema
    from graphql import lexicographic_sort_schema
    from graphql import print_schema as printed

    # by way of text, because defaults hold members of Python's enums
    return printed(lexicographic_sort_schema(read_schema(schema.as_str()))) + "\n"
