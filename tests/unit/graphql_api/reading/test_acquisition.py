"""How an image was taken: instrument, settings, planes; both ways, in statements per relation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.models.images import Channel, PlaneInfo
from tests.support.people import make_part

if TYPE_CHECKING:
    from tests.support.browsing import World

TAB = """query ($id: ID!) { node(id: $id) { ... on Image {
  instrument { microscopeType objectives { id model lensNa workingDistance { micrometers } }
    detectors { id gain } dichroics { id } filterSets { id } otfs { id }
    filters { cutIn { value unit } }
    lightSources { __typename id power { value unit } ... on Laser { wavelength { value unit }
      pump { __typename id instrument { id } } } }
    images { nodes { id } } }
  objectiveSettings { medium objective { id instrument { id } } images { totalCount } }
  imagingEnvironment { temperature { value unit } humidity images { totalCount } }
  stageLabel { name positionX { value unit micrometers } images { totalCount } }
  experiment { type microbeamManipulations { type experiment { id } } images { totalCount } }
  channels { name logicalChannel { name mode pinHoleSize { micrometers } channels { totalCount }
    detectorSettings { binning voltage { value unit } detector { id } }
    lightSourceSettings { attenuation lightSource { id } }
    lightPath { dichroic { id }
      emissionFilters { nodes { id } } excitationFilters { nodes { id } } }
    filterSet { dichroic { id } emissionFilters { nodes { id } } } otf { sizeX } } }
  pixels { planeInfos(where: {theT: {eq: 1}}) { totalCount nodes {
    id theZ theT deltaT { value unit }
    exposureTime { value unit } positionX { value } pixels { image { id } } } } }
} } }"""


def taken(world: World, image: int) -> dict[str, int]:
    """Dress an image with everything that a file can say of its acquisition."""

    def row(model: str, /, **values: object) -> int:
        return world.row(model, "ada", "lab", **values)

    scope = row("Instrument", microscope_type="Inverted")
    parts = {"instrument_id": scope}
    lens = row(
        "Objective", **parts, serial_number="1", lens_na=1.4, working_distance=0.13,
        working_distance_unit="mm",
    )  # fmt: skip
    camera = row("Detector", **parts, gain=2.0)
    mirror = row("Dichroic", **parts)
    sieve = row("Filter", **parts, cut_in=500.0)
    lamp = row("LightSource", **parts, class_name="Arc", power=100.0)
    laser = row("LightSource", **parts, class_name="Laser", wavelength=488.0, pump_id=lamp)
    filters = row("FilterSet", **parts, dichroic_id=mirror)
    world.link("FilterSetEmissionFilterLink", filters, sieve, "ada", "lab")
    path = row("LightPath", dichroic_id=mirror)
    world.link("LightPathEmissionFilterLink", path, sieve, "ada", "lab")
    otf = row(
        "OTF", **parts, pixels_type="float", size_x=8, size_y=8, is_optical_axis_averaged=True,
        path="/otf",
    )  # fmt: skip
    study = row("Experiment", type="FRAP")
    row("MicrobeamManipulation", experiment_id=study, type="FRAP")
    logical = row(
        "LogicalChannel", name="GFP", mode="SpinningDiskConfocal", pin_hole_size=50.0,
        detector_settings_id=row(
            "DetectorSettings", detector_id=camera, binning="2x2", voltage=5.0
        ),
        light_source_settings_id=row("LightSettings", light_source_id=laser, attenuation=0.5),
        filter_set_id=filters, light_path_id=path, otf_id=otf,
    )  # fmt: skip
    pixels = row("Pixels", image_id=image)
    with world.database.write() as connection:
        make_part(connection, Channel, pixels_id=pixels, position=0, logical_channel_id=logical)
        for t in range(2):
            make_part(
                connection, PlaneInfo, pixels_id=pixels, the_z=0, the_c=0, the_t=t, delta_t=1.5 * t,
                exposure_time=20.0, exposure_time_unit="ms", position_x=3.0,
            )  # fmt: skip
    return {
        "instrument_id": scope,
        "objective_settings_id": row("ObjectiveSettings", objective_id=lens, medium="Oil"),
        "imaging_environment_id": row("ImagingEnvironment", temperature=37.0, humidity=0.9),
        "stage_label_id": row("StageLabel", name="A", position_x=1.0, position_x_unit="mm"),
        "experiment_id": study,
    }


def dress(world: World, image: int) -> None:
    from sqlalchemy import update

    from shared.models.images import Image

    values = taken(world, image)
    with world.database.write() as connection:
        connection.execute(update(Image).where(Image.id == image).values(**values))


def test_the_acquisition_tab_is_one_query(world: World) -> None:
    image = world.row("Image", "ada", "lab", name="i")
    dress(world, image)
    answer = world.ask("ben", TAB, id=f"Image:{image}")
    assert not answer.errors
    node = answer.data["node"]
    scope = node["instrument"]
    assert scope["microscopeType"] == "Inverted"
    assert scope["objectives"][0]["workingDistance"] == {"micrometers": 130.0}
    assert scope["filters"] == [{"cutIn": {"value": 500.0, "unit": "nm"}}]
    arc, laser = scope["lightSources"]
    assert arc["__typename"] == "Arc"
    assert arc["id"].startswith("Arc:")
    assert arc["power"] == {"value": 100.0, "unit": "mW"}
    assert laser["wavelength"] == {"value": 488.0, "unit": "nm"}
    assert laser["pump"]["id"] == arc["id"]
    assert scope["images"]["nodes"] == [{"id": f"Image:{image}"}]
    assert node["objectiveSettings"]["objective"]["id"] == scope["objectives"][0]["id"]
    assert node["imagingEnvironment"]["temperature"] == {"value": 37.0, "unit": "°C"}
    assert node["stageLabel"]["positionX"] == {"value": 1.0, "unit": "mm", "micrometers": 1000.0}
    assert node["experiment"]["microbeamManipulations"][0]["type"] == "FRAP"
    channel = node["channels"][0]["logicalChannel"]
    assert channel["detectorSettings"]["voltage"] == {"value": 5.0, "unit": "V"}
    assert channel["lightSourceSettings"]["lightSource"]["id"] == laser["id"]
    assert channel["lightPath"]["emissionFilters"]["nodes"][0]["id"].startswith("Filter:")
    assert channel["channels"] == {"totalCount": 1}
    planes = node["pixels"]["planeInfos"]
    assert planes["totalCount"] == 1
    assert planes["nodes"][0]["deltaT"] == {"value": 1.5, "unit": "s"}
    assert planes["nodes"][0]["pixels"]["image"]["id"] == f"Image:{image}"


def test_a_shared_channel_tells_only_of_images_that_are_seen(world: World) -> None:
    logical = world.row("LogicalChannel", "ada", "secret", name="DAPI")
    for owner in ("ada", "ben"):
        image = world.row("Image", owner, "secret", name=owner)
        pixels = world.row("Pixels", owner, "secret", image_id=image)
        with world.database.write() as connection:
            make_part(connection, Channel, pixels_id=pixels, position=0, logical_channel_id=logical)
    asked = """query ($id: ID!) { node(id: $id) { ... on LogicalChannel {
      channels { totalCount nodes { pixels { image { name } } } } } } }"""
    found = world.data("ada", asked, id=f"LogicalChannel:{logical}")["node"]["channels"]
    assert found == {"totalCount": 1, "nodes": [{"pixels": {"image": {"name": "ada"}}}]}
    assert (
        world.data("cleo", asked, id=f"LogicalChannel:{logical}")["node"]["channels"]["totalCount"]
        == 2
    )
    assert world.data("ben", asked, id=f"LogicalChannel:{logical}")["node"] is None


def test_parts_of_hidden_images_are_told_from_unknown_ones_by_nothing(world: World) -> None:
    image = world.row("Image", "ada", "secret", name="i")
    dress_secret = world.row("Pixels", "ada", "secret", image_id=image)
    logical = world.row("LogicalChannel", "ada", "secret", name="DAPI")
    with world.database.write() as connection:
        channel = make_part(
            connection, Channel, pixels_id=dress_secret, position=0, logical_channel_id=logical
        )
        plane = make_part(connection, PlaneInfo, pixels_id=dress_secret, the_z=0, the_c=0, the_t=0)
    for ref in (f"Channel:{channel}", f"PlaneInfo:{plane}", f"LogicalChannel:{logical}"):
        asked = "query ($id: ID!) { node(id: $id) { id } }"
        hidden = world.ask("ben", asked, id=ref)
        unknown = world.ask("ben", asked, id=f"{ref.split(':')[0]}:987654")
        assert world.data("ada", asked, id=ref) == {"node": {"id": ref}}
        assert hidden.data == unknown.data == {"node": None}
        assert len(hidden.statements) == len(unknown.statements)
