"""createTag, createTagSet, updateTag, updateTagSet and updateAnnotation."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from shared.database import Database
from shared.journal import history
from shared.models import MODELS, Annotation
from shared.models.annotations import NS_CLIENT_MAP, NS_RATING, NS_TAG_SET, MapPair
from shared.models.links import LINKS
from tests.support.graphql_client import GraphQLClient
from tests.support.people import make_group, make_part, make_row, make_user

ERRORS = "errors { __typename path target }"


def _mutation(name: str, field: str) -> str:
    kind = name[0].upper() + name[1:]
    payload = f"{field} {{ id }} {ERRORS}"
    return f"mutation($input: {kind}Input!) {{ {name}(input: $input) {{ {payload} }} }}"


CREATE, CREATE_SET = _mutation("createTag", "tag"), _mutation("createTagSet", "tagSet")
UPDATE, UPDATE_SET = _mutation("updateTag", "tag"), _mutation("updateTagSet", "tagSet")
CHANGE = f"""
mutation($input: UpdateAnnotationInput!) {{
  updateAnnotation(input: $input) {{ annotation {{ id }} {ERRORS} }} }}"""


@pytest.fixture
def lab(database: Database) -> dict[str, Any]:
    with database.write() as connection:
        people = {name: make_user(connection, name) for name in ("ada", "bob", "eve")}
        people["chief"] = make_user(connection, "chief", is_admin=True)
        members = [people["ada"], people["bob"]]
        people["lab"] = make_group(connection, "lab", "rwra--", members=members)
    return people


def annotation(database: Database, lab: dict[str, Any], class_name: str, **values: Any) -> str:
    with database.write() as connection:
        number = make_row(
            connection, MODELS["Annotation"], owner=lab["ada"], group=lab["lab"],
            class_name=class_name, **values,
        )  # fmt: skip
    return f"{class_name}:{number}"


def row(database: Database, ref: str | None) -> Any:
    assert ref is not None
    with database.read() as connection:
        return connection.execute(
            select(Annotation.__table__).where(Annotation.id == int(ref.partition(":")[2]))
        ).one()


def links(database: Database) -> list[tuple[int, int, int]]:
    model: Any = LINKS["AnnotationAnnotationLink"].model
    with database.read() as connection:
        found = connection.execute(select(model.parent_id, model.child_id, model.owner_id))
        return [(each[0], each[1], each[2]) for each in found]


async def test_a_tag_lies_in_its_set_and_a_set_is_made_with_its_tags(
    api: GraphQLClient, database: Database, lab: dict[str, Any]
) -> None:
    made = await api.data(
        CREATE, {"input": {"name": " Anaphase ", "description": "d"}}, user=lab["ada"]
    )
    assert made["errors"] == []
    tag = row(database, made["tag"]["id"])
    assert (tag.text_value, tag.text_key, tag.description, tag.namespace, tag.group_id) == (
        "Anaphase", "anaphase", "d", None, lab["lab"],
    )  # fmt: skip
    given = {"name": "Phases", "tags": [made["tag"]["id"]]}
    tag_set = await api.data(CREATE_SET, {"input": given}, user=lab["bob"])
    assert tag_set["errors"] == []
    whole = row(database, tag_set["tagSet"]["id"])
    assert (whole.namespace, whole.owner_id) == (NS_TAG_SET, lab["bob"])
    assert links(database) == [(whole.id, tag.id, lab["bob"])]
    second = await api.data(
        CREATE, {"input": {"name": "Telophase", "parent": tag_set["tagSet"]["id"]}}, user=lab["ada"]
    )
    assert second["errors"] == []
    assert links(database)[1] == (whole.id, row(database, second["tag"]["id"]).id, lab["ada"])


async def test_a_tag_is_no_parent_and_a_stranger_finds_none(
    api: GraphQLClient, database: Database, lab: dict[str, Any]
) -> None:
    tag = annotation(database, lab, "TagAnnotation", text_value="t")
    for who, kind in (("ada", "Invalid"), ("eve", "NotFound")):
        made = await api.data(CREATE, {"input": {"name": "n", "parent": tag}}, user=lab[who])
        assert [(error["__typename"], error["target"]) for error in made["errors"]] == [(kind, tag)]
    assert links(database) == []


async def test_the_same_key_makes_one_tag(
    api: GraphQLClient, database: Database, lab: dict[str, Any]
) -> None:
    given = {"name": "once", "idempotencyKey": "k"}
    first = await api.data(CREATE, {"input": given}, user=lab["ada"])
    assert first == await api.data(CREATE, {"input": given}, user=lab["ada"])


async def test_an_administrator_from_outside_fills_a_set_for_the_tags_owner(
    api: GraphQLClient, database: Database, lab: dict[str, Any]
) -> None:
    tag = annotation(database, lab, "TagAnnotation", text_value="t")
    given = {"name": "s", "group": f"Group:{lab['lab']}", "tags": [tag]}
    made = await api.data(CREATE_SET, {"input": given}, user=lab["chief"])
    assert made["errors"] == []
    assert [link[2] for link in links(database)] == [lab["ada"]]


async def test_updating_a_tag_renames_it_and_sets_are_told_apart(
    api: GraphQLClient, database: Database, lab: dict[str, Any]
) -> None:
    tag = annotation(database, lab, "TagAnnotation", text_value="old")
    renamed = {"id": tag, "name": "New", "expectedVersion": 1}
    assert (await api.data(UPDATE, {"input": renamed}, user=lab["ada"]))["errors"] == []
    assert (row(database, tag).text_value, row(database, tag).text_key) == ("New", "new")
    with database.read() as connection:
        (entry,) = history(connection, "TagAnnotation", int(tag.partition(":")[2]))
    assert (entry.kind, entry.before) == ("updateTag", {"text_value": "old"})
    for document, who, given, kind in (
        (UPDATE_SET, "ada", {"id": tag, "name": "x"}, "Invalid"),
        (UPDATE, "ada", {"id": tag, "name": None}, "Invalid"),
        (UPDATE, "ada", {"id": tag, "name": "x", "expectedVersion": 1}, "Conflict"),
        (UPDATE, "bob", {"id": tag, "name": "x"}, "Denied"),
        (UPDATE, "eve", {"id": tag, "name": "x"}, "NotFound"),
    ):
        answer = await api.data(document, {"input": given}, user=lab[who])
        assert [error["__typename"] for error in answer["errors"]] == [kind]
    assert row(database, tag).version == 2


@pytest.mark.parametrize(
    ("class_name", "old", "given", "column", "new"),
    [
        ("CommentAnnotation", {"text_value": "a"}, {"text": " b "}, "text_value", " b "),
        ("TermAnnotation", {"text_value": "a"}, {"text": "GO:1"}, "text_value", "GO:1"),
        ("XmlAnnotation", {"text_value": "<a/>"}, {"text": "<b/>"}, "text_value", "<b/>"),
        ("LongAnnotation", {"long_value": 1}, {"longValue": "9007199254740993"}, "long_value",
         9007199254740993),
        ("DoubleAnnotation", {"double_value": 1.0}, {"doubleValue": 2.5}, "double_value", 2.5),
        ("BooleanAnnotation", {"bool_value": True}, {"boolValue": False}, "bool_value", False),
        ("TimestampAnnotation", {"time_value": 1}, {"timeValue": "1970-01-01T00:00:01Z"},
         "time_value", 1_000_000),
    ],
)  # fmt: skip
async def test_each_class_has_its_value(
    api: GraphQLClient, database: Database, lab: dict[str, Any],
    class_name: str, old: dict[str, Any], given: dict[str, Any], column: str, new: Any,
) -> None:  # fmt: skip
    ref = annotation(database, lab, class_name, **old)
    answer = await api.data(CHANGE, {"input": {"id": ref, **given}}, user=lab["ada"])
    assert answer["errors"] == []
    assert getattr(row(database, ref), column) == new
    with database.read() as connection:
        (entry,) = history(connection, class_name, int(ref.partition(":")[2]))
    assert entry.before == old
    other = "ListAnnotation" if class_name != "ListAnnotation" else "TagAnnotation"
    stranger = annotation(database, lab, other)
    answer = await api.data(CHANGE, {"input": {"id": stranger, **given}}, user=lab["ada"])
    assert [(error["__typename"], error["path"]) for error in answer["errors"]] == [
        ("Invalid", list(given))
    ]


async def test_pairs_are_replaced_whole_and_the_old_ones_are_kept_in_the_journal(
    api: GraphQLClient, database: Database, lab: dict[str, Any]
) -> None:
    ref = annotation(database, lab, "MapAnnotation", namespace=NS_CLIENT_MAP)
    number = int(ref.partition(":")[2])
    with database.write() as connection:
        make_part(
            connection, MapPair, annotation_id=number, position=0, key="a", value="1",
            key_key="a", value_key="1",
        )  # fmt: skip
    pairs = [{"key": "B", "value": "2"}, {"key": "a", "value": "1"}]
    for _ in range(2):  # the same again is no change
        answer = await api.data(CHANGE, {"input": {"id": ref, "pairs": pairs}}, user=lab["ada"])
        assert answer["errors"] == []
    assert row(database, ref).version == 2
    with database.read() as connection:
        found = connection.execute(
            select(MapPair.key, MapPair.value, MapPair.key_key).order_by(MapPair.position)
        ).all()
        (entry,) = history(connection, "MapAnnotation", number)
    assert [tuple(pair) for pair in found] == [("B", "2", "b"), ("a", "1", "a")]
    assert entry.before == {"pairs": [["a", "1"]]}


async def test_a_rating_stays_between_0_and_5(
    api: GraphQLClient, database: Database, lab: dict[str, Any]
) -> None:
    ref = annotation(database, lab, "LongAnnotation", namespace=NS_RATING, long_value=3)
    answer = await api.data(CHANGE, {"input": {"id": ref, "longValue": 6}}, user=lab["ada"])
    assert [error["path"] for error in answer["errors"]] == [["longValue"]]
    assert row(database, ref).long_value == 3
