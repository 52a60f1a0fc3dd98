"""Passwords, sudo, access tokens and sessions, as somebody would abuse them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from shared.database import Database
from shared.models.containers import Project
from shared.models.events import Event, JournalEntry
from shared.models.people import AccessToken
from tests.support.administration import Office
from tests.support.graphql_client import GraphQLClient
from tests.support.logins import PASSWORD
from tests.support.people import make_row

LOGIN = "mutation($u:String!,$p:String!){login(input:{username:$u,password:$p}){token}}"
NEW = "an entirely new one"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def status(api: GraphQLClient, headers: dict[str, str]) -> int:
    return (await api.post("{viewer{id}}", headers=headers)).status_code


async def enters(api: GraphQLClient, login: str, password: str) -> bool:
    return (await api.data(LOGIN, {"u": login, "p": password}))["token"] is not None


async def sudo(office: Office, who: str, target: str) -> dict[str, str]:
    selection = "token expiresAt user { login }"
    done = await office.done(who, "sudo", {"user": office.user(target)}, selection)
    assert done["user"] == {"login": target}
    return bearer(done["token"])


async def token_of(office: Office, who: str, *scopes: str) -> dict[str, str]:
    given = {"name": "script", "scopes": list(scopes)}
    return bearer((await office.done(who, "createToken", given, "token"))["token"])


async def test_ones_own_password_takes_the_old_one_and_ends_other_sessions(
    office: Office, api: GraphQLClient
) -> None:
    this, stale = api.bearer(office.ids["ada"]), api.bearer(office.ids["ada"])
    given = {"newPassword": NEW, "oldPassword": "wrong"}
    wrong = await office.call("ada", "changePassword", given, headers=this)
    assert wrong["errors"][0]["path"] == ["oldPassword"]
    missing = await office.call("ada", "changePassword", {"newPassword": NEW}, headers=this)
    assert missing["errors"][0]["path"] == ["oldPassword"]
    short = {"newPassword": "short", "oldPassword": PASSWORD}
    assert (await office.call("ada", "changePassword", short, headers=this))["errors"][0][
        "path"
    ] == ["newPassword"]
    done = await office.call(
        "ada", "changePassword", given | {"oldPassword": PASSWORD}, headers=this
    )
    assert done["errors"] == []
    assert (await status(api, this), await status(api, stale)) == (200, 401)
    assert not await enters(api, "ada", PASSWORD)
    assert await enters(api, "ada", NEW)


async def test_guesses_of_the_old_password_are_counted(office: Office) -> None:
    kinds = []
    for number in range(12):
        given = {"newPassword": NEW, "oldPassword": f"guess {number}"}
        kinds.append((await office.call("bob", "changePassword", given))["errors"][0]["code"])
    assert kinds[0] == "INVALID"
    assert kinds[-1] == "BUSY"


async def test_others_passwords_take_the_privilege(office: Office, api: GraphQLClient) -> None:
    bob = {"user": office.user("bob"), "newPassword": NEW}
    old = api.bearer(office.ids["bob"])
    for who in ("ada", "lea"):
        assert await office.refused(who, "changePassword", bob) == ("Denied", bob["user"])
    await office.done("clerk", "changePassword", bob)
    assert await status(api, old) == 401
    assert await enters(api, "bob", NEW)
    with api.database.read() as connection:
        images = connection.scalars(
            select(JournalEntry.before)
            .join(Event, Event.id == JournalEntry.event_id)
            .where(Event.kind == "changePassword")
        ).all()
    assert images == [{}]  # not even the digest of the old one is kept


async def test_sudo_has_the_rights_of_both_and_tells_both_names(
    office: Office, api: GraphQLClient
) -> None:
    as_bob = await sudo(office, "chief", "bob")
    made = await api.post(
        'mutation { createProject(input: {name: "p"}) { project { owner { login } } } }',
        headers=as_bob,
    )
    assert made.json()["data"]["createProject"]["project"] == {"owner": {"login": "bob"}}
    with api.database.read() as connection:
        event = connection.execute(select(Event).where(Event.kind == "createProject")).one()
    assert (event.user_id, event.sudoer_id) == (office.ids["bob"], office.ids["chief"])
    viewer = (
        "{ viewer { isAdministrator adminPrivileges viewerCan { update sudo changePassword } } }"
    )
    plain = (await api.post(viewer, headers=as_bob)).json()["data"]["viewer"]
    assert plain["adminPrivileges"] == []
    assert plain["viewerCan"] == {"update": False, "sudo": False, "changePassword": False}


async def test_sudo_gains_nothing_and_does_not_chain(office: Office, api: GraphQLClient) -> None:
    with api.database.write() as connection:
        from shared.models.people import WithheldPrivilege

        connection.execute(
            WithheldPrivilege.__table__.delete().where(  # type: ignore[attr-defined]  # a table
                WithheldPrivilege.user_id == office.ids["organizer"],
                WithheldPrivilege.privilege == "Sudo",
            )
        )
    as_root = await sudo(office, "organizer", "root")
    found = (await api.post("{ viewer { adminPrivileges } }", headers=as_root)).json()
    enjoyed = found["data"]["viewer"]["adminPrivileges"]
    assert "CHOWN" not in enjoyed  # the organizer lacks it
    assert "SUDO" in enjoyed
    attempts: list[tuple[str, dict[str, Any]]] = [
        ("sudo", {"user": office.user("ada")}),
        ("createToken", {"name": "t", "scopes": ["ADMIN"]}),
        ("changePassword", {"newPassword": NEW, "oldPassword": PASSWORD}),
        (
            "setAdminPrivileges",
            {"user": office.user("organizer"), "privileges": [*enjoyed, "CHOWN"]},
        ),
        ("setAdminPrivileges", {"user": office.user("chief"), "privileges": []}),
    ]
    for mutation, given in attempts:
        payload = await office.call("root", mutation, given, headers=as_root)
        assert payload["errors"][0]["__typename"] == "Denied", mutation


async def test_leaders_act_as_their_members_only(office: Office, api: GraphQLClient) -> None:
    as_ada = await sudo(office, "lea", "ada")
    assert await status(api, as_ada) == 200
    assert (await office.refused("lea", "sudo", {"user": office.user("eve")}))[0] == "NotFound"
    ada = office.user("ada")
    assert await office.refused("bob", "sudo", {"user": ada}) == ("Denied", ada)
    assert await office.refused("organizer", "sudo", {"user": ada}) == ("Denied", ada)
    own = office.user("chief")
    assert await office.refused("chief", "sudo", {"user": own}) == ("Denied", own)
    # rights are those of this moment: no longer a leader, no longer Ada
    lead = {"user": office.user("lea"), "group": office.group("lab"), "asOwner": False}
    await office.done("chief", "addToGroup", lead)
    assert await status(api, as_ada) == 401


async def test_a_sudo_session_ends_with_the_sudoers_and_sees_itself_alone(
    office: Office, api: GraphQLClient
) -> None:
    boss = api.bearer(office.ids["chief"])
    own = api.bearer(office.ids["bob"])
    opened = await office.call("chief", "sudo", {"user": office.user("bob")}, "token", headers=boss)
    as_bob = bearer(opened["token"])
    query = "{ sessions { nodes { id isCurrent user { login } sudoer { login } } } }"
    seen = (await api.post(query, headers=as_bob)).json()["data"]["sessions"]["nodes"]
    assert [(each["isCurrent"], each["sudoer"]) for each in seen] == [(True, {"login": "chief"})]
    bobs = (await api.post(query, headers=own)).json()["data"]["sessions"]["nodes"]
    assert {(each["user"]["login"], each["isCurrent"]) for each in bobs} == {
        ("bob", True), ("bob", False)
    }  # fmt: skip
    mine = next(each["id"] for each in bobs if each["isCurrent"])
    foreign = await office.call("bob", "endSessions", {"sessions": [mine]}, headers=as_bob)
    assert foreign["errors"][0]["__typename"] == "NotFound"
    assert (await api.post("mutation { logout { __typename } }", headers=boss)).status_code == 200
    assert await status(api, as_bob) == 401
    assert await status(api, own) == 200


async def test_tokens_do_what_their_scopes_say(
    office: Office, api: GraphQLClient, database: Database
) -> None:
    with database.write() as connection:
        project = make_row(connection, Project, owner=office.ids["chief"], group=office.ids["lab"])
    ref = f"Project:{project}"
    trials: dict[str, dict[str, Any]] = {
        "updateProject": {"id": ref, "name": "new"},
        "createDataset": {"name": "d", "parent": ref},
        "createGroup": {"name": "g"},
        "updateUser": {"id": office.user("chief"), "email": "c@example.org"},
        "createUser": {"login": "zoe", "firstName": "Z", "lastName": "Z"},
        "changePassword": {"newPassword": NEW, "oldPassword": PASSWORD},
        "createToken": {"name": "wider", "scopes": ["ADMIN"]},
        "sudo": {"user": office.user("ada")},
    }
    allowed = {
        ("READ",): set(),
        ("IMPORT",): {"createDataset"},
        ("WRITE",): {"updateProject", "createDataset"},
        ("ADMIN",): {"createGroup", "updateUser", "createUser", "changePassword"},
    }
    query = "query($id: ID!) { node(id: $id) { id ... on Project { viewerCan { update } } } }"
    with database.write() as connection:
        from tests.support.people import add_member

        add_member(connection, office.ids["chief"], office.ids["lab"])
    for scopes, wanted in allowed.items():
        headers = await token_of(office, "chief", *scopes)
        node = (await api.post(query, {"id": ref}, headers=headers)).json()["data"]["node"]
        assert node["viewerCan"]["update"] is ("WRITE" in scopes)
        done = set()
        for mutation, given in trials.items():
            payload = await office.call("chief", mutation, given, headers=headers)
            if payload["errors"] == []:
                done.add(mutation)
            else:
                assert payload["errors"][0]["__typename"] == "Denied", mutation
        assert done == wanted


async def test_a_token_is_shown_once_listed_and_revoked(
    office: Office, api: GraphQLClient, database: Database
) -> None:
    given = {"name": " script ", "scopes": ["READ", "WRITE"], "expiresAt": "2999-01-01T00:00:00Z"}
    selection = "token accessToken { id name scopes expiresAt lastUsedAt }"
    made = await office.done("ada", "createToken", given, selection)
    row = made["accessToken"]
    assert row["name"] == "script"
    assert row["scopes"] == ["READ", "WRITE"]
    with database.read() as connection:
        stored = connection.execute(select(AccessToken)).one()
    assert made["token"] not in str(stored)
    headers = bearer(made["token"])
    assert await status(api, headers) == 200
    listed = await api.data("{ accessTokens { nodes { id lastUsedAt } } }", user=office.ids["ada"])
    assert [each["id"] for each in listed["nodes"]] == [row["id"]]
    assert listed["nodes"][0]["lastUsedAt"] is not None
    hidden = (await api.post("{ accessTokens { totalCount } }", headers=headers)).json()
    assert hidden["data"]["accessTokens"]["totalCount"] == 0
    other = await office.refused("bob", "revokeToken", {"token": row["id"]})
    assert other == ("NotFound", row["id"])
    as_ada = await sudo(office, "chief", "ada")
    by_sudo = await office.call("ada", "revokeToken", {"token": row["id"]}, headers=as_ada)
    assert by_sudo["errors"][0]["__typename"] == "NotFound"
    await office.done("ada", "revokeToken", {"token": row["id"]}, "revoked")
    assert await status(api, headers) == 401
    for wrong in (
        {"name": "x", "scopes": []}, {"name": " ", "scopes": ["READ"]},
        {"name": "x", "scopes": ["READ"], "expiresAt": "2001-01-01T00:00:00Z"},
    ):  # fmt: skip
        assert (await office.refused("ada", "createToken", wrong))[0] == "Invalid"


async def test_sessions_are_listed_and_ended(office: Office, api: GraphQLClient) -> None:
    this, that, third = (api.bearer(office.ids["ada"]) for _ in range(3))
    query = "{ sessions { totalCount nodes { id isCurrent expiresAt lastUsedAt address } } }"
    seen = (await api.post(query, headers=this)).json()["data"]["sessions"]
    assert seen["totalCount"] == 3
    others = [each["id"] for each in seen["nodes"] if not each["isCurrent"]]
    ended = await office.call("ada", "endSessions", {"sessions": others[:1]}, "ended", headers=this)
    assert ended["ended"] == others[:1]
    assert await status(api, that) == 401
    both = await office.call("ada", "endSessions", {"allOthers": True}, "ended", headers=this)
    assert both["ended"] == others[1:]
    assert (await status(api, third), await status(api, this)) == (401, 200)
    bobs = (await api.post(query, headers=api.bearer(office.ids["bob"]))).json()
    foreign = bobs["data"]["sessions"]["nodes"][0]["id"]
    for text in (foreign, "Session:999999", "nonsense"):
        refused = await office.call("ada", "endSessions", {"sessions": [text]}, headers=this)
        assert refused["errors"][0]["__typename"] == "NotFound"
