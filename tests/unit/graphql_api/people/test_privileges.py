"""setAdminPrivileges: each privilege, and every way of climbing by it."""

from __future__ import annotations

from typing import Any

from shared.models.people import Privilege
from tests.support.administration import ORGANIZER_LACKS, Office
from tests.support.graphql_client import GraphQLClient

ALL = [privilege.name for privilege in Privilege]
SELECTION = "user { isAdministrator adminPrivileges }"


async def test_each_privilege_is_granted_and_withheld(office: Office) -> None:
    ada = office.user("ada")
    for privilege in ALL:
        given = {"user": ada, "privileges": [privilege], "administrator": True}
        done = await office.done("chief", "setAdminPrivileges", given, SELECTION)
        assert done["user"] == {"isAdministrator": True, "adminPrivileges": [privilege]}
    # an ordinary user has none, whatever is stored; as administrator again he has what was left
    done = await office.done(
        "chief",
        "setAdminPrivileges",
        {"user": ada, "privileges": ["SUDO"], "administrator": False},
        SELECTION,
    )
    assert done["user"] == {"isAdministrator": False, "adminPrivileges": []}
    system = {"user": ada, "group": office.group("system")}
    done = await office.done("chief", "addToGroup", system, SELECTION)
    assert done["user"] == {"isAdministrator": True, "adminPrivileges": ["SUDO"]}


async def test_nobody_grants_what_he_lacks(office: Office) -> None:
    ada, bob = office.user("ada"), office.user("bob")
    own = [each.name for each in Privilege if each not in ORGANIZER_LACKS]
    for extra in ORGANIZER_LACKS:
        given: dict[str, Any] = {"user": ada, "privileges": [*own, extra.name]}
        for administrator in (True, None):
            asked = given | ({} if administrator is None else {"administrator": administrator})
            assert await office.refused("organizer", "setAdminPrivileges", asked) == ("Denied", ada)
    given = {"user": ada, "privileges": own, "administrator": True}
    await office.done("organizer", "setAdminPrivileges", given)
    # in two steps neither: what a full administrator prepared stays out of reach
    await office.done("chief", "setAdminPrivileges", {"user": bob, "privileges": ALL})
    system = {"user": bob, "group": office.group("system")}
    assert await office.refused("organizer", "addToGroup", system) == ("Denied", bob)


async def test_nobody_lifts_his_own_restrictions_or_reaches_a_greater_one(office: Office) -> None:
    own = office.user("organizer")
    for given in ({"privileges": ALL}, {"privileges": ALL, "administrator": True}):
        asked = {"user": own} | given
        assert await office.refused("organizer", "setAdminPrivileges", asked) == ("Denied", own)
    for victim in ("chief", "root"):
        ref = office.user(victim)
        attempts: tuple[tuple[str, dict[str, Any]], ...] = (
            ("setAdminPrivileges", {"user": ref, "privileges": []}),
            ("changePassword", {"user": ref, "newPassword": "a long password"}),
            ("updateUser", {"id": ref, "email": "x@example.org"}),
            ("deactivateUser", {"user": ref}),
            ("deleteUser", {"user": ref}),
        )
        for mutation, attempt in attempts:
            assert await office.refused("organizer", mutation, attempt) == ("Denied", ref)
        out = {"user": ref, "group": office.group("system")}
        assert (await office.refused("organizer", "removeFromGroup", out))[0] in {
            "Denied", "Conflict"
        }  # fmt: skip
    for who in ("ada", "lea"):
        asked = {"user": office.user(who), "privileges": ALL, "administrator": True}
        assert await office.refused(who, "setAdminPrivileges", asked) == (
            "Denied", office.user(who)
        )  # fmt: skip


async def test_a_lost_privilege_ends_the_sessions(office: Office, api: GraphQLClient) -> None:
    old = api.bearer(office.ids["organizer"])
    kept = {"user": office.user("organizer"), "privileges": ["MODIFY_USER"]}
    await office.done("chief", "setAdminPrivileges", kept)
    assert (await api.post("{viewer{id}}", headers=old)).status_code == 401
    now = await api.data("{ viewer { adminPrivileges } }", user=office.ids["organizer"])
    assert now == {"adminPrivileges": ["MODIFY_USER"]}
    # one gained ends none
    fresh = api.bearer(office.ids["organizer"])
    await office.done("chief", "setAdminPrivileges", kept | {"privileges": ["MODIFY_USER", "SUDO"]})
    assert (await api.post("{viewer{id}}", headers=fresh)).status_code == 200


async def test_who_sees_privileges(office: Office) -> None:
    query = "query($id: ID!) { node(id: $id) { ... on User { adminPrivileges isAdministrator } } }"
    chief = {"id": office.user("chief")}
    await office.done(
        "chief", "addToGroup", {"user": office.user("chief"), "group": office.group("lab")}
    )
    seen = await office.api.data(query, chief, user=office.ids["ada"])
    assert seen == {"adminPrivileges": None, "isAdministrator": True}
    assert await office.api.data(query, chief, user=office.ids["eve"]) is None
    assert (await office.api.data(query, chief, user=office.ids["clerk"]))["adminPrivileges"] == ALL
