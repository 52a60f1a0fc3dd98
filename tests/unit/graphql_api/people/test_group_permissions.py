"""setGroupPermissions: who may choose which level; P41 tells what closing destroys."""

from __future__ import annotations

from shared.database import Database
from shared.models.containers import Dataset
from shared.models.images import Image
from tests.support.administration import Office
from tests.support.people import make_link, make_row

ACTIVITY = "activity { state report { unlinkedCount { reason type count } } errors { message } }"


async def test_leaders_choose_every_level_but_read_write(office: Office) -> None:
    lab = office.group("lab")
    for level in ("READ_ONLY", "PRIVATE", "READ_ANNOTATE"):
        given = {"group": lab, "permissions": level}
        done = await office.done("lea", "setGroupPermissions", given, ACTIVITY)
        assert done["activity"]["state"] == "SUCCEEDED"
        query = "query($id: ID!) { node(id: $id) { ... on Group { permissions } } }"
        seen = await office.api.data(query, {"id": lab}, user=office.ids["ada"])
        assert seen == {"permissions": level}
    wide = {"group": lab, "permissions": "READ_WRITE"}
    for dry_run in (True, False):
        asked = wide | {"dryRun": dry_run}
        assert await office.refused("lea", "setGroupPermissions", asked) == ("Denied", lab)
    await office.done("organizer", "setGroupPermissions", wide, ACTIVITY)


async def test_nobody_else_and_no_special_group(office: Office) -> None:
    lab = office.group("lab")
    given = {"group": lab, "permissions": "PRIVATE"}
    assert await office.refused("ada", "setGroupPermissions", given) == ("Denied", lab)
    assert await office.refused("clerk", "setGroupPermissions", given) == ("Denied", lab)
    assert await office.refused("eve", "setGroupPermissions", given) == ("NotFound", lab)
    for name in ("system", "user", "guest"):
        special = {"group": office.group(name), "permissions": "READ_WRITE"}
        kind = await office.refused("chief", "setGroupPermissions", special)
        assert kind == ("Conflict", special["group"])


async def test_a_dry_run_shows_what_closing_cuts(office: Office, database: Database) -> None:
    with database.write() as connection:
        lab, ada, bob = office.ids["lab"], office.ids["ada"], office.ids["bob"]
        dataset = make_row(connection, Dataset, owner=ada, group=lab)
        image = make_row(connection, Image, owner=bob, group=lab)
        make_link(connection, "DatasetImageLink", dataset, image, owner=ada, group=lab)
    given = {"group": office.group("lab"), "permissions": "PRIVATE", "dryRun": True}
    shown = await office.done("lea", "setGroupPermissions", given, ACTIVITY)
    counts = shown["activity"]["report"]["unlinkedCount"]
    assert {"reason": "PRIVATE_TARGET", "type": "DatasetImageLink", "count": 1} in counts
    query = "query($id: ID!) { node(id: $id) { ... on Group { permissions } } }"
    seen = await office.api.data(query, {"id": given["group"]}, user=office.ids["ada"])
    assert seen == {"permissions": "READ_ANNOTATE"}
