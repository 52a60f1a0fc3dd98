"""Taking back what an Activity did, where the graph and today's rights still allow it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from graphql_api.editing.channels import rename_channels
from graphql_api.editing.detaching import unannotate
from graphql_api.editing.links import link
from graphql_api.graph.request import NewContainer
from shared.models.events import Event
from shared.models.people import Membership

if TYPE_CHECKING:
    from tests.support.lab import Done, Lab, Thing

ANNOTATE, WRITE = "rwra--", "rwrw--"


def undo(lab: Lab, who: str, done: Done | str) -> Done:
    text = done if isinstance(done, str) else f"Activity:{done.activity_id}"
    return lab.run(who, "undo", activity=text)


def last_event(lab: Lab, kind: str) -> str:
    with lab.database.read() as connection:
        found = select(Event.id).where(Event.kind == kind).order_by(Event.id.desc()).limit(1)
        return f"Event:{connection.execute(found).scalar_one()}"


def state(lab: Lab, *things: Thing) -> list[tuple[int, int, bool]]:
    return [(lab.group_of(each), lab.value(each, "owner_id"), lab.is_live(each)) for each in things]


def test_a_move_is_undone_with_the_links_that_it_cut(lab: Lab) -> None:
    g1, g2 = lab.group("g1", ANNOTATE, "AB"), lab.group("g2", ANNOTATE, "AB")
    dataset, image = lab.row("Dataset", "A", g1), lab.image("A", g1)
    tag = lab.annotate(image, "TagAnnotation", "B")
    things = [
        dataset, image, tag, lab.link(dataset, image, "A"), *lab.of(image, "Pixels", "image_id"),
        *lab.of(tag, "ImageAnnotationLink", "child_id"),
    ]  # fmt: skip
    before = state(lab, *things)
    made = NewContainer("Dataset", "arrived")
    moved = lab.run("A", "move_to_group", image, group=f"Group:{g2}", new_container=made)
    assert moved.errors == []
    assert state(lab, *things) != before

    done = undo(lab, "A", moved)

    assert done.errors == []
    assert state(lab, *things) == before
    container = moved.result[0]
    assert lab.crossing_links() == 0
    assert not lab.is_live(type(image)("Dataset", int(container.split(":")[1])))
    again = undo(lab, "A", moved)
    assert again.errors[0]["code"] == "conflict"


def test_a_move_is_not_undone_over_what_was_attached_since(lab: Lab) -> None:
    g1, g2 = lab.group("g1", ANNOTATE, "AB"), lab.group("g2", ANNOTATE, "AB")
    image = lab.image("A", g1)
    moved = lab.run("A", "move_to_group", image, group=f"Group:{g2}")
    tag = lab.annotate(image, "TagAnnotation", "B")

    shown = lab.plan("A", "undo", activity=f"Activity:{moved.activity_id}")
    done = undo(lab, "A", moved)

    assert [(each["object"], each["holder"]) for each in shown["blockers"]] == [
        (str(image), f"Annotation:{tag.id}")
    ]
    assert done.errors[0]["code"] == "conflict"
    assert lab.group_of(image) == g2
    lab.run("B", "delete", lab.of(tag, "ImageAnnotationLink", "child_id")[0])
    assert undo(lab, "A", moved).errors == []
    assert lab.group_of(image) == g1


def test_undoing_a_move_takes_the_right_to_move_back(lab: Lab) -> None:
    g1, g2 = lab.group("g1", ANNOTATE, "A"), lab.group("g2", ANNOTATE, "AB")
    image = lab.image("A", g1)
    moved = lab.run("A", "move_to_group", image, group=f"Group:{g2}")
    assert undo(lab, "B", moved).errors[0]["code"] == "not_found"
    with lab.database.write() as connection:
        connection.execute(
            delete(Membership).where(
                Membership.user_id == lab.people["A"], Membership.group_id == g1
            )
        )

    refused = undo(lab, "A", moved)
    assert refused.errors[0]["code"] == "denied"
    assert refused.errors[0]["target"] == f"Group:{g1}"
    assert lab.group_of(image) == g2
    assert undo(lab, "R", moved).errors == []
    assert lab.group_of(image) == g1


def test_what_was_moved_on_or_deleted_since_stays(lab: Lab) -> None:
    groups = [lab.group(name, ANNOTATE, "A") for name in ("g1", "g2", "g3")]
    image = lab.image("A", groups[0])
    moved = lab.run("A", "move_to_group", image, group=f"Group:{groups[1]}")
    lab.run("A", "move_to_group", image, group=f"Group:{groups[2]}")

    refused = undo(lab, "A", moved)

    assert refused.errors[0]["code"] == "conflict"
    assert "changed since" in refused.errors[0]["message"]
    assert lab.group_of(image) == groups[2]


def test_a_change_of_owner_is_undone(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "ABC", "L")
    dataset, image, theirs = lab.row("Dataset", "A", group), lab.image("A", group), None
    theirs = lab.image("C", group)
    things = [
        dataset, image, theirs, lab.link(dataset, image, "A"), lab.link(dataset, theirs, "C"),
        *lab.of(image, "Pixels", "image_id"),
    ]  # fmt: skip
    before = state(lab, *things)
    given = lab.run("L", "change_owner", dataset, owner=f"User:{lab.people['B']}")
    assert given.errors == []
    assert state(lab, *things) != before

    assert undo(lab, "L", given).errors == []
    assert state(lab, *things) == before


def test_undoing_a_change_of_owner_takes_the_right_to_give_back(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "AB", "L")
    image = lab.image("A", group)
    given = lab.run("L", "change_owner", image, owner=f"User:{lab.people['B']}")
    with lab.database.write() as connection:
        connection.execute(delete(Membership).where(Membership.user_id == lab.people["A"],
                                                    Membership.group_id == group))  # fmt: skip

    refused = undo(lab, "L", given)
    assert refused.errors[0]["code"] == "denied"
    assert refused.errors[0]["target"] == f"User:{lab.people['A']}"
    with lab.database.write() as connection:
        for name in ("A", "L"):
            connection.execute(delete(Membership).where(Membership.user_id == lab.people[name],
                                                        Membership.group_id == group))  # fmt: skip
            connection.execute(
                insert(Membership).values(user_id=lab.people[name], group_id=group, position=1)
            )
    assert undo(lab, "L", given).errors[0]["code"] == "conflict"
    assert lab.value(image, "owner_id") == lab.people["B"]


def test_links_are_undone_by_whoever_may_cut_them(lab: Lab) -> None:
    group = lab.group("g", WRITE, "AB")
    dataset, image = lab.row("Dataset", "A", group), lab.image("A", group)
    link(lab.database, lab.principal("A"), [str(dataset)], [str(image)])
    (made,) = lab.of(dataset, "DatasetImageLink", "parent_id")
    event = last_event(lab, "link")

    assert undo(lab, "B", event).errors[0]["code"] == "not_found"
    assert undo(lab, "A", event).errors == []
    assert not lab.is_live(made)
    assert lab.is_live(image)


def test_what_was_unlinked_is_linked_again(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "AB")
    image = lab.image("A", group)
    comment = lab.annotate(image, "CommentAnnotation", "A")
    (cut,) = lab.of(comment, "ImageAnnotationLink", "child_id")
    gone = unannotate(lab.database, lab.principal("A"), links=[str(cut)])
    assert [lab.is_live(each) for each in (cut, comment)] == [False, False]

    assert undo(lab, "A", str(gone.activity)).errors == []
    assert [lab.is_live(each) for each in (cut, comment)] == [True, True]

    gone = unannotate(lab.database, lab.principal("A"), links=[str(cut)])
    lab.run("A", "delete", image)
    assert undo(lab, "A", str(gone.activity)).errors[0]["code"] == "conflict"


def test_names_of_channels_are_given_back_unless_changed_since(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "A")
    image = lab.image("A", group)
    (pixels,) = lab.of(image, "Pixels", "image_id")
    (channel,) = lab.of(pixels, "Channel", "pixels_id")
    logical = type(image)("LogicalChannel", lab.value(channel, "logical_channel_id"))
    rename_channels(lab.database, lab.principal("A"), [str(image)], ["GFP"])
    event = last_event(lab, "renameChannels")

    assert undo(lab, "A", event).errors == []
    assert lab.value(logical, "name") == "DAPI"

    rename_channels(lab.database, lab.principal("A"), [str(image)], ["RFP"])
    event = last_event(lab, "renameChannels")
    rename_channels(lab.database, lab.principal("A"), [str(image)], ["Cy5"])
    assert undo(lab, "A", event).errors[0]["code"] == "conflict"
    assert lab.value(logical, "name") == "Cy5"


def test_what_cannot_be_undone_says_what_to_do(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "A")
    gone = lab.run("A", "delete", lab.image("A", group))

    refused = undo(lab, "A", gone)

    assert refused.errors[0]["code"] == "conflict"
    assert "Restore" in refused.errors[0]["hint"]
