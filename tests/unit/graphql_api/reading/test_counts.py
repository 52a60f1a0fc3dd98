"""Counts per user and group for the tree: of what the caller sees, one statement for each kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.browsing import World

SWITCHER = """query ($group: ID) { groups(where: {name: {in: ["lab", "secret"]}}) { nodes { name
  counts { images datasets orphanedDatasets tags tagSets }
  members(orderBy: [{field: LOGIN}]) { nodes { login
    counts(group: $group) { projects images orphanedImages } } } } } }"""


def fill(world: World) -> None:
    for owner, group, number in (("ada", "lab", 3), ("ben", "lab", 2), ("ben", "secret", 4)):
        images = [world.row("Image", owner, group, name=str(n)) for n in range(number)]
        dataset = world.row("Dataset", owner, group, name="d")
        world.link("DatasetImageLink", dataset, images[0], owner, group)
    world.row("Annotation", "ada", "lab", class_name="TagAnnotation", text_value="t")
    world.row("Annotation", "ada", "lab", class_name="CommentAnnotation", text_value="c")


def test_counts_are_of_what_the_caller_sees(world: World) -> None:
    fill(world)
    answer = world.ask("ada", SWITCHER)
    assert not answer.errors
    lab, secret = answer.data["groups"]["nodes"]
    assert lab["counts"] == {
        "images": 5, "datasets": 2, "orphanedDatasets": 2, "tags": 1, "tagSets": 0
    }  # fmt: skip
    assert secret["counts"]["images"] == 0
    counts = {user["login"]: user["counts"] for user in lab["members"]["nodes"]}
    assert counts == {
        "ada": {"projects": 0, "images": 3, "orphanedImages": 2},
        "ben": {"projects": 0, "images": 2, "orphanedImages": 1},
    }
    # groups, five counts of groups, members, three counts of people
    assert len(answer.statements) == 10


def test_counts_can_be_of_one_group(world: World) -> None:
    fill(world)
    found = world.data("cleo", SWITCHER, group=f"Group:{world.groups['secret']}")
    (secret,) = found["groups"]["nodes"]
    counts = {user["login"]: user["counts"]["images"] for user in secret["members"]["nodes"]}
    assert counts == {"ada": 0, "ben": 4, "cleo": 0}
    for unknown in ("Group:98765", "Image:1", "nonsense"):
        found = world.data("cleo", SWITCHER, group=unknown)
        (secret,) = found["groups"]["nodes"]
        assert {user["counts"]["images"] for user in secret["members"]["nodes"]} == {0}
