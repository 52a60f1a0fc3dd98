"""Duplicating, in OMERO's words (scenarios P25 to P29, and the rules of semantics 3.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.errors import Invalid
from tests.support.copies import copies, owner

if TYPE_CHECKING:
    from tests.support.lab import Lab, Thing

PRIVATE, READ_ONLY, ANNOTATE, WRITE = "rw----", "rwr---", "rwra--", "rwrw--"


def test_p25_a_dataset_is_copied_with_images_and_annotations(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "AB")
    project, dataset = lab.row("Project", "A", group), lab.row("Dataset", "A", group)
    image = lab.image("A", group)
    lab.link(project, dataset, "A")
    link = lab.link(dataset, image, "A")
    tag = lab.annotate(image, "TagAnnotation", "B")
    roi = lab.roi(image, "B")

    shown = lab.plan("B", "duplicate", dataset)
    done = lab.run("B", "duplicate", dataset)

    copy = copies(lab, done)
    assert done.report["included"] == shown["included"]
    assert shown["copies"] == []
    assert done.result == [str(copy[str(dataset)])]
    assert {owner(lab, each) for each in copy.values()} == {"B"}
    assert {lab.group_of(each) for each in copy.values()} == {group}
    new_link = copy[str(link)]
    assert lab.value(new_link, "parent_id") == copy[str(dataset)].id
    assert lab.value(new_link, "child_id") == copy[str(image)].id
    assert lab.value(copy[str(roi)], "image_id") == copy[str(image)].id
    assert lab.value(copy[str(tag)], "text_value") == "tag"
    assert lab.of(copy[str(dataset)], "ProjectDatasetLink", "child_id") == []
    assert lab.crossing_links() == 0


def test_p26_rois_are_left_out_when_ignored(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "A")
    image = lab.image("A", group)
    lab.roi(image, "A")

    done = lab.run("A", "duplicate", image, ignore=("Roi",))

    copy = copies(lab, done)
    assert lab.of(copy[str(image)], "Roi", "image_id") == []
    assert "Roi" not in {each["type"] for each in done.report["included"]}


def project_with_notes(lab: Lab, group: int) -> tuple[Thing, list[Thing]]:
    project = lab.row("Project", "A", group)
    names = ("TagAnnotation", "LongAnnotation", "CommentAnnotation")
    return project, [lab.annotate(project, name, "A") for name in names]


COMMAND = {
    "reference": ("Annotation",),
    "duplicate": ("CommentAnnotation", "LongAnnotation"),
}


def test_p27_annotations_are_referred_to_or_copied_by_class(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "AB")
    project, (tag, rating, comment) = project_with_notes(lab, group)

    done = lab.run("B", "duplicate", project, **COMMAND)

    copy = copies(lab, done)
    assert owner(lab, copy[str(project)]) == "B"
    assert set(copy) >= {str(rating), str(comment)}
    assert str(tag) not in copy
    links = lab.of(tag, "ProjectAnnotationLink", "child_id")
    assert [lab.value(each, "parent_id") for each in links] == [project.id, copy[str(project)].id]
    assert [owner(lab, each) for each in links] == ["A", "B"]
    assert done.report["referenced"] == [
        {"type": "TagAnnotation", "count": 1, "idRanges": str(tag.id)}
    ]


def test_p28_nobody_refers_to_others_annotations_in_a_read_only_group(lab: Lab) -> None:
    group = lab.group("g", READ_ONLY, "AB")
    project, (tag, *_) = project_with_notes(lab, group)

    shown = lab.plan("B", "duplicate", project, **COMMAND)
    refused = lab.run("B", "duplicate", project, **COMMAND)
    assert [(each["object"], each["reason"]) for each in shown["blockers"]] == [
        (f"Annotation:{tag.id}", "NOT_PERMITTED")
    ]
    assert refused.errors[0]["code"] == "conflict"

    done = lab.run("B", "duplicate", project, ignore=("IAnnotationLink", "Roi"))
    assert set(copies(lab, done)) == {str(project)}
    assert lab.run("B", "duplicate", project).errors == []


def test_filesets_are_never_split(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "A")
    fileset = lab.fileset("A", group)
    first, second = (lab.image("A", group, fileset=fileset) for _ in range(2))
    dataset = lab.row("Dataset", "A", group)
    lab.link(dataset, first, "A")

    for target in (first, dataset):
        shown = lab.plan("A", "duplicate", target)
        assert [
            (each["object"], each["holder"], each["shared"], each["reason"])
            for each in shown["blockers"]
        ] == [(str(first), str(second), str(fileset), "FILESET_SPLIT")]
        assert lab.run("A", "duplicate", target).errors[0]["code"] == "conflict"

    copy = copies(lab, lab.run("A", "duplicate", first, second))
    assert {lab.value(copy[str(each)], "fileset_id") for each in (first, second)} == {
        copy[str(fileset)].id
    }


def test_shared_channels_are_copied_whole_or_referred_to(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "AB")
    first, second = lab.image("A", group), lab.image("A", group)
    pixels = [lab.of(each, "Pixels", "image_id")[0] for each in (first, second)]
    channels = [lab.of(each, "Channel", "pixels_id")[0] for each in pixels]
    shared = lab.value(channels[0], "logical_channel_id")
    lab.set(channels[1], logical_channel_id=shared)

    refused = lab.run("B", "duplicate", first)
    assert refused.errors[0]["code"] == "conflict"

    alone = copies(lab, lab.run("A", "duplicate", first))
    new = lab.of(alone[str(pixels[0])], "Channel", "pixels_id")[0]
    assert lab.value(new, "logical_channel_id") == shared
    for one in alone.values():
        if one.name == "Image":
            assert lab.run("A", "delete", one, purge=True).errors == []

    both = copies(lab, lab.run("B", "duplicate", first, second))
    ids = {
        lab.value(lab.of(both[str(each)], "Channel", "pixels_id")[0], "logical_channel_id")
        for each in pixels
    }
    assert ids == {both[f"LogicalChannel:{shared}"].id}


def test_shared_and_cyclic_annotations_are_copied_once(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "AB")
    first, second = lab.image("A", group), lab.image("A", group)
    tag = lab.annotate(first, "TagAnnotation", "A")
    links = [lab.of(tag, "ImageAnnotationLink", "child_id")[0], lab.link(second, tag, "A")]
    lab.link(second, tag, "B")  # a second person's link between the same two
    other = lab.annotate(tag, "CommentAnnotation", "A")
    lab.link(other, tag, "A")

    copy = copies(lab, lab.run("B", "duplicate", first, second))

    assert {lab.value(copy[str(each)], "child_id") for each in links} == {copy[str(tag)].id}
    there = lab.of(copy[str(other)], "AnnotationAnnotationLink", "child_id")
    back = lab.of(copy[str(tag)], "AnnotationAnnotationLink", "child_id")
    assert lab.value(there[0], "parent_id") == copy[str(tag)].id
    assert lab.value(back[0], "parent_id") == copy[str(other)].id
    assert len(lab.of(copy[str(tag)], "ImageAnnotationLink", "child_id")) == 2


def test_the_most_specific_class_wins(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "A")
    image = lab.image("A", group)
    names = (
        "DoubleAnnotation", "LongAnnotation", "TagAnnotation", "CommentAnnotation",
        "XmlAnnotation", "MapAnnotation",
    )  # fmt: skip
    notes = {name: lab.annotate(image, name, "A") for name in names}

    done = lab.run(
        "A", "duplicate", image, duplicate=("BasicAnnotation", "XmlAnnotation"),
        reference=("DoubleAnnotation", "TextAnnotation"),
    )  # fmt: skip

    copy = copies(lab, done)
    assert {name for name, note in notes.items() if str(note) in copy} == {
        "LongAnnotation", "XmlAnnotation", "MapAnnotation"
    }  # fmt: skip
    assert len(lab.of(copy[str(image)], "ImageAnnotationLink", "parent_id")) == len(names)


def test_a_class_stands_in_one_list(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "A")
    image = lab.image("A", group)

    with pytest.raises(Invalid, match="bad-class"):
        lab.plan("A", "duplicate", image, ignore=("Roi",), reference=("Roi",))


def test_datasets_without_images_and_images_of_others(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "AB")
    project, dataset = lab.row("Project", "A", group), lab.row("Dataset", "A", group)
    image = lab.image("A", group)
    lab.link(project, dataset, "A")
    lab.link(dataset, image, "A")

    bare = copies(lab, lab.run("A", "duplicate", project, ignore=("DatasetImageLink",)))
    assert str(dataset) in bare
    assert str(image) not in bare

    linked = copies(lab, lab.run("A", "duplicate", project, reference=("Image",)))
    (link,) = lab.of(linked[str(dataset)], "DatasetImageLink", "parent_id")
    assert lab.value(link, "child_id") == image.id
    assert lab.run("B", "duplicate", project, reference=("Image",)).errors[0]["code"] == "conflict"

    below = copies(lab, lab.run("A", "duplicate", project, start_from=("Dataset",)))
    assert lab.of(below[str(dataset)], "ProjectDatasetLink", "child_id") == []
    assert str(project) not in below


def test_only_the_image_owners_settings_are_copied(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "AB")
    image = lab.image("A", group)
    lab.settings_of(image, "B")
    pixels = lab.of(image, "Pixels", "image_id")[0]
    own = lab.of(pixels, "RenderingDef", "pixels_id")[0]

    copy = copies(lab, lab.run("B", "duplicate", image))

    assert lab.of(copy[str(pixels)], "RenderingDef", "pixels_id") == [copy[str(own)]]
    assert owner(lab, copy[str(own)]) == "B"


def test_plates_are_copied_whole_and_fields_images_without_their_field(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "A")
    plate, images = lab.plate("A", group)

    copy = copies(lab, lab.run("A", "duplicate", plate))
    well = lab.of(copy[str(plate)], "Well", "plate_id")[0]
    fields = lab.of(well, "WellSample", "well_id")
    assert [lab.value(each, "image_id") for each in fields] == [copy[str(i)].id for i in images]

    alone = copies(lab, lab.run("A", "duplicate", images[0]))
    assert lab.of(alone[str(images[0])], "WellSample", "image_id") == []


def test_into_another_group_into_a_container_with_new_names(lab: Lab) -> None:
    g1, g2 = lab.group("g1", READ_ONLY, "AB"), lab.group("g2", PRIVATE, "B")
    dataset, image = lab.row("Dataset", "B", g2), lab.image("A", g1, name="Zelle")
    tag = lab.annotate(image, "TagAnnotation", "A")

    done = lab.run(
        "B", "duplicate", image, group=f"Group:{g2}", into=str(dataset), name_prefix="Copy of ",
        name_suffix=" (Über)",
    )  # fmt: skip

    copy = copies(lab, done)
    assert lab.value(copy[str(image)], "name") == "Copy of Zelle (Über)"
    assert lab.value(copy[str(image)], "name_key") == "copy of zelle (über)"
    assert {lab.group_of(each) for each in copy.values()} == {g2}
    assert str(tag) in copy
    (link,) = lab.of(copy[str(image)], "DatasetImageLink", "child_id")
    assert lab.value(link, "parent_id") == dataset.id
    assert owner(lab, link) == "B"
    assert lab.crossing_links() == 0
    refused = lab.run("A", "duplicate", image, group=f"Group:{g2}")
    assert refused.errors[0]["code"] == "not_found"


def test_nobody_copies_what_he_does_not_see(lab: Lab) -> None:
    group = lab.group("g", PRIVATE, "AB", "L")
    image = lab.image("A", group)

    assert lab.run("B", "duplicate", image).errors[0]["code"] == "not_found"
    assert owner(lab, copies(lab, lab.run("L", "duplicate", image))[str(image)]) == "L"


def test_what_another_system_calls_an_object_it_may_call_the_copy(lab: Lab) -> None:
    from sqlalchemy import insert, select

    from shared.models.system import ExternalInfo

    group = lab.group("g", ANNOTATE, "A")
    image = lab.image("A", group)
    with lab.database.write() as connection:
        connection.execute(
            insert(ExternalInfo).values(
                class_name="Image", object_id=image.id, entity_id=7, entity_type="slide", lsid="x"
            )
        )

    copy = copies(lab, lab.run("A", "duplicate", image))[str(image)]

    with lab.database.read() as connection:
        rows = connection.execute(
            select(ExternalInfo.object_id, ExternalInfo.entity_id, ExternalInfo.lsid)
        ).all()
    assert [tuple(row) for row in rows] == [(image.id, 7, "x"), (copy.id, 7, "x")]


def test_a_roi_is_copied_onto_its_image(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "AB")
    image = lab.image("A", group)
    roi = lab.roi(image, "A")

    copy = copies(lab, lab.run("B", "duplicate", roi))

    assert lab.value(copy[str(roi)], "image_id") == image.id
    assert owner(lab, copy[str(roi)]) == "B"
