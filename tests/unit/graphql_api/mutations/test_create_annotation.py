"""createAnnotation and annotate(newAnnotations): every class, on every kind of object."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from shared.database import Database
from shared.models import Annotation
from shared.models.activities import Activity
from shared.models.annotations import NS_RATING, NS_TAG_SET
from shared.models.images import Channel, Image
from shared.models.links import LINKS
from shared.models.people import GroupPermissions, Privilege
from shared.models.rois import Shape
from shared.settings import Settings
from tests.support.browsing import World
from tests.support.people import make_part

SHOWN = """
  annotations { __typename id namespace name description
    ... on TagAnnotation { tag: text } ... on CommentAnnotation { comment: text }
    ... on TermAnnotation { term: text } ... on XmlAnnotation { xml: text }
    ... on LongAnnotation { longValue } ... on DoubleAnnotation { doubleValue }
    ... on BooleanAnnotation { boolValue } ... on TimestampAnnotation { timeValue }
    ... on MapAnnotation { pairs { key value } } }
  links { id owner { id } } errors { __typename path target }
"""
CREATE = (
    f"mutation($input: CreateAnnotationInput!) {{ createAnnotation(input: $input) {{{SHOWN}}} }}"
)
ANNOTATE = f"mutation($input: AnnotateInput!) {{ annotate(input: $input) {{{SHOWN}}} }}"
UPDATE = """
mutation($input: UpdateAnnotationInput!) { updateAnnotation(input: $input) {
  annotation { id version namespace name } errors { __typename path } } }
"""
VALUES: dict[str, tuple[str, Any]] = {
    "tag": ("TagAnnotation", "Mitosis"),
    "comment": ("CommentAnnotation", "look"),
    "term": ("TermAnnotation", "GO:0007067"),
    "xml": ("XmlAnnotation", "<a b='1'><c/></a>"),
    "longValue": ("LongAnnotation", "9007199254740993"),
    "doubleValue": ("DoubleAnnotation", 0.1),
    "boolValue": ("BooleanAnnotation", False),
    "timeValue": ("TimestampAnnotation", "2026-01-31T12:00:00Z"),
    "pairs": ("MapAnnotation", [{"key": "k", "value": "1"}, {"key": "k", "value": ""}]),
}


@pytest.fixture
def world(database: Database, settings: Settings) -> World:
    found = World(database, settings)
    for login in ("ada", "bob", "eve"):
        found.person(login)
    for level in GroupPermissions:
        found.group(str(level.value), level, ("ada", "bob"))
    return found


def do(world: World, who: str, document: str, **given: Any) -> dict[str, Any]:
    (found,) = world.data(who, document, input=given).values()
    answer: dict[str, Any] = found
    return answer


def test_every_class_is_made_alone_and_on_objects(world: World) -> None:
    group = f"Group:{world.groups['rwra--']}"
    images = [f"Image:{world.row('Image', 'ada', 'rwra--')}" for _ in range(3)]
    made = []
    for name, (kind, value) in VALUES.items():
        alone = do(world, "bob", CREATE, value={name: value}, namespace="lab/x", name="n",
                   description="d", group=group)  # fmt: skip
        assert (alone["errors"], alone["links"]) == ([], [])
        (note,) = alone["annotations"]
        assert (note["__typename"], note[name], note["namespace"], note["name"]) == (
            kind, value, "lab/x", "n"
        )  # fmt: skip
        made.append(note["id"])
        linked = do(world, "bob", CREATE, value={name: value}, targets=images)
        assert linked["errors"] == []
        # pairs are each object's own, all else is shared
        assert len(linked["annotations"]) == (3 if name == "pairs" else 1)
        assert len(linked["links"]) == 3
    listed = do(world, "bob", CREATE, value={"list": made}, group=group)
    assert listed["errors"] == []
    member: Any = LINKS["AnnotationAnnotationLink"].model
    with world.database.read() as connection:
        count = len(connection.execute(select(member.id)).all())
    assert count == len(made)
    given = [made[2], listed["annotations"][0]["id"]]
    again = do(world, "ada", ANNOTATE, targets=images, annotations=given)
    assert (again["errors"], len(again["links"])) == ([], 6)


def test_all_classes_in_one_request_on_all_kinds_of_objects(world: World) -> None:
    plain = ("Screen", "Plate", "Project", "Dataset", "Folder", "Image")
    ids = {name: world.row(name, "ada", "rwra--") for name in plain}
    ids["Well"] = world.row("Well", "ada", "rwra--", plate_id=ids["Plate"], row=0, column=0)
    ids["PlateAcquisition"] = world.row("PlateAcquisition", "ada", "rwra--", plate_id=ids["Plate"])
    ids["Reagent"] = world.row("Reagent", "ada", "rwra--", screen_id=ids["Screen"])
    ids["Roi"] = world.row("Roi", "ada", "rwra--", image_id=ids["Image"])
    ids["Fileset"] = world.row("Fileset", "ada", "rwra--")
    ids["OriginalFile"] = world.row("OriginalFile", "ada", "rwra--", name="f")
    pixels = world.row("Pixels", "ada", "rwra--", image_id=ids["Image"])
    logical = world.row("LogicalChannel", "ada", "rwra--")
    with world.database.write() as connection:
        ids["Shape"] = make_part(connection, Shape, roi_id=ids["Roi"], class_name="Point", x=1, y=1)
        ids["Channel"] = make_part(
            connection, Channel, pixels_id=pixels, position=0, logical_channel_id=logical
        )
    group = f"Group:{world.groups['rwra--']}"
    tag = do(world, "ada", CREATE, value={"tag": "t"}, group=group)["annotations"][0]["id"]
    targets = [f"{name}:{number}" for name, number in ids.items()]
    targets.append(tag.replace("Tag", ""))  # the base class stands for it
    new = [{"value": {name: value}} for name, (_, value) in VALUES.items()]
    answer = do(world, "bob", ANNOTATE, targets=targets, newAnnotations=new)
    assert answer["errors"] == []
    assert len(answer["links"]) == len(targets) * len(VALUES)
    kinds = {link["id"].partition(":")[0] for link in answer["links"]}
    assert kinds == {f"{name}AnnotationLink" for name in (*ids, "Annotation")}


def test_what_is_no_value_names_its_field(world: World) -> None:
    image = f"Image:{world.row('Image', 'ada', 'rwra--')}"
    for value, more, path in (
        ({"tag": " "}, {}, ["value"]),
        ({"comment": "nul\0"}, {}, ["value"]),
        ({"xml": "<a>"}, {}, ["value"]),
        ({"xml": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}, {}, ["value"]),
        ({"pairs": [{"key": "", "value": "v"}]}, {}, ["value", "0", "key"]),
        ({"longValue": "4"}, {"namespace": NS_RATING}, ["namespace"]),
        ({"tag": "set"}, {"namespace": NS_TAG_SET}, ["namespace"]),
        ({"tag": "t"}, {"name": ""}, ["name"]),
    ):
        alone = do(world, "ada", CREATE, value=value, **more)
        assert [(each["__typename"], each["path"]) for each in alone["errors"]] == [
            ("Invalid", path)
        ], value
        new = {"value": value, **more}
        refused = do(world, "ada", ANNOTATE, targets=[image], newAnnotations=[new])
        assert [each["path"] for each in refused["errors"]] == [["newAnnotations", "0", *path]]
    unknown = do(world, "ada", CREATE, value={"list": ["TagAnnotation:99"]})
    assert [(each["__typename"], each["path"]) for each in unknown["errors"]] == [
        ("NotFound", ["value", "list"])
    ]
    with world.database.read() as connection:
        assert connection.scalars(select(Annotation.id)).all() == []


@pytest.mark.parametrize("level", ["rw----", "rwr---", "rwra--", "rwrw--"])
def test_shapes_take_the_rights_of_their_roi(world: World, level: str) -> None:
    image = world.row("Image", "ada", level)
    roi = world.row("Roi", "ada", level, image_id=image)
    with world.database.write() as connection:
        number = make_part(connection, Shape, roi_id=roi, class_name="Ellipse", x=1, y=1)
    for target in (f"Shape:{number}", f"Ellipse:{number}"):
        for who in ("ada", "bob", "eve"):
            answer = do(world, who, CREATE, value={"comment": "c"}, targets=[target])
            seen = who == "ada" or (who == "bob" and level != "rw----")
            may = who == "ada" or (who == "bob" and level in {"rwra--", "rwrw--"})
            kinds = [each["__typename"] for each in answer["errors"]]
            assert kinds == ([] if may else ["Denied"] if seen else ["NotFound"])
    wrong = do(world, "ada", CREATE, value={"comment": "c"}, targets=[f"Point:{number}"])
    assert [each["__typename"] for each in wrong["errors"]] == ["NotFound"]


def test_a_rating_is_not_handed_on_and_namespaces_of_meaning_stay(world: World) -> None:
    one, two = (f"Image:{world.row('Image', 'ada', 'rwra--')}" for _ in range(2))
    rated = do(world, "ada", ANNOTATE, targets=[one], rating=4)["annotations"][0]["id"]
    refused = do(world, "ada", ANNOTATE, targets=[two], annotations=[rated])
    assert [(each["__typename"], each["target"]) for each in refused["errors"]] == [
        ("Invalid", rated)
    ]
    changed = do(world, "ada", UPDATE, id=rated, namespace=None)
    assert [each["path"] for each in changed["errors"]] == [["namespace"]]
    note = do(world, "ada", CREATE, value={"longValue": "9"}, targets=[one])["annotations"][0]
    for space in (NS_RATING, NS_TAG_SET):
        answer = do(world, "ada", UPDATE, id=note["id"], namespace=space)
        assert [each["path"] for each in answer["errors"]] == [["namespace"]]
    answer = do(world, "ada", UPDATE, id=note["id"], namespace="lab/y", name="count",
                expectedVersion=1)  # fmt: skip
    assert answer["annotation"] == {
        "id": note["id"], "version": 2, "namespace": "lab/y", "name": "count"
    }  # fmt: skip


def test_the_same_key_makes_it_once_and_statements_stay_few(world: World) -> None:
    counts = []
    for number in (2, 300):
        images = [f"Image:{world.row('Image', 'ada', 'rwra--')}" for _ in range(number)]
        given = {"targets": images, "value": {"term": "t"}, "idempotencyKey": f"k{number}"}
        first = world.ask("ada", CREATE, input=given)
        assert len(first.data["createAnnotation"]["links"]) == number
        again = world.ask("ada", CREATE, input=given)
        assert again.data == first.data
        counts.append(len(first.statements))
    assert counts[0] == counts[1]


def test_what_many_carry_is_cut_from_them_by_few_statements(world: World) -> None:
    cut = """
    mutation($input: UnannotateInput!) { unannotate(input: $input) {
      removed deleted errors { __typename } } }
    """
    counts = []
    for number in (2, 300):
        images = [f"Image:{world.row('Image', 'ada', 'rwra--')}" for _ in range(number)]
        made = [do(world, "ada", ANNOTATE, targets=images, comment="c", rating=3) for _ in range(2)]
        links = [link["id"] for link in made[1]["links"] if link["id"]]
        by_id = world.ask("ada", cut, input={"links": links})
        assert len(by_id.data["unannotate"]["removed"]) == len(set(links))
        pairs = {"targets": images, "annotations": [made[0]["annotations"][0]["id"]]}
        by_pair = world.ask("ada", cut, input={"pairs": pairs})
        assert len(by_pair.data["unannotate"]["removed"]) == number
        assert len(by_pair.data["unannotate"]["deleted"]) == 1
        counts.append((len(by_id.statements), len(by_pair.statements)))
    assert counts[0] == counts[1]


def test_what_lies_in_the_trash_takes_nothing_and_is_not_found(world: World) -> None:
    image = world.row("Image", "ada", "rwra--")
    note = do(world, "ada", CREATE, value={"tag": "t"}, targets=[f"Image:{image}"])
    tag = note["annotations"][0]["id"]
    with world.database.write() as connection:
        trash = make_part(
            connection, Activity, kind="delete", state="SUCCEEDED", user_id=world.people["ada"],
            request={}, created_at=1,
        )  # fmt: skip
        for model in (Image, Annotation):
            connection.execute(update(model).values(trash_id=trash))
    other = f"Image:{world.row('Image', 'ada', 'rwra--')}"
    for given, target in (
        ({"targets": [f"Image:{image}"], "comment": "c"}, f"Image:{image}"),
        ({"targets": [other], "tags": [tag]}, tag),
    ):
        answer = do(world, "ada", ANNOTATE, **given)
        assert [(each["__typename"], each["target"]) for each in answer["errors"]] == [
            ("NotFound", target)
        ]


OWNED = """
mutation($input: CreateAnnotationInput!) { createAnnotation(input: $input) {
  annotations { id owner { login } } links { owner { login } }
  errors { __typename target path } } }
"""


@pytest.mark.parametrize("level", [str(level.value) for level in GroupPermissions])
def test_an_administrator_annotates_for_the_owner_of_the_data(world: World, level: str) -> None:
    world.person("chief", is_admin=True)
    world.person("viewer", is_admin=True, withheld=frozenset(Privilege))
    ada, bob, group = (f"User:{world.people['ada']}", f"User:{world.people['bob']}",
                       f"Group:{world.groups[level]}")  # fmt: skip
    image = f"Image:{world.row('Image', 'ada', level)}"
    for value in ({"tag": "checked"}, {"pairs": [{"key": "k", "value": "v"}]}):
        given = {"value": value, "targets": [image], "owner": ada}
        made = do(world, "chief", OWNED, **given)
        assert made["errors"] == []
        assert [each["owner"]["login"] for each in made["annotations"]] == ["ada"]
        assert [each["owner"]["login"] for each in made["links"]] == ["ada"]
    tag = {"tag": "later"}
    alone = do(world, "chief", OWNED, value=tag, group=group, owner=bob)
    assert [each["owner"]["login"] for each in alone["annotations"]] == ["bob"]
    held = [alone["annotations"][0]["id"]]
    listed = do(world, "chief", OWNED, value={"list": held}, group=group, owner=bob)
    assert (listed["errors"], len(listed["annotations"])) == ([], 1)
    for who, owner, more, kind, target in (
        ("bob", ada, {"group": group}, "Denied", ada),
        ("viewer", ada, {"targets": [image]}, "Denied", group),
        ("chief", f"User:{world.people['eve']}", {"group": group}, "Invalid", None),
        ("chief", "User:999999", {"group": group}, "NotFound", "User:999999"),
    ):
        refused = do(world, who, OWNED, value=tag, owner=owner, **more)
        (error,) = refused["errors"]
        assert (error["__typename"], refused["annotations"]) == (kind, [])
        assert target is None or error["target"] == target
    crossed = do(world, "chief", OWNED, value=tag, targets=[image], owner=bob)
    if level == "rw----":
        assert [each["target"] for each in crossed["errors"]] == [image]
    else:
        assert crossed["errors"] == []


@pytest.mark.parametrize("level", ["rw----", "rwra--"])
def test_all_that_one_call_attaches_belongs_to_whom_it_is_for(world: World, level: str) -> None:
    world.person("chief", is_admin=True)
    ada = f"User:{world.people['ada']}"
    image = f"Image:{world.row('Image', 'ada', level)}"
    document = OWNED.replace("CreateAnnotationInput", "AnnotateInput").replace(
        "createAnnotation(", "annotate("
    )
    given = {
        "targets": [image], "owner": ada, "newTags": [{"name": "t"}], "comment": "seen",
        "keyValues": {"pairs": [{"key": "k", "value": "v"}]},
        "newAnnotations": [{"value": {"longValue": "3"}}],
    }  # fmt: skip

    made = world.data("chief", document, input=given)["annotate"]

    assert made["errors"] == []
    assert [each["owner"]["login"] for each in made["annotations"]] == ["ada"] * 4
    assert [each["owner"]["login"] for each in made["links"]] == ["ada"] * 4
    rated = world.data(
        "chief", document, input={"targets": [image], "owner": ada, "rating": 3}
    )["annotate"]  # fmt: skip
    assert [(each["__typename"], each["path"]) for each in rated["errors"]] == [
        ("Invalid", ["owner"])
    ]
    refused = world.data("bob", document, input={**given, "targets": [image]})["annotate"]
    kind = "NotFound" if level == "rw----" else "Denied"
    assert {each["__typename"] for each in refused["errors"]} == {kind}
    assert refused["annotations"] == []
