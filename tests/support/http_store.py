"""A Zarr store that reads over HTTP with httpx, and a tile service on a real port.

It is as plain as clients are: 404 means absent, any other failure is an error, ranges are asked for
by header.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import uvicorn
from zarr.abc.store import (
    ByteRequest,
    OffsetByteRequest,
    RangeByteRequest,
    Store,
    SuffixByteRequest,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from zarr.core.buffer import Buffer, BufferPrototype


class HttpStore(Store):
    """Reads keys below one address."""

    supports_writes = False
    supports_deletes = False
    supports_listing = False

    def __init__(self, address: str, client: httpx.Client) -> None:
        super().__init__(read_only=True)
        self.address = address
        self.client = client
        self.asked: list[str] = []

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HttpStore) and other.address == self.address

    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        headers = {}
        match byte_range:
            case RangeByteRequest(start, end):
                headers["Range"] = f"bytes={start}-{end - 1}"
            case OffsetByteRequest(offset):
                headers["Range"] = f"bytes={offset}-"
            case SuffixByteRequest(suffix):
                headers["Range"] = f"bytes=-{suffix}"
        self.asked.append(key)
        answer = self.client.get(f"{self.address}/{key}", headers=headers)
        if answer.status_code == 404:
            return None
        if answer.status_code not in {200, 206}:
            raise OSError(f"{answer.status_code} for {key}: {answer.text}")
        return prototype.buffer.from_bytes(answer.content)

    async def get_partial_values(
        self,
        prototype: BufferPrototype,
        key_ranges: Iterable[tuple[str, ByteRequest | None]],
    ) -> list[Buffer | None]:
        return [await self.get(key, prototype, asked) for key, asked in key_ranges]

    def __hash__(self) -> int:
        return hash(self.address)

    async def exists(self, key: str) -> bool:
        return self.client.head(f"{self.address}/{key}").status_code == 200

    async def set(self, key: str, value: Buffer) -> None:  # noqa: ARG002
        raise PermissionError(key)

    async def delete(self, key: str) -> None:
        raise PermissionError(key)

    def list(self) -> AsyncIterator[str]:
        raise PermissionError("HTTP has no lists")

    def list_prefix(self, prefix: str) -> AsyncIterator[str]:  # noqa: ARG002
        raise PermissionError("HTTP has no lists")

    def list_dir(self, prefix: str) -> AsyncIterator[str]:  # noqa: ARG002
        raise PermissionError("HTTP has no lists")


@contextmanager
def on_port(app: Any) -> Iterator[str]:
    """Run an ASGI application with its lifespan on a free port; answers its address."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_level="error", ws="none", lifespan="on",
        timeout_graceful_shutdown=5,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        assert time.monotonic() < deadline, "the server took too long to start"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(30)
