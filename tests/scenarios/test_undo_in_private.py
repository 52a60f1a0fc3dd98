"""A change of owner in a private group is taken back, unless it would join two owners anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql_api.editing.links import link

if TYPE_CHECKING:
    from tests.support.lab import Lab

PRIVATE = "rw----"


def test_what_was_joined_before_is_joined_again(lab: Lab) -> None:
    group = lab.group("g", PRIVATE, "AB", "L")
    project, dataset = lab.row("Project", "B", group), lab.row("Dataset", "A", group)
    joint = lab.link(project, dataset, "A")
    given = lab.run("L", "change_owner", dataset, owner=f"User:{lab.people['B']}")
    assert given.errors == []

    undone = lab.run("L", "undo", activity=f"Activity:{given.activity_id}")

    assert undone.errors == []
    assert lab.value(dataset, "owner_id") == lab.people["A"]
    assert lab.is_live(joint)


def test_what_came_together_since_is_not_torn_between_two_owners(lab: Lab) -> None:
    group = lab.group("g", PRIVATE, "AB", "L")
    project, dataset = lab.row("Project", "B", group), lab.row("Dataset", "A", group)
    given = lab.run("L", "change_owner", dataset, owner=f"User:{lab.people['B']}")
    link(lab.database, lab.principal("B"), [str(project)], [str(dataset)])

    undone = lab.run("L", "undo", activity=f"Activity:{given.activity_id}")

    assert undone.errors[0]["code"] == "conflict"
    assert str(project) in undone.errors[0]["message"]
    assert lab.value(dataset, "owner_id") == lab.people["B"]
