"""Attachments: uploaded by tus, attached once, sent by /files with ranges, headers and rights."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from shared.auth.epoch import bump_epoch
from shared.database import Database
from shared.models.activities import Activity
from shared.models.annotations import Annotation
from shared.models.images import FilesetEntry, OriginalFile, Upload
from shared.models.people import GroupPermissions, Membership, Session
from shared.models.system import FileIntent
from shared.settings import Settings
from shared.storage import LocalStorage
from shared.storage.intents import sweep
from tests.support.browsing import World
from tests.support.graphql_client import URL, GraphQLClient
from tests.support.people import make_part
from tests.support.sender import BYTES

ATTACH = """
mutation($input: AnnotateInput!) { annotate(input: $input) {
  annotations { id ... on FileAnnotation {
    file { id name size hash mimetype downloadUrl } } }
  links { id } errors { __typename path target } } }
"""
DATA = bytes(range(256)) * 5


@pytest.fixture
def world(database: Database, settings: Settings) -> World:
    found = World(database, settings)
    for login in ("ada", "bob", "eve"):
        found.person(login)
    for level in GroupPermissions:
        found.group(str(level.value), level, ("ada", "bob"))
    return found


async def upload(
    api: GraphQLClient, user: int, name: str, data: bytes = DATA, *, half: bool = False
) -> str:
    headers = {
        **api.bearer(user), **BYTES, "Upload-Length": str(len(data)),
        "Upload-Metadata": f"filename {b64encode(name.encode()).decode()}",
    }  # fmt: skip
    content = data[: len(data) // 2] if half else data
    made = await api.http.post("/uploads", headers=headers, content=content)
    assert made.status_code == 201, made.text
    return made.headers["Location"].rpartition("/")[2]


async def attach(api: GraphQLClient, user: int, *targets: str, **given: Any) -> Any:
    return await api.data(ATTACH, {"input": {"targets": list(targets), **given}}, user=user)


def count(database: Database, model: Any) -> int:
    with database.read() as connection:
        return int(connection.scalar(select(func.count()).select_from(model)) or 0)


async def test_a_file_goes_in_by_tus_and_comes_out_whole(
    api: GraphQLClient, database: Database, world: World, settings: Settings
) -> None:
    ada, bob = world.people["ada"], world.people["bob"]
    images = [f"Image:{world.row('Image', 'ada', 'rwra--')}" for _ in range(3)]
    uuid = await upload(api, ada, "folder/Größe “1”.csv")
    given = {"files": [uuid], "idempotencyKey": "k"}
    answer = await attach(api, ada, *images, **given)
    assert answer["errors"] == []
    (note,) = answer["annotations"]
    assert len(answer["links"]) == 3
    file = note["file"]
    assert (file["name"], file["size"], file["mimetype"]) == (
        "Größe “1”.csv", str(len(DATA)), "text/csv"
    )  # fmt: skip
    assert file["hash"] == hashlib.sha1(DATA, usedforsecurity=False).hexdigest()
    again = await attach(api, ada, *images, **given)
    assert [each["id"] for each in again["annotations"]] == [note["id"]]
    assert (count(database, Upload), count(database, FileIntent)) == (0, 1)
    sweep(database, LocalStorage(settings.data_dir))
    assert count(database, FileIntent) == 0

    signed = file["downloadUrl"].removeprefix(URL)
    for address, headers in (
        (signed, {}),
        (f"/files/{file['id']}", api.bearer(bob)),
        (f"/files/{file['id'].partition(':')[2]}", api.bearer(ada)),
        (f"/files/{note['id']}", api.bearer(ada)),
    ):
        sent = await api.http.get(address, headers=headers)
        assert (sent.status_code, sent.content) == (200, DATA), address
        assert sent.headers["content-type"] == "application/octet-stream"
        assert sent.headers["x-content-type-options"] == "nosniff"
        assert sent.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert sent.headers["content-length"] == str(len(DATA))
        assert sent.headers["x-checksum-sha1"] == file["hash"]
        disposition = sent.headers["content-disposition"]
        assert disposition.startswith("attachment; filename=")
        assert "filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%E2%80%9C1%E2%80%9D.csv" in disposition
    etag = sent.headers["etag"]
    for asked, status, part in (
        ({"Range": "bytes=0-9"}, 206, DATA[:10]),
        ({"Range": "bytes=-7"}, 206, DATA[-7:]),
        ({"Range": "bytes=1270-99999"}, 206, DATA[1270:]),
        ({"Range": "bytes=1280-"}, 416, b""),
        ({"Range": "bytes=0-1,4-5"}, 200, DATA),
        ({"Range": "lines=1"}, 200, DATA),
        ({"Range": "bytes=0-9", "If-Range": etag}, 206, DATA[:10]),
        ({"Range": "bytes=0-9", "If-Range": '"other"'}, 200, DATA),
        ({"If-None-Match": etag}, 304, b""),
        ({"If-None-Match": '"other"'}, 200, DATA),
    ):
        sent = await api.http.get(signed, headers=asked)
        assert (sent.status_code, sent.content) == (status, part), asked
        if status == 416:
            assert sent.headers["content-range"] == f"bytes */{len(DATA)}"
        if status == 206:
            assert sent.headers["content-length"] == str(len(part))
    head = await api.http.head(signed)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(DATA))
    assert head.headers["etag"] == etag
    assert (await api.http.post(signed)).status_code == 405


async def test_whoever_may_not_see_a_file_is_told_what_whoever_asks_for_none_is(
    api: GraphQLClient, database: Database, world: World
) -> None:
    ada, bob, eve = (world.people[each] for each in ("ada", "bob", "eve"))
    image = f"Image:{world.row('Image', 'ada', 'rw----')}"
    made = await attach(api, ada, image, files=[await upload(api, ada, "a.txt")])
    (note,) = made["annotations"]
    file = note["file"]["id"]
    unknown = await api.http.get("/files/OriginalFile:9999", headers=api.bearer(bob))
    told = {**unknown.json(), "target": None}
    for who in (bob, eve):
        for address in (file, note["id"], "x", "0", "Image:1", "-1", "1" * 30):
            sent = await api.http.get(f"/files/{address}", headers=api.bearer(who))
            assert sent.status_code == 404, address
            assert {**sent.json(), "target": None} == told
    assert (await api.http.get(f"/files/{file}")).status_code == 401
    wrong = {"Authorization": "Bearer nonsense"}
    assert (await api.http.get(f"/files/{file}", headers=wrong)).status_code == 401

    signed = note["file"]["downloadUrl"].removeprefix(URL)
    assert (await api.http.get(signed)).status_code == 200
    grant = signed.split("/")[1]
    for address in (f"/{grant}/files/OriginalFile:9999", f"/{grant}/files/{note['id']}"):
        assert (await api.http.get(address)).status_code == 404
    assert (await api.http.get(f"/{grant[:-2]}/files/{file}")).status_code == 401
    with database.write() as connection:  # the session ends, and the address with it
        connection.execute(update(Session).values(closed_at=1))
        bump_epoch(connection)
    assert (await api.http.get(signed)).status_code == 401


async def test_an_original_with_a_slides_label_is_for_few(
    api: GraphQLClient, database: Database, world: World
) -> None:
    ada, bob = world.people["ada"], world.people["bob"]
    image = f"Image:{world.row('Image', 'ada', 'rwra--')}"
    made = await attach(api, ada, image, files=[await upload(api, ada, "slide.svs")])
    file = made["annotations"][0]["file"]["id"]
    assert (await api.http.get(f"/files/{file}", headers=api.bearer(bob))).status_code == 200
    fileset = world.row("Fileset", "ada", "rwra--")
    world.row("Image", "ada", "rwra--", fileset_id=fileset, macro_file="derived/x/macro.jpg")
    with database.write() as connection:
        make_part(
            connection, FilesetEntry, fileset_id=fileset, position=0, client_path="slide.svs",
            original_file_id=int(file.partition(":")[2]),
        )  # fmt: skip
    for address in (file, made["annotations"][0]["id"]):
        refused = await api.http.get(f"/files/{address}", headers=api.bearer(bob))
        assert (refused.status_code, refused.json()["code"]) == (403, "denied")
        assert (await api.http.get(f"/files/{address}", headers=api.bearer(ada))).status_code == 200


async def test_a_lost_membership_and_the_trash_close_a_file_at_once(
    api: GraphQLClient, database: Database, world: World
) -> None:
    ada, bob = world.people["ada"], world.people["bob"]
    image = f"Image:{world.row('Image', 'ada', 'rwra--')}"
    made = await attach(api, ada, image, files=[await upload(api, ada, "a.txt")])
    file = made["annotations"][0]["file"]["id"]
    headers = api.bearer(bob)
    assert (await api.http.get(f"/files/{file}", headers=headers)).status_code == 200
    with database.write() as connection:
        connection.execute(
            delete(Membership).where(
                Membership.user_id == bob, Membership.group_id == world.groups["rwra--"]
            )
        )
        bump_epoch(connection)
    await _epoch(api)
    assert (await api.http.get(f"/files/{file}", headers=headers)).status_code == 404
    assert (await api.http.get(f"/files/{file}", headers=api.bearer(ada))).status_code == 200
    with database.write() as connection:
        trash = make_part(
            connection, Activity, kind="delete", state="SUCCEEDED", user_id=ada, request={},
            created_at=1,
        )  # fmt: skip
        connection.execute(update(OriginalFile).values(trash_id=trash))
    assert (await api.http.get(f"/files/{file}", headers=api.bearer(ada))).status_code == 404


async def _epoch(api: GraphQLClient) -> None:
    """Let the process see the new epoch at once."""
    transport: Any = api.http._transport
    transport.app.state.services.epoch.wake()


async def test_what_cannot_be_attached_leaves_the_upload_and_no_file(
    api: GraphQLClient, database: Database, world: World, settings: Settings
) -> None:
    ada, bob = world.people["ada"], world.people["bob"]
    mine = f"Image:{world.row('Image', 'ada', 'rwra--')}"
    hidden = f"Image:{world.row('Image', 'bob', 'rw----')}"
    others = await upload(api, bob, "b.txt")
    half = await upload(api, ada, "h.txt", half=True)
    whole = await upload(api, ada, "w.txt")
    for targets, files, kind in (
        ([mine], [others], "NotFound"),
        ([mine], ["4711"], "NotFound"),
        ([mine], ["../../etc/passwd"], "NotFound"),
        ([mine], [half], "Conflict"),
        ([mine], [whole, half], "Conflict"),
        ([mine, hidden], [whole], "NotFound"),
        ([mine], [whole, "FileAnnotation:99"], "NotFound"),
    ):
        answer = await attach(api, ada, *targets, files=files)
        assert {each["__typename"] for each in answer["errors"]} == {kind}, files
    storage = LocalStorage(settings.data_dir)
    assert storage.files("attachments") == []
    assert (count(database, OriginalFile), count(database, Upload)) == (0, 3)
    done = await attach(api, ada, mine, files=[whole])
    assert done["errors"] == []
    spent = await attach(api, ada, mine, files=[whole])
    assert [each["__typename"] for each in spent["errors"]] == ["NotFound"]
    assert len(storage.files("attachments")) == 1


async def test_each_group_gets_a_file_of_its_own(
    api: GraphQLClient, database: Database, world: World, settings: Settings
) -> None:
    ada = world.people["ada"]
    targets = [f"Image:{world.row('Image', 'ada', level)}" for level in ("rwra--", "rwrw--")]
    answer = await attach(api, ada, *targets, files=[await upload(api, ada, "a.txt", b"")])
    assert answer["errors"] == []
    with database.read() as connection:
        names = connection.scalars(select(OriginalFile.storage_name)).all()
        groups = connection.scalars(
            select(OriginalFile.group_id)
            .join(Annotation, Annotation.file_id == OriginalFile.id)
            .where(Annotation.group_id == OriginalFile.group_id)
        ).all()
    assert len(set(names)) == len(set(groups)) == 2
    file = answer["annotations"][0]["file"]
    sent = await api.http.get(f"/files/{file['id']}", headers=api.bearer(ada))
    assert (sent.status_code, sent.content, sent.headers["content-length"]) == (200, b"", "0")


async def test_a_file_that_was_lost_is_said_to_be(
    api: GraphQLClient, world: World, settings: Settings
) -> None:
    ada = world.people["ada"]
    image = f"Image:{world.row('Image', 'ada', 'rwra--')}"
    made = await attach(api, ada, image, files=[await upload(api, ada, "a.txt")])
    storage = LocalStorage(settings.data_dir)
    (name,) = storage.files("attachments")
    storage.erase(name)
    file = made["annotations"][0]["file"]["id"]
    sent = await api.http.get(f"/files/{file}", headers=api.bearer(ada))
    assert sent.status_code == 422
    assert name not in sent.text
