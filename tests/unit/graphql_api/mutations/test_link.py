"""link: all or nothing, idempotent, with owners as semantics 2.5 says."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from shared.database import Database
from shared.models.containers import Dataset, Project
from shared.models.images import Image
from shared.models.links import LINKS
from tests.support.graphql_client import GraphQLClient
from tests.support.people import make_group, make_row, make_user

LINK = """
mutation($parents: [ID!]!, $children: [ID!]!) {
  link(input: {parents: $parents, children: $children}) {
    links { id owner { id } viewerCan { delete } } errors { __typename target path } } }
"""
DATASET_IMAGE = LINKS["DatasetImageLink"].model


async def link(api: GraphQLClient, user: int, parents: list[str], children: list[str]) -> Any:
    return await api.data(LINK, {"parents": parents, "children": children}, user=user)


def count(database: Database) -> int:
    with database.read() as connection:
        return int(connection.scalar(select(func.count()).select_from(DATASET_IMAGE)) or 0)


async def test_a_cross_product_is_linked_once_however_often_it_is_asked_for(
    api: GraphQLClient, database: Database
) -> None:
    with database.write() as connection:
        ada = make_user(connection, "ada")
        lab = make_group(connection, "lab", "rw----", members=[ada])
        datasets = [make_row(connection, Dataset, owner=ada, group=lab) for _ in range(2)]
        images = [make_row(connection, Image, owner=ada, group=lab) for _ in range(3)]
    above = [f"Dataset:{number}" for number in datasets]
    below = [f"Image:{number}" for number in images]
    first = await link(api, ada, above, below[:2])
    assert first["errors"] == []
    assert len(first["links"]) == 4
    assert all(item["viewerCan"] == {"delete": True} for item in first["links"])
    again = await link(api, ada, above, below)
    assert len(again["links"]) == 6
    assert {item["id"] for item in first["links"]} <= {item["id"] for item in again["links"]}
    assert count(database) == 6


async def test_the_same_key_answers_the_same_links_again(
    api: GraphQLClient, database: Database
) -> None:
    with database.write() as connection:
        ada = make_user(connection, "ada")
        lab = make_group(connection, "lab", "rw----", members=[ada])
        dataset = make_row(connection, Dataset, owner=ada, group=lab)
        images = [make_row(connection, Image, owner=ada, group=lab) for _ in range(2)]
    mutation = (
        "mutation($input: LinkInput!) { link(input: $input) {"
        " links { id } activity { id } errors { __typename } } }"
    )
    given = {"parents": [f"Dataset:{dataset}"], "children": [f"Image:{images[0]}"]}
    keyed = {**given, "idempotencyKey": "once"}
    first = await api.data(mutation, {"input": keyed}, user=ada)
    assert first["errors"] == []
    assert first["activity"] is not None
    assert await api.data(mutation, {"input": keyed}, user=ada) == first
    other = {**keyed, "children": [f"Image:{images[1]}"]}
    refused = await api.data(mutation, {"input": other}, user=ada)
    assert refused["errors"] == [{"__typename": "Conflict"}]
    assert count(database) == 1


async def test_one_illegal_pair_and_nothing_is_linked(
    api: GraphQLClient, database: Database
) -> None:
    with database.write() as connection:
        ada = make_user(connection, "ada")
        lab = make_group(connection, "lab", "rw----", members=[ada])
        other = make_group(connection, "other", "rw----", members=[ada])
        dataset = make_row(connection, Dataset, owner=ada, group=lab)
        project = make_row(connection, Project, owner=ada, group=lab)
        image = make_row(connection, Image, owner=ada, group=lab)
        elsewhere = make_row(connection, Image, owner=ada, group=other)
    parents = [f"Dataset:{dataset}"]
    wrong = await link(api, ada, parents, [f"Image:{image}", f"Project:{project}"])
    assert wrong["links"] == []
    assert wrong["errors"] == [
        {"__typename": "Invalid", "target": f"Project:{project}", "path": ["children"]}
    ]
    across = await link(api, ada, parents, [f"Image:{image}", f"Image:{elsewhere}"])
    assert across["errors"][0]["__typename"] == "Invalid"
    missing = await link(api, ada, parents, [f"Image:{image}", "Image:777", "Image:778"])
    assert [error["target"] for error in missing["errors"]] == ["Image:777", "Image:778"]
    empty = await link(api, ada, parents, [])
    assert empty["errors"][0]["path"] == ["children"]
    assert count(database) == 0


async def test_who_may_link_follows_the_level_of_the_group(
    api: GraphQLClient, database: Database
) -> None:
    with database.write() as connection:
        ada, bob = make_user(connection, "ada"), make_user(connection, "bob")
        pairs = {}
        for level in ("rwra--", "rwrw--"):
            group = make_group(connection, f"lab {level}", level, members=[ada, bob])
            dataset = make_row(connection, Dataset, owner=bob, group=group)
            image = make_row(connection, Image, owner=ada, group=group)
            pairs[level] = ([f"Dataset:{dataset}"], [f"Image:{image}"])
    # P05: in read-annotate another member's image may not be linked
    refused = await link(api, bob, *pairs["rwra--"])
    assert refused["errors"] == [
        {"__typename": "Denied", "target": pairs["rwra--"][1][0], "path": []}
    ]
    # P04: in read-write it may, and the link is the maker's
    made = await link(api, bob, *pairs["rwrw--"])
    assert [item["owner"] for item in made["links"]] == [{"id": f"User:{bob}"}]


async def test_links_made_by_an_administrator_belong_to_the_contents_owner_a_leaders_to_himself(
    api: GraphQLClient, database: Database
) -> None:
    with database.write() as connection:
        ada, lea = make_user(connection, "ada"), make_user(connection, "lea")
        root = make_user(connection, "chief", is_admin=True)
        lab = make_group(connection, "lab", "rwra--", members=[ada], owners=[lea])
        dataset = make_row(connection, Dataset, owner=ada, group=lab)
        images = [make_row(connection, Image, owner=ada, group=lab) for _ in range(2)]
    by_root = await link(api, root, [f"Dataset:{dataset}"], [f"Image:{images[0]}"])
    by_leader = await link(api, lea, [f"Dataset:{dataset}"], [f"Image:{images[1]}"])
    assert by_root["links"][0]["owner"] == {"id": f"User:{ada}"}  # P38
    assert by_leader["links"][0]["owner"] == {"id": f"User:{lea}"}  # P39


async def test_a_flood_of_ids_is_one_error(api: GraphQLClient, database: Database) -> None:
    with database.write() as connection:
        ada = make_user(connection, "ada")
    flood = [f"Image:{number}" for number in range(1, 10_002)]
    refused = await link(api, ada, flood, ["Image:1"])
    assert refused["errors"] == [{"__typename": "Invalid", "target": None, "path": ["children"]}]
