"""Annotations of every class, both ways along their links, seen only by whom they are for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.errors import Invalid
from shared.models.activities import Activity
from shared.models.annotations import NS_RATING, NS_TAG_SET, MapPair
from shared.models.rois import Shape
from tests.support.people import make_part

if TYPE_CHECKING:
    from tests.support.browsing import World

EVERY = """query ($id: ID!) { node(id: $id) { ... on Image { annotations { totalCount
  edges { link { owner { login } viewerCan { delete } } node { __typename id namespace
    ... on Owned { owner { login } }
    ... on TagAnnotation { text isTagSet } ... on CommentAnnotation { text }
    ... on XmlAnnotation { text } ... on TermAnnotation { text }
    ... on LongAnnotation { longValue isRating } ... on DoubleAnnotation { doubleValue }
    ... on BooleanAnnotation { boolValue } ... on TimestampAnnotation { timeValue }
    ... on MapAnnotation { pairs { key value } }
    ... on FileAnnotation { file { name } } } } } } } }"""


def pair(world: World, number: int, position: int, key: str, value: str) -> None:
    with world.database.write() as connection:
        make_part(
            connection, MapPair, annotation_id=number, position=position, key=key, value=value,
            key_key=key.casefold(), value_key=value.casefold(),
        )  # fmt: skip


def one_of_each(world: World, owner: str, group: str) -> dict[str, int]:
    """An annotation of every class, by class name."""
    file = world.row("OriginalFile", owner, group, name="notes.txt")
    values: dict[str, dict[str, Any]] = {
        "TagAnnotation": {"text_value": "Nice", "text_key": "nice"},
        "CommentAnnotation": {"text_value": "blurred"},
        "XmlAnnotation": {"text_value": "<a/>"},
        "TermAnnotation": {"text_value": "GO:1", "text_key": "go:1"},
        "LongAnnotation": {"long_value": 2**40},
        "DoubleAnnotation": {"double_value": 0.5},
        "BooleanAnnotation": {"bool_value": False},
        "TimestampAnnotation": {"time_value": 1_000_000},
        "ListAnnotation": {},
        "MapAnnotation": {},
        "FileAnnotation": {"file_id": file},
    }
    made = {
        name: world.row("Annotation", owner, group, class_name=name, **filled)
        for name, filled in values.items()
    }
    for position, (key, value) in enumerate([("gene", "CDK5"), ("a", "1"), ("gene", "PLK1")]):
        pair(world, made["MapAnnotation"], position, key, value)
    return made


def test_every_class_is_read_with_its_value_in_constant_statements(world: World) -> None:
    image = world.row("Image", "ada", "lab", name="i")
    made = one_of_each(world, "ada", "lab")
    for number in made.values():
        world.link("ImageAnnotationLink", image, number, "ben", "lab")
    answer = world.ask("ben", EVERY, id=f"Image:{image}")
    assert not answer.errors
    found = answer.data["node"]["annotations"]
    assert found["totalCount"] == 11
    by_class = {edge["node"]["__typename"]: edge["node"] for edge in found["edges"]}
    assert {name: int(node["id"].split(":")[1]) for name, node in by_class.items()} == made
    assert all(node["id"].startswith(name) for name, node in by_class.items())
    assert by_class["TagAnnotation"]["text"] == "Nice"
    assert by_class["LongAnnotation"] | {"longValue": str(2**40)} == by_class["LongAnnotation"]
    assert by_class["BooleanAnnotation"]["boolValue"] is False
    assert by_class["TimestampAnnotation"]["timeValue"] == "1970-01-01T00:00:01Z"
    assert [tuple(p.values()) for p in by_class["MapAnnotation"]["pairs"]] == [
        ("gene", "CDK5"), ("a", "1"), ("gene", "PLK1"),
    ]  # fmt: skip
    assert by_class["FileAnnotation"]["file"] == {"name": "notes.txt"}
    assert found["edges"][0]["link"] == {"owner": {"login": "ben"}, "viewerCan": {"delete": True}}
    # image, annotations, their count, owners, owners of links, pairs, files
    assert len(answer.statements) == 7


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        (["TagAnnotation"], 1),
        (["TextAnnotation"], 3),
        (["BasicAnnotation", "TagAnnotation"], 6),
        (["Annotation"], 11),
        (["Tag", "CommentAnnotation"], 2),
        ([], 0),
    ],
)
def test_annotations_are_narrowed_by_class(world: World, types: list[str], expected: int) -> None:
    image = world.row("Image", "ada", "lab", name="i")
    for number in one_of_each(world, "ada", "lab").values():
        world.link("ImageAnnotationLink", image, number, "ada", "lab")
    asked = """query ($id: ID!, $types: [String!]) { node(id: $id) { ... on Annotatable {
      annotations(types: $types) { totalCount nodes { id } } } }
      annotations(types: $types) { totalCount } }"""
    found = world.data("ada", asked, id=f"Image:{image}", types=types)
    assert found["node"]["annotations"]["totalCount"] == expected
    assert len(found["node"]["annotations"]["nodes"]) == expected
    assert found["annotations"]["totalCount"] == expected


def test_an_annotation_knows_what_carries_it(world: World) -> None:
    tag = world.row("Annotation", "ada", "lab", class_name="TagAnnotation", text_value="t")
    shown = world.row("Image", "ben", "lab", name="shown")
    binned = world.row("Image", "ben", "lab", name="binned", trash_id=bin_of(world))
    dataset = world.row("Dataset", "ada", "lab", name="d")
    for image in (shown, binned):
        world.link("ImageAnnotationLink", image, tag, "ada", "lab")
    world.link("DatasetAnnotationLink", dataset, tag, "ada", "lab")
    asked = """query ($id: ID!) { node(id: $id) { __typename id ... on Annotation {
      images { totalCount nodes { id } edges { link { owner { login } } } }
      datasets { nodes { name } } wells { nodes { id } } users { nodes { id } } } } }"""
    for form in (f"TagAnnotation:{tag}", f"Annotation:{tag}"):
        node = world.data("ada", asked, id=form)["node"]
        assert node["id"] == f"TagAnnotation:{tag}"
        assert node["images"]["nodes"] == [{"id": f"Image:{shown}"}]
        assert node["images"]["totalCount"] == 1
        assert node["datasets"]["nodes"] == [{"name": "d"}]
    for wrong in (f"CommentAnnotation:{tag}", "TagAnnotation:999999"):
        assert world.data("ada", asked, id=wrong)["node"] is None
    assert world.data("dora", asked, id=f"TagAnnotation:{tag}")["node"] is None


def bin_of(world: World) -> int:
    with world.database.write() as connection:
        return make_part(
            connection, Activity, kind="delete", state="SUCCEEDED",
            user_id=world.people["ada"], request={}, created_at=0,
        )  # fmt: skip


def test_tag_sets_hold_tags_and_tags_know_their_sets(world: World) -> None:
    tag_set = world.row(
        "Annotation", "ada", "lab", class_name="TagAnnotation", namespace=NS_TAG_SET,
        text_value="Phases", text_key="phases",
    )  # fmt: skip
    inside, outside = (
        world.row(
            "Annotation", "ada", "lab", class_name="TagAnnotation", text_value=text, text_key=text
        )
        for text in ("anaphase", "other")
    )
    remark = world.row("Annotation", "ada", "lab", class_name="CommentAnnotation", text_value="c")
    for child in (inside, remark):
        world.link("AnnotationAnnotationLink", tag_set, child, "ada", "lab")
    found = world.data(
        "ben",
        """query ($tag: ID!) {
          sets: annotations(where: {isTagSet: true}) { nodes { ... on TagAnnotation {
            text isTagSet tags(orderBy: [{field: TEXT}]) { totalCount nodes { text } }
            annotations { totalCount } } } }
          loose: annotations(types: ["TagAnnotation"], where: {isTagSet: false, orphaned: true}) {
            nodes { id } }
          held: annotations(where: {within: $tag}) { totalCount }
          back: node(id: $tag) { ... on TagAnnotation { tagSets { nodes { text } } } } }""",
        tag=f"TagAnnotation:{tag_set}",
    )
    assert found["sets"]["nodes"] == [
        {
            "text": "Phases",
            "isTagSet": True,
            "tags": {"totalCount": 1, "nodes": [{"text": "anaphase"}]},
            "annotations": {"totalCount": 2},
        }
    ]
    assert found["loose"]["nodes"] == [{"id": f"TagAnnotation:{outside}"}]
    assert found["held"] == {"totalCount": 2}
    assert found["back"] == {"tagSets": {"nodes": []}}
    back = world.data(
        "ben",
        """query ($id: ID!) { node(id: $id) { ... on TagAnnotation {
          tagSets { nodes { text } } } } }""",
        id=f"TagAnnotation:{inside}",
    )
    assert back["node"]["tagSets"]["nodes"] == [{"text": "Phases"}]


def test_ratings_are_averaged_over_what_the_caller_sees(world: World) -> None:
    images = [world.row("Image", "ada", "lab", name=str(n)) for n in range(3)]
    for owner, value in (("ada", 5), ("ben", 2)):
        rating = world.row(
            "Annotation", owner, "lab", class_name="LongAnnotation", namespace=NS_RATING,
            long_value=value,
        )  # fmt: skip
        world.link("ImageAnnotationLink", images[0], rating, owner, "lab")
    plain = world.row("Annotation", "ada", "lab", class_name="LongAnnotation", long_value=4)
    world.link("ImageAnnotationLink", images[1], plain, "ada", "lab")
    answer = world.ask(
        "ben", "{ images { nodes { ... on Annotatable { rating { average count own } } } } }"
    )
    assert [node["rating"] for node in answer.data["images"]["nodes"]] == [
        {"average": 3.5, "count": 2, "own": 2},
        {"average": None, "count": 0, "own": None},
        {"average": None, "count": 0, "own": None},
    ]
    assert len(answer.statements) == 2


def test_shapes_and_channels_carry_annotations_with_the_rights_of_what_holds_them(
    world: World,
) -> None:
    image = world.row("Image", "ada", "secret", name="i")
    roi = world.row("Roi", "ada", "secret", image_id=image)
    with world.database.write() as connection:
        shape = make_part(
            connection, Shape, roi_id=roi, class_name="Path", path_data="M 0 0", position=0
        )
    tag = world.row("Annotation", "ada", "secret", class_name="TagAnnotation", text_value="t")
    world.link("ShapeAnnotationLink", shape, tag, "ada", "secret")
    asked = """query ($id: ID!) { node(id: $id) { __typename id ... on Shape {
      viewerCan { update annotate } viewerCannot(action: ANNOTATE) { code }
      annotations { nodes { id } } roi { id image { id } } } ... on PathShape { d } } }"""
    node = world.data("cleo", asked, id=f"Shape:{shape}")["node"]
    assert node["__typename"] == "PathShape"
    assert node["id"] == f"Path:{shape}"
    assert node["d"] == "M 0 0"
    assert node["viewerCan"] == {"update": True, "annotate": False}
    assert {"code": "GROUP_PRIVATE"} in node["viewerCannot"]
    assert node["annotations"]["nodes"] == [{"id": f"TagAnnotation:{tag}"}]
    assert node["roi"] == {"id": f"Roi:{roi}", "image": {"id": f"Image:{image}"}}
    assert world.data("cleo", asked, id=f"Path:{shape}")["node"] == node
    hidden = world.ask("ben", asked, id=f"Path:{shape}")
    unknown = world.ask("ben", asked, id="Path:999999")
    assert hidden.data == unknown.data == {"node": None}
    assert len(hidden.statements) == len(unknown.statements)


@pytest.mark.parametrize("narrowed", ['types: ["TagAnotation"]', 'namespace: "a\\u0000b"'])
def test_names_that_cannot_be_are_told(world: World, narrowed: str) -> None:
    answer = world.ask("ada", f"{{ annotations({narrowed}) {{ totalCount }} }}")
    assert isinstance(answer.errors[0].original_error, Invalid)
