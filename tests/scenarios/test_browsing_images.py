"""An image as its viewers meet it: sizes, channels, addresses, settings, plates and activities."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from shared.auth.grants import read_grant
from shared.auth.keys import SecretKeys
from shared.models.activities import Activity
from shared.models.images import Channel
from shared.models.live import ActivityPulse
from shared.models.people import GroupPermissions
from shared.models.rendering import ChannelBinding
from shared.rendering.grammar import parse_override
from tests.support.browsing import KEY, World
from tests.support.people import make_part

if TYPE_CHECKING:
    from shared.database import Database
    from shared.settings import Settings


@pytest.fixture
def world(database: Database, settings: Settings) -> World:
    found = World(database, settings)
    for login in ("ada", "ben", "cleo"):
        found.person(login)
    found.group("lab", GroupPermissions.READ_ANNOTATE, ("ada", "ben", "cleo"))
    return found


def make_image(world: World) -> tuple[int, int]:
    image = world.row("Image", "ada", "lab", name="cells", acquired_at=1_000_000)
    pixels = world.row(
        "Pixels", "ada", "lab", image_id=image, pixels_type="uint16", size_x=800, size_y=600,
        size_c=2, physical_size_x=650.0, physical_size_x_unit="nm", physical_size_y=float("nan"),
        physical_size_z=2.0, physical_size_z_unit="pixel",
        level_sizes="[[800, 600, 256, 256], [400, 300, 256, 256]]",
    )  # fmt: skip
    for position, (name, nm) in enumerate((("DAPI", 461.0), ("GFP", 509.0))):
        logical = world.row("LogicalChannel", "ada", "lab", name=name, emission_wave=nm)
        stats = world.row("StatsInfo", "ada", "lab", global_min=3.0, global_max=900.0)
        with world.database.write() as connection:
            make_part(
                connection, Channel, pixels_id=pixels, position=position, color=0x112233FF,
                logical_channel_id=logical, stats_info_id=stats,
            )  # fmt: skip
    return image, pixels


def save(world: World, login: str, pixels: int, *, updated_at: int, start: float) -> int:
    saved = world.row("RenderingDef", login, "lab", pixels_id=pixels, updated_at=updated_at)
    with world.database.write() as connection:
        for position in range(2):
            make_part(
                connection, ChannelBinding, rendering_def_id=saved, position=position, active=True,
                input_start=start, input_end=1000.0, color=0xFF0000FF,
            )  # fmt: skip
    return saved


def test_sizes_units_and_channels(world: World) -> None:
    make_image(world)
    answer = world.ask(
        "ben",
        """{ images { nodes { acquiredAt pixels { type sizeX sizeC
          physicalSizeX { value unit micrometers } physicalSizeY { value }
          physicalSizeZ { value unit micrometers } }
          channels { index name color min max typeMin typeMax
            emissionWave { value unit } } } } }""",
    )
    assert not answer.errors
    (image,) = answer.data["images"]["nodes"]
    assert image["acquiredAt"] == "1970-01-01T00:00:01Z"
    assert image["pixels"] == {
        "type": "UINT16",
        "sizeX": 800,
        "sizeC": 2,
        "physicalSizeX": {"value": 650.0, "unit": "nm", "micrometers": pytest.approx(0.65)},
        "physicalSizeY": None,
        "physicalSizeZ": {"value": 2.0, "unit": "pixel", "micrometers": None},
    }
    assert image["channels"][1] == {
        "index": 1,
        "name": "GFP",
        "color": "#112233FF",
        "min": 3.0,
        "max": 900.0,
        "typeMin": 0.0,
        "typeMax": 65535.0,
        "emissionWave": {"value": 509.0, "unit": "nm"},
    }
    assert len(answer.statements) == 3


def test_addresses_are_signed_for_the_caller(world: World) -> None:
    image, _ = make_image(world)
    found = world.data(
        "ben",
        """{ images { nodes { thumbnailUrl(size: 48) tiles { iiifInfoUrl tileUrlTemplate signedUntil
          zarrUrl deepZoomUrl levels { width height tileWidth tileHeight scale } } } } }""",
    )["images"]["nodes"][0]
    base, _, path = found["tiles"]["iiifInfoUrl"].partition("/~")
    text, _, rest = path.partition("/")
    assert base == world.settings.tile_url
    assert rest == f"iiif/3/Image:{image}/info.json"
    grant = read_grant(SecretKeys.parse(KEY), text)
    assert (str(grant.ref), grant.session_id) == (f"Image:{image}", world.sessions["ben"])
    assert found["tiles"]["tileUrlTemplate"] == (
        f"{base}/~{text}/tiles/Image:{image}/{{level}}/{{x}}/{{y}}.jpg?z={{z}}&t={{t}}&v=1-0"
    )
    assert found["tiles"]["zarrUrl"] == f"{base}/~{text}/zarr/Image:{image}.zarr"
    assert found["tiles"]["deepZoomUrl"] == f"{base}/~{text}/dzi/Image:{image}.dzi"
    assert found["thumbnailUrl"] == f"{base}/~{text}/thumbnails/Image:{image}?size=48&v=1-0"
    assert [level["scale"] for level in found["tiles"]["levels"]] == [1.0, 2.0]
    wrong = world.ask("ben", "{ images { nodes { thumbnailUrl(size: 0) } } }")
    assert wrong.errors[0].original_error.code == "invalid"


SETTINGS = """query ($of: SettingsOf, $user: ID) { images { nodes {
  renderingSettings(of: $of, user: $user) { id model owner { login } viewerCan { update }
    channels { index windowStart windowEnd color active } } } } }"""


def shown(world: World, login: str, **variables: Any) -> Any:
    answer = world.ask(login, SETTINGS, **variables)
    assert not answer.errors
    assert len(answer.statements) <= 4  # images, saved, computed, owners
    return answer.data["images"]["nodes"][0]["renderingSettings"]


def test_settings_are_mine_else_the_owners_else_computed(world: World) -> None:
    _, pixels = make_image(world)
    computed = shown(world, "ben")
    assert (computed["id"], computed["owner"], computed["viewerCan"]) == (None, None, None)
    assert computed["channels"][0] == {
        "index": 0, "windowStart": 3.0, "windowEnd": 900.0, "color": "#112233FF", "active": True,
    }  # fmt: skip
    assert shown(world, "ben", of="MINE") is None
    owners = save(world, "ada", pixels, updated_at=10, start=10.0)
    assert shown(world, "ben")["id"] == f"RenderingSettings:{owners}"
    assert shown(world, "ben")["viewerCan"] == {"update": False}
    mine = save(world, "ben", pixels, updated_at=20, start=20.0)
    own = shown(world, "ben")
    assert own["id"] == f"RenderingSettings:{mine}"
    assert own["owner"] == {"login": "ben"}
    assert own["viewerCan"] == {"update": True}
    assert own["channels"][1]["windowStart"] == 20.0
    assert shown(world, "ben", of="OWNER")["id"] == f"RenderingSettings:{owners}"
    assert shown(world, "ben", of="IMPORTED")["channels"] == computed["channels"]
    assert shown(world, "cleo", user=f"User:{world.people['ben']}")["id"] == own["id"]
    assert shown(world, "cleo", user="nobody") is None
    answer = world.ask(
        "cleo",
        "{ images { nodes { allRenderingSettings {"
        " id thumbnailUrl channels { windowStart } } } } }",
    )
    assert not answer.errors
    (image,) = answer.data["images"]["nodes"]
    listed = image["allRenderingSettings"]
    assert [one["id"] for one in listed] == [
        f"RenderingSettings:{mine}",
        f"RenderingSettings:{owners}",
    ]
    assert listed[0]["thumbnailUrl"].endswith(f"?size=96&rdef={mine}&v=1-{mine}.1")
    seen_by = {
        who: world.data(who, "{ images { nodes { thumbnailUrl } } }") for who in ("ben", "cleo")
    }
    ends = {
        who: found["images"]["nodes"][0]["thumbnailUrl"].partition("&v=")[2]
        for who, found in seen_by.items()
    }
    assert ends == {"ben": f"1-{mine}.1", "cleo": f"1-{owners}.1"}
    assert listed[1]["channels"][0] == {"windowStart": 10.0}
    assert len(answer.statements) == 3
    _computed_settings_are_shown_as_they_are(world)


def _computed_settings_are_shown_as_they_are(world: World) -> None:
    """Their thumbnail says what it shows: nothing saved may take its place."""
    (image,) = world.data(
        "ben",
        "{ images { nodes { renderingSettings(of: IMPORTED) { thumbnailUrl channels {"
        " windowStart windowEnd color } } } } }",
    )["images"]["nodes"]
    computed = image["renderingSettings"]
    query = dict(parse_qsl(urlsplit(computed["thumbnailUrl"]).query))
    read = parse_override(query, strict=True)
    assert read.channels is not None
    assert [each.window for each in read.channels] == [
        (each["windowStart"], each["windowEnd"]) for each in computed["channels"]
    ]
    assert {"rdef", "v"}.isdisjoint(query)


def test_original_metadata_and_files(world: World) -> None:
    image, _ = make_image(world)
    name = "files/ab/one/metadata.json"
    path = world.settings.data_dir / name
    path.parent.mkdir(parents=True)
    path.write_text('{"global": {"Objective": "40x"}}')
    fileset = world.row("Fileset", "ada", "lab", metadata_file=name)
    world.row("Image", "ada", "lab", name="second", fileset_id=fileset, series=1)
    found = world.data(
        "ben",
        "{ images { nodes { originalMetadata fileset { format images { totalCount } } } } }",
    )["images"]["nodes"]
    assert found[0] == {"originalMetadata": None, "fileset": None}
    assert found[1] == {
        "originalMetadata": {"global": {"Objective": "40x"}},
        "fileset": {"format": "OME-TIFF", "images": {"totalCount": 1}},
    }
    assert image


def test_from_a_screen_to_the_fields_in_few_statements(world: World) -> None:
    image, _ = make_image(world)
    screen = world.row("Screen", "ada", "lab", name="S")
    plate = world.row("Plate", "ada", "lab", name="P", rows=8, columns=12)
    world.link("ScreenPlateLink", screen, plate, "ada", "lab")
    run = world.row(
        "PlateAcquisition", "ada", "lab", plate_id=plate, start_time=0, end_time=1000000
    )
    for column in range(3):
        well = world.row("Well", "ada", "lab", plate_id=plate, row=column, column=column)
        world.row(
            "WellSample", "ada", "lab", well_id=well, image_id=image, plate_acquisition_id=run
        )
    answer = world.ask(
        "ben",
        """query ($run: ID!) { screens { nodes { plates { nodes { name
          plateAcquisitions { nodes { label } }
          wells(orderBy: [{field: COLUMN, direction: DESC}]) { nodes { label
            wellSamples(where: {plateAcquisition: $run}) {
              nodes { image { name } } } } } } } } } }""",
        run=f"PlateAcquisition:{run}",
    )
    assert not answer.errors
    (found,) = answer.data["screens"]["nodes"][0]["plates"]["nodes"]
    assert [well["label"] for well in found["wells"]["nodes"]] == ["C3", "B2", "A1"]
    assert found["wells"]["nodes"][0]["wellSamples"]["nodes"] == [{"image": {"name": "cells"}}]
    runs = found["plateAcquisitions"]["nodes"]
    assert runs == [{"label": "1970-01-01T00:00:00Z – 1970-01-01T00:00:01Z"}]
    assert len(answer.statements) == 6


def test_activities_show_progress_errors_and_what_they_made(world: World) -> None:
    image, _ = make_image(world)
    common: dict[str, Any] = {"kind": "import", "user_id": world.people["ada"], "request": {}}
    errors = [{"code": "broken_file", "message": "It is cut off.", "hint": "Copy it again.",
               "path": ["source"], "target": None}]  # fmt: skip
    with world.database.write() as connection:
        done = make_part(
            connection, Activity, **common, state="SUCCEEDED", created_at=1,
            result=[f"Image:{image}", "Image:999", "nonsense"],
        )  # fmt: skip
        make_part(connection, Activity, **common, state="FAILED", created_at=2, errors=errors)
        make_part(connection, Activity, **common, state="FAILED", created_at=3, dismissed_at=4)
    with world.database.write_live() as connection:
        pulse: Any = ActivityPulse.__table__
        connection.execute(
            pulse.insert().values(
                activity_id=done, claim=1, beat_at=0, done=3, total=4, unit="tiles",
                cancel_requested=False,
            )
        )  # fmt: skip
    document = """{ activities { totalCount nodes { kind state createdAt user { login }
        progress { done total unit } errors { __typename code message path }
        result(first: 2) { id ... on Image { name } } viewerCan { cancel undo } } } }"""
    found = world.data("ada", document)["activities"]
    assert found["totalCount"] == 2
    assert json.loads(json.dumps(found["nodes"][0])) == {
        "kind": "import",
        "state": "SUCCEEDED",
        "createdAt": "1970-01-01T00:00:00.000001Z",
        "user": {"login": "ada"},
        "progress": {"done": 3, "total": 4, "unit": "tiles"},
        "errors": [],
        "result": [{"id": f"Image:{image}", "name": "cells"}],
        "viewerCan": {"cancel": False, "undo": False},
    }
    assert found["nodes"][1]["errors"] == [
        {
            "__typename": "Unreadable",
            "code": "BROKEN_FILE",
            "message": "It is cut off. Copy it again.",
            "path": ["source"],
        }
    ]
    assert world.data("ben", document)["activities"] == {"totalCount": 0, "nodes": []}
