"""tus 1.0 as its clients speak it, and what it refuses."""

from __future__ import annotations

import asyncio
import random
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from graphql_api.importing.uploads import Appender, KnownUpload, Locked, find_upload
from graphql_api.login.cookies import cookie_name
from shared.activities.housekeeping import tidy
from shared.auth.principal import load_principal
from shared.clock import DAY, now
from shared.database import Database
from shared.errors import TooLarge
from shared.models.activities import Activity
from shared.models.images import Upload
from shared.models.people import Session
from shared.models.system import FileIntent, Instance
from shared.settings import Settings
from shared.storage import LocalStorage
from shared.storage.locator import upload_file
from tests.support.graphql_client import GraphQLClient, graphql_client
from tests.support.people import make_group, make_part, make_user

TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {**TUS, "Content-Type": "application/offset+octet-stream"}
MAX, QUOTA = 1000, 1500
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Sender:
    """A tus client of one person."""

    def __init__(self, api: GraphQLClient, user: int) -> None:
        self.api, self.user = api, user
        self.http, self.headers = api.http, api.bearer(user)

    async def send(self, method: str, address: str, **options: Any) -> httpx.Response:
        headers = {**self.headers, **options.pop("headers", {})}
        return await self.http.request(method, address, headers=headers, **options)

    async def create(self, length: object, name: str = "a.tif", **more: Any) -> httpx.Response:
        headers = {
            **TUS,
            "Upload-Length": str(length),
            "Upload-Metadata": f"filename {b64encode(name.encode()).decode()},kind dGlm",
        }
        return await self.send("POST", "/uploads", headers=headers | more)

    async def place(self, length: int, name: str = "a.tif") -> str:
        made = await self.create(length, name)
        assert made.status_code == 201, made.text
        return made.headers["Location"]

    async def patch(self, place: str, offset: object, content: Any, **more: Any) -> httpx.Response:
        headers = {**BYTES, "Upload-Offset": str(offset)} | more
        return await self.send("PATCH", place, headers=headers, content=content)

    async def head(self, place: str) -> httpx.Response:
        return await self.send("HEAD", place, headers=TUS)


@pytest.fixture
async def sender(database: Database, settings: Settings) -> AsyncIterator[Sender]:
    with database.write() as connection:
        user = make_user(connection, "ada")
        make_group(connection, "lab", "rwra--", members=[user])
    async with graphql_client(
        settings, database, upload_max_bytes=MAX, upload_quota_bytes=QUOTA
    ) as api:
        yield Sender(api, user)


def stored(sender: Sender, place: str) -> bytes:
    storage = LocalStorage(sender.api.settings.data_dir)
    return storage.path(upload_file(place.rpartition("/")[2])).read_bytes()


async def test_a_file_comes_in_parts(sender: Sender) -> None:
    place = await sender.place(10, "name.zarr/0/.zattrs")
    assert (await sender.head(place)).headers["Upload-Offset"] == "0"
    first = await sender.patch(place, 0, b"01234")
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "5")
    seen = await sender.head(place)
    assert (seen.status_code, seen.headers["Upload-Offset"], seen.headers["Upload-Length"]) == (
        200, "5", "10",
    )  # fmt: skip
    assert seen.headers["Cache-Control"] == "no-store"
    assert seen.headers["Tus-Resumable"] == "1.0.0"
    assert "Upload-Expires" in seen.headers
    assert (await sender.patch(place, 5, b"56789")).headers["Upload-Offset"] == "10"
    assert stored(sender, place) == b"0123456789"
    with sender.api.database.read() as connection:
        row = connection.execute(
            select(Upload.file_name, Upload.user_id, Upload.length, Session.user_id.label("of"))
            .join(Session, Session.id == Upload.session_id)
        ).one()  # fmt: skip
    assert tuple(row) == ("name.zarr/0/.zattrs", sender.user, 10, sender.user)


@on_sqlite
async def test_options_tell_what_is_spoken(sender: Sender) -> None:
    told = await sender.http.options("/uploads")
    assert told.status_code == 204
    assert told.headers["Tus-Version"] == "1.0.0"
    assert set(told.headers["Tus-Extension"].split(",")) == {
        "creation", "creation-with-upload", "termination", "expiration",
    }  # fmt: skip
    assert told.headers["Tus-Max-Size"] == str(MAX)


@on_sqlite
async def test_a_small_file_comes_with_its_creation(sender: Sender) -> None:
    headers = {**BYTES, "Upload-Length": "3", "Upload-Metadata": "filename YQ=="}
    made = await sender.send("POST", "/uploads", headers=headers, content=b"abc")
    assert (made.status_code, made.headers["Upload-Offset"]) == (201, "3")
    assert stored(sender, made.headers["Location"]) == b"abc"


@on_sqlite
async def test_an_empty_file_is_complete_at_once(sender: Sender) -> None:
    place = await sender.place(0)
    assert (await sender.head(place)).headers["Upload-Offset"] == "0"
    assert stored(sender, place) == b""


@on_sqlite
async def test_a_wrong_offset_or_type_is_refused(sender: Sender) -> None:
    place = await sender.place(10)
    await sender.patch(place, 0, b"0123")
    for offset in (0, 3, 5, 10):
        wrong = await sender.patch(place, offset, b"x")
        assert (wrong.status_code, wrong.json()["code"]) == (409, "conflict")
    assert (await sender.patch(place, 4, b"x", **{"Content-Type": "text/plain"})).status_code == 415
    for text in ("", "-1", "4.0", "04", "9" * 30, "x"):
        assert (await sender.patch(place, text, b"x")).status_code == 400
    assert stored(sender, place) == b"0123"


@on_sqlite
async def test_more_bytes_than_announced_are_not_kept(sender: Sender) -> None:
    place = await sender.place(10)
    await sender.patch(place, 0, b"0123")

    async def unmeasured() -> AsyncIterator[bytes]:
        yield b"4567"
        yield b"89+"

    for content in (b"4567890", unmeasured()):
        refused = await sender.patch(place, 4, content)
        assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
        assert refused.headers["content-type"] == "application/problem+json"
        assert stored(sender, place) == b"0123"
    assert (await sender.patch(place, 4, b"456789")).status_code == 204


@on_sqlite
@pytest.mark.parametrize("length", ["", "x", "-1", "1.5", "0x10", "1e3", "٣"])
async def test_a_length_is_a_number(sender: Sender, length: str) -> None:
    headers = {**TUS, "Upload-Length": length.encode(), "Upload-Metadata": "filename YQ=="}
    assert (await sender.send("POST", "/uploads", headers=headers)).status_code == 400


@on_sqlite
@pytest.mark.parametrize(
    "name", ["", "/etc/passwd", "../a", "a/../../b", "a\0b", "a\nb", "a//b", "x" * 256, "a/" * 1500]
)
async def test_a_name_is_relative(sender: Sender, name: str) -> None:
    refused = await sender.create(1, name)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid")


@on_sqlite
@pytest.mark.parametrize("metadata", ["", "name YQ==", "filename", "filename !!", "filename /w=="])
async def test_a_name_can_be_read(sender: Sender, metadata: str) -> None:
    headers = {**TUS, "Upload-Length": "1", "Upload-Metadata": metadata}
    assert (await sender.send("POST", "/uploads", headers=headers)).status_code == 400


@on_sqlite
async def test_the_length_cannot_be_deferred(sender: Sender) -> None:
    assert (await sender.create("", **{"Upload-Defer-Length": "1"})).status_code == 400


async def test_size_and_quota_are_looked_at_first(sender: Sender) -> None:
    large = await sender.create(MAX + 1)
    assert (large.status_code, large.json()["code"]) == (413, "too_large")
    place = await sender.place(MAX)
    assert (await sender.create(QUOTA - MAX + 1)).status_code == 413
    await sender.place(QUOTA - MAX)
    assert (await sender.create(1)).status_code == 413
    assert (await sender.create(0)).status_code == 201
    assert (await sender.send("DELETE", place, headers=TUS)).status_code == 204
    assert (await sender.create(MAX)).status_code == 201


@on_sqlite
async def test_claimed_uploads_do_not_count(sender: Sender) -> None:
    place = await sender.place(MAX)
    with sender.api.database.write() as connection:
        activity = make_part(
            connection, Activity, kind="import", user_id=sender.user, request={}, created_at=0
        )
        connection.execute(update(Upload).values(claimed_by=activity))
    assert (await sender.create(MAX)).status_code == 201
    assert (await sender.patch(place, 0, b"x")).status_code == 409
    assert (await sender.send("DELETE", place, headers=TUS)).status_code == 409


@on_sqlite
async def test_a_full_disk_is_told_before_anything_is_sent(
    database: Database, settings: Settings
) -> None:
    with database.write() as connection:
        user = make_user(connection, "ada")
    huge = 2**58
    limits = {"upload_max_bytes": huge, "upload_quota_bytes": huge}
    async with graphql_client(settings, database, **limits) as api:
        refused = await Sender(api, user).create(2**57)
    assert (refused.status_code, refused.json()["code"]) == (507, "no_space")


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
