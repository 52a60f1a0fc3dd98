"""annotate and unannotate: sets of targets, ratings one per person, and what goes with a link."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from graphql_api.editing.annotate import Annotating, annotate
from shared.auth.principal import load_principal
from shared.database import Database, counted_statements
from shared.journal import history
from shared.models import MODELS, Annotation
from shared.models.annotations import NS_CLIENT_MAP, NS_RATING, MapPair
from shared.models.links import LINKS
from tests.support.graphql_client import GraphQLClient
from tests.support.people import make_group, make_link, make_row, make_user

ANNOTATE = """
mutation($input: AnnotateInput!) { annotate(input: $input) {
  annotations { id } links { id owner { id } viewerCan { delete } }
  errors { __typename code path target ... on Denied { reasons } } } }
"""
UNANNOTATE = """
mutation($input: UnannotateInput!) { unannotate(input: $input) {
  activity { id kind state } removed deleted errors { __typename path target } } }
"""


@pytest.fixture
def lab(database: Database) -> dict[str, Any]:
    with database.write() as connection:
        people = {name: make_user(connection, name) for name in ("ada", "bob", "leader", "eve")}
        people["chief"] = make_user(connection, "chief", is_admin=True)
        members = [people["ada"], people["bob"]]
        groups = {
            level: make_group(connection, level, level, members=members, owners=[people["leader"]])
            for level in ("rwra--", "rw----", "rwr---", "rwrw--")
        }
    return {**people, **groups}


def make(
    database: Database, lab: dict[str, Any], model: str, level: str = "rwra--",
    owner: str = "ada", **values: Any,
) -> str:  # fmt: skip
    with database.write() as connection:
        number = make_row(
            connection, MODELS[model], owner=lab[owner], group=lab[level], **values
        )  # fmt: skip
    return f"{values.get('class_name', model)}:{number}"


def ids(answer: dict[str, Any]) -> list[str]:
    return [each["id"] for each in answer["annotations"]]


def number(ref: str) -> int:
    return int(ref.partition(":")[2])


def live(database: Database, model: Any = Annotation) -> list[Any]:
    table = model.__table__
    with database.read() as connection:
        return list(
            connection.execute(select(table).where(table.c.trash_id.is_(None)).order_by(table.c.id))
        )


async def test_everything_at_once_on_objects_of_two_classes(
    api: GraphQLClient, database: Database, lab: dict[str, Any]
) -> None:
    image, dataset = make(database, lab, "Image"), make(database, lab, "Dataset")
    tag = make(
        database, lab, "Annotation", owner="ada", class_name="TagAnnotation", text_value="old"
    )
    given = {
        "targets": [image, dataset], "tags": [tag], "newTags": [{"name": " Mitosis "}],
        "comment": "look here", "rating": 4,
        "keyValues": {"pairs": [{"key": "Stain", "value": "H&E"}, {"key": "Stain", "value": ""}]},
    }  # fmt: skip
    answer = await api.data(ANNOTATE, {"input": given}, user=lab["bob"])
    assert answer["errors"] == []
    # bob's: a new tag and a comment shared by both, a map and a rating for each; ada's tag
    assert len(ids(answer)) == 1 + 1 + 1 + 2 + 2
    assert len(answer["links"]) == 2 * 5
    assert {link["owner"]["id"] for link in answer["links"]} == {f"User:{lab['bob']}"}
    assert all(link["viewerCan"]["delete"] for link in answer["links"])
    rows = live(database)
    assert sorted(row.class_name for row in rows) == sorted(
        ["TagAnnotation"] * 2 + ["CommentAnnotation"] + ["MapAnnotation"] * 2
        + ["LongAnnotation"] * 2
    )  # fmt: skip
    new = [row for row in rows if row.owner_id == lab["bob"]]
    assert {row.group_id for row in new} == {lab["rwra--"]}
    assert {row.namespace for row in new} == {None, NS_CLIENT_MAP, NS_RATING}
    assert [row.text_key for row in new if row.class_name == "TagAnnotation"] == ["mitosis"]
    with database.read() as connection:
        pairs = connection.execute(
            select(MapPair.position, MapPair.key, MapPair.value).order_by(MapPair.id)
        ).all()
        entries = history(connection, "ImageAnnotationLink", number(answer["links"][0]["id"]))
    assert [tuple(pair) for pair in pairs] == [(0, "Stain", "H&E"), (1, "Stain", "")] * 2
    assert [(each.action, each.kind, each.user_id) for each in entries] == [
        ("INSERT", "annotate", lab["bob"])
    ]


async def test_a_rating_is_one_per_person_and_object_and_its_old_value_is_journalled(
    api: GraphQLClient, database: Database, lab: dict[str, Any]
) -> None:
    image = make(database, lab, "Image")
    for who, rating in (("ada", 5), ("bob", 1), ("ada", 2)):
        given = {"targets": [image], "rating": rating}
        assert (await api.data(ANNOTATE, {"input": given}, user=lab[who]))["errors"] == []
    rows = live(database)
    assert [(row.owner_id, row.long_value, row.version) for row in rows] == [
        (lab["ada"], 2, 2), (lab["bob"], 1, 1)
    ]  # fmt: skip
    with database.read() as connection:
        first = history(connection, "LongAnnotation", rows[0].id)[0]
    assert (first.action, first.before) == ("UPDATE", {"long_value": 5})


async def test_a_rating_that_stands_on_two_objects_is_left_to_the_other(
    api: GraphQLClient, database: Database, lab: dict[str, Any]
) -> None:
    one, two = make(database, lab, "Image"), make(database, lab, "Image")
    shared = make(
        database, lab, "Annotation", class_name="LongAnnotation", namespace=NS_RATING, long_value=1
    )
    with database.write() as connection:
        for image in (one, two):
            make_link(
                connection, "ImageAnnotationLink", number(image), number(shared),
                owner=lab["ada"], group=lab["rwra--"],
            )  # fmt: skip
    answer = await api.data(
        ANNOTATE, {"input": {"targets": [one], "rating": 3}}, user=lab["ada"]
    )  # fmt: skip
    assert answer["errors"] == []
    links = live(database, LINKS["ImageAnnotationLink"].model)
    values = {row.id: row.long_value for row in live(database)}
    assert {link.parent_id: values[link.child_id] for link in links} == {
        number(one): 3, number(two): 1
    }  # fmt: skip


@pytest.mark.parametrize("level", ["rw----", "rwr---", "rwra--", "rwrw--"])
async def test_denied_exactly_where_viewer_can_not_annotate(
    api: GraphQLClient, database: Database, lab: dict[str, Any], level: str
) -> None:
    image = make(database, lab, "Image", level)
    seen = "query($id: ID!) { node(id: $id) { ... on Image { viewerCan { annotate } } } }"
    for role in ("ada", "bob", "leader", "chief", "eve"):
        before = len(live(database))
        node = await api.data(seen, {"id": image}, user=lab[role])
        answer = await api.data(
            ANNOTATE, {"input": {"targets": [image], "comment": "c"}}, user=lab[role]
        )
        found = [(error["__typename"], error["target"]) for error in answer["errors"]]
        if node is None:
            assert found == [("NotFound", image)]
        elif node["viewerCan"]["annotate"]:
            assert found == []
        else:
            assert found == [("Denied", image)]
        assert len(live(database)) == before + (not found)


async def test_whoever_left_the_group_is_refused_by_the_group(
    api: GraphQLClient, database: Database, lab: dict[str, Any]
) -> None:
    image = make(database, lab, "Image", owner="eve")
    answer = await api.data(
        ANNOTATE, {"input": {"targets": [image], "comment": "mine"}}, user=lab["eve"]
    )
    assert [(error["__typename"], error["target"]) for error in answer["errors"]] == [
        ("Denied", f"Group:{lab['rwra--']}")
    ]


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({}, []),
        ({"comment": "  "}, ["comment"]),
        ({"comment": "nul\0"}, ["comment"]),
        ({"rating": 6}, ["rating"]),
        ({"rating": -1}, ["rating"]),
        ({"newTags": [{"name": "fine"}, {"name": ""}]}, ["newTags", "1", "name"]),
        ({"keyValues": {"pairs": [{"key": " ", "value": "v"}]}},
         ["keyValues", "pairs", "0", "key"]),
        ({"keyValues": {"pairs": [{"key": "k", "value": "\0"}]}},
         ["keyValues", "pairs", "0", "value"]),
    ],
)  # fmt: skip
async def test_bad_values_are_invalid_and_make_nothing(
    api: GraphQLClient, database: Database, lab: dict[str, Any],
    given: dict[str, Any], path: list[str],
) -> None:  # fmt: skip
    image = make(database, lab, "Image")
    answer = await api.data(ANNOTATE, {"input": {"targets": [image], **given}}, user=lab["ada"])
    assert [(error["__typename"], error["path"]) for error in answer["errors"]] == [
        ("Invalid", path)
    ]
    assert live(database) == []


async def test_a_tag_of_another_group_and_what_takes_no_annotations_are_invalid(
    api: GraphQLClient, database: Database, lab: dict[str, Any]
) -> None:
    image = make(database, lab, "Image")
    pixels = make(database, lab, "Pixels", image_id=number(image))
    tag = make(
        database, lab, "Annotation", "rwrw--", class_name="TagAnnotation", text_value="there"
    )
    answer = await api.data(
        ANNOTATE, {"input": {"targets": [image, pixels], "tags": [tag]}}, user=lab["ada"]
    )
    assert [(error["__typename"], error["target"]) for error in answer["errors"]] == [
        ("Invalid", pixels), ("Invalid", tag)
    ]  # fmt: skip
    assert live(database, LINKS["ImageAnnotationLink"].model) == []


async def test_one_bad_target_refuses_all_and_the_same_key_attaches_once(
    api: GraphQLClient, database: Database, lab: dict[str, Any]
) -> None:
    image = make(database, lab, "Image")
    given = {"targets": [image, "Image:999999"], "comment": "c"}
    answer = await api.data(ANNOTATE, {"input": given}, user=lab["ada"])
    assert [error["target"] for error in answer["errors"]] == ["Image:999999"]
    assert live(database) == []
    given = {"targets": [image], "comment": "c", "idempotencyKey": "k"}
    first = await api.data(ANNOTATE, {"input": given}, user=lab["ada"])
    second = await api.data(ANNOTATE, {"input": given}, user=lab["ada"])
    assert first == second
    assert len(live(database)) == 1


def test_statements_do_not_depend_on_the_number_of_targets(
    database: Database, lab: dict[str, Any]
) -> None:
    with database.read() as connection:
        ada = load_principal(connection, lab["ada"])
    counts = []
    for size in (2, 300):
        images = tuple(make(database, lab, "Image") for _ in range(size))
        wanted = Annotating(images, comment="c", rating=3, pairs=(("k", "v"),))
        with counted_statements() as count:
            annotate(database, ada, wanted)
        with counted_statements() as again:
            annotate(database, ada, Annotating(images, rating=4))
        counts.append((len(count), len(again)))
    assert counts[0] == counts[1]
    assert max(counts[0]) < 60
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(MapPair)) == 302


async def attached(
    api: GraphQLClient, lab: dict[str, Any], who: str, targets: list[str], **given: Any
) -> Any:
    answer = await api.data(ANNOTATE, {"input": {"targets": targets, **given}}, user=lab[who])
    assert answer["errors"] == []
    return answer


async def test_comments_go_with_their_last_link_and_tags_stay(
    api: GraphQLClient, database: Database, lab: dict[str, Any]
) -> None:
    one, two = make(database, lab, "Image"), make(database, lab, "Image")
    made = await attached(api, lab, "bob", [one, two], comment="c", newTags=[{"name": "t"}])
    comment = next(ref for ref in ids(made) if ref.startswith("Comment"))
    pairs = {"targets": [one], "annotations": ids(made)}
    answer = await api.data(UNANNOTATE, {"input": {"pairs": pairs}}, user=lab["bob"])
    assert answer["errors"] == []
    assert len(answer["removed"]) == 2
    assert answer["deleted"] == []
    rest = {"targets": [two], "annotations": ids(made)}
    answer = await api.data(UNANNOTATE, {"input": {"pairs": rest}}, user=lab["bob"])
    assert answer["deleted"] == [comment]
    assert answer["activity"]["kind"] == "unannotate"
    assert answer["activity"]["state"] == "SUCCEEDED"
    assert [row.class_name for row in live(database)] == ["TagAnnotation"]
    assert live(database, LINKS["ImageAnnotationLink"].model) == []
    with database.read() as connection:
        entries = history(connection, "CommentAnnotation", number(comment))
    assert [entry.action for entry in entries] == ["TRASH", "INSERT"]
    tag = [ref for ref in ids(made) if ref != comment]
    rest = {"targets": [two], "annotations": tag}
    nothing = await api.data(UNANNOTATE, {"input": {"pairs": rest}}, user=lab["bob"])
    assert (nothing["activity"], nothing["removed"], nothing["errors"]) == (None, [], [])


async def test_the_datas_owner_may_not_cut_others_links_but_a_leader_may(
    api: GraphQLClient, database: Database, lab: dict[str, Any]
) -> None:
    image = make(database, lab, "Image")
    made = await attached(api, lab, "bob", [image], rating=1)
    link = made["links"][0]["id"]
    pairs = {"targets": [image], "annotations": ids(made)}
    for given in ({"links": [link]}, {"pairs": pairs}):
        answer = await api.data(UNANNOTATE, {"input": given}, user=lab["ada"])
        assert [(error["__typename"], error["target"]) for error in answer["errors"]] == [
            ("Denied", link)
        ]
    assert len(live(database)) == 1
    stranger = await api.data(UNANNOTATE, {"input": {"links": [link]}}, user=lab["eve"])
    assert [(error["__typename"], error["target"]) for error in stranger["errors"]] == [
        ("NotFound", link)
    ]
    answer = await api.data(UNANNOTATE, {"input": {"links": [link]}}, user=lab["leader"])
    assert (answer["removed"], answer["deleted"]) == ([link], ids(made))


async def test_pairs_that_one_may_not_delete_are_left_when_another_link_goes(
    api: GraphQLClient, database: Database, lab: dict[str, Any]
) -> None:
    image = make(database, lab, "Image", owner="bob")
    note = make(
        database, lab, "Annotation", owner="ada", class_name="MapAnnotation",
        namespace=NS_CLIENT_MAP,
    )  # fmt: skip
    with database.write() as connection:
        link = make_link(
            connection, "ImageAnnotationLink", number(image), number(note),
            owner=lab["bob"], group=lab["rwra--"],
        )  # fmt: skip
    given = {"links": [f"ImageAnnotationLink:{link}"]}
    answer = await api.data(UNANNOTATE, {"input": given}, user=lab["bob"])
    assert answer["errors"] == []
    assert answer["deleted"] == []
    assert [row.class_name for row in live(database)] == ["MapAnnotation"]
