"""Browsing as people of a lab do it: who sees what, by lists, filters, counts and ids."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from shared.errors import Unauthenticated
from shared.models.people import GroupPermissions
from tests.support.browsing import World
from tests.support.people import make_part

if TYPE_CHECKING:
    from shared.database import Database
    from shared.settings import Settings


@pytest.fixture
def world(database: Database, settings: Settings) -> World:
    found = World(database, settings)
    for login in ("ada", "ben", "cleo", "dora"):
        found.person(login)
    found.person("chief", is_admin=True)
    found.group("lab", GroupPermissions.READ_ANNOTATE, ("ada", "ben"))
    found.group("secret", GroupPermissions.PRIVATE, ("ada", "ben"), "cleo")
    found.group("elsewhere", GroupPermissions.READ_WRITE, ("dora",))
    return found


def names(world: World, login: str, what: str, arguments: str = "") -> list[str]:
    found = world.data(login, f"{{ {what}{arguments} {{ totalCount nodes {{ name }} }} }}")[what]
    assert found["totalCount"] == len(found["nodes"])
    return [node["name"] for node in found["nodes"]]


def test_lists_hold_just_what_each_person_sees(world: World) -> None:
    # given projects in an open and in a private group
    world.row("Project", "ada", "lab", name="open")
    world.row("Project", "ada", "secret", name="hers")
    world.row("Project", "ben", "secret", name="his")
    world.row("Project", "dora", "elsewhere", name="far")
    # then members see their own in the private group, its leader and administrators everything
    assert names(world, "ada", "projects") == ["open", "hers"]
    assert names(world, "ben", "projects") == ["open", "his"]
    assert names(world, "cleo", "projects") == ["hers", "his"]
    assert names(world, "dora", "projects") == ["far"]
    assert names(world, "chief", "projects") == ["open", "hers", "his", "far"]


def test_who_left_a_group_keeps_seeing_his_own(world: World) -> None:
    world.row("Project", "dora", "lab", name="left behind")
    world.row("Project", "ada", "lab", name="not hers")
    assert names(world, "dora", "projects") == ["left behind"]


def test_trash_is_gone_for_everybody(world: World) -> None:
    from shared.models.activities import Activity

    with world.database.write() as connection:
        activity = make_part(
            connection,
            Activity,
            kind="delete",
            user_id=world.people["ada"],
            request={},
            created_at=0,
        )
    dataset = world.row("Dataset", "ada", "lab", name="kept")
    image = world.row("Image", "ada", "lab", name="trashed", trash_id=activity)
    world.link("DatasetImageLink", dataset, image, "ada", "lab")
    document = "{ datasets { nodes { images { totalCount nodes { id } } } } }"
    for login in ("ada", "ben", "chief"):
        assert names(world, login, "images") == []
        assert world.data(login, document)["datasets"]["nodes"][0]["images"] == {
            "totalCount": 0,
            "nodes": [],
        }
        assert world.data(login, f'{{ node(id: "Image:{image}") {{ id }} }}') == {"node": None}


def test_an_invisible_id_answers_like_one_that_does_not_exist(world: World) -> None:
    hidden = world.row("Project", "ben", "secret", name="his")
    own = world.row("Project", "ada", "secret", name="hers")
    document = (
        "query ($id: ID!) { node(id: $id) { __typename id ... on Project { owner { login } } } }"
    )
    answers = {}
    for text in (
        f"Project:{hidden}",
        "Project:99999",
        "nonsense",
        "Nothing:1",
        "Project:0",
        "Channel:1",
    ):
        answer = world.ask("ada", document, id=text)
        assert not answer.errors
        answers[text] = (answer.data, len(answer.statements))
    assert set(map(str, answers.values())) == {str(({"node": None}, 1))}
    seen = world.data("ada", document, id=f"Project:{own}")
    assert seen["node"] == {
        "__typename": "Project",
        "id": f"Project:{own}",
        "owner": {"login": "ada"},
    }


def test_nodes_answers_in_order_with_gaps(world: World) -> None:
    project = world.row("Project", "ada", "lab", name="P")
    image = world.row("Image", "ada", "lab", name="I")
    ids = [f"Image:{image}", "Image:777", f"Project:{project}", "x", f"Image:{image}"]
    answer = world.ask(
        "ben",
        "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Owned { owner { login } }"
        " ... on Image { name } } }",
        ids=ids,
    )
    assert not answer.errors
    mine = {"id": f"Image:{image}", "owner": {"login": "ada"}, "name": "I"}
    assert answer.data["nodes"] == [
        mine, None, {"id": f"Project:{project}", "owner": {"login": "ada"}}, None, mine,
    ]  # fmt: skip
    assert len(answer.statements) == 4
    many = world.ask("ben", "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids * 201)
    assert many.errors[0].original_error.code == "page_too_large"


def test_filters_never_tell_of_what_is_hidden(world: World) -> None:
    # given ada's image in her private group, put by cleo, its leader, into a dataset and tagged
    image = world.row("Image", "ada", "secret", name="hers")
    dataset = world.row("Dataset", "cleo", "secret", name="cleo's")
    tag = world.row(
        "Annotation", "cleo", "secret", class_name="TagAnnotation", text_value="suspicious"
    )
    world.link("DatasetImageLink", dataset, image, "cleo", "secret")
    world.link("ImageAnnotationLink", image, tag, "cleo", "secret")
    hidden = {
        f'within: "Dataset:{dataset}"': [],
        f'tag: {{any: ["TagAnnotation:{tag}"]}}': [],
        f'tag: {{none: ["TagAnnotation:{tag}"]}}': ["hers"],
        f'annotatedBy: "User:{world.people["cleo"]}"': [],
        "orphaned: true": ["hers"],
    }
    # then ada's filters answer as if neither existed, cleo's as things are
    for condition, expected in hidden.items():
        where = f"(where: {{{condition}}})"
        assert names(world, "ada", "images", where) == expected, condition
        assert names(world, "cleo", "images", where) == [n for n in ["hers"] if not expected], (
            condition
        )
    document = "{ images { nodes { datasets { totalCount nodes { name } } } } }"
    assert world.data("ada", document)["images"]["nodes"][0]["datasets"] == {
        "totalCount": 0,
        "nodes": [],
    }


def test_within_reaches_through_every_container(world: World) -> None:
    project = world.row("Project", "ada", "lab", name="P")
    dataset = world.row("Dataset", "ada", "lab", name="D")
    inside = world.row("Image", "ada", "lab", name="in dataset")
    outer = world.row("Folder", "ada", "lab", name="outer")
    inner = world.row("Folder", "ada", "lab", name="inner", parent_folder_id=outer)
    filed = world.row("Image", "ada", "lab", name="in folder")
    screen = world.row("Screen", "ada", "lab", name="S")
    plate = world.row("Plate", "ada", "lab", name="plate")
    well = world.row("Well", "ada", "lab", plate_id=plate, row=1, column=6)
    on_plate = world.row("Image", "ada", "lab", name="on plate")
    world.row("WellSample", "ada", "lab", well_id=well, image_id=on_plate)
    fileset = world.row("Fileset", "ada", "lab")
    world.row("Image", "ada", "lab", name="orphan", fileset_id=fileset)
    world.link("ProjectDatasetLink", project, dataset, "ada", "lab")
    world.link("DatasetImageLink", dataset, inside, "ada", "lab")
    world.link("FolderImageLink", inner, filed, "ada", "lab")
    world.link("ScreenPlateLink", screen, plate, "ada", "lab")
    expected = {
        f"Project:{project}": ["in dataset"],
        f"Dataset:{dataset}": ["in dataset"],
        f"Folder:{outer}": ["in folder"],
        f"Folder:{inner}": ["in folder"],
        f"Screen:{screen}": ["on plate"],
        f"Plate:{plate}": ["on plate"],
        f"Well:{well}": ["on plate"],
        f"Fileset:{fileset}": ["orphan"],
        "Project:999": [],
        f"Image:{filed}": [],
        "nonsense": [],
    }
    for container, found in expected.items():
        assert names(world, "ben", "images", f'(where: {{within: "{container}"}})') == found, (
            container
        )
    assert names(world, "ben", "images", "(where: {orphaned: true})") == ["in folder", "orphan"]
    assert names(world, "ben", "images", "(where: {orphaned: false})") == ["in dataset", "on plate"]
    assert names(world, "ben", "folders", f'(where: {{within: "Folder:{outer}"}})') == ["inner"]
    asked = world.data(
        "ben", f'{{ node(id: "Well:{well}") {{ ... on Well {{ label row column }} }} }}'
    )
    assert asked["node"] == {"label": "B7", "row": 1, "column": 6}


def test_filters_by_name_fold_case_and_take_signs_as_they_are(world: World) -> None:
    for name in ("Straße", "100% pure", "a_b", "aXb", "back\\slash"):
        world.row("Dataset", "ada", "lab", name=name)
    ada, lab = world.people["ada"], world.groups["lab"]
    for condition, expected in {
        'name: {eq: "STRASSE"}': ["Straße"],
        'name: {contains: "0%"}': ["100% pure"],
        'name: {contains: "_"}': ["a_b"],
        'name: {startsWith: "A"}': ["a_b", "aXb"],
        'name: {contains: "\\\\"}': ["back\\slash"],
        'name: {in: ["AXB", "a_B"]}': ["a_b", "aXb"],
        'not: {name: {startsWith: "a"}}': ["Straße", "100% pure", "back\\slash"],
        'or: [{name: {eq: "axb"}}, {name: {ne: "axb"}, id: {eq: "Dataset:1"}}]': ["Straße", "aXb"],
        "or: []": [],
        'and: [{name: {contains: "a"}}, {name: {contains: "x"}}]': ["aXb"],
        'owner: "User:999"': [],
        f'owner: "User:{ada}", group: "Group:{lab}", name: {{eq: "axb"}}': ["aXb"],
        'id: {eq: "Image:1"}': [],
        'createdAt: {lte: "2000-01-01T00:00:00Z"}': [],
    }.items():  # fmt: skip
        assert names(world, "ada", "datasets", f"(where: {{{condition}}})") == expected, condition


def test_key_value_pairs_find_images(world: World) -> None:
    from shared.models.annotations import MapPair
    from shared.models.base import sort_key

    image = world.row("Image", "ada", "lab", name="stained")
    world.row("Image", "ada", "lab", name="plain")
    pairs = world.row("Annotation", "ada", "lab", class_name="MapAnnotation")
    world.link("ImageAnnotationLink", image, pairs, "ada", "lab")
    with world.database.write() as connection:
        make_part(
            connection, MapPair, annotation_id=pairs, position=0, key="Stain", value="H&E",
            key_key=sort_key("Stain"), value_key=sort_key("H&E"),
        )  # fmt: skip
    for condition, expected in {
        '{key: "stain"}': ["stained"],
        '{value: "h&e"}': ["stained"],
        '{key: "stain", value: "PAS"}': [],
    }.items():
        assert names(world, "ben", "images", f"(where: {{keyValue: {condition}}})") == expected


def test_a_child_linked_twice_stands_once_with_ones_own_link(world: World) -> None:
    project = world.row("Project", "ada", "lab", name="P")
    dataset = world.row("Dataset", "ada", "lab", name="D")
    hers = world.link("ProjectDatasetLink", project, dataset, "ada", "lab")
    his = world.link("ProjectDatasetLink", project, dataset, "ben", "lab")
    document = """{ projects { nodes { datasets { totalCount
        edges { node { id } link { id owner { login } viewerCan { delete } } } } } } }"""
    for login, link, owner, may in (
        ("ada", hers, "ada", True),
        ("ben", his, "ben", True),
        ("chief", hers, "ada", True),
    ):
        found = world.data(login, document)["projects"]["nodes"][0]["datasets"]
        assert found["totalCount"] == 1
        (edge,) = found["edges"]
        assert edge["link"] == {
            "id": f"ProjectDatasetLink:{link}",
            "owner": {"login": owner},
            "viewerCan": {"delete": may},
        }


def test_people_are_seen_through_shared_open_groups_only(world: World) -> None:
    logins = "{ users { totalCount nodes { login email } } groups { nodes { name } } }"
    seen = world.data("ada", logins)
    assert [node["login"] for node in seen["users"]["nodes"]] == ["ada", "ben"]
    assert [node["name"] for node in seen["groups"]["nodes"]] == ["lab", "secret"]
    assert [n["login"] for n in world.data("dora", logins)["users"]["nodes"]] == ["dora"]
    members = """{ groups { nodes {
        name permissions members { nodes { login } } owners { nodes { login } } } } }"""
    secret = world.data("ada", members)["groups"]["nodes"][1]
    assert secret["permissions"] == "PRIVATE"
    assert secret["members"]["nodes"] == [{"login": "ada"}]
    assert secret["owners"]["nodes"] == []
    led = world.data("cleo", members)["groups"]["nodes"][0]
    assert [n["login"] for n in led["members"]["nodes"]] == ["ada", "ben", "cleo"]
    assert led["owners"]["nodes"] == [{"login": "cleo"}]


def test_nobody_gets_nothing_but_the_null_viewer(world: World) -> None:
    assert world.data(None, "{ viewer { login } }") == {"viewer": None}
    for document in ("{ projects { nodes { id } } }", '{ node(id: "Image:1") { id } }'):
        answer = world.ask(None, document)
        assert isinstance(answer.errors[0].original_error, Unauthenticated)
        assert len(answer.statements) == 0
    assert world.data("ada", "{ viewer { login groups { nodes { name } } } }")["viewer"] == {
        "login": "ada",
        "groups": {"nodes": [{"name": "lab"}, {"name": "secret"}]},
    }


def test_answers_are_alike_byte_for_byte_on_both_databases(world: World) -> None:
    """Both databases are held to one text, so to each other; ids and names are the same rows."""
    for number, name in enumerate(["b", "Ä", "a", "Z", "ǅ", "ﬀ", "1", ""]):
        world.row("Project", "ada", "lab", name=name, created_at=number, updated_at=number)
    found = world.data(
        "ben",
        "{ projects(orderBy: [{field: NAME}], first: 5) { nodes { id name createdAt }"
        " pageInfo { endCursor hasNextPage } } }",
    )
    assert json.dumps(found, ensure_ascii=False) == (
        '{"projects": {"nodes": ['
        '{"id": "Project:8", "name": "", "createdAt": "1970-01-01T00:00:00.000007Z"}, '
        '{"id": "Project:7", "name": "1", "createdAt": "1970-01-01T00:00:00.000006Z"}, '
        '{"id": "Project:3", "name": "a", "createdAt": "1970-01-01T00:00:00.000002Z"}, '
        '{"id": "Project:1", "name": "b", "createdAt": "1970-01-01T00:00:00Z"}, '
        '{"id": "Project:5", "name": "ǅ", "createdAt": "1970-01-01T00:00:00.000004Z"}], '
        '"pageInfo": {"endCursor": "WyJmMTM4NzkyMzgxZDExNmQ1MDUiLCJkxb4iLDVd", '
        '"hasNextPage": true}}}'
    )
