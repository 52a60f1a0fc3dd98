"""Whose an upload is, how it ends, and what interruptions leave of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from graphql_api.importing.uploads import Appender, KnownUpload, Locked, find_upload
from shared.activities.housekeeping import tidy
from shared.auth.cookies import cookie_name
from shared.auth.principal import load_principal
from shared.clock import DAY, now
from shared.errors import TooLarge
from shared.models.images import Upload
from shared.models.system import FileIntent, Instance
from shared.storage import LocalStorage
from shared.storage.locator import upload_file
from tests.support.people import make_user
from tests.support.sender import BYTES, TUS, Sender, on_sqlite, stored


async def test_an_upload_is_its_makers_alone(sender: Sender) -> None:
    place = await sender.place(3)
    with sender.api.database.write() as connection:
        ben = make_user(connection, "ben")
    other = Sender(sender.api, ben)
    answers = []
    for address in (place, f"/uploads/{uuid4()}", "/uploads/x", "/uploads/..%2F..%2Fetc"):
        for method in ("PATCH", "DELETE"):
            headers = {**BYTES, "Upload-Offset": "0"}
            answers.append(await other.send(method, address, headers=headers, content=b"abc"))
        assert (await other.head(address)).status_code == 404
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers[:6]}) == 1
    assert stored(sender, place) == b""


@on_sqlite
async def test_nobody_and_wrong_tokens_are_refused(sender: Sender) -> None:
    for headers in ({}, {"Authorization": "Bearer tes_wrong"}, {"Authorization": "Basic eDp5"}):
        refused = await sender.http.post("/uploads", headers={**TUS, **headers})
        assert refused.status_code == 401
        assert refused.headers["Tus-Resumable"] == "1.0.0"


@on_sqlite
async def test_a_cookie_needs_a_listed_origin(sender: Sender) -> None:
    with sender.api.database.read() as connection:
        instance = str(connection.scalar(select(Instance.uuid)))
    cookie = f"{cookie_name(instance)}={sender.api.token_of(sender.user)}"
    common = {**TUS, "Cookie": cookie, "Upload-Length": "1", "Upload-Metadata": "filename YQ=="}
    for origin, status in (
        ({}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": sender.api.settings.api_url}, 201),
    ):
        answer = await sender.http.post("/uploads", headers=common | origin)
        assert answer.status_code == status


@on_sqlite
async def test_the_version_is_asked_for(sender: Sender) -> None:
    for headers in ({}, {"Tus-Resumable": "0.2.2"}):
        refused = await sender.send("POST", "/uploads", headers=headers)
        assert (refused.status_code, refused.headers["Tus-Version"]) == (412, "1.0.0")


@on_sqlite
async def test_other_methods_are_refused_and_overriding_is_understood(sender: Sender) -> None:
    place = await sender.place(3)
    for method, address in (("GET", place), ("PUT", place), ("POST", place), ("GET", "/uploads")):
        refused = await sender.send(method, address, headers=TUS)
        assert refused.status_code == 405
        assert "Allow" in refused.headers
    headers = {**BYTES, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert (await sender.send("POST", place, headers=headers, content=b"abc")).status_code == 204
    assert stored(sender, place) == b"abc"


async def test_ending_removes_row_and_file(sender: Sender) -> None:
    place = await sender.place(3)
    await sender.patch(place, 0, b"ab")
    assert (await sender.send("DELETE", place, headers=TUS)).status_code == 204
    assert (await sender.head(place)).status_code == 404
    storage = LocalStorage(sender.api.settings.data_dir)
    tidy(sender.api.database, storage)
    assert storage.files("uploads") == []
    with sender.api.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(Upload)) == 0
        assert connection.scalar(select(func.count()).select_from(FileIntent)) == 0


async def test_what_is_abandoned_is_swept_and_what_goes_on_lives(sender: Sender) -> None:
    old, alive = await sender.place(3), await sender.place(3)
    with sender.api.database.write() as connection:
        connection.execute(
            update(Upload)
            .where(Upload.uuid == alive.rpartition("/")[2])
            .values(expires_at=now() + DAY // 2)
        )
        connection.execute(
            update(Upload).where(Upload.uuid == old.rpartition("/")[2]).values(expires_at=now() - 1)
        )
    assert (await sender.head(old)).status_code == 404
    assert (await sender.patch(alive, 0, b"a")).status_code == 204
    storage = LocalStorage(sender.api.settings.data_dir)
    tidy(sender.api.database, storage)
    assert storage.files("uploads") == [upload_file(alive.rpartition("/")[2])]
    with sender.api.database.read() as connection:
        (expires_at,) = connection.scalars(select(Upload.expires_at))
    assert expires_at > now() + DAY - DAY // 24


@on_sqlite
async def test_a_client_that_goes_away_finds_what_arrived(sender: Sender) -> None:
    place = await sender.place(10)
    transport: Any = sender.http._transport
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"0123", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, Any]:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(_message: dict[str, Any]) -> None:
        return None

    headers = {**BYTES, **sender.headers, "Upload-Offset": "0", "Host": "127.0.0.1"}
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "PATCH",
        "scheme": "http", "path": place, "raw_path": place.encode(), "query_string": b"",
        "root_path": "", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    await transport.app(scope, receive, send)
    assert (await sender.head(place)).headers["Upload-Offset"] == "4"
    assert stored(sender, place) == b"0123"


@on_sqlite
async def test_two_cannot_write_at_once(sender: Sender) -> None:
    place = await sender.place(6)
    writing, may_go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"012"
        writing.set()
        await may_go_on.wait()
        yield b"345"

    first = asyncio.create_task(sender.patch(place, 0, slow()))
    await writing.wait()
    await asyncio.sleep(0.2)
    second = await sender.patch(place, 0, b"xyz")
    assert (second.status_code, second.json()["code"]) == (423, "locked")
    may_go_on.set()
    assert (await first).status_code == 204
    assert stored(sender, place) == b"012345"


@on_sqlite
async def test_any_order_of_requests_keeps_the_bytes_in_order(sender: Sender) -> None:
    chance = random.Random(7)
    expected, kept = bytes(chance.randrange(256) for _ in range(200)), 0
    place = await sender.place(200)
    for _ in range(60):
        offset = chance.choice([kept, kept, chance.randrange(210)])
        part = expected[offset : offset + chance.randrange(20)]
        answer = await sender.patch(place, offset, part)
        assert answer.status_code == (204 if offset == kept else 409)
        kept += len(part) if offset == kept else 0
        assert (await sender.head(place)).headers["Upload-Offset"] == str(kept)
    assert stored(sender, place) == expected[:kept]


@given(st.integers(0, 40), st.lists(st.lists(st.binary(max_size=12), max_size=4), max_size=6))
@profile(deadline=None)
def test_the_file_is_always_a_prefix_of_what_was_accepted(
    tmp_path_factory: pytest.TempPathFactory, length: int, requests: list[list[bytes]]
) -> None:
    storage = LocalStorage(tmp_path_factory.mktemp("uploads"))
    upload = KnownUpload(str(uuid4()), "a", length, 0, 0, is_claimed=False)
    storage.open_new(upload_file(upload.uuid)).close()
    model = b""
    for parts in requests:
        appender = Appender(storage, upload)
        assert appender.start == len(model)
        with pytest.raises(Locked):
            Appender(storage, upload)
        try:
            for part in parts:
                appender.append(part)
            model += b"".join(parts)
        except TooLarge:
            assert len(model) + sum(map(len, parts)) > length
        finally:
            appender.close()
        assert storage.path(upload_file(upload.uuid)).read_bytes() == model


@on_sqlite
async def test_a_look_at_uploads_writes_nothing(sender: Sender) -> None:
    place = await sender.place(3)
    with sender.api.database.read() as connection:
        principal = load_principal(connection, sender.user)
    storage = LocalStorage(sender.api.settings.data_dir)
    found = find_upload(sender.api.database, storage, principal, place.rpartition("/")[2])
    assert (found.offset, found.length, found.is_claimed) == (0, 3, False)
