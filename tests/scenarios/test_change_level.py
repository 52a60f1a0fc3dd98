"""Changing a group's level, in OMERO's words (scenario P41 and the table of semantics 2.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from shared.models.people import Group

if TYPE_CHECKING:
    from tests.support.lab import Lab

PRIVATE, READ_ONLY, ANNOTATE, WRITE = "rw----", "rwr---", "rwra--", "rwrw--"


def level_of(lab: Lab, group: int) -> str:
    with lab.database.read() as connection:
        return str(
            connection.execute(select(Group.permissions).where(Group.id == group)).scalar_one()
        )


def test_p41_demotion_to_private_takes_others_remarks_and_keeps_their_tags(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "AB", "L")
    image = lab.image("A", group)
    comment, tag = (lab.annotate(image, name, "B") for name in ("CommentAnnotation",
                                                              "TagAnnotation"))  # fmt: skip
    links = [lab.of(each, "ImageAnnotationLink", "child_id")[0] for each in (comment, tag)]
    roi, settings = lab.roi(image, "B"), lab.settings_of(image, "B")
    pixels = lab.of(image, "Pixels", "image_id")[0]
    thumbnail = lab.row(
        "Thumbnail", "B", group, pixels_id=pixels.id, mime_type="image/png", size_x=9, size_y=9
    )  # fmt: skip
    note = lab.annotate(roi, "CommentAnnotation", "B")
    own = [lab.annotate(image, "TagAnnotation", "A"), lab.roi(image, "A"), image, pixels]
    own += [lab.of(pixels, name, "pixels_id")[0] for name in ("RenderingDef", "Thumbnail")]

    shown = lab.plan("L", "change_level", f"Group:{group}", permissions="PRIVATE")
    assert level_of(lab, group) == ANNOTATE
    done = lab.run("L", "change_level", f"Group:{group}", permissions="PRIVATE")

    assert done.errors == []
    assert level_of(lab, group) == PRIVATE
    gone = [comment, *links, roi, settings, thumbnail, note]
    assert [lab.is_live(each) for each in gone] == [False] * len(gone)
    assert lab.is_live(tag)
    assert [lab.is_live(each) for each in own] == [True] * len(own)
    assert shown["deletedItems"] == done.report["deletedItems"]
    assert {each["object"] for each in shown["deletedItems"]} == {
        str(each) for each in (comment, roi, settings, thumbnail, note)
    }


def test_links_between_two_peoples_data_are_cut_whoever_owns_them(lab: Lab) -> None:
    group = lab.group("g", WRITE, "ABC", "L")
    theirs, mine = lab.row("Dataset", "B", group), lab.row("Dataset", "A", group)
    image = lab.image("A", group)
    cut, kept = lab.link(theirs, image, "A"), lab.link(mine, image, "C")
    top = lab.row("Folder", "B", group)
    folder = lab.row("Folder", "A", group, parent_folder_id=top.id)

    done = lab.run("L", "change_level", f"Group:{group}", permissions=PRIVATE)

    assert (lab.is_live(cut), lab.is_live(kept), lab.is_live(image)) == (False, True, True)
    assert lab.value(folder, "parent_folder_id") is None
    assert [(each["parent"], each["reason"]) for each in done.report["unlinked"]] == [
        (str(theirs), "PRIVATE_TARGET")
    ]


def test_a_remark_that_still_hangs_somewhere_stays(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "AB", "L")
    theirs, mine = lab.image("A", group), lab.image("B", group)
    comment = lab.annotate(theirs, "CommentAnnotation", "B")
    lab.link(mine, comment, "B")
    below = lab.annotate(comment, "CommentAnnotation", "B")

    assert lab.run("L", "change_level", f"Group:{group}", permissions=PRIVATE).errors == []

    assert [lab.is_live(each) for each in (comment, below)] == [True, True]
    lab.run("R", "change_level", f"Group:{group}", permissions=ANNOTATE)
    again = lab.annotate(theirs, "CommentAnnotation", "B")
    below = lab.annotate(again, "CommentAnnotation", "B")
    lab.run("L", "change_level", f"Group:{group}", permissions=PRIVATE)
    assert [lab.is_live(each) for each in (again, below)] == [False, False]


def test_shared_instruments_channels_and_fields_refuse_the_change(lab: Lab) -> None:
    group = lab.group("g", WRITE, "AB", "L")
    instrument = lab.row("Instrument", "A", group)
    projection = lab.image("B", group, instrument=instrument)
    first, second = lab.image("A", group), lab.image("B", group)
    channels = [
        lab.of(lab.of(each, "Pixels", "image_id")[0], "Channel", "pixels_id")[0]
        for each in (first, second)
    ]
    lab.set(channels[1], logical_channel_id=lab.value(channels[0], "logical_channel_id"))
    plate, (field, _) = lab.plate("A", group)
    lab.set(field, owner_id=lab.people["B"])

    shown = lab.plan("L", "change_level", f"Group:{group}", permissions="PRIVATE")
    done = lab.run("L", "change_level", f"Group:{group}", permissions="PRIVATE")

    found = {(each["object"], each["reason"]) for each in shown["blockers"]}
    assert (str(projection), "SHARED_INSTRUMENT") in found
    assert (str(second), "SHARED_INSTRUMENT") in found
    assert (str(field), "USED_BY_FIELD") in found
    assert done.errors[0]["code"] == "conflict"
    assert level_of(lab, group) == WRITE
    assert lab.is_live(plate)


def test_settings_of_another_person_are_let_go(lab: Lab) -> None:
    group = lab.group("g", WRITE, "AB", "L")
    instrument = lab.row("Instrument", "A", group)
    objective = lab.row("Objective", "A", group, instrument_id=instrument.id)
    settings = lab.row("ObjectiveSettings", "B", group, objective_id=objective.id)
    image = lab.image("A", group, instrument=instrument)
    lab.set(image, objective_settings_id=settings.id)

    assert lab.run("L", "change_level", f"Group:{group}", permissions="PRIVATE").errors == []

    assert lab.value(image, "objective_settings_id") is None
    assert not lab.is_live(settings)
    assert lab.is_live(objective)


def test_narrowing_among_shared_levels_keeps_links_and_tells_them(lab: Lab) -> None:
    group = lab.group("g", WRITE, "AB", "L")
    dataset, image = lab.row("Dataset", "B", group), lab.image("A", group)
    link = lab.link(dataset, image, "B")
    tag = lab.annotate(image, "TagAnnotation", "B")
    note = lab.of(tag, "ImageAnnotationLink", "child_id")[0]

    for level, told in ((ANNOTATE, [link]), (READ_ONLY, [note])):
        shown = lab.plan("L", "change_level", f"Group:{group}", permissions=level)
        assert [(each["object"], each["reason"]) for each in shown["leftBehind"]] == [
            (str(each), "OTHER_OWNER") for each in told
        ]
        assert lab.run("L", "change_level", f"Group:{group}", permissions=level).errors == []
        assert level_of(lab, group) == level
    assert [lab.is_live(each) for each in (link, note)] == [True, True]


def test_only_administrators_open_a_group_for_writing(lab: Lab) -> None:
    group = lab.group("g", PRIVATE, "A", "L")

    for who, level in (("A", ANNOTATE), ("L", WRITE)):
        done = lab.run(who, "change_level", f"Group:{group}", permissions=level)
        assert done.errors[0]["code"] == "denied"
        assert level_of(lab, group) == PRIVATE
    assert lab.run("L", "change_level", f"Group:{group}", permissions=ANNOTATE).errors == []
    assert lab.run("R", "change_level", f"Group:{group}", permissions=WRITE).errors == []
    assert level_of(lab, group) == WRITE


def test_what_joins_two_people_does_not_come_back_into_a_private_group(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "AB")
    image = lab.image("A", group)
    comment = lab.annotate(image, "CommentAnnotation", "B")
    link = lab.of(comment, "ImageAnnotationLink", "child_id")[0]
    gone = lab.run("A", "delete", image)
    assert lab.run("R", "change_level", f"Group:{group}", permissions="PRIVATE").errors == []

    done = lab.run("A", "restore", activity=f"Activity:{gone.activity_id}")

    assert done.errors == []
    assert (lab.is_live(image), lab.is_live(link)) == (True, False)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_built_in_groups_keep_their_level(lab: Lab) -> None:
    with lab.database.read() as connection:
        number = connection.execute(select(Group.id).where(Group.name == "user")).scalar_one()

    done = lab.run("R", "change_level", f"Group:{number}", permissions="READ_ONLY")

    assert done.errors[0]["code"] == "conflict"
