"""Rendering settings between people and images: Save to All, Copy and Paste, Owner's, Imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from shared.models.images import Channel
from shared.models.people import GroupPermissions, Privilege
from shared.models.rendering import RenderingDef
from tests.support.browsing import World
from tests.support.people import make_part

if TYPE_CHECKING:
    from shared.database import Database
    from shared.settings import Settings

SAVE = """
mutation($image: ID!, $settings: RenderingSettingsInput!) {
  saveRenderingSettings(input: {image: $image, settings: $settings}) {
    renderingSettings { id owner { id } } errors { __typename target } } }
"""
APPLY = """
mutation($input: ApplyRenderingSettingsInput!) { applyRenderingSettings(input: $input) {
  applied refused { image reasons message } errors { __typename target path message } } }
"""
RESET = """
mutation($input: ResetRenderingSettingsInput!) { resetRenderingSettings(input: $input) {
  applied refused { image reasons message } errors { __typename target path message } } }
"""
SEEN = """
query($id: ID!) { node(id: $id) { ... on Image {
  renderingSettings { id owner { id } model defaultZ defaultT version
    channels { active color lookupTable windowStart windowEnd family coefficient
      reverseIntensity } }
  allRenderingSettings { id owner { id } thumbnailUrl } } } }
"""
WAVES = (461.0, 509.0, 600.0, 650.0)


@pytest.fixture
def world(database: Database, settings: Settings) -> World:
    found = World(database, settings)
    for login in ("ada", "ben", "lea", "eve"):
        found.person(login)
    found.person("root2", is_admin=True)
    found.person("reader", is_admin=True, withheld=[Privilege.WRITE_OWNED])
    for level in GroupPermissions:
        found.group(level.value, level, ("ada", "ben"), "lea")
    return found


def image(world: World, who: str = "ada", group: str = "rwra--", **options: Any) -> str:
    """An image; `waves` is the emission of each channel, in nm."""
    waves = options.pop("waves", WAVES[: options.get("size_c", 2)])
    number = world.row("Image", who, group)
    given = {"pixels_type": "uint16", "size_c": len(waves), "size_z": 5, "size_t": 3} | options
    pixels = world.row("Pixels", who, group, image_id=number, **given)
    for position, nm in enumerate(waves):
        logical = world.row("LogicalChannel", who, group, emission_wave=nm)
        stats = world.row("StatsInfo", who, group, global_min=3.0, global_max=900.0)
        with world.database.write() as connection:
            make_part(
                connection, Channel, pixels_id=pixels, position=position,
                logical_channel_id=logical, stats_info_id=stats, color=0x112233FF,
            )  # fmt: skip
    return f"Image:{number}"


def save(world: World, who: str, target: str, **settings: Any) -> str:
    answer = world.data(who, SAVE, image=target, settings=settings)["saveRenderingSettings"]
    assert answer["errors"] == []
    return str(answer["renderingSettings"]["id"])


def apply(world: World, who: str, source: dict[str, Any], *targets: str, **more: Any) -> Any:
    given = {"from": source, "targets": list(targets), **more}
    return world.data(who, APPLY, input=given)["applyRenderingSettings"]


def reset(world: World, who: str, to: str, *targets: str) -> Any:
    given = {"to": to, "targets": list(targets)}
    return world.data(who, RESET, input=given)["resetRenderingSettings"]


def seen(world: World, who: str, target: str) -> Any:
    return world.data(who, SEEN, id=target)["node"]["renderingSettings"]


def refused(answer: Any) -> dict[str, list[str]]:
    assert answer["errors"] == []
    return {each["image"]: each["reasons"] for each in answer["refused"]}


def saved_rows(world: World) -> int:
    with world.database.read() as connection:
        return int(connection.scalar(select(func.count()).select_from(RenderingDef)) or 0)


FULL = {
    "model": "GREYSCALE", "defaultZ": 4, "defaultT": 1,
    "channels": [
        {"index": 0, "active": False, "windowStart": 10, "windowEnd": 2000, "family": "POLYNOMIAL",
         "coefficient": 0.5, "reverseIntensity": True, "color": "#01020380"},
        {"index": 1, "lookupTable": "fire.lut"},
    ],
}  # fmt: skip


def test_paste_settings_only_onto_images_that_they_fit(world: World) -> None:
    """P34."""
    # given a source with 2 channels of uint16, and three images
    source = image(world)
    save(world, "ada", source, **FULL)
    alike = image(world)
    three_channels = image(world, size_c=3)
    eight_bits = image(world, pixels_type="uint8")
    # when ada pastes its settings onto them
    answer = apply(world, "ada", {"image": source}, alike, three_channels, eight_bits)
    # then the first has them, the others are refused with the reason
    assert answer["applied"] == [alike]
    assert refused(answer) == {three_channels: ["CHANNEL_COUNT"], eight_bits: ["PIXEL_TYPE"]}
    assert {each["message"] for each in answer["refused"]} == {
        "It has 3 channels, the source 2.",
        "Its pixels are uint8, those of the source uint16.",
    }
    pasted, original = seen(world, "ada", alike), seen(world, "ada", source)
    for each in ("model", "defaultZ", "defaultT", "channels"):
        assert pasted[each] == original[each]
    assert pasted["channels"][1]["lookupTable"] == "fire.lut"
    assert pasted["id"] != original["id"]


def test_others_settings_stand_beside_ones_own_newest_first(world: World) -> None:
    """P35."""
    # given ada's image with her settings
    shown = image(world)
    mine = save(world, "ada", shown, defaultZ=1)
    # when ben saves his
    his = save(world, "ben", shown, defaultZ=3)
    # then ada still sees her own, and the list has both, newest first
    answer = world.data("ada", SEEN, id=shown)["node"]
    assert answer["renderingSettings"]["id"] == mine
    assert answer["renderingSettings"]["defaultZ"] == 1
    assert [each["id"] for each in answer["allRenderingSettings"]] == [his, mine]
    assert f"rdef={his.split(':')[1]}" in answer["allRenderingSettings"][0]["thumbnailUrl"]
    assert seen(world, "ben", shown)["defaultZ"] == 3
    # and whoever has none of his own sees the owner's change
    assert seen(world, "lea", shown)["id"] == mine
    assert saved_rows(world) == 2


def test_save_to_all_of_a_dataset_a_project_a_whole_plate_a_screen_and_a_run(world: World) -> None:
    source = image(world)
    save(world, "ada", source, **FULL)
    dataset, project = world.row("Dataset", "ada", "rwra--"), world.row("Project", "ada", "rwra--")
    world.link("ProjectDatasetLink", project, dataset, "ada", "rwra--")
    members = [source, image(world), image(world, "ben")]
    for each in members:
        world.link("DatasetImageLink", dataset, int(each.split(":")[1]), "ada", "rwra--")
    screen, plate = world.row("Screen", "ada", "rwra--"), world.row("Plate", "ada", "rwra--")
    world.link("ScreenPlateLink", screen, plate, "ada", "rwra--")
    well = world.row("Well", "ada", "rwra--", plate_id=plate, row=0, column=0)
    runs = [world.row("PlateAcquisition", "ada", "rwra--", plate_id=plate) for _ in range(2)]
    fields = [image(world) for _ in runs]
    for run, field in zip(runs, fields, strict=True):
        world.row(
            "WellSample", "ada", "rwra--", well_id=well, image_id=int(field.split(":")[1]),
            plate_acquisition_id=run,
        )  # fmt: skip
    before = seen(world, "ada", source)
    for target, images in (
        (f"Dataset:{dataset}", members),
        (f"Project:{project}", members),
        (f"Plate:{plate}", fields),
        (f"PlateAcquisition:{runs[1]}", fields[1:]),
        (f"Screen:{screen}", fields),
    ):
        tried = apply(world, "ada", {"image": source}, target, dryRun=True)
        answer = apply(world, "ada", {"image": source}, target)
        assert answer == tried
        assert (answer["applied"], answer["errors"]) == (images, [])
    assert seen(world, "ada", members[2])["channels"] == before["channels"]
    # ben's image has ada's own settings now, and ben still sees none of hers
    assert world.data("ben", SEEN, id=members[2])["node"]["renderingSettings"]["id"] is None
    # the source was not written, though it lies in the dataset
    assert seen(world, "ada", source) == before


def test_a_source_that_the_caller_never_saved_is_not_written(world: World) -> None:
    source, target = image(world), image(world)
    save(world, "ada", source, defaultZ=4)
    answer = apply(world, "ben", {"image": source}, source, target)
    assert answer["applied"] == [source, target]
    assert seen(world, "ben", target)["owner"]["id"] == f"User:{world.people['ben']}"
    assert seen(world, "ben", source)["owner"]["id"] == f"User:{world.people['ada']}"
    assert saved_rows(world) == 2


def test_using_another_persons_settings_makes_them_ones_own(world: World) -> None:
    shown = image(world)
    his = save(world, "ben", shown, model="GREYSCALE")
    answer = apply(world, "ada", {"renderingSettings": his}, shown)
    assert answer["applied"] == [shown]
    mine = seen(world, "ada", shown)
    assert mine["model"] == "GREYSCALE"
    assert mine["id"] != his
    again = apply(world, "ada", {"renderingSettings": his.replace("Settings", "Def")}, shown)
    assert again["applied"] == [shown]
    assert seen(world, "ada", shown)["version"] == mine["version"]  # nothing changed, none written


def test_wavelengths_count_whatever_their_order(world: World) -> None:
    source = image(world)
    for waves, fits in (
        ((509.0, 461.0), True),
        ((461.0, 510.0), False),
        ((461.0, None), False),
        ((461.0, 461.0), False),
    ):
        answer = apply(world, "ada", {"image": source}, target := image(world, waves=waves))
        assert refused(answer) == ({} if fits else {target: ["WAVELENGTHS"]})


def test_channels_without_wavelengths_fit_each_other(world: World) -> None:
    source, target = (image(world, waves=(None, None)) for _ in range(2))
    assert apply(world, "ada", {"image": source}, target)["applied"] == [target]


def test_the_plane_shown_first_is_kept_where_the_target_has_no_such_plane(world: World) -> None:
    source, target = image(world), image(world, size_z=3, size_t=1)
    save(world, "ada", source, defaultZ=4, defaultT=2)
    save(world, "ada", target, defaultZ=2)
    apply(world, "ada", {"image": source}, target)
    assert (seen(world, "ada", target)["defaultZ"], seen(world, "ada", target)["defaultT"]) == (
        2, 0,
    )  # fmt: skip


def test_explicit_settings_change_only_what_they_name(world: World) -> None:
    one, two, narrow = image(world), image(world, size_c=3), image(world, pixels_type="uint8")
    save(world, "ada", one, channels=[{"index": 0, "lookupTable": "ice.lut"}])
    change = {"channels": [{"index": 1, "windowStart": 5, "windowEnd": 4000}]}
    answer = apply(world, "ada", {"settings": change}, one, two, narrow)
    assert answer["applied"] == [one, two]
    assert refused(answer) == {narrow: ["WINDOW"]}
    found = seen(world, "ada", one)["channels"]
    assert (found[0]["lookupTable"], found[1]["windowEnd"]) == ("ice.lut", 4000)
    third = {"channels": [{"index": 2, "active": True}]}
    assert refused(apply(world, "ada", {"settings": third}, one, two)) == {one: ["CHANNEL_COUNT"]}


def test_explicit_settings_that_are_none_are_invalid_and_nothing_is_done(world: World) -> None:
    target = image(world)
    for change, path in (
        ({"channels": [{"index": 0}, {"index": 0}]}, ["channels", "1", "index"]),
        ({"channels": [{"index": -1}]}, ["channels", "0", "index"]),
        ({"channels": [{"index": 0, "lookupTable": "no.lut"}]}, ["channels", "0", "lookupTable"]),
        (
            {"channels": [{"index": 0, "windowStart": 2, "windowEnd": 1}]},
            ["channels", "0", "windowStart"],
        ),
        ({"channels": [{"index": 0, "coefficient": 0}]}, ["channels", "0", "coefficient"]),
        ({"defaultZ": -1}, ["defaultZ"]),
    ):
        answer = apply(world, "ada", {"settings": change}, target)
        (error,) = answer["errors"]
        assert (error["__typename"], error["path"]) == ("Invalid", ["from", "settings", *path])
    assert saved_rows(world) == 0


def test_more_channels_than_one_request_holds_are_refused(world: World) -> None:
    """Each is a row to write: a request that cannot end in its time says so at once."""
    source, small, large = image(world), image(world), image(world, size_c=49_997)
    assert apply(world, "ada", {"image": source}, small, large)["errors"] == []
    larger = image(world, size_c=49_999)
    for answer in (
        apply(world, "ada", {"image": source}, small, larger),
        reset(world, "ada", "MIN_MAX", small, larger),
    ):
        (error,) = answer["errors"]
        assert (error["__typename"], error["path"]) == ("Invalid", ["targets"])
        assert "50001 channels" in error["message"]


def test_owners_imported_and_min_max(world: World) -> None:
    with_settings, without, own = image(world), image(world), image(world, "ben")
    save(world, "ada", with_settings, **FULL)
    save(world, "ben", own, model="GREYSCALE")
    targets = (with_settings, without, own)
    answer = reset(world, "ben", "OWNER", *targets)
    assert answer["applied"] == [with_settings, own]
    assert refused(answer) == {without: ["NO_OWNER_SETTINGS"]}
    assert seen(world, "ben", with_settings)["channels"][1]["lookupTable"] == "fire.lut"
    assert seen(world, "ben", with_settings)["owner"]["id"] == f"User:{world.people['ben']}"
    assert reset(world, "ben", "MIN_MAX", with_settings)["applied"] == [with_settings]
    found = seen(world, "ben", with_settings)
    assert [(c["windowStart"], c["windowEnd"]) for c in found["channels"]] == [(3, 900)] * 2
    assert (found["model"], found["channels"][1]["lookupTable"]) == ("GREYSCALE", "fire.lut")
    assert reset(world, "ben", "IMPORTED", with_settings)["applied"] == [with_settings]
    found = seen(world, "ben", with_settings)
    assert (found["model"], found["defaultZ"]) == ("COLOR", 2)
    assert found["channels"][0]["color"] == "#112233FF"
    assert seen(world, "ada", with_settings)["model"] == "GREYSCALE"  # ada's are as they were


@pytest.mark.parametrize("level", [level.value for level in GroupPermissions])
def test_who_may_save_settings_of_others_images(world: World, level: str) -> None:
    target, own = image(world, "ada", level), image(world, "ben", level)
    private = level == "rw----"
    expected = {
        "ada": None, "eve": "NotFound", "reader": "Denied",
        "ben": "NotFound" if private else None,
        "lea": "Denied" if private else None,
        "root2": "Denied" if private else None,
    }  # fmt: skip
    for who, kind in expected.items():
        answer = reset(world, who, "IMPORTED", target)
        assert [(each["__typename"], each["target"]) for each in answer["errors"]] == (
            [] if kind is None else [(kind, target)]
        ), who
        assert answer["applied"] == ([target] if kind is None else [])
    # a leader's own dataset may hold others' images, which are then refused one by one
    if private:
        dataset = world.row("Dataset", "lea", level)
        world.link("DatasetImageLink", dataset, int(own.split(":")[1]), "lea", level)
        answer = reset(world, "lea", "IMPORTED", f"Dataset:{dataset}")
        assert refused(answer) == {own: ["NOT_PERMITTED"]}


def test_hidden_and_unknown_sources_and_targets_are_told_alike(world: World) -> None:
    hidden, mine = image(world, "ada", "rw----"), image(world, "ben")
    settings = save(world, "ada", hidden, defaultZ=1)
    for source in ({"image": hidden}, {"image": "Image:4711"}, {"image": "x"}):
        answer = apply(world, "ben", source, mine)
        assert [each["__typename"] for each in answer["errors"]] == ["NotFound"]
        assert answer["errors"][0]["path"] == ["from", "image"]
    counts = []
    for given in (settings, "RenderingSettings:4711", "Image:1", "x"):
        asked = {"from": {"renderingSettings": given}, "targets": [mine]}
        found = world.ask("ben", APPLY, input=asked)
        assert found.data["applyRenderingSettings"]["errors"][0]["__typename"] == "NotFound"
        counts.append(len(found.statements))
    assert len(set(counts)) == 1
    for target in (hidden, "Image:4711", "Tag:1", ""):
        answer = apply(world, "ben", {"image": mine}, target)
        assert [each["__typename"] for each in answer["errors"]] == ["NotFound"]
    assert apply(world, "ben", {"image": mine})["errors"][0]["__typename"] == "Invalid"


def test_statements_do_not_depend_on_the_number_of_images(world: World) -> None:
    source = image(world)
    save(world, "ada", source, **FULL)
    counts: dict[str, set[int]] = {}
    for count in (2, 40):
        dataset = world.row("Dataset", "ada", "rwra--")
        for _ in range(count):
            number = int(image(world).split(":")[1])
            world.link("DatasetImageLink", dataset, number, "ada", "rwra--")
        targets = [f"Dataset:{dataset}"]
        change = {"settings": {"channels": [{"index": 0, "active": True, "windowStart": 7}]}}
        for name, document, given in (
            ("apply new", APPLY, {"from": {"image": source}}),
            ("reset", RESET, {"to": "IMPORTED"}),
            ("apply changed", APPLY, {"from": {"image": source}}),
            ("explicit", APPLY, {"from": change}),
            ("min max", RESET, {"to": "MIN_MAX"}),
            ("owner", RESET, {"to": "OWNER"}),
            ("dry run", APPLY, {"from": {"image": source}, "dryRun": True}),
        ):
            answer = world.ask("ada", document, input={**given, "targets": targets})
            (payload,) = answer.data.values()
            assert len(payload["applied"]) == count, (name, payload)
            counts.setdefault(name, set()).add(len(answer.statements))
    assert {name: len(found) for name, found in counts.items()} == dict.fromkeys(counts, 1)
    assert max(max(found) for found in counts.values()) <= 30
