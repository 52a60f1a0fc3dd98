"""tus 1.0 as its clients speak it, and what it refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select, update

from shared.database import Database
from shared.models.activities import Activity
from shared.models.images import Upload
from shared.models.people import Session
from shared.settings import Settings
from tests.support.graphql_client import graphql_client
from tests.support.people import make_part, make_user
from tests.support.sender import BYTES, MAX, QUOTA, TUS, Sender, on_sqlite, stored


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
