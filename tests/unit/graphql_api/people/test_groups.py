"""createGroup, updateGroup, deleteGroup, addToGroup, setDefaultGroup."""

from __future__ import annotations

from shared.database import Database
from shared.models.containers import Project
from tests.support.administration import Office
from tests.support.people import make_row

GROUP = "group { name description permissions linkOwnerFollowsContent version }"


async def test_a_group_with_people(office: Office) -> None:
    given = {
        "name": "new", "permissions": "READ_ANNOTATE", "linkOwnerFollowsContent": True,
        "members": [office.user("ada")], "owners": [office.user("bob"), office.user("ada")],
        "idempotencyKey": "k",
    }  # fmt: skip
    selection = "group { id members { nodes { login } } owners { nodes { login } } }"
    made = await office.done("chief", "createGroup", given, selection)
    people = {"nodes": [{"login": "ada"}, {"login": "bob"}]}
    assert made["group"]["members"] == people
    assert made["group"]["owners"] == people
    assert await office.done("chief", "createGroup", given, selection) == made


async def test_who_makes_groups(office: Office) -> None:
    for who in ("ada", "lea", "clerk"):
        assert (await office.refused(who, "createGroup", {"name": "new"}))[0] == "Denied"
    await office.done("organizer", "createGroup", {"name": "new"}, GROUP)


ODD_NAMES = (
    "system",
    "System",
    "ｓｙｓｔｅｍ",
    " user ",
    "GUEST",
    "Lab",
    "sуstem",
    "a\u200bb",
    "",
    "x" * 256,
)


async def test_no_group_looks_like_another(office: Office) -> None:
    for name in ODD_NAMES:
        for mutation, given in (
            ("createGroup", {"name": name}),
            ("updateGroup", {"id": office.group("other"), "name": name}),
        ):
            payload = await office.call("chief", mutation, given)
            (error,) = payload["errors"]
            assert error["__typename"] in {"Conflict", "Invalid"}


async def test_leaders_describe_and_administrators_rename(office: Office) -> None:
    lab = office.group("lab")
    text = {"id": lab, "description": "Ours", "expectedVersion": 1}
    done = await office.done("lea", "updateGroup", text, GROUP)
    assert done["group"]["description"] == "Ours"
    assert done["group"]["version"] == 2
    assert await office.refused("lea", "updateGroup", text) == ("Conflict", lab)
    for change in ({"name": "labor"}, {"linkOwnerFollowsContent": True}):
        assert await office.refused("lea", "updateGroup", {"id": lab} | change) == ("Denied", lab)
        assert await office.refused("ada", "updateGroup", {"id": lab} | change) == ("Denied", lab)
        await office.done("organizer", "updateGroup", {"id": lab} | change)
    assert await office.refused("eve", "updateGroup", {"id": lab}) == ("NotFound", lab)
    for name in ("system", "user", "guest"):
        kind = await office.refused("root", "updateGroup", {"id": office.group(name), "name": "x"})
        assert kind == ("Conflict", office.group(name))


async def test_a_group_is_deleted_when_it_holds_nothing(office: Office, database: Database) -> None:
    other = {"group": office.group("other")}
    with database.write() as connection:
        project = make_row(connection, Project, owner=office.ids["eve"], group=office.ids["other"])
    payload = await office.call("chief", "deleteGroup", other)
    assert "1 Project" in payload["errors"][0]["message"]
    with database.write() as connection:
        connection.execute(Project.__table__.delete().where(Project.id == project))  # type: ignore[attr-defined]  # a table
    alone = await office.call("chief", "deleteGroup", other)
    assert "eve would be in no group" in alone["errors"][0]["message"]
    lab = {"user": office.user("eve"), "group": office.group("lab")}
    await office.done("chief", "addToGroup", lab)
    assert await office.refused("lea", "deleteGroup", {"group": office.group("lab")}) == (
        "Denied", office.group("lab")
    )  # fmt: skip
    done = await office.done("chief", "deleteGroup", other, "deleted")
    assert done["deleted"] == office.group("other")
    default = await office.done(
        "eve", "setDefaultGroup", {"group": office.group("lab")}, "user { defaultGroup { name } }"
    )
    assert default["user"] == {"defaultGroup": {"name": "lab"}}
    for name in ("system", "user", "guest"):
        kind, _ = await office.refused("root", "deleteGroup", {"group": office.group(name)})
        assert kind == "Conflict"


async def test_leaders_add_and_appoint_in_their_groups_only(office: Office) -> None:
    await office.done(
        "chief", "addToGroup", {"user": office.user("lea"), "group": office.group("other")}
    )
    add = {"user": office.user("eve"), "group": office.group("lab")}
    joined = await office.done("lea", "addToGroup", add, "group { id } user { id }")
    assert joined["user"] == {"id": office.user("eve")}
    await office.done("lea", "addToGroup", add)  # again: no error
    await office.done("lea", "addToGroup", add | {"asOwner": True})
    owners = '{ node(id: "%s") { ... on Group { owners { nodes { login } } } } }'
    seen = await office.api.data(owners % office.group("lab"), user=office.ids["ada"])
    assert [each["login"] for each in seen["owners"]["nodes"]] == ["lea", "eve"]
    await office.done("lea", "addToGroup", add | {"asOwner": False})
    elsewhere = {"user": office.user("ada"), "group": office.group("other")}
    assert await office.refused("lea", "addToGroup", elsewhere) == ("Denied", office.group("other"))


async def test_nobody_climbs_through_a_group_of_the_system(office: Office) -> None:
    for who in ("lea", "ada"):
        for name in ("system", "user", "guest"):
            given = {"user": office.user(who), "group": office.group(name)}
            assert (await office.refused(who, "addToGroup", given))[0] == "NotFound"
    promoted = {"user": office.user("ada"), "group": office.group("system")}
    for who in ("clerk", "organizer"):
        assert (await office.refused(who, "addToGroup", promoted)) == ("Denied", office.user("ada"))
    led = {"user": office.user("ada"), "group": office.group("user"), "asOwner": True}
    assert (await office.refused("chief", "addToGroup", led))[0] == "Invalid"
    for mutation in ("addToGroup", "removeFromGroup"):
        guest = {"user": office.user("ada"), "group": office.group("guest")}
        assert (await office.refused("chief", mutation, guest))[0] == "Conflict"
    await office.done("chief", "addToGroup", promoted)


async def test_the_default_group_is_ones_own(office: Office) -> None:
    ada, other = office.user("ada"), office.group("other")
    assert (await office.refused("ada", "setDefaultGroup", {"group": other}))[0] == "NotFound"
    await office.done("chief", "addToGroup", {"user": ada, "group": other})
    selection = "user { defaultGroup { name } }"
    done = await office.done("ada", "setDefaultGroup", {"group": other}, selection)
    assert done["user"] == {"defaultGroup": {"name": "other"}}
    back = {"group": office.group("lab"), "user": ada}
    assert await office.refused("lea", "setDefaultGroup", back) == ("Denied", ada)
    done = await office.done("organizer", "setDefaultGroup", back, selection)
    assert done["user"] == {"defaultGroup": {"name": "lab"}}
    for name in ("user", "other"):
        given = {"group": office.group(name), "user": office.user("bob")}
        assert (await office.refused("chief", "setDefaultGroup", given))[0] == "Conflict"
