"""`/graphql`: GraphQL over HTTP, and the GraphiQL page for a browser that asks for HTML.

Form, media type and status are decided here; what the operation answers, in `schema.transport`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import orjson
from prometheus_client import Histogram
from starlette.responses import Response
from starlette.routing import Route

from graphql_api.context import RequestContext
from graphql_api.login.cookies import drop_cookie, set_cookie
from graphql_api.routes.graphiql import graphiql_page, wants_page
from graphql_api.schema.errors import BAD_REQUEST, coded
from graphql_api.schema.transport_media import Media, negotiated
from graphql_api.schema.transport_request import Malformed, read_request
from shared.errors import Denied, TesseraError, Unauthenticated

if TYPE_CHECKING:
    from starlette.requests import Request

    from graphql_api.context import Services
    from graphql_api.login.identity import Identity
    from graphql_api.schema.transport import Outcome, Transport
    from graphql_api.schema.transport_request import GraphQLRequest

SECONDS = Histogram("tessera_graphql_seconds", "Seconds of a GraphQL request, end to end.")


def graphql_routes(path: str = "/graphql") -> list[Route]:
    """The endpoint; every method reaches it, so that it can say which are allowed."""
    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    return [Route(path, _graphql, methods=methods)]


async def _graphql(request: Request) -> Response:
    if request.method not in {"GET", "POST"}:
        response = _malformed(Malformed(405, "Use GET or POST.", "METHOD_NOT_ALLOWED"))
        response.headers["Allow"] = "GET, POST"
        return response
    if wants_page(request):
        return graphiql_page(request.app.state.services.settings)
    media = negotiated(request.headers.get("accept"))
    if media is None:
        refusal = Malformed(406, f"Accept {Media.GRAPHQL} or {Media.JSON}.", "NOT_ACCEPTABLE")
        return _malformed(refusal)
    started = time.perf_counter()
    try:
        asked = await read_request(request)
    except Malformed as error:
        return _malformed(error, media)
    response = await _answered(request, asked, media)
    SECONDS.observe(time.perf_counter() - started)
    return response


async def _answered(request: Request, asked: GraphQLRequest, media: Media) -> Response:
    services: Services = request.app.state.services
    identity: Identity = request.app.state.identity
    transport: Transport = request.app.state.transport
    try:
        principal = await anyio.to_thread.run_sync(identity.principal, request)
    except TesseraError as error:
        return _refused(error, services, media)
    context = RequestContext(
        database=services.database,
        storage=services.storage,
        settings=services.settings,
        keys=services.keys,
        principal=principal,
        epoch=services.epoch,
        caller=identity.caller(request),
    )
    outcome = await transport.run(asked, context)
    response = _json(outcome.body, _status(outcome, media), media)
    if outcome.is_write_by_get:
        response.headers["Allow"] = "POST"
    _keep_session(response, context, services)
    return response


def _keep_session(response: Response, context: RequestContext, services: Services) -> None:
    if context.new_session is not None and context.caller.origin_is_listed:
        token, expires_at = context.new_session
        set_cookie(response, services.settings, services.instance_id, token, expires_at)
    elif context.forget_session:
        drop_cookie(response, services.settings, services.instance_id)


def _status(outcome: Outcome, media: Media) -> int:
    if outcome.is_write_by_get:
        return 405
    if media is Media.JSON:
        return 200
    if outcome.is_unauthenticated:
        return 401
    return 400 if outcome.is_request_error else 200


def _refused(error: TesseraError, services: Services, media: Media) -> Response:
    """A credential that opens nothing: 401, and the cookie is taken back so that login can work."""
    body = {"errors": [{"message": str(error), "extensions": {"code": coded(error)}}]}
    if isinstance(error, Denied):
        return _json(body, 403, media)
    status = 401 if isinstance(error, Unauthenticated) else 503
    response = _json(body, status, media)
    if isinstance(error, Unauthenticated):
        response.headers["WWW-Authenticate"] = "Bearer"
        drop_cookie(response, services.settings, services.instance_id)
    return response


def _malformed(error: Malformed, media: Media = Media.JSON) -> Response:
    extensions = {"code": error.code or BAD_REQUEST}
    return _json(
        {"errors": [{"message": error.message, "extensions": extensions}]}, error.status, media
    )


def _json(body: dict[str, Any], status: int, media: Media) -> Response:
    content = orjson.dumps(body, default=str)
    headers = {
        "Content-Type": f"{media}; charset=utf-8",
        "Cache-Control": "no-store",
        "Vary": "Accept, Authorization, Cookie",
    }
    return Response(content, status, headers)
