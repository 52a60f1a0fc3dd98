"""Moving data between groups, in OMERO's words (scenarios P06 to P17)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from graphql_api.graph.request import NewContainer

if TYPE_CHECKING:
    from tests.support.lab import Lab

PRIVATE, READ_ONLY, ANNOTATE, WRITE = "rw----", "rwr---", "rwra--", "rwrw--"


def to(group: int) -> dict[str, str]:
    return {"group": f"Group:{group}"}


def test_p06_an_image_moves_with_pixels_settings_and_thumbnails(lab: Lab) -> None:
    g1, g2 = lab.group("g1", ANNOTATE, "A"), lab.group("g2", ANNOTATE, "A")
    image = lab.image("A", g1)
    pixels = lab.of(image, "Pixels", "image_id")[0]

    done = lab.run("A", "move_to_group", image, **to(g2))

    assert done.state == "SUCCEEDED"
    parts = [
        image, pixels,
        *lab.of(pixels, "RenderingDef", "pixels_id"), *lab.of(pixels, "Thumbnail", "pixels_id"),
    ]  # fmt: skip
    assert len(parts) == 4
    assert {lab.group_of(part) for part in parts} == {g2}
    assert {lab.value(part, "owner_id") for part in parts} == {lab.people["A"]}
    assert done.count("included", "Image") == 1


def test_p07_nobody_moves_data_to_a_group_of_others(lab: Lab) -> None:
    g1, g2 = lab.group("g1", ANNOTATE, "A"), lab.group("g2", ANNOTATE, "B")
    image = lab.image("A", g1)

    done = lab.run("A", "move_to_group", image, **to(g2))

    assert done.state == "FAILED"
    assert lab.group_of(image) == g1


def test_p08_leading_both_groups_gives_no_right_to_move(lab: Lab) -> None:
    g1, g2 = lab.group("g1", ANNOTATE, "A", "L"), lab.group("g2", ANNOTATE, "A", "L")
    image = lab.image("A", g1)

    done = lab.run("L", "move_to_group", image, **to(g2))

    assert done.state == "FAILED"
    assert done.errors[0]["code"] == "denied"
    assert done.errors[0]["target"] == str(image)
    assert lab.group_of(image) == g1


def test_p09_an_image_stays_in_its_other_dataset(lab: Lab) -> None:
    g1, g2 = lab.group("g1", ANNOTATE, "A"), lab.group("g2", ANNOTATE, "A")
    d1, d2 = lab.row("Dataset", "A", g1), lab.row("Dataset", "A", g1)
    image = lab.image("A", g1)
    cut, kept = lab.link(d1, image, "A"), lab.link(d2, image, "A")

    done = lab.run("A", "move_to_group", d1, **to(g2))

    assert done.errors == []
    assert (lab.group_of(d1), lab.group_of(image), lab.group_of(d2)) == (g2, g1, g1)
    assert not lab.is_live(cut)
    assert lab.is_live(kept)
    assert [item["object"] for item in done.report["leftBehind"]] == [str(image)]
    assert done.report["unlinked"][0]["reason"] == "SHARED_ELSEWHERE"
    assert done.report["unlinked"][0]["staysBehind"] == "CHILD"


def test_p10_a_moved_image_leaves_its_dataset(lab: Lab) -> None:
    g1, g2 = lab.group("g1", ANNOTATE, "A"), lab.group("g2", ANNOTATE, "A")
    dataset, image = lab.row("Dataset", "A", g1), lab.image("A", g1)
    link = lab.link(dataset, image, "A")

    done = lab.run("A", "move_to_group", image, **to(g2))

    assert (lab.group_of(dataset), lab.group_of(image)) == (g1, g2)
    assert not lab.is_live(link)
    assert done.report["unlinked"][0]["parent"] == str(dataset)
    assert done.report["unlinked"][0]["reason"] == "PARENT_NOT_INCLUDED"


def test_p11_a_tag_in_use_elsewhere_stays(lab: Lab) -> None:
    g1, g2 = lab.group("g1", ANNOTATE, "A"), lab.group("g2", ANNOTATE, "A")
    moved, other = lab.image("A", g1), lab.image("A", g1)
    tag = lab.annotate(moved, "TagAnnotation", "A")
    lab.link(other, tag, "A")

    shown = lab.plan("A", "move_to_group", moved, **to(g2))
    lab.run("A", "move_to_group", moved, **to(g2))

    assert (lab.group_of(moved), lab.group_of(tag)) == (g2, g1)
    assert [(item["child"], item["reason"]) for item in shown["unlinked"]] == [
        (str(tag), "SHARED_ELSEWHERE")
    ]
    assert lab.crossing_links() == 0


def test_p12_a_tag_used_nowhere_else_moves(lab: Lab) -> None:
    g1, g2 = lab.group("g1", ANNOTATE, "A"), lab.group("g2", ANNOTATE, "A")
    image = lab.image("A", g1)
    tag = lab.annotate(image, "TagAnnotation", "A")

    done = lab.run("A", "move_to_group", image, **to(g2))

    assert lab.group_of(tag) == g2
    assert done.report["unlinked"] == []


def test_p13_another_persons_tag_stays(lab: Lab) -> None:
    g1, g2 = lab.group("g1", ANNOTATE, "AB"), lab.group("g2", ANNOTATE, "AB")
    image = lab.image("A", g1)
    tag = lab.annotate(image, "TagAnnotation", "B")

    done = lab.run("A", "move_to_group", image, **to(g2))

    assert (lab.group_of(image), lab.group_of(tag)) == (g2, g1)
    assert lab.is_live(tag)
    assert done.report["unlinked"][0]["reason"] == "OTHER_OWNER"


def test_p14_another_persons_comment_travels_where_it_may_be_deleted(lab: Lab) -> None:
    g1, g2 = lab.group("g1", WRITE, "AB"), lab.group("g2", WRITE, "AB")
    image = lab.image("A", g1)
    comment = lab.annotate(image, "CommentAnnotation", "B")

    lab.run("A", "move_to_group", image, **to(g2))

    assert lab.group_of(comment) == g2
    assert lab.value(comment, "owner_id") == lab.people["B"]


def test_another_persons_comment_stays_where_it_may_not_be_deleted(lab: Lab) -> None:
    g1, g2 = lab.group("g1", ANNOTATE, "AB"), lab.group("g2", ANNOTATE, "AB")
    image = lab.image("A", g1)
    comment = lab.annotate(image, "CommentAnnotation", "B")

    done = lab.run("A", "move_to_group", image, **to(g2))

    assert lab.group_of(comment) == g1
    assert lab.is_live(comment)
    assert [item["object"] for item in done.report["leftBehind"]] == [str(comment)]


def test_p15_another_persons_comment_does_not_reach_a_private_group(lab: Lab) -> None:
    g1, g2 = lab.group("g1", WRITE, "AB"), lab.group("g2", PRIVATE, "AB")
    image = lab.image("A", g1)
    comment, own = lab.annotate(image, "CommentAnnotation", "B"), lab.roi(image, "A")
    theirs, saved = lab.roi(image, "B"), lab.settings_of(image, "B")

    done = lab.run("A", "move_to_group", image, **to(g2))

    assert done.state == "SUCCEEDED"
    assert not lab.is_live(comment)
    assert not lab.is_live(theirs)
    assert not lab.is_live(saved)
    assert lab.group_of(own) == g2
    assert {item["object"] for item in done.report["deletedItems"]} == {
        str(comment), str(theirs), str(saved)
    }  # fmt: skip


def test_p16_a_fileset_is_not_split(lab: Lab) -> None:
    g1, g2 = lab.group("g1", ANNOTATE, "A"), lab.group("g2", ANNOTATE, "A")
    fileset = lab.fileset("A", g1)
    i1, i2 = lab.image("A", g1, fileset=fileset), lab.image("A", g1, fileset=fileset)

    refused = lab.run("A", "move_to_group", i1, **to(g2))
    shown = lab.plan("A", "move_to_group", i1, **to(g2))

    assert refused.state == "FAILED"
    assert str(i1) in refused.errors[0]["message"]
    assert str(i2) in refused.errors[0]["message"]
    assert shown["blockers"][0]["shared"] == str(fileset)
    assert shown["blockers"][0]["suggestedTargets"] == [str(i2)]
    assert lab.group_of(i1) == g1

    done = lab.run("A", "move_to_group", i1, i2, **to(g2))
    assert done.state == "SUCCEEDED"
    assert {lab.group_of(each) for each in (i1, i2, fileset)} == {g2}

    back = lab.run("A", "move_to_group", fileset, **to(g1))
    assert back.state == "SUCCEEDED"
    assert {lab.group_of(each) for each in (i1, i2, fileset)} == {g1}


def test_images_of_a_split_fileset_stay_when_their_dataset_moves(lab: Lab) -> None:
    g1, g2 = lab.group("g1", ANNOTATE, "A"), lab.group("g2", ANNOTATE, "A")
    fileset, dataset = lab.fileset("A", g1), lab.row("Dataset", "A", g1)
    i1, i2 = lab.image("A", g1, fileset=fileset), lab.image("A", g1, fileset=fileset)
    lab.link(dataset, i1, "A")

    done = lab.run("A", "move_to_group", dataset, **to(g2))

    assert done.state == "SUCCEEDED"
    assert (lab.group_of(dataset), lab.group_of(i1), lab.group_of(i2)) == (g2, g1, g1)
    assert done.report["unlinked"][0]["reason"] == "FILESET_SPLIT"


def test_p17_other_peoples_settings_move_and_stay_theirs(lab: Lab) -> None:
    g1, g2 = lab.group("g1", ANNOTATE, "AB"), lab.group("g2", ANNOTATE, "AB")
    image = lab.image("A", g1)
    saved = lab.settings_of(image, "B")

    lab.run("A", "move_to_group", image, **to(g2))

    assert lab.group_of(saved) == g2
    assert lab.value(saved, "owner_id") == lab.people["B"]


def test_a_shared_instrument_forbids_to_part_its_images(lab: Lab) -> None:
    g1, g2 = lab.group("g1", ANNOTATE, "A"), lab.group("g2", ANNOTATE, "A")
    instrument = lab.row("Instrument", "A", g1)
    i1, i2 = (lab.image("A", g1, instrument=instrument) for _ in range(2))

    refused = lab.run("A", "move_to_group", i1, **to(g2))
    done = lab.run("A", "move_to_group", i1, i2, **to(g2))

    assert refused.state == "FAILED"
    assert (
        f"{i1} may not go while {i2} remains as they share {instrument}"
        in (refused.errors[0]["message"])
    )
    assert done.state == "SUCCEEDED"
    assert lab.group_of(instrument) == g2


def test_a_plate_moves_whole_and_its_fields_not_alone(lab: Lab) -> None:
    g1, g2 = lab.group("g1", ANNOTATE, "A"), lab.group("g2", ANNOTATE, "A")
    plate, images = lab.plate("A", g1)

    refused = lab.run("A", "move_to_group", images[0], **to(g2))
    done = lab.run("A", "move_to_group", plate, **to(g2))

    assert refused.state == "FAILED"
    assert "WellSample" in refused.errors[0]["message"]
    assert done.state == "SUCCEEDED"
    assert {lab.group_of(each) for each in (plate, *images)} == {g2}


@pytest.mark.parametrize("level", [ANNOTATE, WRITE])
def test_other_peoples_images_travel_only_in_read_write(lab: Lab, level: str) -> None:
    g1, g2 = lab.group("g1", level, "AB"), lab.group("g2", level, "AB")
    dataset, theirs = lab.row("Dataset", "A", g1), lab.image("B", g1)
    link = lab.link(dataset, theirs, "B")

    lab.run("A", "move_to_group", dataset, **to(g2))

    travels = level == WRITE
    assert lab.group_of(theirs) == (g2 if travels else g1)
    assert lab.is_live(link) is travels


def test_an_administrator_moves_into_a_new_project_of_the_data_owner(lab: Lab) -> None:
    g1, g2 = lab.group("g1", ANNOTATE, "A"), lab.group("g2", ANNOTATE, "A")
    dataset = lab.row("Dataset", "A", g1)

    done = lab.run(
        "R", "move_to_group", dataset, **to(g2), new_container=NewContainer("Project", "Moved")
    )

    assert done.state == "SUCCEEDED"
    link = lab.of(dataset, "ProjectDatasetLink", "child_id")[0]
    assert lab.value(link, "owner_id") == lab.people["A"]
    assert lab.group_of(link) == g2
    assert done.report["created"][0].startswith("Project:")
    codes = {each["code"] for each in done.report["warnings"]}
    assert codes == {"OTHERS_DATA"}


def test_what_was_shown_is_done_or_refused(lab: Lab) -> None:
    g1, g2 = lab.group("g1", ANNOTATE, "A"), lab.group("g2", ANNOTATE, "A")
    dataset, image = lab.row("Dataset", "A", g1), lab.image("A", g1)
    lab.link(dataset, image, "A")
    shown = lab.plan("A", "move_to_group", dataset, **to(g2))
    plan_id = int(shown["planId"].removeprefix("Plan:"))
    lab.link(dataset, lab.image("A", g1), "A")

    done = lab.run("A", "move_to_group", dataset, **to(g2), plan_id=plan_id)

    assert done.state == "FAILED"
    assert done.errors[0]["code"] == "conflict"
    assert lab.group_of(dataset) == g1


def test_a_shown_plan_is_executed_once(lab: Lab) -> None:
    g1, g2 = lab.group("g1", ANNOTATE, "A"), lab.group("g2", ANNOTATE, "A")
    dataset = lab.row("Dataset", "A", g1)
    shown = lab.plan("A", "move_to_group", dataset, **to(g2))
    plan_id = int(shown["planId"].removeprefix("Plan:"))

    done = lab.run("A", "move_to_group", dataset, **to(g2), plan_id=plan_id)
    again = lab.run("A", "move_to_group", dataset, **to(g2), plan_id=plan_id)

    assert done.state == "SUCCEEDED"
    assert again.state == "FAILED"
