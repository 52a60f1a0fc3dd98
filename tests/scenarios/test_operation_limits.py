"""What a graph operation refuses before it begins: texts, counts, classes it cannot start at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from tests.support.graphql_client import GraphQLClient, graphql_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from shared.database import Database
    from shared.settings import Settings
    from tests.support.lab import Lab

WRITE = "rwrw--"
PAYLOAD = """activity { state report { created { id } } errors { code message } }
  errors { __typename code message path target ... on Denied { reasons } }"""


@pytest_asyncio.fixture
async def api(settings: Settings, database: Database, lab: Lab) -> AsyncIterator[GraphQLClient]:
    async with graphql_client(settings, database) as client:
        yield client


async def ask(api: GraphQLClient, lab: Lab, verb: str, **fields: Any) -> dict[str, Any]:
    kind = verb[0].upper() + verb[1:] + "Input!"
    document = f"mutation M($input: {kind}) {{ {verb}(input: $input) {{ {PAYLOAD} }} }}"
    found: dict[str, Any] = await api.data(document, {"input": fields}, user=lab.people["A"])
    return found


@pytest.mark.parametrize("verb", ["delete", "moveToGroup", "changeOwner"])
@pytest.mark.parametrize("way", [["Pixels"], ["Dataset", "Image", "Pixels"]])
async def test_pixels_go_only_with_their_image_also_below_a_project(
    api: GraphQLClient, lab: Lab, verb: str, way: list[str]
) -> None:
    group, there = lab.group("g", WRITE, "B", "A"), lab.group("h", WRITE, "AB")
    project, dataset = lab.row("Project", "A", group), lab.row("Dataset", "A", group)
    image = lab.image("A", group)
    lab.link(project, dataset, "A")
    lab.link(dataset, image, "A")
    pixels = lab.of(image, "Pixels", "image_id")[0]
    more = {"moveToGroup": {"group": f"Group:{there}"},
            "changeOwner": {"owner": f"User:{lab.people['B']}"}}.get(verb, {})  # fmt: skip

    found = await ask(api, lab, verb, targets=[str(project)], startFrom=way, **more)

    assert found["activity"] is None
    (error,) = found["errors"]
    assert (error["code"], error["reasons"]) == ("DENIED", ["CLASS_NOT_LEGAL"])
    assert error["target"] == str(project)
    assert lab.is_live(pixels)
    assert lab.group_of(pixels) == group
    assert lab.value(pixels, "owner_id") == lab.people["A"]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"options": [{"include": ["TagAnnotation"], "includeNamespaces": ["a\0b"]}]},
         ["options", "0", "includeNamespaces"]),
        ({"options": [{"exclude": ["TagAnnotation"], "excludeNamespaces": ["n" * 256]}]},
         ["options", "0", "excludeNamespaces"]),
        ({"options": [{"include": ["TagAnnotation"]}] * 51}, ["options"]),
        ({"include": ["TagAnnotation"] * 201}, ["options", "0", "include"]),
        ({"startFrom": ["Dataset"] * 21}, ["startFrom"]),
        ({"namePrefix": "p" * 256}, ["namePrefix"]),
        ({"nameSuffix": "a\0b"}, ["nameSuffix"]),
        ({"reference": ["Image"] * 201}, ["reference"]),
        ({"namePrefix": "p" * 200, "nameSuffix": "s" * 52}, ["namePrefix"]),
    ],
)  # fmt: skip
async def test_texts_and_counts_of_a_duplicate_have_an_end(
    api: GraphQLClient, lab: Lab, fields: dict[str, Any], path: list[str]
) -> None:
    dataset = lab.row("Dataset", "A", lab.group("g", WRITE, "A"), name="four")

    found = await ask(api, lab, "duplicate", targets=[str(dataset)], **fields)

    assert found["activity"] is None
    (error,) = found["errors"]
    assert (error["code"], error["path"]) == ("INVALID", path)


async def test_the_longest_name_of_a_copy_is_made(api: GraphQLClient, lab: Lab) -> None:
    dataset = lab.row("Dataset", "A", lab.group("g", WRITE, "A"), name="four")

    found = await ask(api, lab, "duplicate", targets=[str(dataset)], nameSuffix="s" * 251)

    assert found["errors"] == []
    assert found["activity"]["state"] == "SUCCEEDED"


@pytest.mark.parametrize("name", ["", " \t", "n" * 256, "a\0b"])
async def test_a_new_container_needs_a_name_as_any_other(
    api: GraphQLClient, lab: Lab, name: str
) -> None:
    group, there = lab.group("g", WRITE, "A"), lab.group("h", WRITE, "A")
    image = lab.image("A", group)

    found = await ask(
        api, lab, "moveToGroup", targets=[str(image)], group=f"Group:{there}",
        newContainer={"type": "Dataset", "name": name},
    )  # fmt: skip

    assert [(each["code"], each["path"]) for each in found["errors"]] == [
        ("INVALID", ["newContainer", "name"])
    ]
    assert lab.group_of(image) == group


async def test_blanks_around_the_name_of_a_new_container_are_dropped(
    api: GraphQLClient, lab: Lab
) -> None:
    group, there = lab.group("g", WRITE, "A"), lab.group("h", WRITE, "A")
    image = lab.image("A", group)

    found = await ask(
        api, lab, "moveToGroup", targets=[str(image)], group=f"Group:{there}",
        newContainer={"type": "Dataset", "name": "  day 1 "},
    )  # fmt: skip

    (made,) = found["activity"]["report"]["created"]
    answer = await api.data(
        "query($id: ID!) { node(id: $id) { ... on Dataset { name } } }", {"id": made["id"]},
        user=lab.people["A"],
    )  # fmt: skip
    assert answer["name"] == "day 1"
