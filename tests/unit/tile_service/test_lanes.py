"""What is at hand is answered while the request is parsed, and just as it is answered otherwise."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import numpy as np
import pytest
import uvicorn
from sqlalchemy import delete, update

from benchmarks.tiles.files import write_slide
from shared.auth.epoch import bump_epoch
from shared.database import counted_statements
from shared.models.images import Image
from shared.models.people import GroupPermissions, Membership
from tests.support.people import make_group
from tests.support.served_zarrs import serve_files
from tests.support.tile_answers import sqlite_only
from tile_service.lanes import LaneProtocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.tile_house import TileHouse

pytestmark = sqlite_only


def slide(house: TileHouse) -> int:
    """A slide of four stored tiles, told apart by their brightness."""
    picture = np.zeros((512, 512, 3), np.uint8)
    for number, (y, x) in enumerate(((0, 0), (0, 256), (256, 0), (256, 256))):
        picture[y : y + 256, x : x + 256] = 40 + 50 * number
    return serve_files(house, lambda at: write_slide(at / "a.tif", picture))


class Wire:
    """One connection; requests are written as they are."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, *requests: bytes) -> list[tuple[bytes, bytes]]:
        """Send all at once; answers head and body of each."""
        self.writer.write(b"".join(requests))
        return [await self._answer(head=request.startswith(b"HEAD")) for request in requests]

    async def _answer(self, *, head: bool) -> tuple[bytes, bytes]:
        told = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 20)
        length = 0
        for line in told.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        return told, b"" if head else await self.reader.readexactly(length)


def without_date(head: bytes) -> list[bytes]:
    return [line for line in head.split(b"\r\n") if not line.lower().startswith(b"date:")]


def get(path: str, token: str, *more: str, method: str = "GET", version: str = "1.1") -> bytes:
    lines = [f"{method} {path} HTTP/{version}", "Host: 127.0.0.1:8001",
             f"Authorization: Bearer {token}", *more]  # fmt: skip
    return "\r\n".join([*lines, "", ""]).encode()


@asynccontextmanager
async def listening(house: TileHouse, protocol: type[asyncio.Protocol]) -> AsyncIterator[Wire]:
    """The house's application behind Uvicorn, and a connection to it."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        options = {
            "lifespan": "off", "log_level": "warning", "server_header": False,
            "proxy_headers": False,
        }  # fmt: skip
        server = uvicorn.Server(uvicorn.Config(house.app, http=protocol, **options))  # type: ignore[arg-type]
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110  # Uvicorn tells it in no other way
            await asyncio.sleep(0.01)
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        try:
            yield Wire(reader, writer)
        finally:
            writer.close()
            server.should_exit = True
            await serving


def noted(house: TileHouse, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each request was answered at once."""
    found: list[bool] = []
    real = house.app.at_once

    def at_once(*given: object) -> object:
        with counted_statements() as statements:
            answer = real(*given)  # type: ignore[arg-type]
        assert len(statements) == 0
        found.append(answer is not None)
        return answer

    monkeypatch.setattr(house.app, "at_once", at_once)
    return found


ADDRESSES = (
    "/tiles/{id}/0/1/0.jpg", "/tiles/{id}/0/1/0.jpg?q=0.8", "/dzi/{id}_files/9/1_1.jpg",
    "/iiif/3/{id}/256,0,256,256/256,/0/default.jpg",
)  # fmt: skip


async def test_a_stored_tile_is_answered_at_once_and_as_it_is_otherwise(
    house: TileHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, token = slide(house), house.log_in(house.rosalind)
    requests = [get(address.format(id=image), token) for address in ADDRESSES]
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    async with listening(house, HttpToolsProtocol) as wire:
        ordinary = [(await wire.ask(request))[0] for request in requests]
    was_at_once = noted(house, monkeypatch)
    async with listening(house, LaneProtocol) as wire:
        quick = [(await wire.ask(request))[0] for request in requests]

    assert was_at_once == [True] * len(requests)
    for one, other in zip(ordinary, quick, strict=True):
        assert one[0].startswith(b"HTTP/1.1 200 ")
        assert without_date(one[0]) == without_date(other[0])
        assert one[1] == other[1]
        assert one[1].startswith(b"\xff\xd8")


async def test_requests_in_one_packet_are_answered_in_their_order(
    house: TileHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, token = slide(house), house.log_in(house.ada)
    first, second, third = (
        get(f"/tiles/{image}/0/{x}/{y}.jpg", token) for x, y in ((0, 0), (1, 0), (0, 1))
    )
    rendered = get(f"/tiles/{image}/0/1/1.png", token)
    async with listening(house, LaneProtocol) as wire:
        await wire.ask(first)
        was_at_once = noted(house, monkeypatch)
        answers = await wire.ask(first, second, rendered, third, second)
        assert (await wire.ask(third))[0][1] == answers[3][1]

    assert [body[:4] for _, body in answers] == [
        answers[0][1][:4], answers[0][1][:4], b"\x89PNG", answers[0][1][:4], answers[0][1][:4]
    ]  # fmt: skip
    assert len({body for _, body in answers}) == 4
    assert answers[1][1] == answers[4][1]
    assert was_at_once[:3] == [True, True, False]


async def test_whoever_holds_the_tile_gets_304_and_the_connection_goes_on(
    house: TileHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, token = slide(house), house.log_in(house.ada)
    path = f"/tiles/{image}/0/0/0.jpg"
    async with listening(house, LaneProtocol) as wire:
        ((head, body),) = await wire.ask(get(path, token))
        etag = next(line for line in head.split(b"\r\n") if line.startswith(b"etag:"))[6:].decode()
        was_at_once = noted(house, monkeypatch)
        held, again = await wire.ask(
            get(path, token, f"If-None-Match: {etag}"), get(path, token)
        )  # fmt: skip

    assert held[0].startswith(b"HTTP/1.1 304 Not Modified\r\n")
    assert (held[1], again[1]) == (b"", body)
    assert was_at_once == [True, True]


@pytest.mark.parametrize("more", [("Connection: close",), ("Content-Length: 2",), ("Expect: x",)])
async def test_requests_with_more_to_say_go_the_ordinary_way(
    house: TileHouse, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]
) -> None:
    image, token = slide(house), house.log_in(house.ada)
    path = f"/tiles/{image}/0/0/0.jpg"
    async with listening(house, LaneProtocol) as wire:
        await wire.ask(get(path, token))
        was_at_once = noted(house, monkeypatch)
        body = b"{}" if more[0].startswith("Content-Length") else b""
        ((head, tile),) = await wire.ask(get(path, token, *more) + body)

    assert head.startswith(b"HTTP/1.1 200 ")
    assert tile.startswith(b"\xff\xd8")
    assert was_at_once == []


async def test_rights_are_asked_for_each_tile(house: TileHouse) -> None:
    image, token = slide(house), house.log_in(house.rosalind)
    stranger = house.log_in(house.stranger)
    path = f"/tiles/{image}/0/0/0.jpg"
    async with listening(house, LaneProtocol) as wire:
        ((head, _),) = await wire.ask(get(path, token))
        assert head.startswith(b"HTTP/1.1 200 ")
        for foreign in (get(path, stranger), get(path, "tes_wrong"), get(path, token + "x")):
            ((head, _),) = await wire.ask(foreign)
            assert head.split(b" ", 2)[1] in {b"404", b"401"}
        with house.database.write() as connection:
            lost = (Membership.user_id == house.rosalind, Membership.group_id == house.group)
            connection.execute(delete(Membership).where(*lost))
            bump_epoch(connection)
        house.clock.at += 1.5
        ((head, body),) = await wire.ask(get(path, token))

    assert head.startswith(b"HTTP/1.1 404 ")
    assert not body.startswith(b"\xff\xd8")


async def test_an_image_that_was_moved_away_is_gone(house: TileHouse) -> None:
    image, token = slide(house), house.log_in(house.rosalind)
    path = f"/tiles/{image}/0/0/0.jpg"
    async with listening(house, LaneProtocol) as wire:
        assert (await wire.ask(get(path, token)))[0][0].startswith(b"HTTP/1.1 200 ")
        with house.database.write() as connection:
            other = make_group(connection, "elsewhere", GroupPermissions.READ_ONLY)
            connection.execute(update(Image).where(Image.id == image).values(group_id=other))
            bump_epoch(connection)
        house.clock.at += 1.5
        ((head, _),) = await wire.ask(get(path, token))

    assert head.startswith(b"HTTP/1.1 404 ")


async def test_a_foreign_host_and_head_are_not_answered_at_once(
    house: TileHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, token = slide(house), house.log_in(house.ada)
    path = f"/tiles/{image}/0/0/0.jpg"
    async with listening(house, LaneProtocol) as wire:
        await wire.ask(get(path, token))
        was_at_once = noted(house, monkeypatch)
        ((head, _),) = await wire.ask(get(path, token, method="HEAD"))
        evil = get(path, token).replace(b"127.0.0.1:8001", b"evil.example")
        ((refused, _),) = await wire.ask(evil)

    assert head.startswith(b"HTTP/1.1 200 ")
    assert refused.startswith(b"HTTP/1.1 400 ")
    assert was_at_once == [False]
