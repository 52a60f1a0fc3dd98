"""Send bytes to be kept: always as an attachment, in parts, and only to whoever may have them.

Who asks is told by bearer, by session cookie, or by a signed path segment for the one object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio.to_thread

from shared.auth.epoch import VerdictCache
from shared.auth.grants import read_grant
from shared.auth.sessions import authenticate_id
from shared.errors import NotFound, Unauthenticated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from starlette.requests import Request

    from graphql_api.context import Services
    from graphql_api.login.identity import Identity
    from shared.auth.principal import Principal
    from shared.refs import ObjectRef

REVALIDATED = "private, no-cache"


def principal_for(request: Request, ref: ObjectRef) -> Principal:
    """Who asks for this object; reads the database, so call it in a thread.

    Raises `Unauthenticated` for nobody, and `NotFound` for a signed address of something else.
    """
    services: Services = request.app.state.services
    text = request.path_params.get("grant")
    if text is None:
        identity: Identity = request.app.state.identity
        found = identity.principal(request)
        if found is None:
            raise Unauthenticated(
                "You are not logged in.", hint="Send Authorization: Bearer, or a signed address."
            )
        return found
    grant = read_grant(services.keys, str(text))
    if grant.ref != ref:
        raise NotFound("The address is not signed for this.", hint="Ask for a new address.")
    return authenticate_id(
        services.database,
        services.settings,
        session_id=grant.session_id,
        token_id=grant.token_id,
        cache=VerdictCache(services.epoch),
    )


async def in_threads(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Each part is made in a thread, one at a time."""
    while True:
        part = await anyio.to_thread.run_sync(next, parts, None)
        if part is None:
            return
        yield part


def holds(header: str | None, etag: str) -> bool:
    """Whether `If-None-Match` names this entity."""
    if header is None:
        return False
    named = [each.strip().removeprefix("W/") for each in header.split(",")]
    return "*" in named or etag in named
