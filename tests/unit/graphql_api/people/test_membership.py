"""removeFromGroup: the right, the guards, and what is seen afterwards."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from shared.database import Database
from shared.models.containers import Project
from shared.models.people import Membership
from tests.support.graphql_client import GraphQLClient
from tests.support.people import make_group, make_row, make_user, special_group

REMOVE = """
mutation($user: ID!, $group: ID!) { removeFromGroup(input: {user: $user, group: $group}) {
  group { id } user { id } errors { __typename target message } } }
"""


async def remove(api: GraphQLClient, by: int, user: int, group: int) -> Any:
    given = {"user": f"User:{user}", "group": f"Group:{group}"}
    return await api.data(REMOVE, given, user=by)


async def test_a_leader_removes_a_member_who_sees_nothing_of_others_at_once(
    api: GraphQLClient, database: Database
) -> None:
    with database.write() as connection:
        ada, bob = make_user(connection, "ada"), make_user(connection, "bob")
        lab = make_group(connection, "lab", "rwra--", members=[bob], owners=[ada])
        rest = make_group(connection, "rest", "rwra--", members=[bob])
        project = make_row(connection, Project, owner=ada, group=lab)
        own = make_row(connection, Project, owner=bob, group=lab)
    bobs = api.bearer(bob)
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    ids = {"ids": [f"Project:{project}", f"Project:{own}"]}
    before = (await api.post(query, ids, headers=bobs)).json()["data"]["nodes"]
    assert before == [{"id": f"Project:{project}"}, {"id": f"Project:{own}"}]
    done = await remove(api, ada, bob, lab)
    assert done["errors"] == []
    assert done["group"] == {"id": f"Group:{lab}"}
    after = (await api.post(query, ids, headers=bobs)).json()["data"]["nodes"]
    assert after == [None, {"id": f"Project:{own}"}]
    with database.read() as connection:
        left = connection.execute(
            select(Membership.group_id).where(Membership.user_id == bob, Membership.position == 0)
        ).scalar_one()
    assert left == rest  # the default group followed


async def test_guards_and_rights(api: GraphQLClient, database: Database) -> None:
    with database.write() as connection:
        ada, bob = make_user(connection, "ada"), make_user(connection, "bob")
        root = make_user(connection, "chief", is_admin=True)
        lab = make_group(connection, "lab", "rwra--", members=[bob], owners=[ada])
        hidden = make_group(connection, "hidden", "rwra--", members=[root])
        users, system = special_group(connection, "user"), special_group(connection, "system")
    last = await remove(api, ada, bob, lab)
    assert last["errors"][0]["__typename"] == "Conflict"  # bob would be in no group
    denied = await remove(api, bob, ada, lab)
    assert denied["errors"][0]["__typename"] == "Denied"
    assert denied["errors"][0]["target"] == f"Group:{lab}"
    unseen = await remove(api, ada, bob, hidden)
    assert unseen["errors"][0]["__typename"] == "NotFound"
    for group in (users, system):
        himself = await remove(api, root, root, group)
        assert himself["errors"][0]["__typename"] == "Conflict"
    stranger = await remove(api, root, bob, hidden)
    assert stranger["errors"][0]["__typename"] == "Conflict"  # no member


async def test_a_last_administrators_seat_is_not_taken_while_there_is_no_other_group(
    api: GraphQLClient, database: Database
) -> None:
    with database.write() as connection:
        root = make_user(connection, "chief", is_admin=True)
        light = make_user(connection, "light", is_admin=True)
        make_group(connection, "lab", "rwra--", members=[root])
        system = special_group(connection, "system")
    alone = await remove(api, root, light, system)
    assert alone["errors"][0]["__typename"] == "Conflict"
    with database.write() as connection:
        make_group(connection, "rest", "rwra--", members=[light])
    assert (await remove(api, root, light, system))["errors"] == []


async def test_deactivation_ends_the_sessions(api: GraphQLClient, database: Database) -> None:
    with database.write() as connection:
        bob = make_user(connection, "bob")
        root = make_user(connection, "chief", is_admin=True)
        make_group(connection, "lab", "rwra--", members=[bob])
        users = special_group(connection, "user")
    bobs = api.bearer(bob)
    assert (await api.post("{viewer{id}}", headers=bobs)).status_code == 200
    done = await remove(api, root, bob, users)
    assert done["errors"] == []
    assert (await api.post("{viewer{id}}", headers=bobs)).status_code == 401
