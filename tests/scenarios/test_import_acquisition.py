"""What OME-XML says of an acquisition becomes rows; `ome-types` reads the same text beside us."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import ome_types
import tifffile
from sqlalchemy import select

from graphql_api.demo.sources import STACKS, write_stack
from shared.database import Database
from shared.models import acquisition as models
from shared.models.images import Image, LogicalChannel
from shared.models.links import LINKS
from shared.settings import Settings
from shared.storage import LocalStorage
from tests.support.imports import bench
from tests.support.public_data import require_public
from tests.support.tiffs import inspect

WHERE = """
    <ImagingEnvironment Temperature="37.5" AirPressure="1013" Humidity="0.4" CO2Percent="0.05"/>
    <StageLabel Name="well &lt;3&gt;" X="1.5" XUnit="mm" Y="-2" YUnit="mm"/>"""


def _file(tmp_path: Path, *, broken: bool = False) -> tuple[Path, Any]:
    """The schema's own sample of an instrument around pixels, and what ome-types reads of it."""
    text = (require_public("ome-xml/2016-06") / "instrument.ome.xml").read_text()
    ours = '<InstrumentRef ID="Instrument:0"/>\n    <Pixels'
    assert ours in text
    text = text.replace(
        ours,
        f'<InstrumentRef ID="Instrument:0"/><ObjectiveSettings ID="Objective:0" Medium="Oil" '
        f'RefractiveIndex="1.5"/>{WHERE}<Pixels',
    )
    start, end = text.index("<BinData"), text.index("</BinData>") + len("</BinData>")
    text = f"{text[:start]}<TiffData/>{text[end:]}"
    read = ome_types.from_xml(text)
    if broken:
        text = text.replace('"Filter:2"/>', '"Filter:9"/>').replace('Power="200"', 'Power="much"')
        text = text.replace('DetectorSettings ID="Detector:0"', 'DetectorSettings ID="Filter:0"')
    path = tmp_path / "instrument.ome.tif"
    description = text.encode("ascii", "xmlcharrefreplace").decode()
    tifffile.imwrite(path, np.zeros((4, 6), np.uint8), description=description, metadata=None)
    return path, read


def _rows(database: Database, model: Any) -> list[Any]:
    with database.read() as connection:
        return list(connection.execute(select(*model.__table__.c).order_by(model.id)))


def test_devices_and_their_settings_are_what_ome_types_reads(
    database: Database, settings: Settings, storage: LocalStorage, tmp_path: Path
) -> None:
    path, read = _file(tmp_path)
    at = bench(database, storage, settings, tmp_path)
    done = at.run(at.book(path))
    assert done.state == "SUCCEEDED", done
    instrument, pixels = read.instruments[0], read.images[0].pixels

    (detector,) = _rows(database, models.Detector)
    assert (detector.model, detector.type) == (instrument.detectors[0].model, "CCD")
    laser, arc = _rows(database, models.LightSource)
    assert (laser.class_name, laser.power, laser.power_unit, laser.laser_medium) == (
        "Laser", instrument.lasers[0].power, instrument.lasers[0].power_unit.value, "Ruby",
    )  # fmt: skip
    assert (arc.class_name, arc.type, laser.pump_id) == ("Arc", "Xe", arc.id)
    filters = _rows(database, models.Filter)
    assert [
        (f.manufacturer, f.filter_wheel, f.cut_in, f.cut_in_unit, f.cut_out_tolerance)
        for f in filters
    ] == [
        (
            f.manufacturer, f.filter_wheel, f.transmittance_range.cut_in,
            f.transmittance_range.cut_in_unit.value, f.transmittance_range.cut_out_tolerance,
        )
        for f in instrument.filters
    ]  # fmt: skip
    (dichroic,) = _rows(database, models.Dichroic)
    (filter_set,) = _rows(database, models.FilterSet)
    assert (filter_set.lot_number, filter_set.dichroic_id) == ("Lot174-A", dichroic.id)

    (channel,) = _rows(database, LogicalChannel)
    (used,) = _rows(database, models.DetectorSettings)
    told = pixels.channels[0].detector_settings
    assert (used.binning, used.gain, used.offset_value, used.read_out_rate) == (
        told.binning.value, told.gain, told.offset, told.read_out_rate,
    )  # fmt: skip
    assert (channel.detector_settings_id, used.detector_id) == (used.id, detector.id)
    (light,) = _rows(database, models.LightSettings)
    assert (light.attenuation, light.wavelength, light.light_source_id) == (0.8, 510, laser.id)
    assert channel.light_source_settings_id == light.id
    (path_row,) = _rows(database, models.LightPath)
    assert channel.light_path_id == path_row.id
    for name, parent, child in (
        ("LightPathExcitationFilterLink", path_row.id, filters[3].id),
        ("LightPathEmissionFilterLink", path_row.id, filters[2].id),
        ("FilterSetExcitationFilterLink", filter_set.id, filters[0].id),
        ("FilterSetEmissionFilterLink", filter_set.id, filters[1].id),
    ):
        (link,) = _rows(database, LINKS[name].model)
        assert (link.parent_id, link.child_id) == (parent, child), name

    (image,) = _rows(database, Image)
    (air,) = _rows(database, models.ImagingEnvironment)
    assert (air.temperature, air.temperature_unit, air.co2_percent) == (37.5, "°C", 0.05)
    (label,) = _rows(database, models.StageLabel)
    assert (label.name, label.position_x, label.position_x_unit) == ("well <3>", 1.5, "mm")
    (objective,) = _rows(database, models.ObjectiveSettings)
    assert (objective.medium, objective.refractive_index) == ("Oil", 1.5)
    assert (
        image.imaging_environment_id, image.stage_label_id, image.objective_settings_id
    ) == (air.id, label.id, objective.id)  # fmt: skip


def test_references_to_nothing_and_values_of_no_type_are_left_out(
    database: Database, settings: Settings, storage: LocalStorage, tmp_path: Path
) -> None:
    path, _ = _file(tmp_path, broken=True)
    at = bench(database, storage, settings, tmp_path)
    assert at.run(at.book(path)).state == "SUCCEEDED"
    assert _rows(database, models.DetectorSettings) == []
    assert _rows(database, LINKS["LightPathEmissionFilterLink"].model) == []
    laser = _rows(database, models.LightSource)[0]
    assert (laser.power, laser.power_unit, laser.model) == (None, None, "Ruby60")


def test_the_demos_stacks_tell_their_microscope(tmp_path: Path) -> None:
    stack = STACKS["small"][0]
    path = tmp_path / stack.file
    write_stack(path, stack)
    read = ome_types.from_tiff(path)
    assert read.instruments[0].detectors[0].model == "Camera 7"
    told = [each.detector_settings for each in read.images[0].pixels.channels]
    assert [each.id for each in told if each is not None] == ["Detector:0"] * 2
    assert inspect(path).images[0].dimensions.size_c == 2
