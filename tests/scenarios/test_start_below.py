"""Operations that start below their targets, and at links: semantics 3.1 and 6.2."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.lab import Lab, Thing

ANNOTATE, WRITE = "rwra--", "rwrw--"


def tree(lab: Lab, group: int, who: str = "A") -> tuple[Thing, Thing, Thing]:
    """A project with a dataset with an image."""
    project, dataset = lab.row("Project", who, group), lab.row("Dataset", who, group)
    image = lab.image(who, group)
    lab.link(project, dataset, who)
    lab.link(dataset, image, who)
    return project, dataset, image


def test_the_links_below_a_project_are_cut_and_all_else_stays(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "A")
    project, dataset, image = tree(lab, group)
    elsewhere = lab.row("Dataset", "A", group)
    kept = lab.link(elsewhere, image, "A")
    (cut,) = lab.of(dataset, "DatasetImageLink", "parent_id")
    (above,) = lab.of(project, "ProjectDatasetLink", "parent_id")

    done = lab.run("A", "delete", project, start_from=("DatasetImageLink",))

    assert done.errors == []
    assert done.report["deleted"] == [
        {"type": "DatasetImageLink", "count": 1, "idRanges": str(cut.id)}
    ]
    assert not lab.is_live(cut)
    assert all(lab.is_live(each) for each in (project, dataset, image, kept, above))


@pytest.mark.parametrize(
    ("top", "way", "cut"),
    [
        ("Project", ("ProjectDatasetLink",), "ProjectDatasetLink"),
        ("Project", ("Dataset", "DatasetImageLink"), "DatasetImageLink"),
        ("Project", ("Image", "IAnnotationLink"), "ImageAnnotationLink"),
        ("Dataset", ("ImageAnnotationLink",), "ImageAnnotationLink"),
        ("Image", ("DatasetImageLink",), "DatasetImageLink"),
    ],
)
def test_links_are_reached_from_either_end(
    lab: Lab, top: str, way: tuple[str, ...], cut: str
) -> None:
    group = lab.group("g", ANNOTATE, "A")
    things = dict(zip(("Project", "Dataset", "Image"), tree(lab, group), strict=True))
    tag = lab.annotate(things["Image"], "TagAnnotation", "A")

    done = lab.run("A", "delete", things[top], start_from=way)

    assert done.errors == []
    assert [each["type"] for each in done.report["deleted"]] == [cut]
    assert all(lab.is_live(each) for each in (*things.values(), tag))


def test_a_link_itself_is_a_target(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "A")
    _, dataset, image = tree(lab, group)
    (link,) = lab.of(dataset, "DatasetImageLink", "parent_id")

    done = lab.run("A", "delete", link)

    assert done.errors == []
    assert not lab.is_live(link)
    assert lab.is_live(image)
    back = lab.run("A", "restore", activity=f"Activity:{done.activity_id}")
    assert back.errors == []
    assert lab.is_live(link)


def test_other_peoples_links_are_not_cut_where_one_may_only_annotate(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "AB")
    project, dataset, _ = tree(lab, group, "B")
    (link,) = lab.of(dataset, "DatasetImageLink", "parent_id")

    done = lab.run("A", "delete", project, start_from=("DatasetImageLink",))

    assert [each["code"].lower() for each in done.errors] == ["denied"]
    assert lab.is_live(link)


def test_links_are_given_with_what_is_below_a_project(lab: Lab) -> None:
    group = lab.group("g", WRITE, "AB", "L")
    project, dataset, image = tree(lab, group)
    (link,) = lab.of(dataset, "DatasetImageLink", "parent_id")

    done = lab.run("L", "change_owner", project, start_from=("DatasetImageLink",),
                   owner=f"User:{lab.people['B']}")  # fmt: skip

    assert done.errors == []
    assert lab.value(link, "owner_id") == lab.people["B"]
    assert lab.value(image, "owner_id") == lab.people["A"]


def test_annotations_of_one_class_below_the_images_of_a_dataset(lab: Lab) -> None:
    group = lab.group("g", ANNOTATE, "A")
    _, dataset, image = tree(lab, group)
    comment = lab.annotate(image, "CommentAnnotation", "A")
    rating = lab.annotate(image, "LongAnnotation", "A")
    on_dataset = lab.annotate(dataset, "CommentAnnotation", "A")

    done = lab.run("A", "delete", dataset, start_from=("Image", "CommentAnnotation"))

    assert done.errors == []
    assert not lab.is_live(comment)
    assert all(lab.is_live(each) for each in (rating, on_dataset, image))
    lab.run("A", "delete", dataset, start_from=("TextAnnotation",))
    assert not lab.is_live(on_dataset)
    assert lab.is_live(rating)


def test_where_there_is_no_way_it_says_so(lab: Lab) -> None:
    image = tree(lab, lab.group("g", ANNOTATE, "A"))[2]

    done = lab.run("A", "delete", image, start_from=("Project",))

    assert done.errors[0]["code"].lower() == "invalid"
    assert "no way down from Image to Project" in done.errors[0]["message"]
    assert lab.is_live(image)
