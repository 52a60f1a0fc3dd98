"""createProject, createDataset, createScreen."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from shared.auth.epoch import read_epoch
from shared.database import Database
from shared.journal import history
from shared.models.containers import Dataset, Project
from shared.models.links import LINKS
from shared.models.people import Membership, Privilege
from tests.support.graphql_client import GraphQLClient
from tests.support.people import make_group, make_part, make_row, make_user, special_group

CREATE_PROJECT = """
mutation($input: CreateProjectInput!) { createProject(input: $input) {
  project { id name description owner { id } group { id } viewerCan { link } }
  errors { __typename code message path target ... on Denied { reasons } } } }
"""
CREATE_DATASET = """
mutation($input: CreateDatasetInput!) { createDataset(input: $input) {
  dataset { id owner { id } projects { edges { link { owner { id } } node { id } } } }
  errors { __typename code path target } } }
"""


async def test_a_project_goes_into_the_default_group_and_belongs_to_its_maker(
    api: GraphQLClient, database: Database
) -> None:
    with database.write() as connection:
        ada = make_user(connection, "ada")
        lab = make_group(connection, "lab", "rwra--", members=[ada])
        before = read_epoch(connection)
    made = await api.data(CREATE_PROJECT, {"input": {"name": " Mitosis "}}, user=ada)
    assert made["errors"] == []
    project = made["project"]
    assert project["name"] == "Mitosis"
    assert project["owner"] == {"id": f"User:{ada}"}
    assert project["group"] == {"id": f"Group:{lab}"}
    assert project["viewerCan"] == {"link": True}
    number = int(project["id"].removeprefix("Project:"))
    with database.read() as connection:
        assert read_epoch(connection) > before
        changes = history(connection, "Project", number)
        key = connection.scalar(select(Project.name_key).where(Project.id == number))
    assert [(change.action, change.user_id, change.kind) for change in changes] == [
        ("INSERT", ada, "createProject")
    ]
    assert key == "mitosis"


@pytest.mark.parametrize("name", ["", "   ", "x" * 256, "nul\0inside"])
async def test_a_bad_name_is_refused_and_nothing_is_made(
    api: GraphQLClient, database: Database, name: str
) -> None:
    with database.write() as connection:
        ada = make_user(connection, "ada")
        make_group(connection, "lab", "rwra--", members=[ada])
    made = await api.data(CREATE_PROJECT, {"input": {"name": name}}, user=ada)
    assert made["project"] is None
    assert [(error["__typename"], error["path"]) for error in made["errors"]] == [
        ("Invalid", ["name"])
    ]
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(Project)) == 0


async def test_the_same_key_makes_it_once_and_another_input_is_a_conflict(
    api: GraphQLClient, database: Database
) -> None:
    with database.write() as connection:
        ada = make_user(connection, "ada")
        make_group(connection, "lab", "rwra--", members=[ada])
    given = {"name": "once", "idempotencyKey": "k-1"}
    first = await api.data(CREATE_PROJECT, {"input": given}, user=ada)
    second = await api.data(CREATE_PROJECT, {"input": given}, user=ada)
    other = await api.data(CREATE_PROJECT, {"input": {**given, "name": "twice"}}, user=ada)
    assert first["project"]["id"] == second["project"]["id"]
    assert other["errors"][0]["__typename"] == "Conflict"
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(Project)) == 1


async def test_a_dataset_is_linked_to_its_parent_in_the_parents_group(
    api: GraphQLClient, database: Database
) -> None:
    with database.write() as connection:
        ada = make_user(connection, "ada")
        make_group(connection, "first", "rwra--", members=[ada])
        lab = make_group(connection, "lab", "rwra--", members=[ada])
        project = make_row(connection, Project, owner=ada, group=lab)
    made = await api.data(
        CREATE_DATASET, {"input": {"name": "d", "parent": f"Project:{project}"}}, user=ada
    )
    assert made["errors"] == []
    assert made["dataset"]["projects"]["edges"] == [
        {"link": {"owner": {"id": f"User:{ada}"}}, "node": {"id": f"Project:{project}"}}
    ]
    with database.read() as connection:
        assert connection.scalar(select(Dataset.group_id)) == lab


async def test_a_member_may_not_fill_another_members_project_in_read_annotate(
    api: GraphQLClient, database: Database
) -> None:
    with database.write() as connection:
        ada, bob = make_user(connection, "ada"), make_user(connection, "bob")
        lab = make_group(connection, "lab", "rwra--", members=[ada, bob])
        project = make_row(connection, Project, owner=ada, group=lab)
    made = await api.data(
        CREATE_DATASET, {"input": {"name": "d", "parent": f"Project:{project}"}}, user=bob
    )
    assert made["dataset"] is None
    assert made["errors"] == [
        {"__typename": "Denied", "code": "DENIED", "path": [], "target": f"Project:{project}"}
    ]
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(Dataset)) == 0


async def test_what_is_not_there_and_what_is_not_mine_answer_alike(
    api: GraphQLClient, database: Database
) -> None:
    with database.write() as connection:
        ada, bob = make_user(connection, "ada"), make_user(connection, "bob")
        make_group(connection, "lab", "rwra--", members=[bob])
        hidden = make_group(connection, "hidden", "rwra--", members=[ada])
        project = make_row(connection, Project, owner=ada, group=hidden)
    answers = []
    for parent in (f"Project:{project}", "Project:999999", "Project:x", "nonsense"):
        made = await api.data(CREATE_DATASET, {"input": {"name": "d", "parent": parent}}, user=bob)
        answers.append((made["errors"][0]["__typename"], made["errors"][0]["target"] == parent))
    assert answers == [("NotFound", True)] * 4
    for group in (f"Group:{hidden}", "Group:999999"):
        made = await api.data(CREATE_PROJECT, {"input": {"name": "p", "group": group}}, user=bob)
        assert made["errors"][0]["__typename"] == "NotFound"


async def test_only_administrators_who_write_for_others_name_another_owner(
    api: GraphQLClient, database: Database
) -> None:
    with database.write() as connection:
        ada, bob = make_user(connection, "ada"), make_user(connection, "bob")
        root = make_user(connection, "chief", is_admin=True)
        light = make_user(connection, "light", is_admin=True, withheld=[Privilege.WRITE_OWNED])
        lab = make_group(connection, "lab", "rwra--", members=[bob], owners=[ada])
    given = {"name": "p", "group": f"Group:{lab}", "owner": f"User:{bob}"}
    by_leader = await api.data(CREATE_PROJECT, {"input": given}, user=ada)
    by_light = await api.data(CREATE_PROJECT, {"input": given}, user=light)
    by_root = await api.data(CREATE_PROJECT, {"input": given}, user=root)
    assert by_leader["errors"][0]["__typename"] == "Denied"
    assert by_leader["errors"][0]["target"] == f"User:{bob}"
    assert by_light["errors"][0]["target"] == f"Group:{lab}"
    assert by_root["project"]["owner"] == {"id": f"User:{bob}"}


async def test_nobody_is_given_something_new_in_a_group_that_is_not_his(
    api: GraphQLClient, database: Database
) -> None:
    with database.write() as connection:
        ada, bob = make_user(connection, "ada"), make_user(connection, "bob")
        root = make_user(connection, "chief", is_admin=True)
        lab = make_group(connection, "lab", "rwra--", members=[ada])
        make_group(connection, "elsewhere", "rwra--", members=[bob])
        guest = make_user(connection, "looker")
        make_part(
            connection, Membership, user_id=guest, group_id=special_group(connection, "guest"),
            is_owner=False, position=1,
        )  # fmt: skip
    for owner in (bob, guest):
        given = {"name": "p", "group": f"Group:{lab}", "owner": f"User:{owner}"}
        refused = await api.data(CREATE_PROJECT, {"input": given}, user=root)
        (error,) = refused["errors"]
        assert error["__typename"] == "Invalid"
        assert error["target"] == f"User:{owner}"
        assert "no member of lab" in error["message"]
    given = {"name": "p", "group": f"Group:{lab}", "owner": f"User:{root}"}
    assert (await api.data(CREATE_PROJECT, {"input": given}, user=root))["errors"] == []


async def test_an_administrator_from_outside_makes_it_for_the_parents_owner(
    api: GraphQLClient, database: Database
) -> None:
    with database.write() as connection:
        ada = make_user(connection, "ada")
        root = make_user(connection, "chief", is_admin=True)
        lab = make_group(connection, "lab", "rwra--", members=[ada])
        project = make_row(connection, Project, owner=ada, group=lab)
    made = await api.data(
        CREATE_DATASET, {"input": {"name": "d", "parent": f"Project:{project}"}}, user=root
    )
    assert made["dataset"]["owner"] == {"id": f"User:{ada}"}
    link = LINKS["ProjectDatasetLink"].model
    with database.read() as connection:
        assert connection.scalars(select(link.owner_id)).all() == [ada]
