"""createUser, updateUser, deactivateUser, deleteUser: rights, names that are taken, versions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from shared.database import Database
from shared.models.containers import Project
from shared.models.events import Event, JournalEntry
from shared.models.people import Session, User
from tests.support.administration import Office
from tests.support.graphql_client import GraphQLClient
from tests.support.people import make_row

NEW = {"login": "zoe", "firstName": "Zoë", "lastName": "Zander"}


def count(database: Database, model: Any) -> int:
    with database.read() as connection:
        return int(connection.scalar(select(func.count()).select_from(model)) or 0)


async def test_a_new_user_can_log_in_and_is_in_the_groups_named(
    office: Office, api: GraphQLClient
) -> None:
    given = NEW | {
        "email": "zoe@example.org", "institution": "Institute", "password": "a long password",
        "groups": [office.group("lab")], "leads": [office.group("other")],
    }  # fmt: skip
    selection = (
        "user { login firstName lastName email institution isActive isAdministrator adminPrivileges"
        " defaultGroup { name } groups(orderBy: [{field: NAME}]) { nodes { name } } }"
    )
    made = (await office.done("chief", "createUser", given, selection))["user"]
    assert made == {
        "login": "zoe", "firstName": "Zoë", "lastName": "Zander", "email": "zoe@example.org",
        "institution": "Institute", "isActive": True, "isAdministrator": False,
        "adminPrivileges": [], "defaultGroup": {"name": "lab"},
        "groups": {"nodes": [{"name": "lab"}, {"name": "other"}, {"name": "user"}]},
    }  # fmt: skip
    login = "mutation($u:String!,$p:String!){login(input:{username:$u,password:$p}){token}}"
    entered = await api.data(login, {"u": "zoe", "p": "a long password"})
    assert entered["token"].startswith("tes_")


async def test_who_may_make_accounts(office: Office) -> None:
    for who in ("ada", "lea"):
        assert (await office.refused(who, "createUser", NEW))[0] == "Denied"
    await office.done("organizer", "createUser", NEW)
    # a leader's group is no reason to make accounts; a clerk may fill any group but grants little
    full = NEW | {"login": "yan", "administrator": True}
    assert (await office.refused("clerk", "createUser", full))[0] == "Denied"
    little = full | {"privileges": ["MODIFY_USER"]}
    made = await office.done("clerk", "createUser", little, "user { adminPrivileges }")
    assert made["user"]["adminPrivileges"] == ["MODIFY_USER"]
    for name in ("system", "user", "guest"):
        wrong = await office.call(
            "chief", "createUser", NEW | {"login": "xi", "groups": [office.group(name)]}
        )
        assert wrong["errors"][0]["__typename"] == "Invalid"


ODD_LOGINS = (
    "root",
    "Root",
    "ROOT",
    "ｒｏｏｔ",
    "rооt",
    "ro\u200bot",
    "root ",
    "",
    "a b",
    "x" * 101,
    "a\0b",
)


async def test_no_login_looks_like_anothers(office: Office) -> None:
    before = count(office.api.database, User)
    for login in ODD_LOGINS:
        for mutation, given in (
            ("createUser", NEW | {"login": login}),
            ("updateUser", {"id": office.user("bob"), "login": login}),
        ):
            payload = await office.call("chief", mutation, given)
            (error,) = payload["errors"]
            assert error["__typename"] in {"Conflict", "Invalid"}
            assert error["path"] == ["login"]
    assert count(office.api.database, User) == before


async def test_everything_wrong_is_told_at_once(office: Office) -> None:
    wrong = {
        "login": "two words", "firstName": " ", "lastName": "x" * 256, "email": "nobody",
        "password": "short",
    }  # fmt: skip
    payload = await office.call("chief", "createUser", wrong)
    assert [error["path"] for error in payload["errors"]] == [
        ["login"], ["firstName"], ["lastName"], ["email"], ["password"]
    ]  # fmt: skip


async def test_the_same_key_makes_one_account(office: Office) -> None:
    given = NEW | {"password": "a long password", "idempotencyKey": "once"}
    first = await office.done("chief", "createUser", given, "user { id }")
    assert await office.done("chief", "createUser", given, "user { id }") == first
    assert (await office.refused("chief", "createUser", given | {"lastName": "Else"}))[0] == (
        "Conflict"
    )


async def test_people_change_their_own_names_but_not_their_login(office: Office) -> None:
    own = {"id": office.user("ada"), "email": "ada@example.org", "institution": None}
    selection = "user { email version }"
    first = await office.done("ada", "updateUser", own | {"expectedVersion": 1}, selection)
    assert first["user"] == {"email": "ada@example.org", "version": 2}
    stale = await office.refused("ada", "updateUser", own | {"expectedVersion": 1})
    assert stale == ("Conflict", office.user("ada"))
    again = await office.done("ada", "updateUser", own, selection)
    assert again["user"]["version"] == 2  # nothing differs, nothing is written
    login = {"id": office.user("ada"), "login": "ada2"}
    assert await office.refused("ada", "updateUser", login) == ("Denied", office.user("ada"))
    assert await office.refused("lea", "updateUser", own) == ("Denied", office.user("ada"))
    assert await office.refused("eve", "updateUser", own) == ("NotFound", office.user("ada"))
    await office.done("organizer", "updateUser", login)
    assert await office.refused("organizer", "updateUser", {"id": office.user("chief")}) == (
        "Denied", office.user("chief")
    )  # fmt: skip


async def test_root_is_changed_by_root_alone(office: Office) -> None:
    root = office.user("root")
    for mutation, given in (
        ("updateUser", {"id": root, "email": "x@example.org"}),
        ("changePassword", {"user": root, "newPassword": "a long password"}),
        ("setAdminPrivileges", {"user": root, "privileges": []}),
        ("deactivateUser", {"user": root}),
        ("deleteUser", {"user": root}),
    ):
        assert await office.refused("chief", mutation, given) == ("Denied", root), mutation
    for group in ("system", "user"):
        given = {"user": root, "group": office.group(group)}
        kind, _ = await office.refused("chief", "removeFromGroup", given)
        assert kind in {"Conflict", "Denied"}
    renamed = await office.refused("root", "updateUser", {"id": root, "login": "boss"})
    assert renamed == ("Conflict", root)
    withheld = await office.refused("root", "setAdminPrivileges", {"user": root, "privileges": []})
    assert withheld == ("Conflict", root)


async def test_a_deactivated_account_is_out_until_it_is_reactivated(
    office: Office, api: GraphQLClient
) -> None:
    bobs = api.bearer(office.ids["bob"])
    done = await office.done(
        "chief", "deactivateUser", {"user": office.user("bob")}, "user { isActive }"
    )
    assert done["user"] == {"isActive": False}
    assert (await api.post("{viewer{id}}", headers=bobs)).status_code == 401
    await office.done("chief", "deactivateUser", {"user": office.user("bob")})
    await office.done("chief", "reactivateUser", {"user": office.user("bob")})
    assert (await api.post("{viewer{id}}", headers=bobs)).status_code == 401  # it was closed
    fresh = api.bearer(office.ids["bob"])
    assert (await api.post("{viewer{id}}", headers=fresh)).status_code == 200
    himself = await office.refused("chief", "deactivateUser", {"user": office.user("chief")})
    assert himself[0] == "Conflict"
    for who in ("lea", "ada"):
        assert await office.refused(who, "deactivateUser", {"user": office.user("bob")}) == (
            "Denied", office.user("bob")
        )  # fmt: skip


async def test_an_account_is_deleted_only_when_it_is_empty(
    office: Office, database: Database
) -> None:
    eve = {"user": office.user("eve")}
    office.api.token_of(office.ids["eve"])
    with database.write() as connection:
        project = make_row(connection, Project, owner=office.ids["eve"], group=office.ids["other"])
    payload = await office.call("chief", "deleteUser", eve)
    assert payload["errors"][0]["__typename"] == "Conflict"
    assert "1 Project" in payload["errors"][0]["message"]
    with database.write() as connection:
        connection.execute(Project.__table__.delete().where(Project.id == project))  # type: ignore[attr-defined]  # a table
    assert (await office.refused("clerk", "deleteUser", {"user": office.user("chief")}))[0] == (
        "Denied"
    )
    done = await office.done("chief", "deleteUser", eve, "deleted")
    assert done["deleted"] == office.user("eve")
    assert (await office.refused("chief", "deleteUser", eve)) == ("NotFound", office.user("eve"))
    with database.read() as connection:
        left = connection.scalars(select(Session.id).where(Session.user_id == office.ids["eve"]))
        assert left.all() == []
        before = connection.scalars(
            select(JournalEntry.before)
            .join(Event, Event.id == JournalEntry.event_id)
            .where(Event.kind == "deleteUser")
        ).one()
    assert before == {
        "login": "eve", "first_name": "Eve", "last_name": "Eve", "email": None
    }  # fmt: skip


async def test_who_has_done_something_stays_in_the_history(office: Office) -> None:
    project = 'mutation { createProject(input: {name: "p"}) { project { id } } }'
    await office.api.data(project, user=office.ids["bob"])
    payload = await office.call("chief", "deleteUser", {"user": office.user("bob")})
    message = payload["errors"][0]["message"]
    assert "1 Event" in message
    assert "1 Project" in message
    assert "deactivate" in message
