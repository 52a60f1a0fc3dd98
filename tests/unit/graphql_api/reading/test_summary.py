"""`annotationSummary`: n of m objects carry it; only what is seen counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.models.annotations import NS_RATING

if TYPE_CHECKING:
    from tests.support.browsing import World

SUMMARY = """query ($targets: [ID!]!, $types: [String!], $first: Int, $after: String) {
  annotationSummary(targets: $targets) { objectCount rating { average count own }
    annotations(types: $types, first: $first, after: $after) { totalCount
      pageInfo { hasNextPage endCursor }
      nodes { count annotation { id ... on TagAnnotation { text } }
        links { id target owner { login } viewerCan { delete } } } } } }"""


def tag(world: World, owner: str, group: str, text: str) -> int:
    return world.row(
        "Annotation", owner, group, class_name="TagAnnotation", text_value=text, text_key=text
    )


def summary(world: World, login: str, targets: list[str], **options: Any) -> Any:
    return world.data(login, SUMMARY, targets=targets, **options)["annotationSummary"]


def test_each_annotation_tells_how_many_carry_it(world: World) -> None:
    images = [world.row("Image", "ada", "lab", name=str(n)) for n in range(3)]
    dataset = world.row("Dataset", "ada", "lab", name="d")
    nice, other = tag(world, "ada", "lab", "nice"), tag(world, "ben", "lab", "other")
    for image in images[:2]:
        world.link("ImageAnnotationLink", image, nice, "ada", "lab")
    second = world.link("ImageAnnotationLink", images[0], nice, "ben", "lab")
    held = world.link("DatasetAnnotationLink", dataset, nice, "ada", "lab")
    world.link("ImageAnnotationLink", images[2], other, "ben", "lab")
    targets = [f"Image:{n}" for n in images] + [f"Dataset:{dataset}", f"Image:{images[0]}"]
    answer = world.ask("ben", SUMMARY, targets=targets)
    assert not answer.errors
    found = answer.data["annotationSummary"]
    assert found["objectCount"] == 4
    assert found["annotations"]["totalCount"] == 2
    first, last = found["annotations"]["nodes"]
    assert (first["annotation"]["text"], first["count"]) == ("nice", 3)
    assert (last["annotation"]["text"], last["count"]) == ("other", 1)
    assert [link["target"] for link in first["links"]] == [
        f"Dataset:{dataset}", f"Image:{images[0]}", f"Image:{images[0]}", f"Image:{images[1]}",
    ]  # fmt: skip
    assert first["links"][0]["id"] == f"DatasetAnnotationLink:{held}"
    mine = next(link for link in first["links"] if link["owner"]["login"] == "ben")
    assert mine["id"] == f"ImageAnnotationLink:{second}"
    assert mine["viewerCan"] == {"delete": True}
    assert first["links"][0]["viewerCan"] == {"delete": False}
    # datasets and images, rating, page, count, annotations, links, owners
    assert len(answer.statements) == 8


def test_hidden_objects_and_annotations_are_as_if_they_were_not(world: World) -> None:
    seen = world.row("Image", "ada", "secret", name="seen")
    hidden = world.row("Image", "ben", "secret", name="hidden")
    own, others = tag(world, "ada", "secret", "own"), tag(world, "ben", "secret", "others")
    for image in (seen, hidden):
        for annotation in (own, others):
            world.link("ImageAnnotationLink", image, annotation, "cleo", "secret")
    answers = [
        world.ask("ada", SUMMARY, targets=[f"Image:{seen}", more])
        for more in (f"Image:{hidden}", "Image:98765")
    ]
    assert answers[0].data == answers[1].data
    assert len(answers[0].statements) == len(answers[1].statements)
    found = answers[0].data["annotationSummary"]
    assert found["objectCount"] == 1
    assert [(n["annotation"]["text"], n["count"]) for n in found["annotations"]["nodes"]] == [
        ("own", 1)
    ]
    assert summary(world, "cleo", [f"Image:{seen}", f"Image:{hidden}"])["objectCount"] == 2
    assert summary(world, "dora", [f"Image:{seen}"]) == summary(world, "dora", ["x", "User:98765"])


def test_pages_of_a_summary_hold_each_annotation_once(world: World) -> None:
    image = world.row("Image", "ada", "lab", name="i")
    tags = [tag(world, "ada", "lab", str(n)) for n in range(5)]
    comment = world.row("Annotation", "ada", "lab", class_name="CommentAnnotation")
    for annotation in (*tags, comment):
        world.link("ImageAnnotationLink", image, annotation, "ada", "lab")
    after, walked = None, []
    for _ in range(3):
        page = summary(
            world, "ada", [f"Image:{image}"], types=["TagAnnotation"], first=2, after=after
        )["annotations"]
        assert page["totalCount"] == 5
        walked += [node["annotation"]["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert walked == [f"TagAnnotation:{number}" for number in tags]
    assert page["pageInfo"]["hasNextPage"] is False
    wrong = world.ask("ada", SUMMARY, targets=[f"Image:{image}"], after="nonsense")
    assert "cursor" in str(wrong.errors[0])


def test_ratings_of_many_objects_come_together(world: World) -> None:
    images = [world.row("Image", "ada", "lab", name=str(n)) for n in range(2)]
    for image, owner, value in ((0, "ada", 5), (0, "ben", 1), (1, "ada", 3)):
        rating = world.row(
            "Annotation", owner, "lab", class_name="LongAnnotation", namespace=NS_RATING,
            long_value=value,
        )  # fmt: skip
        world.link("ImageAnnotationLink", images[image], rating, owner, "lab")
    found = summary(world, "ben", [f"Image:{n}" for n in images])
    assert found["rating"] == {"average": 3.0, "count": 3, "own": 1}
    assert summary(world, "ben", [])["rating"] == {"average": None, "count": 0, "own": None}
