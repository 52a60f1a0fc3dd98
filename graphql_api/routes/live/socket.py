"""One WebSocket connection: it begins with a credential, and ends when that ends.

Every second the credential is looked at again, so that a lost right or a closed session closes the
connection within five seconds. A cookie counts only from a listed Origin, for browsers send it
whoever wrote the page.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import orjson
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from graphql_api.context import RequestContext
from graphql_api.login.cookies import cookie_token
from graphql_api.routes.live import protocol
from graphql_api.routes.live.operations import Operation
from graphql_api.routes.live.protocol import Closing, Message, read_message
from graphql_api.schema.errors import formatted, masked
from graphql_api.schema.transport_documents import InvalidDocument
from shared.errors import TesseraError, Unauthenticated

if TYPE_CHECKING:
    from graphql_api.context import Services
    from graphql_api.login.identity import Identity
    from graphql_api.routes.live.feed import ActivityFeed
    from graphql_api.schema.transport import Transport
    from shared.auth.principal import Principal

LOOK_EVERY_S = 1.0
"""How often the credential is looked at."""


def live_routes(path: str = "/graphql") -> list[WebSocketRoute]:
    """The endpoint of subscriptions, at the same address as that of queries."""
    return [WebSocketRoute(path, _live)]


async def _live(socket: WebSocket) -> None:
    if protocol.SUBPROTOCOL not in socket.scope.get("subprotocols", ()):
        await socket.accept()
        await socket.close(protocol.SUBPROTOCOL_NOT_ACCEPTABLE, "Subprotocol not acceptable")
        return
    await socket.accept(protocol.SUBPROTOCOL)
    await Connection(socket).run()


class Connection:
    """A connection, from the handshake to its end."""

    def __init__(self, socket: WebSocket) -> None:
        state = socket.app.state
        self._socket = socket
        self._services: Services = state.services
        self._identity: Identity = state.identity
        self._transport: Transport = state.transport
        self._feed: ActivityFeed = state.feed
        self._token: str | None = None
        self._principal: Principal | None = None
        self._operations: dict[str, Operation] = {}
        self._ready = asyncio.Event()
        self._sending = asyncio.Lock()

    async def run(self) -> None:
        """Serve it to its end."""
        tasks: list[asyncio.Task[Any]] = [
            asyncio.create_task(self._receive()), asyncio.create_task(self._ready.wait())
        ]  # fmt: skip
        try:
            await _first(tasks)
            tasks[1] = asyncio.create_task(self._watch_credential())
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
        except Closing as closing:
            await self._close(closing.code, closing.reason)
        except WebSocketDisconnect:
            pass
        except Exception as error:  # the edge: the client learns nothing but that it happened
            masked(error)
            await self._close(protocol.INTERNAL, "Internal server error")
        finally:
            tasks += [each.task for each in self._operations.values() if each.task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _receive(self) -> None:
        while True:
            event = await self._socket.receive()
            if event["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(event.get("code") or 1000)
            text = event.get("text")
            if text is None:
                raise Closing(protocol.BAD_REQUEST, "Messages are text")
            await self._handle(read_message(text))

    async def _handle(self, message: Message) -> None:
        match message.type:
            case "connection_init":
                await self._begin(message)
            case "ping":
                answer = {"payload": message.payload} if message.payload else {}
                await self._send({"type": "pong", **answer})
            case "subscribe":
                self._subscribe(message)
            case "complete":
                operation = self._operations.pop(message.id, None)
                if operation is not None and operation.task is not None:
                    operation.task.cancel()

    async def _begin(self, message: Message) -> None:
        if self._token is not None:
            raise Closing(protocol.TOO_MANY_INIT, "Too many initialisation requests")
        token = protocol.token_of(message.payload)
        if token is None:
            token = cookie_token(self._socket, self._services.instance_id)
            origin = self._socket.headers.get("origin")
            if token is not None and origin not in self._services.settings.origins:
                raise Closing(protocol.FORBIDDEN, "Forbidden: the origin is not listed")
        if not token:
            raise Closing(protocol.FORBIDDEN, "Forbidden: send a token with connection_init")
        self._token = token
        try:
            self._principal = await self._credential()
        except Unauthenticated:
            raise Closing(protocol.FORBIDDEN, "Forbidden: the credential is not valid") from None
        await self._send({"type": "connection_ack"})
        self._ready.set()

    async def _credential(self) -> Principal:
        return await anyio.to_thread.run_sync(self._identity.principal_of_token, self._token or "")

    async def _watch_credential(self) -> None:
        """Raises `Closing` once the credential is good for nothing any more."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                principal = await self._credential()
            except Unauthenticated:
                raise Closing(protocol.UNAUTHORIZED, "The session has ended") from None
            except TesseraError:
                continue  # busy: the next look decides
            if principal != self._principal:
                self._principal = principal
                for operation in self._operations.values():
                    operation.reconsider()

    def _subscribe(self, message: Message) -> None:
        if self._principal is None:
            raise Closing(protocol.UNAUTHORIZED, "Unauthorized")
        if message.id in self._operations:
            raise Closing(
                protocol.SUBSCRIBER_EXISTS, f"Subscriber for {message.id[:60]} already exists"
            )
        request = protocol.asked_operation(message)
        operation = Operation(
            message.id, request, self._send, self._transport, self._context
        )  # fmt: skip
        is_full = len(self._operations) >= protocol.MAX_OPERATIONS
        self._operations[message.id] = operation
        operation.task = asyncio.create_task(self._operate(operation, is_full=is_full))

    async def _operate(self, operation: Operation, *, is_full: bool) -> None:
        try:
            if is_full:
                await self._refuse(operation, [_too_many()])
                return
            request = operation.request
            try:
                prepared = await anyio.to_thread.run_sync(
                    self._transport.documents.prepare,
                    request.query, request.operation_name, request.variables,
                )  # fmt: skip
            except InvalidDocument as error:
                await self._refuse(operation, formatted(error.errors, code=error.code))
                return
            await operation.run(prepared, self._feed)
        except (WebSocketDisconnect, RuntimeError):
            return  # nobody is there any more
        except Exception as error:  # the edge, as above, for this operation alone
            message, extensions = masked(error)
            await self._refuse(operation, [{"message": message, "extensions": extensions}])
        finally:
            if self._operations.get(operation.number) is operation:
                del self._operations[operation.number]

    async def _refuse(self, operation: Operation, errors: list[dict[str, Any]]) -> None:
        await self._send({"id": operation.number, "type": "error", "payload": errors})

    def _context(self) -> RequestContext:
        """Surroundings of one run, with the rights of now."""
        services = self._services
        return RequestContext(
            database=services.database,
            storage=services.storage,
            settings=services.settings,
            keys=services.keys,
            principal=self._principal,
            epoch=services.epoch,
            caller=self._identity.caller(self._socket),
        )

    async def _send(self, message: dict[str, Any]) -> None:
        async with self._sending:
            await self._socket.send_text(orjson.dumps(message, default=str).decode())

    async def _close(self, code: int, reason: str) -> None:
        if self._socket.application_state is WebSocketState.CONNECTED:
            with suppress(WebSocketDisconnect, RuntimeError):
                await self._socket.close(code, reason)


async def _first(tasks: list[asyncio.Task[Any]]) -> None:
    """Wait for connection_init, or for the end; raises `Closing` when neither comes in time."""
    within = protocol.INIT_WITHIN_S
    done, _ = await asyncio.wait(tasks, timeout=within, return_when=asyncio.FIRST_COMPLETED)
    if not done:
        raise Closing(protocol.INIT_TIMEOUT, "Connection initialisation timeout")


def _too_many() -> dict[str, Any]:
    return {
        "message": f"A connection carries at most {protocol.MAX_OPERATIONS} operations at once.",
        "extensions": {"code": "TOO_MANY_OPERATIONS", "limit": protocol.MAX_OPERATIONS},
    }
