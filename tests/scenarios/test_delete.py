"""Deleting to the trash, in OMERO's words (scenarios P18 to P24)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql_api.graph.request import ChildOption

if TYPE_CHECKING:
    from tests.support.lab import Lab

PRIVATE, READ_ONLY, ANNOTATE, WRITE = "rw----", "rwr---", "rwra--", "rwrw--"


def test_p18_an_image_survives_in_its_other_dataset(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "A")
    d1, d2, image = lab.row("Dataset", "A", group), lab.row("Dataset", "A", group), lab.image(
        "A", group
    )  # fmt: skip
    cut, kept = lab.link(d1, image, "A"), lab.link(d2, image, "A")

    done = lab.run("A", "delete", d1)

    assert done.errors == []
    assert [lab.is_live(each) for each in (d1, image, d2, cut, kept)] == [
        False, True, True, False, True
    ]  # fmt: skip
    assert done.count("deleted", "Dataset") == 1
    assert done.count("deleted", "Image") == 0


def test_p19_a_deleted_image_leaves_its_datasets(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "A")
    d1, d2, image = lab.row("Dataset", "A", group), lab.row("Dataset", "A", group), lab.image(
        "A", group
    )  # fmt: skip
    links = [lab.link(d1, image, "A"), lab.link(d2, image, "A")]

    shown = lab.plan("A", "delete", image)
    lab.run("A", "delete", image)

    assert not lab.is_live(image)
    assert not any(lab.is_live(each) for each in links)
    assert lab.is_live(d1)
    assert lab.is_live(d2)
    warning = next(each for each in shown["warnings"] if each["code"] == "SEVERAL_PARENTS")
    assert warning["targets"] == [str(image), str(d1), str(d2)]


def test_p20_other_peoples_ratings_and_comments_go_with_the_image(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "AB")
    image = lab.image("A", group)
    rating = lab.annotate(image, "LongAnnotation", "B")
    comment = lab.annotate(image, "CommentAnnotation", "B")

    lab.run("A", "delete", image)

    assert not lab.is_live(rating)
    assert not lab.is_live(comment)
    assert not any(lab.is_live(each) for each in lab.of(image, "ImageAnnotationLink", "parent_id"))


def test_p21_a_tag_goes_only_when_it_is_named(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "A")
    first, second = lab.image("A", group), lab.image("A", group)
    kept = lab.annotate(first, "TagAnnotation", "A")
    gone = lab.annotate(second, "TagAnnotation", "A")

    lab.run("A", "delete", first)
    lab.run("A", "delete", second, options=(ChildOption(include=("TagAnnotation",)),))

    assert lab.is_live(kept)
    assert not lab.is_live(lab.of(first, "ImageAnnotationLink", "parent_id")[0])
    assert not lab.is_live(gone)


def test_p22_a_plate_goes_with_everything_on_it(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "A")
    plate, images = lab.plate("A", group)
    parts = [*lab.of(plate, "Well", "plate_id"), *lab.of(plate, "PlateAcquisition", "plate_id")]
    fields = [field for image in images for field in lab.of(image, "WellSample", "image_id")]

    done = lab.run("A", "delete", plate)

    assert done.errors == []
    assert not any(lab.is_live(each) for each in (plate, *parts, *fields, *images))
    assert len(fields) == 2


def test_p23_a_plate_survives_under_its_other_screen(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "A")
    plate, _ = lab.plate("A", group)
    s1, s2 = lab.row("Screen", "A", group), lab.row("Screen", "A", group)
    lab.link(s1, plate, "A")
    kept = lab.link(s2, plate, "A")

    lab.run("A", "delete", s1)

    assert not lab.is_live(s1)
    assert lab.is_live(plate)
    assert lab.is_live(kept)


def test_p24_an_image_of_a_field_is_not_deleted_by_itself(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "A")
    _, images = lab.plate("A", group, fields=1)

    refused = lab.run("A", "delete", images[0])

    assert refused.state == "FAILED"
    assert "WellSample" in refused.errors[0]["message"]
    assert lab.is_live(images[0])


def test_a_run_goes_with_its_fields_and_leaves_the_wells(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "A")
    plate, images = lab.plate("A", group)
    run = lab.of(plate, "PlateAcquisition", "plate_id")[0]

    done = lab.run("A", "delete", run)

    assert done.errors == []
    assert not any(lab.is_live(each) for each in (run, *images))
    assert lab.is_live(lab.of(plate, "Well", "plate_id")[0])


def test_a_fileset_is_deleted_whole_or_not_at_all(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "A")
    fileset = lab.fileset("A", group)
    i1, i2 = lab.image("A", group, fileset=fileset), lab.image("A", group, fileset=fileset)

    refused = lab.run("A", "delete", i1)
    done = lab.run("A", "delete", i1, i2)

    assert refused.state == "FAILED"
    assert str(i2) in refused.errors[0]["message"]
    assert done.errors == []
    assert not any(lab.is_live(each) for each in (i1, i2, fileset))


def test_nobody_deletes_other_peoples_images_below_read_write(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "AB")
    dataset, theirs = lab.row("Dataset", "A", group), lab.image("B", group)
    lab.link(dataset, theirs, "B")

    refused = lab.run("A", "delete", theirs)
    done = lab.run("A", "delete", dataset)

    assert refused.errors[0]["code"] == "denied"
    assert done.errors == []
    assert lab.is_live(theirs)
    assert [(each["object"], each["reason"]) for each in done.report["leftBehind"]] == [
        (str(theirs), "NOT_PERMITTED")
    ]


def test_a_tag_on_somebody_elses_image_is_not_deleted(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "AB")
    image = lab.image("B", group)
    tag = lab.annotate(image, "TagAnnotation", "A")

    refused = lab.run("A", "delete", tag)

    assert refused.state == "FAILED"
    assert str(image) in refused.errors[0]["message"]
    assert lab.is_live(tag)


def test_what_several_images_share_waits_for_the_purge(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "A")
    instrument = lab.row("Instrument", "A", group)
    image = lab.image("A", group, instrument=instrument)

    lab.run("A", "delete", image)

    assert lab.is_live(instrument)
