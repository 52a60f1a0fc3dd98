"""Updates of plates' parts, reagents and folders: every field, rights of each level, versions."""

from __future__ import annotations

from typing import Any

import pytest

from shared.database import Database
from shared.journal import history
from shared.models.people import GroupPermissions
from shared.settings import Settings
from tests.support.browsing import World

ERRORS = "errors { __typename path target }"
LENGTH = {"value": 1.5, "unit": "mm"}
FIELDS: dict[str, dict[str, Any]] = {
    "screen": {
        "name": "S", "description": "d", "type": "siRNA", "protocolIdentifier": "P-1",
        "protocolDescription": "p", "reagentSetIdentifier": "R", "reagentSetDescription": "r",
    },
    "plate": {
        "name": "P", "description": "d", "rowNamingConvention": "NUMBER",
        "columnNamingConvention": "LETTER", "wellOriginX": LENGTH, "wellOriginY": LENGTH,
        "defaultSample": 2, "status": "done", "externalIdentifier": "bar",
    },
    "plateAcquisition": {
        "name": "Run", "description": "d", "startTime": "2026-01-02T03:04:05Z",
        "endTime": "2026-01-02T03:04:06Z",
    },
    "well": {
        "status": "ok", "type": "control", "color": "#00FF0080", "externalDescription": "x",
        "externalIdentifier": "y",
    },
    "wellSample": {
        "positionX": LENGTH, "positionY": {"value": -2.0, "unit": "reference frame"},
        "timepoint": "2026-01-02T03:04:05Z",
    },
    "reagent": {"name": "R", "description": "d", "reagentIdentifier": "id"},
}  # fmt: skip
REQUIRED = {"name", "rowNamingConvention", "columnNamingConvention"}


def class_of(field: str) -> str:
    return field[0].upper() + field[1:]


def document(field: str) -> str:
    names = [
        f"{name} {{ value unit }}" if isinstance(value, dict) else name
        for name, value in FIELDS[field].items()
    ]
    kind = class_of(field)
    return (
        f"mutation($input: Update{kind}Input!) {{ update{kind}(input: $input) {{ "
        f"{field} {{ id version {' '.join(names)} }} {ERRORS} }} }}"
    )


@pytest.fixture
def world(database: Database, settings: Settings) -> World:
    found = World(database, settings)
    for login in ("ada", "bob", "eve"):
        found.person(login)
    for level in GroupPermissions:
        found.group(str(level.value), level, ("ada", "bob"))
    return found


def build(world: World, level: str = "rwra--") -> dict[str, int]:
    """One of each."""
    made = {"screen": world.row("Screen", "ada", level), "plate": world.row("Plate", "ada", level)}
    plate, screen = made["plate"], made["screen"]
    made["plateAcquisition"] = world.row("PlateAcquisition", "ada", level, plate_id=plate)
    made["well"] = world.row("Well", "ada", level, plate_id=plate, row=0, column=0)
    made["wellSample"] = world.row("WellSample", "ada", level, well_id=made["well"])
    made["reagent"] = world.row("Reagent", "ada", level, screen_id=screen)
    return made


def update(world: World, who: str, field: str, number: int, **given: Any) -> dict[str, Any]:
    given = {"id": f"{class_of(field)}:{number}", **given}
    (answer,) = world.data(who, document(field), input=given).values()
    found: dict[str, Any] = answer
    return found


def test_every_field_is_set_kept_and_emptied(world: World) -> None:
    made = build(world)
    for field, values in FIELDS.items():
        answer = update(world, "ada", field, made[field], **values)
        assert answer["errors"] == [], field
        shown = {**answer[field]}
        assert shown.pop("id") == f"{class_of(field)}:{made[field]}"
        assert shown.pop("version") == 2
        wanted = {
            name: value.lower() if name.endswith("Convention") else value
            for name, value in values.items()
        }
        assert shown == wanted
        same = update(world, "ada", field, made[field], expectedVersion=2, **values)
        assert same[field]["version"] == 2
        stale = update(world, "ada", field, made[field], expectedVersion=1, **values)
        assert [each["__typename"] for each in stale["errors"]] == ["Conflict"]
        optional = [
            name
            for name in values
            if name not in REQUIRED or field in {"reagent", "plateAcquisition"}
        ]
        emptied = update(world, "ada", field, made[field], **dict.fromkeys(optional))
        assert all(emptied[field][name] is None for name in optional), field
        with world.database.read() as connection:
            last, first = history(connection, class_of(field), made[field])
        assert (first.action, first.kind) == ("UPDATE", f"update{class_of(field)}")
        assert last.before is not None
        assert len(last.before) >= len(optional)


@pytest.mark.parametrize("level", ["rw----", "rwr---", "rwra--", "rwrw--"])
def test_rights_are_those_of_every_update(world: World, level: str) -> None:
    made = build(world, level)
    for field, values in FIELDS.items():
        target = f"{class_of(field)}:{made[field]}"
        some = dict(list(values.items())[-1:])
        for who in ("bob", "eve"):
            answer = update(world, who, field, made[field], **some)
            kind = "NotFound" if who == "eve" or level == "rw----" else "Denied"
            if who == "bob" and level == "rwrw--":
                assert answer["errors"] == []
            else:
                assert [(each["__typename"], each["target"]) for each in answer["errors"]] == [
                    (kind, target)
                ]


def test_values_that_cannot_be_name_their_field(world: World) -> None:
    made = build(world)
    for field, given, path in (
        ("screen", {"type": "nul\0"}, ["type"]),
        ("screen", {"name": None}, ["name"]),
        ("plate", {"rowNamingConvention": None}, ["rowNamingConvention"]),
        ("plate", {"defaultSample": -1}, ["defaultSample"]),
        ("plate", {"wellOriginX": {"value": 1, "unit": "inchworm"}}, ["wellOriginX", "unit"]),
        ("wellSample", {"positionX": {"value": 1, "unit": "s"}}, ["positionX", "unit"]),
        ("reagent", {"name": " "}, ["name"]),
    ):
        answer = update(world, "ada", field, made[field], **given)
        assert [(each["__typename"], each["path"]) for each in answer["errors"]] == [
            ("Invalid", path)
        ], given


def test_a_reagent_is_made_in_its_screen_and_linked_to_wells(world: World) -> None:
    made = build(world)
    create = (
        "mutation($input: CreateReagentInput!) { createReagent(input: $input) { "
        f"reagent {{ id name reagentIdentifier group {{ id }} }} {ERRORS} }} }}"
    )
    given = {"name": "siRNA 7", "parent": f"Screen:{made['screen']}", "reagentIdentifier": "7",
             "idempotencyKey": "k"}  # fmt: skip
    answer = world.data("ada", create, input=given)["createReagent"]
    assert answer["errors"] == []
    assert answer["reagent"]["reagentIdentifier"] == "7"
    assert world.data("ada", create, input=given)["createReagent"] == answer
    denied = world.data("bob", create, input={**given, "idempotencyKey": None})["createReagent"]
    assert [(each["__typename"], each["target"]) for each in denied["errors"]] == [
        ("Denied", f"Screen:{made['screen']}")
    ]
    link = (
        "mutation($input: LinkInput!) { link(input: $input) { "
        f"links {{ id }} {ERRORS} }} }}"
    )  # fmt: skip
    pair = {"parents": [f"Well:{made['well']}"], "children": [answer["reagent"]["id"]]}
    linked = world.data("ada", link, input=pair)["link"]
    assert linked["errors"] == []
    assert linked["links"][0]["id"].startswith("WellReagentLink:")
    wrong = {"parents": [f"Well:{made['well']}"], "children": [f"Plate:{made['plate']}"]}
    assert [each["__typename"] for each in world.data("ada", link, input=wrong)["link"]["errors"]]


def test_a_folder_moves_in_its_tree_but_never_into_itself(world: World) -> None:
    top, mid, low = (world.row("Folder", "ada", "rwra--") for _ in range(3))
    other = world.row("Folder", "bob", "rwra--")
    elsewhere = world.row("Folder", "ada", "rwrw--")
    move = (
        "mutation($input: UpdateFolderInput!) { updateFolder(input: $input) { "
        f"folder {{ version parentFolder {{ id }} }} {ERRORS} }} }}"
    )

    def to(folder: int, parent: int | None) -> Any:
        text = None if parent is None else f"Folder:{parent}"
        given = {"id": f"Folder:{folder}", "parent": text}
        return world.data("ada", move, input=given)["updateFolder"]

    assert to(mid, top)["folder"]["parentFolder"] == {"id": f"Folder:{top}"}
    assert to(low, mid)["errors"] == []
    for folder, parent, kind in (
        (top, low, "Conflict"), (top, top, "Conflict"), (low, other, "Denied"),
        (low, elsewhere, "Invalid"), (low, 999, "NotFound"),
    ):  # fmt: skip
        assert [each["__typename"] for each in to(folder, parent)["errors"]] == [kind]
    out = to(low, None)
    assert (out["errors"], out["folder"]) == ([], {"version": 3, "parentFolder": None})
