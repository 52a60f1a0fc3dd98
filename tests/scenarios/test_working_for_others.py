"""Whose are containers and links made while working for others: P01 to P05, P38 to P40."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from shared.models.annotations import Annotation
from shared.models.links import LINKS
from shared.models.people import GroupPermissions, Privilege
from tests.support.browsing import World

if TYPE_CHECKING:
    from shared.database import Database
    from shared.settings import Settings

P = GroupPermissions
ERRORS = "errors { __typename target }"
LINK = (
    "mutation($p: [ID!]!, $c: [ID!]!) { link(input: {parents: $p, children: $c}) {"
    f" links {{ id owner {{ login }} }} {ERRORS} }} }}"
)


@pytest.fixture
def world(settings: Settings, database: Database) -> World:
    """Members `a` and `b`, leader `l`, administrator `r`, and `w` who may only write for others;
    the administrators are members of nothing.
    """
    made = World(database, settings)
    for login in ("a", "b", "l"):
        made.person(login)
    made.person("r", is_admin=True)
    made.person("w", is_admin=True, withheld=frozenset(Privilege) - {Privilege.WRITE_OWNED})
    for level in P:
        made.group(level.name, level, ("a", "b"), "l")
    return made


def linked(world: World, who: str, parent: str, child: str) -> tuple[list[str], list[str]]:
    """Owners of the links that were made or found, and the kinds of errors."""
    payload = world.data(who, LINK, p=[parent], c=[child])["link"]
    owners = [each["owner"]["login"] for each in payload["links"]]
    return owners, [each["__typename"] for each in payload["errors"]]


def pair(world: World, level: P, parent: str = "a", child: str = "a") -> tuple[str, str]:
    """A dataset and an image of these owners in the group of that level."""
    dataset = world.row("Dataset", parent, level.name)
    return f"Dataset:{dataset}", f"Image:{world.row('Image', child, level.name)}"


def cut(world: World, who: str, parent: str, child: str) -> bool:
    """Whether this person may cut the link, as its edge says."""
    query = (
        "query($id: ID!) { node(id: $id) { ... on Dataset { images { edges { node { id } "
        "link { viewerCan { delete } } } } } } }"
    )
    edges = world.data(who, query, id=parent)["node"]["images"]["edges"]
    (found,) = [each for each in edges if each["node"]["id"] == child]
    may: bool = found["link"]["viewerCan"]["delete"]
    return may


@pytest.mark.parametrize("level", [P.READ_ANNOTATE, P.READ_WRITE])
def test_p01_a_tag_on_somebody_elses_image_is_the_taggers(world: World, level: P) -> None:
    image = world.row("Image", "a", level.name)
    document = (
        'mutation($t: [ID!]!) { annotate(input: {targets: $t, newTags: [{name: "t"}]}) {'
        " annotations { id owner { login } group { name } } links { owner { login } }"
        f" {ERRORS} }} }}"
    )
    payload = world.data("b", document, t=[f"Image:{image}"])["annotate"]
    assert payload["errors"] == []
    assert payload["annotations"][0]["owner"] == {"login": "b"}
    assert payload["annotations"][0]["group"] == {"name": level.name}
    assert payload["links"] == [{"owner": {"login": "b"}}]


@pytest.mark.parametrize(("level", "kind"), [(P.READ_ONLY, "Denied"), (P.PRIVATE, "NotFound")])
def test_p02_a_tag_on_somebody_elses_image_is_refused(world: World, level: P, kind: str) -> None:
    image = f"Image:{world.row('Image', 'a', level.name)}"
    document = (
        'mutation($t: [ID!]!) { annotate(input: {targets: $t, newTags: [{name: "t"}]}) {'
        f" {ERRORS} }} }}"
    )
    payload = world.data("b", document, t=[image])["annotate"]
    assert payload["errors"] == [{"__typename": kind, "target": image}]
    with world.database.read() as connection:
        assert connection.scalars(select(Annotation.id)).all() == []


def test_p03_a_leader_in_a_private_group_edits_and_deletes_only(world: World) -> None:
    image = f"Image:{world.row('Image', 'a', 'PRIVATE')}"
    query = (
        "query($id: ID!) { node(id: $id) { ... on Image { viewerCan { update delete annotate link }"
        " viewerCannot(action: ANNOTATE) { code } } } }"
    )
    seen = world.data("l", query, id=image)["node"]
    assert seen["viewerCan"] == {"update": True, "delete": True, "annotate": False, "link": False}
    assert {"code": "GROUP_PRIVATE"} in seen["viewerCannot"]
    assert world.data("b", query, id=image)["node"] is None


def test_p04_and_p05_members_mix_data_in_read_write_groups_only(world: World) -> None:
    dataset, image = pair(world, P.READ_WRITE, "b", "a")
    assert linked(world, "b", dataset, image) == (["b"], [])
    for level in (P.READ_ANNOTATE, P.READ_ONLY):
        dataset, image = pair(world, level, "b", "a")
        assert linked(world, "b", dataset, image) == ([], ["Denied"])
    dataset, image = pair(world, P.PRIVATE, "b", "a")
    assert linked(world, "b", dataset, image) == ([], ["NotFound"])


@pytest.mark.parametrize("who", ["r", "w"])
@pytest.mark.parametrize("level", [P.READ_ONLY, P.READ_ANNOTATE, P.READ_WRITE])
def test_p38_an_administrators_link_belongs_to_the_contents_owner(
    world: World, level: P, who: str
) -> None:
    dataset, image = pair(world, level)
    assert linked(world, who, dataset, image) == (["a"], [])
    assert cut(world, "a", dataset, image)
    # also where container and content are two people's
    dataset, image = pair(world, level, "b", "a")
    assert linked(world, who, dataset, image) == (["a"], [])


@pytest.mark.parametrize("level", [P.READ_ONLY, P.READ_ANNOTATE])
def test_p39_a_leaders_link_is_his_own_unless_the_group_says_otherwise(
    world: World, level: P
) -> None:
    dataset, image = pair(world, level)
    assert linked(world, "l", dataset, image) == (["l"], [])
    assert not cut(world, "a", dataset, image)
    assert cut(world, "l", dataset, image)
    document = (
        "mutation($id: ID!) { updateGroup(input: {id: $id, linkOwnerFollowsContent: true}) {"
        f" group {{ linkOwnerFollowsContent }} {ERRORS} }} }}"
    )
    group = f"Group:{world.groups[level.name]}"
    assert world.data("r", document, id=group)["updateGroup"]["errors"] == []
    dataset, image = pair(world, level)
    assert linked(world, "l", dataset, image) == (["a"], [])
    assert cut(world, "a", dataset, image)


def test_p40_linking_again_is_no_error_and_makes_nothing_twice(world: World) -> None:
    dataset, image = pair(world, P.READ_WRITE)
    other = f"Image:{world.row('Image', 'a', 'READ_WRITE')}"
    assert linked(world, "a", dataset, image) == (["a"], [])
    payload = world.data("a", LINK, p=[dataset], c=[image, other])["link"]
    assert payload["errors"] == []
    assert len(payload["links"]) == 2
    with world.database.read() as connection:
        links = connection.scalars(select(LINKS["DatasetImageLink"].model.id)).all()
    assert len(links) == 2


def test_in_a_private_group_only_one_persons_own_is_linked_for_him(world: World) -> None:
    dataset, image = pair(world, P.PRIVATE)
    for who in ("r", "w"):
        ends = pair(world, P.PRIVATE)
        assert linked(world, who, *ends) == (["a"], [])
    assert linked(world, "l", dataset, image) == ([], ["Denied", "Denied"])
    for parent, child in (("a", "b"), ("b", "a"), ("r", "a"), ("a", "r")):
        ends = pair(world, P.PRIVATE, parent, child)
        owners, kinds = linked(world, "r", *ends)
        assert owners == []
        assert set(kinds) == {"Denied"}, (parent, child)


CREATE = (
    "mutation($i: CreateDatasetInput!) { createDataset(input: $i) {"
    " dataset { owner { login } projects { edges { link { owner { login } } } } }"
    f" {ERRORS} }} }}"
)


def made(world: World, who: str, **given: Any) -> tuple[str | None, list[str], list[str]]:
    """Owner of the new dataset, owners of its link, kinds of errors."""
    payload = world.data(who, CREATE, i={"name": "new"} | given)["createDataset"]
    found = payload["dataset"]
    links = [each["link"]["owner"]["login"] for each in found["projects"]["edges"]] if found else []
    kinds = [each["__typename"] for each in payload["errors"]]
    return found and found["owner"]["login"], links, kinds


@pytest.mark.parametrize("level", [P.READ_ONLY, P.READ_ANNOTATE, P.READ_WRITE])
def test_whose_a_new_container_is(world: World, level: P) -> None:
    parent = f"Project:{world.row('Project', 'a', level.name)}"
    group, a = f"Group:{world.groups[level.name]}", f"User:{world.people['a']}"
    for who in ("r", "w"):
        assert made(world, who, parent=parent) == ("a", ["a"], [])
        assert made(world, who, group=group, owner=a) == ("a", [], [])
        assert made(world, who, group=group) == (who, [], [])
    assert made(world, "l", parent=parent) == ("l", ["l"], [])
    assert made(world, "l", group=group, owner=a) == (None, [], ["Denied"])
    assert made(world, "b", group=group, owner=a) == (None, [], ["Denied"])
    assert made(world, "a", parent=parent) == ("a", ["a"], [])


def test_whose_a_new_container_is_in_a_private_group(world: World) -> None:
    parent = f"Project:{world.row('Project', 'a', 'PRIVATE')}"
    group, a = f"Group:{world.groups['PRIVATE']}", f"User:{world.people['a']}"
    b = f"User:{world.people['b']}"
    for who in ("r", "w"):
        assert made(world, who, parent=parent, owner=a) == ("a", ["a"], [])
        assert made(world, who, group=group, owner=a) == ("a", [], [])
        for given in ({}, {"owner": b}):
            assert made(world, who, parent=parent, **given)[0] is None
    assert made(world, "l", parent=parent)[0] is None
    assert made(world, "l", group=group, owner=a) == (None, [], ["Denied"])
