"""A client of graphql-transport-ws that sees every message and the code of the close."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from graphql_api.app import build_app
from tests.support.processes import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from graphql_api.settings import ApiSettings

PROTOCOL = "graphql-transport-ws"
PATIENCE_S = 20.0


@dataclass
class Live:
    """An open WebSocket."""

    socket: ClientConnection

    async def send(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def read(self) -> dict[str, Any]:
        """The next message."""
        async with asyncio.timeout(PATIENCE_S):
            message: dict[str, Any] = json.loads(await self.socket.recv())
        return message

    async def begin(self, token: str) -> None:
        """connection_init with a token, acknowledged."""
        await self.send(type="connection_init", payload={"authorization": f"Bearer {token}"})
        assert await self.read() == {"type": "connection_ack"}

    async def subscribe(self, number: str, query: str, **variables: Any) -> None:
        payload = {"query": query, "variables": variables}
        await self.send(type="subscribe", id=number, payload=payload)

    async def closed(self) -> int:
        """The code with which the server closes; other messages are passed over."""
        with pytest.raises(ConnectionClosed) as caught:
            await self._drain()
        frame = caught.value.rcvd
        return 0 if frame is None else frame.code

    async def _drain(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                await self.socket.recv()


@asynccontextmanager
async def open_socket(address: str, **options: Any) -> AsyncIterator[Live]:
    """Connect to the endpoint of an API at this http address."""
    url = address.replace("http://", "ws://") + "/graphql"
    options = {"subprotocols": [PROTOCOL], "proxy": None} | options
    async with connect(url, **options) as socket:
        yield Live(socket)


@asynccontextmanager
async def served(settings: ApiSettings) -> AsyncIterator[str]:
    """The API behind uvicorn on a free port; answers its address."""
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(
            build_app(settings), host="127.0.0.1", port=port, log_level="error",
            ws_max_size=2**20, lifespan="on", ws="websockets-sansio",
        )
    )  # fmt: skip
    running = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not server.started:
                await asyncio.sleep(0.01)
                assert not running.done(), running
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await running
