"""One verb, one file; `Mutation` gathers them.

Resolvers check arguments and call `graphql_api.editing`, where the SQL lives.
"""

from __future__ import annotations

import strawberry

from graphql_api.schema.mutations.login import LoginMutations


@strawberry.type(description="Everything that changes something.")
class Mutation(LoginMutations):
    """Root of mutations."""
