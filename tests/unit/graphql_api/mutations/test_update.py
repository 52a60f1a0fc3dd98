"""updateProject and its siblings: absent is not null, versions, rights, journal."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from shared.database import Database
from shared.journal import history
from shared.models import MODELS
from tests.support.graphql_client import GraphQLClient
from tests.support.people import make_group, make_row, make_user

CLASSES = ("Project", "Dataset", "Folder", "Screen", "Plate", "Image")
ROLES = ("ada", "bob", "leader", "chief")


def document(class_name: str) -> str:
    field = class_name.lower()
    return f"""
mutation($input: Update{class_name}Input!) {{ update{class_name}(input: $input) {{
  {field} {{ id name description version viewerCan {{ update }} }}
  errors {{ __typename code path target ... on Denied {{ reasons }} }} }} }}
"""


@pytest.fixture
def lab(database: Database) -> dict[str, Any]:
    with database.write() as connection:
        people = {name: make_user(connection, name) for name in ("ada", "bob", "leader", "eve")}
        people["chief"] = make_user(connection, "chief", is_admin=True)
        members = [people["ada"], people["bob"]]
        groups = {
            level: make_group(connection, level, level, members=members, owners=[people["leader"]])
            for level in ("rw----", "rwr---", "rwra--", "rwrw--")
        }
    return {**people, **groups}


def make(database: Database, lab: dict[str, Any], class_name: str, level: str = "rwra--") -> int:
    with database.write() as connection:
        return make_row(
            connection, MODELS[class_name], owner=lab["ada"], group=lab[level],
            name="Old", description="as it was",
        )  # fmt: skip


def row_of(database: Database, class_name: str, number: int) -> dict[str, Any]:
    table: Any = MODELS[class_name].__table__
    with database.read() as connection:
        return dict(connection.execute(select(table).where(table.c.id == number)).one()._mapping)


@pytest.mark.parametrize("class_name", CLASSES)
async def test_what_is_given_changes_and_what_is_left_out_stays(
    api: GraphQLClient, database: Database, lab: dict[str, Any], class_name: str
) -> None:
    number = make(database, lab, class_name)
    given = {"id": f"{class_name}:{number}", "name": "  Straße ", "expectedVersion": 1}
    answer = await api.data(document(class_name), {"input": given}, user=lab["ada"])
    assert answer["errors"] == []
    changed = answer[class_name.lower()]
    assert (changed["name"], changed["description"], changed["version"]) == (
        "Straße", "as it was", 2,
    )  # fmt: skip
    row = row_of(database, class_name, number)
    assert row["name_key"] == "strasse"
    emptied = {"id": f"{class_name}:{number}", "description": None}
    answer = await api.data(document(class_name), {"input": emptied}, user=lab["ada"])
    assert answer[class_name.lower()]["description"] is None
    assert answer[class_name.lower()]["name"] == "Straße"
    with database.read() as connection:
        changes = history(connection, class_name, number)
    assert [(each.action, each.kind, each.before, each.user_id) for each in changes] == [
        ("UPDATE", f"update{class_name}", {"description": "as it was"}, lab["ada"]),
        ("UPDATE", f"update{class_name}", {"name": "Old"}, lab["ada"]),
    ]


async def test_the_same_value_again_is_no_change(
    api: GraphQLClient, database: Database, lab: dict[str, Any]
) -> None:
    number = make(database, lab, "Dataset")
    given = {"id": f"Dataset:{number}", "name": "Old"}
    answer = await api.data(document("Dataset"), {"input": given}, user=lab["ada"])
    assert answer["dataset"]["version"] == 1
    with database.read() as connection:
        assert history(connection, "Dataset", number) == []


@pytest.mark.parametrize(
    ("given", "kind", "path"),
    [
        ({"name": None}, "Invalid", ["name"]),
        ({"name": " "}, "Invalid", ["name"]),
        ({"name": "x" * 256}, "Invalid", ["name"]),
        ({"name": "nul\0"}, "Invalid", ["name"]),
        ({"description": "nul\0"}, "Invalid", ["description"]),
        ({"name": "New", "expectedVersion": 7}, "Conflict", ["expectedVersion"]),
    ],
)
async def test_what_cannot_be_changes_nothing(
    api: GraphQLClient, database: Database, lab: dict[str, Any],
    given: dict[str, Any], kind: str, path: list[str],
) -> None:  # fmt: skip
    number = make(database, lab, "Image")
    before = row_of(database, "Image", number)
    answer = await api.data(
        document("Image"), {"input": {"id": f"Image:{number}", **given}}, user=lab["ada"]
    )
    assert answer["image"] is None
    assert [(error["__typename"], error["path"]) for error in answer["errors"]] == [(kind, path)]
    assert row_of(database, "Image", number) == before
    with database.read() as connection:
        assert history(connection, "Image", number) == []


@pytest.mark.parametrize("level", ["rw----", "rwr---", "rwra--", "rwrw--"])
async def test_denied_exactly_where_viewer_can_not(
    api: GraphQLClient, database: Database, lab: dict[str, Any], level: str
) -> None:
    seen = "query($id: ID!) { node(id: $id) { ... on Dataset { viewerCan { update } } } }"
    for role in ROLES:
        number = make(database, lab, "Dataset", level)
        ref = f"Dataset:{number}"
        node = await api.data(seen, {"id": ref}, user=lab[role])
        answer = await api.data(
            document("Dataset"), {"input": {"id": ref, "name": "New"}}, user=lab[role]
        )
        errors = [(error["__typename"], error["target"]) for error in answer["errors"]]
        if node is None:
            assert errors == [("NotFound", ref)]
        elif node["viewerCan"]["update"]:
            assert errors == []
        else:
            assert errors == [("Denied", ref)]
        expected = "New" if errors == [] else "Old"
        assert row_of(database, "Dataset", number)["name"] == expected


async def test_unknown_invisible_and_other_classes_answer_alike(
    api: GraphQLClient, database: Database, lab: dict[str, Any]
) -> None:
    number = make(database, lab, "Project")
    for text in (f"Project:{number}", "Project:999999", f"Dataset:{number}", "Project:x", "?"):
        answer = await api.data(
            document("Project"), {"input": {"id": text, "name": "New"}}, user=lab["eve"]
        )
        assert [(error["__typename"], error["target"]) for error in answer["errors"]] == [
            ("NotFound", text)
        ]


DATES = """
mutation($input: UpdateImageInput!) { updateImage(input: $input) {
  image { acquisitionDate acquiredAt isArchived name version }
  errors { __typename path } } }
"""


async def test_when_an_image_was_taken_is_corrected_and_ordered_by(
    api: GraphQLClient, database: Database, lab: dict[str, Any]
) -> None:
    ref = f"Image:{make(database, lab, 'Image')}"

    async def change(**given: Any) -> dict[str, Any]:
        answer: dict[str, Any] = await api.data(
            DATES, {"input": {"id": ref, **given}}, user=lab["ada"]
        )
        return answer

    first = await change(
        acquisitionDate=" 2026-01-31T12:00:00+01:00 ", isArchived=True, expectedVersion=1
    )
    assert first == {
        "image": {
            "acquisitionDate": "2026-01-31T12:00:00+01:00",
            "acquiredAt": "2026-01-31T11:00:00Z",
            "isArchived": True,
            "name": "Old",
            "version": 2,
        },
        "errors": [],
    }
    for given in ({"acquisitionDate": "yesterday"}, {"acquisitionDate": ""}, {"isArchived": None},
                  {"acquisitionDate": "2026-13-01"}, {"acquisitionDate": "9" * 5000}):  # fmt: skip
        answer = await change(**given)
        assert answer == {
            "image": None, "errors": [{"__typename": "Invalid", "path": list(given)}]
        }  # fmt: skip
    stale = await change(acquisitionDate="2026-02-01", expectedVersion=1)
    assert [each["__typename"] for each in stale["errors"]] == ["Conflict"]
    emptied = (await change(acquisitionDate=None, name="New"))["image"]
    assert (emptied["acquisitionDate"], emptied["acquiredAt"]) == (None, None)
    assert (emptied["isArchived"], emptied["version"]) == (True, 3)
    with database.read() as connection:
        last, before = history(connection, "Image", int(ref.removeprefix("Image:")))
    assert last.before is not None
    assert last.before["acquisition_date"] == "2026-01-31T12:00:00+01:00"
    assert before.before is not None
    assert before.before["is_archived"] is False
