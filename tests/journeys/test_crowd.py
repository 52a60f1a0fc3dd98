"""Hundreds of viewers at once on two tile processes: answered or told to wait, in flat memory.

By day a small crowd for some seconds; 500 connections for a minute in the long profile.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.tiles import files
from tests.support.processes import Service, compiled_kernels, environment, free_port
from tests.support.served_zarrs import serve_files
from tests.support.tile_house import SECRET, TileHouse, furnish

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.database import Database
    from shared.settings import Settings
    from shared.storage import LocalStorage

IS_NIGHT = os.environ.get("TESSERA_PROFILE") == "nightly"
CONNECTIONS, SECONDS = (500, 60.0) if IS_NIGHT else (60, 4.0)
SIDE = 1024
GROWTH = 1.25
"""What the second half of the time may add to the memory that the first half took."""

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@dataclass
class Crowd:
    """People who look at everything, again and again."""

    port: int
    token: str
    slide: int
    cells: int
    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def address(self, chance: random.Random) -> str:
        """Stored tiles, composites nobody asked for before, thumbnails, chunks and documents."""
        x, y = chance.randrange(SIDE // 256), chance.randrange(SIDE // 256)
        start = chance.randrange(100, 3000)
        shown = ",".join(f"{number}|{start}:4000$FF8000" for number in range(1, 5))
        return chance.choice([
            f"/tiles/{self.slide}/0/{x}/{y}.jpg",
            f"/iiif/3/{self.slide}/{256 * x},{256 * y},256,256/256,/0/default.jpg",
            f"/tiles/{self.cells}/0/{x // 2}/{y // 2}.jpg?c={shown}&m=c",
            f"/thumbnails/{self.cells}?size=96",
            f"/zarr/{self.cells}.zarr/0/0/{x % 4}/0/{y // 2}/{x // 2}",
            f"/iiif/3/{self.cells}/info.json",
        ])  # fmt: skip

    async def visit(self, number: int, ends_at: float) -> None:
        """One connection, asking until the time is over."""
        chance = random.Random(number)  # not for secrets
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**22)
            while time.monotonic() < ends_at:
                target, started = self.address(chance), time.monotonic()
                writer.write(
                    f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
                    f"Authorization: Bearer {self.token}\r\n\r\n".encode()
                )
                status, body = await asyncio.wait_for(_answer(reader), 60)
                self.statuses[status] += 1
                self.latencies.append(time.monotonic() - started)
                if status not in {200, 503}:
                    self.failures.append(f"{status} {target} {body[:200]!r}")
                if status == 503:
                    await asyncio.sleep(0.2)
            writer.close()
        except (OSError, EOFError, TimeoutError) as error:
            self.failures.append(f"connection {number}: {error!r}")


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    status = int(head.split(b" ", 2)[1])
    if status == 503:
        assert b"\r\nretry-after:" in head.lower()
    return status, await reader.readexactly(length)


@pytest.fixture
def served(
    database: Database, settings: Settings, storage: LocalStorage, tmp_path: Path
) -> Iterator[tuple[TileHouse, Service, Crowd]]:
    """Two processes of the tile service over a slide and cells."""
    house, port = furnish(database, settings, storage), free_port()
    slide = serve_files(house, lambda at: files.write_slide(at / "a.tif", files.slide(SIDE)))
    cells = serve_files(
        house, lambda at: files.write_ome_tiff(at / "a.ome.tif", files.fluorescence(SIDE))
    )
    folder = settings.data_dir / "cache" / "kernels"
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.symlink_to(compiled_kernels())
    env = environment(
        data_dir=str(settings.data_dir), database_url=settings.database_url, secret_key=SECRET,
        tile_port=str(port), tile_queue_length="64",
    )  # fmt: skip
    service = Service.start("tiles", ("serve", "tiles", "--workers", "2"), env, tmp_path / "log")
    try:
        service.wait_ready(f"http://127.0.0.1:{port}")
        yield house, service, Crowd(port, house.log_in(house.ada), slide, cells)
    finally:
        service.stop()


def resident_bytes(service: Service) -> int:
    """What the service's process group holds in memory now."""
    total = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if os.getpgid(int(entry.name)) == service.process.pid:
                    pages = int((entry / "statm").read_text().split()[1])
                    total += pages * os.sysconf("SC_PAGE_SIZE")
            except (OSError, ProcessLookupError):
                continue
    return total


async def test_a_crowd_is_answered_or_told_to_wait_and_memory_stays_flat(
    served: tuple[TileHouse, Service, Crowd], record_property: Callable[[str, object], None]
) -> None:
    _, service, crowd = served
    started = time.monotonic()
    ends_at = started + SECONDS
    visits = [
        asyncio.create_task(crowd.visit(number, ends_at)) for number in range(CONNECTIONS)
    ]  # fmt: skip
    await asyncio.sleep(SECONDS / 2)
    half = resident_bytes(service)
    await asyncio.gather(*visits)
    whole = resident_bytes(service)

    crowd.latencies.sort()
    count = len(crowd.latencies)
    told = {
        "answers": dict(crowd.statuses), "rate": round(count / SECONDS),
        "p50_ms": round(crowd.latencies[count // 2] * 1e3),
        "p99_ms": round(crowd.latencies[count * 99 // 100] * 1e3),
        "half_mb": half // 2**20, "whole_mb": whole // 2**20,
    }  # fmt: skip
    record_property("crowd", told)
    sys.stderr.write(f"\ncrowd of {CONNECTIONS} for {SECONDS:g} s: {told}\n")
    assert crowd.failures == []
    assert service.process.poll() is None
    assert crowd.statuses[200] > CONNECTIONS
    assert whole <= half * GROWTH, told
