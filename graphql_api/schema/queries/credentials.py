"""One's own open sessions and access tokens."""

from __future__ import annotations

import strawberry

from graphql_api.compiler.declare import RootList, connection
from graphql_api.schema.types.connections import Connection
from graphql_api.schema.types.credentials import AccessToken, Session
from graphql_api.schema.types.orders import PlainOrder
from graphql_api.schema.types.where_credentials import AccessTokenWhere, SessionWhere


@strawberry.type
class CredentialQueries:
    """Queries of this file."""

    sessions: Connection[Session] = connection(
        RootList("Session"),
        "The caller's open sessions, and those in which he acts for others or others for him; a "
        "sudo session sees itself alone.",
        where=SessionWhere,
        order=PlainOrder,
    )
    access_tokens: Connection[AccessToken] = connection(
        RootList("AccessToken"),
        "The caller's access tokens that are not revoked.",
        where=AccessTokenWhere,
        order=PlainOrder,
    )
