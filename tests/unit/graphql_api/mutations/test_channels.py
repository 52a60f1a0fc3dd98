"""renameChannels over images, datasets and plates; updatePixels for physical sizes."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from shared.database import Database
from shared.journal import history
from shared.models.images import Channel, LogicalChannel, Pixels
from shared.models.people import GroupPermissions
from shared.settings import Settings
from tests.support.browsing import World
from tests.support.people import make_part

RENAME = """
mutation($input: RenameChannelsInput!) { renameChannels(input: $input) {
  imageCount logicalChannelCount skipped errors { __typename path target } } }
"""
SIZES = """
mutation($input: UpdatePixelsInput!) { updatePixels(input: $input) {
  pixels { id version physicalSizeX { value unit micrometers } physicalSizeZ { value unit } }
  errors { __typename path target } } }
"""


@pytest.fixture
def world(database: Database, settings: Settings) -> World:
    found = World(database, settings)
    for login in ("ada", "bob", "leader", "eve"):
        found.person(login)
    for level in GroupPermissions:
        found.group(str(level.value), level, ("ada", "bob"), "leader")
    return found


def image(
    world: World, logical: list[int], group: str = "rwra--", owner: str = "ada"
) -> tuple[int, int]:
    """An image whose channels have these logical channels; answers it and its pixels."""
    number = world.row("Image", owner, group)
    pixels = world.row("Pixels", owner, group, image_id=number, size_c=len(logical))
    with world.database.write() as connection:
        for position, each in enumerate(logical):
            make_part(
                connection, Channel, pixels_id=pixels, position=position, logical_channel_id=each
            )
    return number, pixels


def logical(world: World, count: int, group: str = "rwra--", owner: str = "ada") -> list[int]:
    return [world.row("LogicalChannel", owner, group, name=f"old {n}") for n in range(count)]


def names(world: World, ids: list[int]) -> list[str | None]:
    with world.database.read() as connection:
        rows = connection.execute(select(LogicalChannel.id, LogicalChannel.name)).all()
    found = {row.id: row.name for row in rows}
    return [found[number] for number in ids]


def rename(world: World, who: str, *targets: str, names: list[str | None]) -> dict[str, Any]:
    found: dict[str, Any] = world.data(
        who, RENAME, input={"targets": list(targets), "names": names}
    )["renameChannels"]
    return found


def test_a_whole_dataset_where_the_number_of_channels_is_the_same(world: World) -> None:
    dataset = world.row("Dataset", "ada", "rwra--")
    shared, own, three = logical(world, 2), logical(world, 2), logical(world, 3)
    members = [image(world, channels)[0] for channels in (shared, shared, own, three)]
    for each in members:
        world.link("DatasetImageLink", dataset, each, "ada", "rwra--")
    outside = logical(world, 2)
    image(world, outside)
    answer = rename(world, "ada", f"Dataset:{dataset}", names=["x" * 300, None])
    assert answer == {
        "imageCount": 3, "logicalChannelCount": 2, "skipped": [f"Image:{members[3]}"],
        "errors": [],
    }  # fmt: skip
    assert names(world, shared) == ["x" * 255, "old 1"]
    assert names(world, own) == ["x" * 255, "old 1"]
    assert names(world, three) == ["old 0", "old 1", "old 2"]
    assert names(world, outside) == ["old 0", "old 1"]
    with world.database.read() as connection:
        (entry,) = history(connection, "LogicalChannel", shared[0])
        assert history(connection, "LogicalChannel", shared[1]) == []
    assert (entry.action, entry.kind, entry.before) == (
        "UPDATE", "renameChannels", {"name": "old 0"}
    )  # fmt: skip


def test_a_plate_shares_its_channels_and_an_empty_name_is_stored_as_given(world: World) -> None:
    plate = world.row("Plate", "ada", "rwra--")
    channels = logical(world, 1)
    for column in range(3):
        well = world.row("Well", "ada", "rwra--", plate_id=plate, row=0, column=column)
        number, _ = image(world, channels)
        world.row("WellSample", "ada", "rwra--", well_id=well, image_id=number)
    answer = rename(world, "ada", f"Plate:{plate}", names=[""])
    assert (answer["imageCount"], answer["logicalChannelCount"]) == (3, 1)
    assert names(world, channels) == [""]


@pytest.mark.parametrize("level", ["rw----", "rwr---", "rwra--", "rwrw--"])
def test_one_that_may_not_be_changed_and_nothing_is(world: World, level: str) -> None:
    dataset = world.row("Dataset", "bob", level)
    mine, others = logical(world, 1, level, "bob"), logical(world, 1, level, "ada")
    for owner, channels in (("bob", mine), ("ada", others)):
        number, _ = image(world, channels, level, owner)
        world.link("DatasetImageLink", dataset, number, "bob", level)
    answer = rename(world, "bob", f"Dataset:{dataset}", names=["new"])
    if level in {"rwra--", "rwr---"}:
        assert [(each["__typename"], each["target"]) for each in answer["errors"]] == [
            ("Denied", f"LogicalChannel:{others[0]}")
        ]
        assert names(world, mine + others) == ["old 0", "old 0"]
    elif level == "rw----":  # what bob does not see is not there for him
        assert (answer["imageCount"], answer["errors"]) == (1, [])
        assert names(world, mine + others) == ["new", "old 0"]
    else:
        assert names(world, mine + others) == ["new", "new"]


def test_others_images_by_name_are_denied_and_hidden_ones_unknown(world: World) -> None:
    shared, _ = image(world, logical(world, 1))
    hidden, _ = image(world, logical(world, 1, "rw----"), "rw----")
    answer = rename(world, "bob", f"Image:{shared}", names=["n"])
    assert [(each["__typename"], each["target"]) for each in answer["errors"]] == [
        ("Denied", f"Image:{shared}")
    ]
    for target in (f"Image:{hidden}", "Image:4711", "Image:0", "Tag:1"):
        answer = rename(world, "bob", target, names=["n"])
        assert [(each["__typename"], each["target"]) for each in answer["errors"]] == [
            ("NotFound", target)
        ]


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"names": []}, ["names"]),
        ({"targets": []}, ["targets"]),
        ({"names": ["a", "b"]}, ["names"]),
        ({"names": ["nul\0"]}, ["names", "0"]),
    ],
)
def test_names_that_fit_nothing_are_invalid(
    world: World, given: dict[str, Any], path: list[str]
) -> None:
    number, _ = image(world, logical(world, 1))
    answer = world.data(
        "ada", RENAME, input={"targets": [f"Image:{number}"], "names": ["n"], **given}
    )["renameChannels"]
    assert [(each["__typename"], each["path"]) for each in answer["errors"]] == [("Invalid", path)]


def test_statements_do_not_depend_on_the_number_of_images(world: World) -> None:
    counts = []
    for count in (2, 60):
        dataset = world.row("Dataset", "ada", "rwra--")
        for _ in range(count):
            number, _ = image(world, logical(world, 1))
            world.link("DatasetImageLink", dataset, number, "ada", "rwra--")
        answer = world.ask("ada", RENAME, input={"targets": [f"Dataset:{dataset}"], "names": ["n"]})
        assert answer.data["renameChannels"]["logicalChannelCount"] == count
        counts.append(len(answer.statements))
    assert counts[0] == counts[1]


def test_physical_sizes_are_set_taken_away_and_left(world: World) -> None:
    _, pixels = image(world, logical(world, 1))
    given = {
        "id": f"Pixels:{pixels}", "physicalSizeX": {"value": 250, "unit": "nm"},
        "physicalSizeZ": {"value": 2},
    }  # fmt: skip
    answer = world.data("ada", SIZES, input=given)["updatePixels"]
    assert answer["pixels"] == {
        "id": f"Pixels:{pixels}", "version": 2,
        "physicalSizeX": {"value": 250.0, "unit": "nm", "micrometers": 0.25},
        "physicalSizeZ": {"value": 2.0, "unit": "µm"},
    }  # fmt: skip
    stale = {"id": f"Pixels:{pixels}", "expectedVersion": 1, "physicalSizeX": None}
    refused = world.data("ada", SIZES, input=stale)["updatePixels"]
    assert [each["__typename"] for each in refused["errors"]] == ["Conflict"]
    emptied = world.data("ada", SIZES, input={**stale, "expectedVersion": 2})["updatePixels"]
    assert emptied["pixels"]["physicalSizeX"] is None
    assert emptied["pixels"]["physicalSizeZ"] == {"value": 2.0, "unit": "µm"}
    with world.database.read() as connection:
        entries = history(connection, "Pixels", pixels)
    assert entries[0].before == {"physical_size_x": 250.0, "physical_size_x_unit": "nm"}


@pytest.mark.parametrize(
    ("size", "path"),
    [
        ({"value": 0}, ["physicalSizeX", "value"]),
        ({"value": -1}, ["physicalSizeX", "value"]),
        ({"value": 1, "unit": "parsec"}, ["physicalSizeX", "unit"]),
    ],
)
def test_sizes_that_are_none_are_invalid(
    world: World, size: dict[str, Any], path: list[str]
) -> None:
    _, pixels = image(world, logical(world, 1))
    answer = world.data("ada", SIZES, input={"id": f"Pixels:{pixels}", "physicalSizeX": size})
    assert [
        (each["__typename"], each["path"]) for each in answer["updatePixels"]["errors"]
    ] == [("Invalid", path)]  # fmt: skip
    with world.database.read() as connection:
        assert connection.scalar(select(Pixels.physical_size_x)) is None


def test_others_pixels_are_denied(world: World) -> None:
    _, pixels = image(world, logical(world, 1))
    answer = world.data("bob", SIZES, input={"id": f"Pixels:{pixels}", "physicalSizeX": None})
    assert [
        (each["__typename"], each["target"]) for each in answer["updatePixels"]["errors"]
    ] == [("Denied", f"Pixels:{pixels}")]  # fmt: skip
