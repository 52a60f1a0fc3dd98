"""Who sees what over the wire, and how soon a right that is taken away is gone everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.support.processes import until
from tests.support.public_data import require_public

if TYPE_CHECKING:
    from tests.support.house import House, Person

LIMIT_S = 5.0
TREE = """
query Tree($project: StringFilter) {
  projects(first: 5, where: {name: $project}) {
    totalCount
    nodes {
      id name owner { login } viewerCan { delete update link }
      datasets(first: 5) { nodes {
        id name
        images(first: 5) { totalCount edges { link { owner { login } viewerCan { delete } }
          node { id name viewerCan { delete } viewerCannot(action: DELETE) { code } } } }
      } }
    }
  }
}
"""
LOOK = """
query Look($id: ID!) {
  node(id: $id) { ... on Image { id viewerCan { delete } thumbnailUrl tiles { tileUrlTemplate } } }
}
"""


@dataclass
class Shelf:
    """Ada's project, dataset and image in the group Lab, which is read-only."""

    house: House
    project: str
    dataset: str
    image: str

    @property
    def tile(self) -> str:
        return f"/tiles/{self.image}/0/0/0.jpg"

    def granted(self, who: Person) -> str:
        """An address of a tile that needs no header."""
        address: str = who.data(LOOK, id=self.image)["tiles"]["tileUrlTemplate"]
        return address.format(level=0, x=0, y=0, z=0, t=0)


@pytest.fixture(scope="module")
def shelf(house: House) -> Shelf:
    ada, group = house.person("ada"), f"Group:{house.groups['Lab']}"
    project = ada.change("createProject", "project { id }", name="shelf", group=group)["project"]
    made = ada.change("createDataset", "dataset { id }", name="slides", parent=project["id"])
    dataset = made["dataset"]["id"]
    (number,) = house.import_by_cli(
        ada, require_public("wsi/openslide_boxes.tiff"), "-d", dataset, "-n", "boxes"
    )
    return Shelf(house, project["id"], dataset, f"Image:{number}")


def get(url: str) -> int:
    return httpx.get(url, trust_env=False, timeout=30.0).status_code


def tree(who: Person) -> Any:
    return who.data(TREE, project={"eq": "shelf"})


def test_the_owner_browses_from_project_to_image_and_may_delete(shelf: Shelf) -> None:
    found = tree(shelf.house.person("ada"))

    (project,) = found["nodes"]
    (dataset,) = project["datasets"]["nodes"]
    (edge,) = dataset["images"]["edges"]
    assert (project["id"], dataset["id"], edge["node"]["id"]) == (
        shelf.project, shelf.dataset, shelf.image,
    )  # fmt: skip
    assert edge["node"]["name"] == "boxes"
    assert project["viewerCan"] == {"delete": True, "update": True, "link": True}
    assert edge["link"] == {"owner": {"login": "ada"}, "viewerCan": {"delete": True}}
    assert edge["node"]["viewerCan"]["delete"]
    assert edge["node"]["viewerCannot"] == []


def test_another_member_sees_the_same_and_is_told_what_he_may_not(shelf: Shelf) -> None:
    rosalind = shelf.house.person("rosalind")

    (project,) = tree(rosalind)["nodes"]
    (edge,) = project["datasets"]["nodes"][0]["images"]["edges"]

    assert edge["node"]["id"] == shelf.image
    assert not edge["node"]["viewerCan"]["delete"]
    assert "GROUP_READ_ONLY" in {reason["code"] for reason in edge["node"]["viewerCannot"]}
    assert rosalind.tile(shelf.tile).status_code == 200
    assert get(shelf.granted(rosalind)) == 200


def test_the_leader_of_the_group_may_delete(shelf: Shelf) -> None:
    assert shelf.house.person("grace").data(LOOK, id=shelf.image)["viewerCan"]["delete"]


def test_a_stranger_finds_nothing_anywhere(shelf: Shelf) -> None:
    stranger = shelf.house.person("stranger")

    assert tree(stranger) == {"totalCount": 0, "nodes": []}
    assert stranger.data(LOOK, id=shelf.image) is None
    assert stranger.data("{ images { totalCount nodes { id } } }")["totalCount"] == 0
    hidden, unknown = stranger.tile(shelf.tile), stranger.tile("/tiles/Image:99999/0/0/0.jpg")
    assert hidden.status_code == unknown.status_code == 404
    assert hidden.content == unknown.content
    assert stranger.tile(f"/iiif/3/{shelf.image}/info.json").status_code == 404
    assert stranger.tile(f"/thumbnails/{shelf.image}").status_code == 404


def test_a_stranger_cannot_import_into_it_or_link_to_it(shelf: Shelf) -> None:
    stranger = shelf.house.person("stranger")

    body = stranger.ask(
        "mutation M($input: LinkInput!) { link(input: $input) { errors { code target } } }",
        input={"parents": [shelf.dataset], "children": [shelf.image]},
    )

    (error, *_) = body["data"]["link"]["errors"]
    assert error["code"] == "NOT_FOUND"


def test_leaving_the_group_closes_everything_within_five_seconds(shelf: Shelf) -> None:
    house = shelf.house
    leaver = house.person_of_group("Lab", "emmy")
    granted = shelf.granted(leaver)
    # each tile process has answered, so that each has a verdict to forget
    assert all(leaver.tile(shelf.tile).status_code == 200 for _ in range(8))
    assert all(get(granted) == 200 for _ in range(8))
    etag = leaver.tile(shelf.tile).headers["etag"]

    house.person("grace").change(
        "removeFromGroup", "group { id }",
        user=f"User:{house.people['emmy']}", group=f"Group:{house.groups['Lab']}",
    )  # fmt: skip

    def is_closed() -> bool:
        return (
            leaver.data(LOOK, id=shelf.image) is None
            and tree(leaver)["totalCount"] == 0
            and all(leaver.tile(shelf.tile).status_code == 404 for _ in range(4))
            and all(get(granted) == 404 for _ in range(4))
        )

    until(is_closed, "everything is closed to who left", within_s=LIMIT_S)
    known = leaver.tile(shelf.tile, **{"If-None-Match": etag})
    assert known.status_code == 404
    assert all(get(granted) == 404 for _ in range(8))
    assert shelf.house.person("ada").tile(shelf.tile).status_code == 200
    leaver.http.close()


def test_logging_out_closes_the_addresses_that_the_session_had_got(shelf: Shelf) -> None:
    rosalind = shelf.house.enter("rosalind")
    granted = shelf.granted(rosalind)
    assert all(get(granted) == 200 for _ in range(8))

    rosalind.data("mutation { logout { errors { code } } }")

    until(
        lambda: all(get(granted) in {401, 404} for _ in range(8)),
        "the session's grants are closed", within_s=LIMIT_S,
    )  # fmt: skip
    assert rosalind.tile(shelf.tile).status_code == 401
    assert shelf.house.person("rosalind").tile(shelf.tile).status_code == 200
    rosalind.http.close()


def test_a_changed_grant_opens_nothing(shelf: Shelf) -> None:
    granted = shelf.granted(shelf.house.person("ada"))
    place = granted.index("/~") + 10
    other = "A" if granted[place] != "A" else "B"

    assert get(granted) == 200
    assert get(f"{granted[:place]}{other}{granted[place + 1 :]}") in {401, 404}


def test_the_cookie_of_the_api_opens_tiles(shelf: Shelf) -> None:
    from tests.support.house import ADA, LOGIN

    installation = shelf.house.installation
    with httpx.Client(trust_env=False, timeout=30.0) as browser:
        browser.post(
            f"{installation.api}/graphql", headers={"Origin": installation.api},
            json={"query": LOGIN, "variables": {"input": ADA}},
        )  # fmt: skip
        with_cookie = browser.get(f"{installation.tiles}{shelf.tile}")

    assert with_cookie.status_code == 200
    assert get(f"{installation.tiles}{shelf.tile}") in {401, 404}
