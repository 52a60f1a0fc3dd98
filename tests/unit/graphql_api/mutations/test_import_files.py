"""`importFiles` over HTTP: what is refused at once, what the Activity tells, and waiting."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from sqlalchemy import func, select, update

from graphql_api.activities import handlers
from shared.activities.running import run_now
from shared.auth.principal import load_principal
from shared.database import Database
from shared.models.activities import Activity
from shared.models.containers import Dataset
from shared.models.images import Image, Upload
from shared.models.links import LINKS
from shared.models.people import Privilege
from shared.settings import Settings
from shared.storage import LocalStorage
from tests.support.graphql_client import GraphQLClient, graphql_client
from tests.support.imports import Bench
from tests.support.people import make_group, make_row, make_user

IMPORT = """
mutation Import($input: ImportFilesInput!) {
  importFiles(input: $input) {
    activity { id state errors { code message } result(first: 10) { id } }
    errors { __typename code message path target ... on Denied { reasons } }
  }
}
"""
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def tiff() -> bytes:
    """A small stack."""
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, np.arange(24, dtype=np.uint8).reshape(2, 3, 4), metadata=None)
    return buffer.getvalue()


class Lab:
    """Ada and Ben share a read-only lab; each has a dataset; Cleo is elsewhere."""

    def __init__(self, api: GraphQLClient, root: Path) -> None:
        self.api, self.root, self.database = api, root, api.database
        with self.database.write() as connection:
            self.people = {login: make_user(connection, login) for login in ("ada", "ben", "cleo")}
            self.people["chief"] = make_user(connection, "chief", is_admin=True)
            self.people["clerk"] = make_user(
                connection, "clerk", is_admin=True, withheld=[Privilege.WRITE_MANAGED_REPO]
            )
            ada, ben, cleo = (self.people[login] for login in ("ada", "ben", "cleo"))
            self.group = make_group(connection, "lab", "rwr---", members=[ada, ben])
            self.elsewhere = make_group(connection, "elsewhere", "rwr---", members=[cleo])
            self.mine = make_row(connection, Dataset, owner=ada, group=self.group)
            self.bens = make_row(connection, Dataset, owner=ben, group=self.group)
            self.cleos = make_row(connection, Dataset, owner=cleo, group=self.elsewhere)

    async def ask(self, who: str = "ada", **given: Any) -> Any:
        """Send `importFiles`; the only upload is a small TIFF unless a source is named."""
        if "source" not in given:
            given["source"] = {"uploads": [self.upload(who)]}
        answer = await self.api.run(IMPORT, {"input": given}, user=self.people[who])
        assert "errors" not in answer, answer
        return answer["data"]["importFiles"]

    def upload(self, who: str = "ada", name: str = "a.tif", content: bytes | None = None) -> str:
        with self.database.read() as connection:
            principal = load_principal(connection, self.people[who])
        storage = LocalStorage(self.api.settings.data_dir)
        bench = Bench(self.database, storage, self.api.settings, principal, self.group)
        return bench.upload(name, tiff() if content is None else content)

    def work(self, activity: str) -> None:
        """Be the worker for one Activity."""
        number = int(activity.partition(":")[2])
        storage = LocalStorage(self.api.settings.data_dir)
        assert run_now(self.database, storage, self.api.settings, handlers(), number)

    def count(self, model: Any) -> int:
        with self.database.read() as connection:
            return int(connection.scalar(select(func.count()).select_from(model)) or 0)


@pytest.fixture
async def lab(database: Database, settings: Settings, tmp_path: Path) -> AsyncIterator[Lab]:
    root = (tmp_path / "root").resolve()
    root.mkdir()
    async with graphql_client(settings, database, import_roots=f"{root}=lab") as api:
        yield Lab(api, root)


async def test_an_upload_becomes_an_image_in_the_dataset(lab: Lab) -> None:
    found = await lab.ask(into=f"Dataset:{lab.mine}", name="Cells", description="Mine")
    assert (found["errors"], found["activity"]["state"]) == ([], "QUEUED")
    await asyncio.to_thread(lab.work, found["activity"]["id"])
    link: Any = LINKS["DatasetImageLink"].model
    with lab.database.read() as connection:
        image = connection.execute(select(Image.id, Image.name, Image.owner_id)).one()
        made = connection.execute(select(link.parent_id, link.child_id, link.owner_id)).one()
    assert (image.name, image.owner_id) == ("Cells", lab.people["ada"])
    assert tuple(made) == (lab.mine, image.id, lab.people["ada"])


async def test_waiting_answers_the_result(lab: Lab) -> None:
    def worker() -> None:
        while lab.count(Activity) == 0:
            time.sleep(0.02)
        lab.work("Activity:1")

    working = asyncio.create_task(asyncio.to_thread(worker))
    found = await lab.ask(wait=20)
    await working
    assert found["activity"]["state"] == "SUCCEEDED"
    assert [node["id"].partition(":")[0] for node in found["activity"]["result"]] == [
        "Image", "Fileset",
    ]  # fmt: skip


@on_sqlite
async def test_an_unreadable_file_is_told_by_the_activity(lab: Lab) -> None:
    uuid = lab.upload(content=b"not a tiff")
    found = await lab.ask(source={"uploads": [uuid]})
    await asyncio.to_thread(lab.work, found["activity"]["id"])
    answer = await lab.api.data(
        "query Q($id: ID!) { node(id: $id) { ... on Activity { state errors { code message } } } }",
        {"id": found["activity"]["id"]},
        user=lab.people["ada"],
    )
    assert answer["state"] == "FAILED"
    assert answer["errors"][0]["code"] in {"UNKNOWN_FORMAT", "BROKEN_FILE"}


@on_sqlite
async def test_an_upload_is_imported_once(lab: Lab) -> None:
    uuid = lab.upload()
    assert (await lab.ask(source={"uploads": [uuid]}))["errors"] == []
    (error,) = (await lab.ask(source={"uploads": [uuid]}))["errors"]
    assert (error["code"], error["path"]) == ("CONFLICT", ["source", "uploads"])
    assert lab.count(Activity) == 1


async def test_the_same_key_imports_once(lab: Lab) -> None:
    given: dict[str, Any] = {"source": {"uploads": [lab.upload()]}, "idempotencyKey": "k"}
    first, second = await lab.ask(**given), await lab.ask(**given)
    assert first["activity"]["id"] == second["activity"]["id"]
    assert lab.count(Activity) == 1
    (error,) = (await lab.ask(**given, name="Other"))["errors"]
    assert error["code"] == "CONFLICT"


@on_sqlite
async def test_incomplete_unknown_and_others_uploads_are_refused(lab: Lab) -> None:
    theirs, short = lab.upload("ben"), lab.upload()
    with lab.database.write() as connection:
        connection.execute(update(Upload).where(Upload.uuid == short).values(length=10_000))
    for uuid, code in (
        (theirs, "NOT_FOUND"), ("nothing", "NOT_FOUND"), (short, "CONFLICT"),
    ):  # fmt: skip
        found = await lab.ask(source={"uploads": [uuid]})
        assert [error["code"] for error in found["errors"]] == [code]
        assert found["activity"] is None
    assert lab.count(Activity) == 0


@on_sqlite
async def test_datasets_are_visible_linkable_and_of_the_group(lab: Lab) -> None:
    (unseen,) = (await lab.ask(into=f"Dataset:{lab.cleos}"))["errors"]
    (unknown,) = (await lab.ask(into="Dataset:99999"))["errors"]
    assert (unseen["code"], unknown["code"]) == ("NOT_FOUND", "NOT_FOUND")
    assert unseen["message"].replace(str(lab.cleos), "") == unknown["message"].replace("99999", "")
    (denied,) = (await lab.ask(into=f"Dataset:{lab.bens}"))["errors"]
    assert (denied["code"], denied["target"]) == ("DENIED", f"Dataset:{lab.bens}")
    assert denied["reasons"]
    (wrong,) = (await lab.ask(into="Image:1"))["errors"]
    assert wrong["code"] == "NOT_FOUND"
    (group,) = (await lab.ask(group=f"Group:{lab.elsewhere}"))["errors"]
    assert group["code"] in {"NOT_FOUND", "DENIED"}
    (apart,) = (await lab.ask("chief", into=f"Dataset:{lab.mine}", group=f"Group:{lab.elsewhere}"))[
        "errors"
    ]
    assert apart["code"] == "INVALID"


@on_sqlite
async def test_importing_for_others_takes_the_privileges(lab: Lab) -> None:
    ada = f"User:{lab.people['ada']}"
    (denied,) = (await lab.ask("ben", owner=ada))["errors"]
    assert denied["code"] == "DENIED"
    group = f"Group:{lab.group}"
    (clerk,) = (await lab.ask("clerk", owner=ada, group=group))["errors"]
    assert (clerk["code"], clerk["target"]) == ("DENIED", group)
    found = await lab.ask("chief", owner=ada, group=group)
    assert found["errors"] == []
    await asyncio.to_thread(lab.work, found["activity"]["id"])
    with lab.database.read() as connection:
        assert connection.scalar(select(Image.owner_id)) == lab.people["ada"]


@on_sqlite
async def test_rights_are_asked_again_when_it_runs(lab: Lab) -> None:
    from shared.models.people import Membership

    found = await lab.ask()
    with lab.database.write() as connection:
        connection.execute(
            Membership.__table__.delete().where(  # type: ignore[attr-defined]
                Membership.user_id == lab.people["ada"], Membership.group_id == lab.group
            )
        )
    await asyncio.to_thread(lab.work, found["activity"]["id"])
    with lab.database.read() as connection:
        row = connection.execute(select(Activity.state, Activity.errors)).one()
    assert (row.state, row.errors[0]["code"]) == ("FAILED", "denied")
    assert lab.count(Image) == 0


async def test_a_new_dataset_comes_with_the_booking_or_not_at_all(lab: Lab) -> None:
    before = lab.count(Dataset)
    new = {"type": "Dataset", "name": "New"}
    found = await lab.ask(newContainer=new)
    assert found["errors"] == []
    assert lab.count(Dataset) == before + 1
    await asyncio.to_thread(lab.work, found["activity"]["id"])
    assert lab.count(LINKS["DatasetImageLink"].model) == 1
    refused = await lab.ask(newContainer=new, source={"uploads": ["nothing"]})
    assert refused["activity"] is None
    for wrong in ({**new, "type": "Screen"}, {**new, "name": " "}):
        assert (await lab.ask(newContainer=wrong))["errors"][0]["code"] == "INVALID"
    both = await lab.ask(newContainer=new, into=f"Dataset:{lab.mine}")
    assert both["errors"][0]["code"] == "INVALID"
    assert lab.count(Dataset) == before + 1


@on_sqlite
async def test_server_paths_are_looked_up_at_once(lab: Lab) -> None:
    (lab.root / "a.tif").write_bytes(tiff())
    found = await lab.ask(source={"paths": [str(lab.root / "a.tif")]}, transfer="HARD_LINK")
    assert found["errors"] == []
    await asyncio.to_thread(lab.work, found["activity"]["id"])
    assert lab.count(Image) == 1
    told = set()
    for who, path in (
        ("ada", lab.root / "b.tif"),
        ("ada", Path("/etc/passwd")),
        ("cleo", lab.root / "a.tif"),
    ):
        (error,) = (await lab.ask(who, source={"paths": [str(path)]}))["errors"]
        told.add((error["code"], error["message"].replace(str(path), "")))
    assert len(told) == 1
    assert told.pop()[0] == "NOT_FOUND"


@on_sqlite
@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"source": {"uploads": []}}, ["source"]),
        ({"source": {"paths": []}}, ["source"]),
        ({"axes": "QQ"}, ["axes"]),
        ({"skip": ["all"]}, ["skip"]),
        ({"wait": 31}, ["wait"]),
        ({"wait": -1}, ["wait"]),
        ({"name": "a\0b"}, ["name"]),
        ({"group": "Group:1"}, ["group"]),
    ],
)
async def test_what_cannot_be_meant_is_invalid(
    lab: Lab, given: dict[str, Any], path: list[str]
) -> None:
    found = await lab.ask(**given)
    (error,) = found["errors"]
    assert error["path"] == path
    assert error["code"] in {"INVALID", "NOT_FOUND"}
    assert lab.count(Activity) == 0


@on_sqlite
async def test_a_source_is_one_of_two(lab: Lab) -> None:
    for source in ({}, {"uploads": ["x"], "paths": ["/x"]}, {"paths": None}):
        answer = await lab.api.run(IMPORT, {"input": {"source": source}}, user=lab.people["ada"])
        assert answer.get("errors")
    assert lab.count(Activity) == 0
