"""editKeyValues and importKeyValues: many objects at once, nothing behind anybody's back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select

from shared.database import Database
from shared.journal import history
from shared.models import MODELS, Annotation
from shared.models.annotations import NS_CLIENT_MAP, MapPair
from shared.models.links import LINKS
from shared.models.people import GroupPermissions
from shared.settings import Settings
from shared.storage import LocalStorage
from shared.storage.intents import sweep
from shared.storage.locator import upload_file
from tests.support.browsing import World
from tests.support.graphql_client import GraphQLClient
from tests.support.people import make_link, make_part, make_row
from tests.support.sender import BYTES, TUS

EDIT = """
mutation($input: EditKeyValuesInput!) { editKeyValues(input: $input) {
  changed created leftAlone errors { __typename path target } } }
"""
IMPORT = """
mutation($input: ImportKeyValuesInput!) { importKeyValues(input: $input) {
  activity { id kind state result { id } } objectCount unmatchedCount
  unmatched { row value reason } errors { __typename message path target } } }
"""


@pytest.fixture
def world(database: Database, settings: Settings) -> World:
    found = World(database, settings)
    for login in ("ada", "bob", "eve"):
        found.person(login)
    for level in GroupPermissions:
        found.group(str(level.value), level, ("ada", "bob"))
    return found


def maps(database: Database) -> dict[int, list[tuple[str, str]]]:
    with database.read() as connection:
        live = select(Annotation.id).where(
            Annotation.class_name == "MapAnnotation", Annotation.trash_id.is_(None)
        )
        found: dict[int, list[tuple[str, str]]] = {
            number: [] for number in connection.scalars(live.order_by(Annotation.id))
        }
        for row in connection.execute(
            select(MapPair).order_by(MapPair.annotation_id, MapPair.position)
        ).mappings():
            found[row["annotation_id"]].append((row["key"], row["value"]))
    return found


def carried(database: Database, kind: str = "Image") -> dict[int, list[tuple[str, str]]]:
    """The pairs of each object, by its id."""
    model: Any = LINKS[f"{kind}AnnotationLink"].model
    link = model.__table__
    said = maps(database)
    with database.read() as connection:
        rows = connection.execute(
            select(link.c.parent_id, link.c.child_id).where(link.c.trash_id.is_(None))
        ).all()
    found: dict[int, list[tuple[str, str]]] = {}
    for row in sorted(map(tuple, rows)):
        found.setdefault(row[0], []).extend(said[row[1]])
    return found


def put_map(world: World, pairs: list[tuple[str, str]], *images: int, owner: str = "ada") -> int:
    number = world.row(
        "Annotation", owner, "rwra--", class_name="MapAnnotation", namespace=NS_CLIENT_MAP
    )
    with world.database.write() as connection:
        for place, (key, value) in enumerate(pairs):
            make_part(
                connection, MapPair, annotation_id=number, position=place, key=key, value=value,
                key_key=key.lower(), value_key=value.lower(),
            )  # fmt: skip
        for image in images:
            make_link(
                connection, "ImageAnnotationLink", image, number,
                owner=world.people[owner], group=world.groups["rwra--"],
            )  # fmt: skip
    return number


def images(world: World, count: int, group: str = "rwra--", owner: str = "ada") -> list[int]:
    return [world.row("Image", owner, group, name=f"i{place}.tif") for place in range(count)]


def edit(world: World, who: str, **given: Any) -> dict[str, Any]:
    found: dict[str, Any] = world.data(who, EDIT, input=given)["editKeyValues"]
    return found


def load(world: World, who: str, csv: str, **given: Any) -> dict[str, Any]:
    given = {"source": {"csv": csv}, **given}
    found: dict[str, Any] = world.data(who, IMPORT, input=given)["importKeyValues"]
    return found


def test_set_rename_and_remove_in_what_each_object_carries(world: World) -> None:
    one, two, three = images(world, 3)
    first = put_map(world, [("Stain", "HE"), ("Old", "1"), ("Stain", "x"), ("Gone", "")], one)
    put_map(world, [("A", "b")], two)
    answer = edit(
        world, "ada", targets=[f"Image:{each}" for each in (one, two, three)],
        set=[{"key": "Stain", "value": "PAS"}, {"key": "N", "value": "1"}],
        rename=[{"from": "Old", "to": "New"}], remove=["Gone"],
    )  # fmt: skip
    assert answer["errors"] == []
    assert len(answer["changed"]) == 2
    assert len(answer["created"]) == 1
    assert carried(world.database) == {
        one: [("Stain", "PAS"), ("New", "1"), ("N", "1")],
        two: [("A", "b"), ("Stain", "PAS"), ("N", "1")],
        three: [("Stain", "PAS"), ("N", "1")],
    }
    with world.database.read() as connection:
        (entry,) = history(connection, "MapAnnotation", first)
    assert entry.before == {
        "pairs": [["Stain", "HE"], ["Old", "1"], ["Stain", "x"], ["Gone", ""]]
    }  # fmt: skip


def test_identical_maps_are_edited_together_and_others_stay(world: World) -> None:
    one, two, three = images(world, 3)
    for image in (one, two):
        put_map(world, [("k", "v"), ("k", "w")], image)
    put_map(world, [("k", "w"), ("k", "v")], three)
    answer = edit(
        world, "ada", targets=[f"Image:{each}" for each in (one, two, three)],
        replace={"from": [{"key": "k", "value": "v"}, {"key": "k", "value": "w"}],
                 "to": [{"key": "K", "value": "both"}]},
    )  # fmt: skip
    assert (answer["errors"], len(answer["changed"]), answer["created"]) == ([], 2, [])
    assert carried(world.database) == {
        one: [("K", "both")], two: [("K", "both")], three: [("k", "w"), ("k", "v")]
    }  # fmt: skip


def test_a_map_that_stands_elsewhere_too_is_left_alone_and_said_so(world: World) -> None:
    one, two = images(world, 2)
    shared = put_map(world, [("k", "v")], one, two)
    answer = edit(world, "ada", targets=[f"Image:{one}"], remove=["k"])
    assert answer["leftAlone"] == [f"MapAnnotation:{shared}"]
    assert carried(world.database) == {one: [("k", "v")], two: [("k", "v")]}
    both = edit(world, "ada", targets=[f"Image:{one}", f"Image:{two}"], remove=["k"])
    assert (both["leftAlone"], both["changed"]) == ([], [f"MapAnnotation:{shared}"])
    assert carried(world.database) == {one: [], two: []}


def test_others_maps_are_not_changed_where_the_level_forbids(world: World) -> None:
    (image,) = images(world, 1)
    other = put_map(world, [("k", "v")], image)
    answer = edit(world, "bob", targets=[f"Image:{image}"], set=[{"key": "k", "value": "bob"}])
    assert answer["errors"] == []
    assert answer["leftAlone"] == [f"MapAnnotation:{other}"]
    assert carried(world.database)[image] == [("k", "v"), ("k", "bob")]


def test_a_hidden_target_among_others_and_nothing_is_done(world: World) -> None:
    (mine,) = images(world, 1)
    (hidden,) = images(world, 1, "rw----")
    (read_only,) = images(world, 1, "rwr---")
    given = {"set": [{"key": "k", "value": "v"}]}
    answer = edit(
        world, "bob", targets=[f"Image:{mine}", f"Image:{hidden}", "Image:999999", "x"], **given
    )
    assert [(each["__typename"], each["target"]) for each in answer["errors"]] == [
        ("NotFound", f"Image:{hidden}"), ("NotFound", "Image:999999"), ("NotFound", "x")
    ]  # fmt: skip
    denied = edit(world, "bob", targets=[f"Image:{mine}", f"Image:{read_only}"], **given)
    assert [(each["__typename"], each["target"]) for each in denied["errors"]] == [
        ("Denied", f"Image:{read_only}")
    ]
    assert maps(world.database) == {}


def test_the_same_key_edits_once(world: World) -> None:
    (image,) = images(world, 1)
    given: dict[str, Any] = {
        "targets": [f"Image:{image}"], "set": [{"key": "k", "value": "v"}],
        "idempotencyKey": "one",
    }  # fmt: skip
    first, again = edit(world, "ada", **given), edit(world, "ada", **given)
    assert first == again
    other = edit(world, "ada", **{**given, "remove": ["x"]})
    assert [each["__typename"] for each in other["errors"]] == ["Conflict"]
    assert len(maps(world.database)) == 1


def test_statements_do_not_depend_on_the_number_of_targets(world: World) -> None:
    counts = []
    for number in (2, 300):
        with world.database.write() as connection:
            made = [
                make_row(
                    connection, MODELS["Image"], owner=world.people["ada"],
                    group=world.groups["rwra--"],
                )
                for _ in range(number)
            ]  # fmt: skip
        given = {"targets": [f"Image:{each}" for each in made],
                 "set": [{"key": "k", "value": "v"}]}  # fmt: skip
        answer = world.ask("ada", EDIT, input=given)
        assert answer.errors == []
        assert len(answer.data["editKeyValues"]["created"]) == number
        counts.append(len(answer.statements))
    assert counts[0] == counts[1]


def test_a_table_names_images_by_name_within_a_dataset(world: World) -> None:
    dataset = world.row("Dataset", "ada", "rwra--")
    inside = images(world, 3)
    for image in inside:
        world.link("DatasetImageLink", dataset, image, "ada", "rwra--")
    outside = world.row("Image", "ada", "rwra--", name="i9.tif")
    twins = [world.row("Image", "ada", "rwra--", name="twin") for _ in range(2)]
    for image in twins:
        world.link("DatasetImageLink", dataset, image, "ada", "rwra--")
    put_map(world, [("Stain", "old"), ("Keep", "me")], inside[0])
    csv = (
        '\ufeffimage;Stain;Stain;"Note; long"\r\n'
        'i0.tif;HE;PAS;"says ""no"";\r\nand more"\r\n'
        "i1.tif;;;\r\n"
        "i9.tif;HE;;\r\n"
        "twin;HE;;\r\n"
        "i0.tif;again;;\r\n"
        f"Image:{inside[2]};DAPI;;x\r\n\r\n"
    )
    answer = load(world, "ada", csv, within=[f"Dataset:{dataset}"])
    assert answer["errors"] == []
    assert answer["activity"]["kind"] == "import_key_values"
    assert {each["id"] for each in answer["activity"]["result"]} == {
        f"Image:{inside[0]}", f"Image:{inside[2]}"
    }  # fmt: skip
    assert answer["objectCount"] == 2
    # the quoted cell spans two lines, so the rows below count from there
    assert [(each["row"], each["value"], each["reason"]) for each in answer["unmatched"]] == [
        (5, "i9.tif", "NOT_FOUND"), (6, "twin", "AMBIGUOUS"), (7, "i0.tif", "REPEATED")
    ]  # fmt: skip
    said = carried(world.database)
    assert said == {
        inside[0]: [("Stain", "HE"), ("Stain", "PAS"), ("Keep", "me"),
                    ("Note; long", 'says "no";\r\nand more')],
        inside[2]: [("Stain", "DAPI"), ("Note; long", "x")],
    }  # fmt: skip
    assert outside not in said


def test_omeros_columns_namespaces_and_several_values_in_a_cell(world: World) -> None:
    project = world.row("Project", "ada", "rwra--")
    dataset = world.row("Dataset", "ada", "rwra--", name="day 1")
    world.link("ProjectDatasetLink", project, dataset, "ada", "rwra--")
    csv = (
        "Drug,OBJECT_ID,Dose,OBJECT_NAME,More\nnamespace,,lab.example/one,,\n"
        f"a|b,{dataset},1,other name,\n"
    )
    answer = load(
        world, "ada", csv, within=[f"Project:{project}"], type="DATASET", valueSeparator="|"
    )
    assert (answer["errors"], answer["objectCount"]) == ([], 1)
    assert carried(world.database, "Dataset") == {
        dataset: [("Dose", "1"), ("Drug", "a"), ("Drug", "b")]
    }
    with world.database.read() as connection:
        spaces = connection.scalars(select(Annotation.namespace).order_by(Annotation.id)).all()
    assert set(spaces) == {NS_CLIENT_MAP, "lab.example/one"}


def test_wells_are_named_by_their_labels(world: World) -> None:
    plate = world.row("Plate", "ada", "rwra--")
    wells = {
        place: world.row("Well", "ada", "rwra--", plate_id=plate, row=place[0], column=place[1])
        for place in ((0, 0), (1, 11), (27, 0))
    }
    csv = "well\tDrug\na1\tX\nB12\tY\nAB01\tZ\nC3\tnone\n7\tno\n"
    answer = load(world, "ada", csv, within=[f"Plate:{plate}"], type="WELL")
    assert answer["errors"] == []
    assert [each["value"] for each in answer["unmatched"]] == ["C3", "7"]
    assert carried(world.database, "Well") == {
        wells[0, 0]: [("Drug", "X")], wells[1, 11]: [("Drug", "Y")], wells[27, 0]: [("Drug", "Z")]
    }  # fmt: skip


def test_a_table_with_one_bad_cell_sets_nothing(world: World) -> None:
    (image,) = images(world, 1)
    good = {"within": [f"Image:{image}"]}
    for csv, more, path in (
        ("image,k\ni0.tif,v\nx,nul\0\n", good, ["csv", "3", "0", "value"]),
        ("image,k\ni0.tif,v\n", {"within": []}, ["within"]),
        ("image,k\ni0.tif,v\n", {**good, "type": "WELL"}, ["within"]),
        ("image,k\ni0.tif,v\n", {**good, "namespace": " "}, ["namespace"]),
    ):
        answer = load(world, "ada", csv, **more)
        assert [(each["__typename"], each["path"]) for each in answer["errors"]] == [
            ("Invalid", path)
        ]
        assert answer["activity"] is None
    assert maps(world.database) == {}


def test_thousands_of_pairs_and_denied_rows(world: World) -> None:
    dataset = world.row("Dataset", "ada", "rwr---")
    with world.database.write() as connection:
        made = [
            make_row(
                connection, MODELS["Image"], owner=world.people["ada"],
                group=world.groups["rwr---"], name=f"n{place}",
            )
            for place in range(100)
        ]  # fmt: skip
        for image in made:
            make_link(
                connection, "DatasetImageLink", dataset, image,
                owner=world.people["ada"], group=world.groups["rwr---"],
            )  # fmt: skip
    headings = ",".join(f"k{place}" for place in range(200))
    cells = ",".join(str(place) for place in range(200))
    csv = f"image,{headings}\n" + "\n".join(f"n{place},{cells}" for place in range(100))
    refused = load(world, "bob", csv, within=[f"Dataset:{dataset}"])
    assert {each["__typename"] for each in refused["errors"]} == {"Denied"}
    assert len(refused["errors"]) == 100
    assert maps(world.database) == {}
    answer = load(world, "ada", csv, within=[f"Dataset:{dataset}"])
    assert (answer["errors"], answer["objectCount"]) == ([], 100)
    with world.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(MapPair)) == 200 * 100


def test_a_dry_run_reports_and_changes_nothing(world: World) -> None:
    (image,) = images(world, 1)
    csv = "image,k\ni0.tif,v\nnul\0,v\n"
    answer = load(world, "ada", csv, within=[f"Image:{image}"], dryRun=True)
    assert (answer["objectCount"], answer["unmatchedCount"], answer["activity"]) == (1, 1, None)
    assert maps(world.database) == {}


async def test_an_uploaded_table_is_used_once_and_gone(
    api: GraphQLClient, database: Database, world: World, settings: Settings
) -> None:
    (image,) = images(world, 1)
    content = "id,Stäin\n".encode("utf-16") + f"{image},ß\n".encode("utf-16")[2:]
    ada = world.people["ada"]
    headers = {
        **api.bearer(ada), **BYTES, **TUS, "Upload-Length": str(len(content)),
        "Upload-Metadata": "filename dGFibGUuY3N2",
    }  # fmt: skip
    made = await api.http.post("/uploads", headers=headers, content=content)
    uuid = made.headers["Location"].rpartition("/")[2]
    given = {"source": {"upload": uuid}, "within": [f"Image:{image}"], "idempotencyKey": "t"}
    stranger = await api.data(IMPORT, {"input": given}, user=world.people["bob"])
    assert [each["__typename"] for each in stranger["errors"]] == ["NotFound"]
    answer = await api.data(IMPORT, {"input": given}, user=ada)
    assert answer["errors"] == []
    assert carried(database) == {image: [("Stäin", "ß")]}
    again = await api.data(IMPORT, {"input": given}, user=ada)
    assert (again["errors"], again["activity"]["id"]) == ([], answer["activity"]["id"])
    spent = await api.data(IMPORT, {"input": {**given, "idempotencyKey": "u"}}, user=ada)
    assert [each["__typename"] for each in spent["errors"]] == ["NotFound"]
    storage = LocalStorage(settings.data_dir)
    sweep(database, storage)
    assert not storage.exists(upload_file(uuid))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_who_edit_the_same_pairs_at_once_wait_for_each_other(world: World) -> None:
    made = images(world, 8)
    for image in made:
        put_map(world, [("k", "0"), ("other", "x")], image)
    targets = [f"Image:{each}" for each in made]

    def work(value: int) -> Any:
        given = {"targets": targets, "set": [{"key": "k", "value": str(value)}]}
        return world.ask("ada", EDIT, input=given)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(work, range(1, 13)))
    assert [answer.errors for answer in answers] == [[]] * 12
    assert [answer.data["editKeyValues"]["errors"] for answer in answers] == [[]] * 12
    said = {tuple(pairs) for pairs in carried(world.database).values()}
    ((first, second),) = said  # all objects got the same edit last
    assert (first[0], second) == ("k", ("other", "x"))


def test_more_pairs_than_one_request_may_write_are_refused_before_any(world: World) -> None:
    targets = [f"Image:{number}" for number in range(1, 5_001)]
    pairs = [{"key": f"k{place}", "value": "v"} for place in range(100)]
    answer = edit(world, "ada", targets=targets, set=pairs)
    assert [each["path"] for each in answer["errors"]] == [["targets"]]
