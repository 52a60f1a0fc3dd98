"""What becomes of tags that cannot come along: left, copied, or matched by their text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from shared.models.links import LINKS

if TYPE_CHECKING:
    from tests.support.lab import Lab, Thing

ANNOTATE, PRIVATE = "rwra--", "rw----"


def tags_of(lab: Lab, image: Thing) -> list[int]:
    table = LINKS["ImageAnnotationLink"].model.__table__  # type: ignore[attr-defined]  # a model
    with lab.database.read() as connection:
        return list(
            connection.scalars(
                select(table.c.child_id)
                .where(table.c.parent_id == image.id, table.c.trash_id.is_(None))
                .order_by(table.c.child_id)
            )
        )


@pytest.fixture
def scene(lab: Lab) -> dict[str, object]:
    g1, g2 = lab.group("g1", ANNOTATE, "AB"), lab.group("g2", ANNOTATE, "AC")
    first, second = lab.image("A", g1), lab.image("A", g1)
    tag = lab.annotate(first, "TagAnnotation", "B", text_value="mitosis", description="divides")
    lab.link(second, tag, "B")
    return {"g1": g1, "g2": g2, "images": [first, second], "tag": tag}


def test_tags_of_others_are_left(lab: Lab, scene: dict[str, object]) -> None:
    images, g2 = scene["images"], scene["g2"]
    assert isinstance(images, list)
    done = lab.run("A", "move_to_group", *images, group=f"Group:{g2}")
    assert done.state == "SUCCEEDED"
    assert tags_of(lab, images[0]) == []


def test_copies_of_the_tags_arrive_one_for_all(lab: Lab, scene: dict[str, object]) -> None:
    images, g2, tag = scene["images"], scene["g2"], scene["tag"]
    assert isinstance(images, list)
    assert isinstance(tag, type(images[0]))
    done = lab.run("A", "move_to_group", *images, group=f"Group:{g2}", tag_policy="COPY")

    assert done.state == "SUCCEEDED", done.errors
    (copy,) = set(tags_of(lab, images[0])) | set(tags_of(lab, images[1]))
    made = type(tag)("TagAnnotation", copy)
    assert done.report["created"] == [str(made)]
    assert lab.value(made, "text_value") == "mitosis"
    assert lab.value(made, "description") == "divides"
    assert (lab.value(made, "owner_id"), lab.group_of(made)) == (lab.people["A"], g2)
    assert lab.group_of(tag) == scene["g1"]
    assert lab.is_live(tag)


def test_a_tag_of_the_same_text_is_used_where_there_is_one(
    lab: Lab, scene: dict[str, object]
) -> None:
    images, g2, tag = scene["images"], scene["g2"], scene["tag"]
    assert isinstance(images, list)
    assert isinstance(g2, int)
    assert isinstance(tag, type(images[0]))
    other = lab.annotate(images[0], "TagAnnotation", "B", text_value="anaphase")
    there = lab.row("Annotation", "C", g2, class_name="TagAnnotation", text_value="mitosis")
    done = lab.run("A", "move_to_group", *images, group=f"Group:{g2}", tag_policy="MATCH_BY_NAME")

    assert done.state == "SUCCEEDED", done.errors
    assert tags_of(lab, images[1]) == [there.id]
    found = tags_of(lab, images[0])
    assert there.id in found
    (new,) = set(found) - {there.id}
    assert new != other.id
    assert done.report["created"] == [f"TagAnnotation:{new}"]


def test_a_private_group_matches_ones_own_tags_alone(lab: Lab, scene: dict[str, object]) -> None:
    images = scene["images"]
    assert isinstance(images, list)
    g3 = lab.group("g3", PRIVATE, "AC")
    theirs = lab.row("Annotation", "C", g3, class_name="TagAnnotation", text_value="mitosis")
    done = lab.run("A", "move_to_group", images[0], group=f"Group:{g3}", tag_policy="MATCH_BY_NAME")

    assert done.state == "SUCCEEDED", done.errors
    (found,) = tags_of(lab, images[0])
    assert found != theirs.id
    assert lab.value(type(images[0])("TagAnnotation", found), "owner_id") == lab.people["A"]
