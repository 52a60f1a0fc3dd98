"""A client that costs little: kept connections, plain HTTP/1.1, one list of addresses for all.

It runs in the benchmark's own process, pinned to another core than the server where there are two.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Load:
    """What a round of requests came to; latencies in seconds, sorted."""

    seconds: float
    latencies: tuple[float, ...]
    body_bytes: int

    def percentile(self, share: float) -> float:
        """The latency that this share of the requests stays below."""
        return self.latencies[min(int(share * len(self.latencies)), len(self.latencies) - 1)]


async def ask_all(
    port: int, targets: Sequence[str], connections: int, headers: str = ""
) -> Load:  # fmt: skip
    """Ask for every target once over so many connections; raises for any answer but 200."""
    waiting = iter(targets)
    latencies: list[float] = []
    received = 0

    async def visit() -> None:
        nonlocal received
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
        try:
            for target in waiting:
                started = time.perf_counter()
                writer.write(
                    f"GET {target} HTTP/1.1\r\nHost: localhost:{port}\r\n{headers}\r\n".encode()
                )
                received += await _body(reader, target)
                latencies.append(time.perf_counter() - started)
        finally:
            writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(visit() for _ in range(connections)))
    return Load(time.perf_counter() - started, tuple(sorted(latencies)), received)


async def _body(reader: asyncio.StreamReader, target: str) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    body = await reader.readexactly(length)
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"{target}: {head[:40]!r} {body[:300]!r}")
    return length
