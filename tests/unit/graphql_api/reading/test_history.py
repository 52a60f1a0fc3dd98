"""The history of an object: who did what, with values from before where they may be known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared import journal

if TYPE_CHECKING:
    from tests.support.browsing import World

HISTORY = """query ($id: ID!, $first: Int, $after: String) { node(id: $id) { ... on Owned {
  history(first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor }
    nodes { at action verb before user { login } sudoer { login } group { name } } } } } }"""


def renamed(world: World, dataset: int, group: str, name: str, by: str = "ada") -> None:
    with world.database.write() as connection:
        event = journal.begin_event(
            connection, user_id=world.people[by], sudoer_id=world.people["chief"],
            kind="updateDataset",
        )  # fmt: skip
        journal.record(
            connection, event, "Dataset", "UPDATE", [dataset], group_id=world.groups[group],
            before={dataset: {"name": name, "name_key": name, "owner_id": world.people["ada"]}},
        )  # fmt: skip


def test_a_history_is_paged_and_tells_who_stood_behind(world: World) -> None:
    dataset = world.row("Dataset", "ada", "lab", name="d")
    other = world.row("Image", "ada", "lab", name="i")
    assert other == dataset  # the same number in another class
    for name in ("one", "two", "three"):
        renamed(world, dataset, "lab", name)
    asked = f"Dataset:{dataset}"
    first = world.ask("ben", HISTORY, id=asked, first=2)
    page = first.data["node"]["history"]
    assert page["totalCount"] == 3
    assert page["nodes"][0] | {"at": None} == {
        "at": None,
        "action": "UPDATE",
        "verb": "updateDataset",
        "before": {"name": "one", "owner": f"User:{world.people['ada']}"},
        "user": {"login": "ada"},
        "sudoer": {"login": "chief"},
        "group": {"name": "lab"},
    }
    # the object, entries, their count, users, sudoers, groups
    assert len(first.statements) == 6
    rest = world.data(
        "ben", HISTORY, id=asked, first=2, after=page["pageInfo"]["endCursor"]
    )["node"]["history"]  # fmt: skip
    assert [node["before"]["name"] for node in rest["nodes"]] == ["three"]
    assert world.data("ben", HISTORY, id=f"Image:{other}")["node"]["history"]["totalCount"] == 0


def test_what_was_before_in_a_strangers_group_stays_unknown(world: World) -> None:
    dataset = world.row("Dataset", "ada", "lab", name="d")
    renamed(world, dataset, "elsewhere", "old secret", by="dora")
    asked = f"Dataset:{dataset}"
    (entry,) = world.data("ben", HISTORY, id=asked)["node"]["history"]["nodes"]
    assert entry["before"] is None
    assert entry["group"] is None
    assert entry["user"] == {"login": "dora"}
    (entry,) = world.data("chief", HISTORY, id=asked)["node"]["history"]["nodes"]
    assert entry["before"]["name"] == "old secret"


def test_a_hidden_object_has_no_history(world: World) -> None:
    dataset = world.row("Dataset", "ada", "secret", name="d")
    renamed(world, dataset, "secret", "x")
    hidden = world.ask("ben", HISTORY, id=f"Dataset:{dataset}")
    unknown = world.ask("ben", HISTORY, id="Dataset:98765")
    assert hidden.data == unknown.data == {"node": None}
    assert len(hidden.statements) == len(unknown.statements)


def test_annotations_have_their_history_under_any_class(world: World) -> None:
    tag = world.row("Annotation", "ada", "lab", class_name="TagAnnotation", text_value="t")
    with world.database.write() as connection:
        event = journal.begin_event(connection, user_id=world.people["ada"], kind="annotate")
        journal.record(connection, event, "TagAnnotation", "INSERT", [tag])
    for form in (f"Annotation:{tag}", f"TagAnnotation:{tag}"):
        found = world.data("ben", HISTORY, id=form)["node"]["history"]
        assert [node["action"] for node in found["nodes"]] == ["INSERT"]
