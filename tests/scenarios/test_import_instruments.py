"""A microscope of OME-XML as GraphQL tells it: every objective, and devices beyond reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from sqlalchemy import select

from shared.database import Database
from shared.models import acquisition as models
from shared.models.images import Fileset
from shared.pixels.readers.ome_acquisition import MAX_DEVICES, MAX_TEXT
from shared.settings import Settings
from shared.storage import LocalStorage
from tests.support.browsing import World
from tests.support.imports import bench

NAMES = 'xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"'
MICROSCOPE = (
    '<Microscope Type="Upright" Manufacturer="M" Model="Mark 2" SerialNumber="007" LotNumber="L1"/>'
)
OBJECTIVES = """
<Objective ID="Objective:0" Model="10x" NominalMagnification="10" LensNA="0.3"/>
<Objective ID="Objective:1" Model="63x" NominalMagnification="63" CalibratedMagnification="62.5"
 LensNA="1.4" Immersion="Oil" Correction="PlanApo" Iris="true" SerialNumber="S-63"
 WorkingDistance="0.19" WorkingDistanceUnit="mm"/>
<Objective ID="Objective:2" WorkingDistance="0"/>"""
TAB = """query ($id: ID!) { node(id: $id) { ... on Image {
  objectiveSettings { medium objective { model } }
  instrument { microscopeType microscopeModel microscopeSerialNumber microscopeLotNumber
    images { totalCount }
    objectives { model serialNumber nominalMagnification calibratedMagnification lensNa immersion
      correction hasIris workingDistance { value unit } } } } } }"""


def _file(folder: Path, instrument: str, *references: str) -> Path:
    """One image of a plane for each text of references."""
    images = "".join(
        f"""<Image ID="Image:{number}" Name="{number}">
<InstrumentRef ID="Instrument:0"/>{text}
<Pixels ID="Pixels:{number}" DimensionOrder="XYZCT" Type="uint8" SizeX="6" SizeY="4" SizeZ="1"
 SizeC="1" SizeT="1"><Channel ID="Channel:{number}:0">
<DetectorSettings ID="Detector:nowhere" Gain="2"/><LightSourceSettings ID="LightSource:no"/>
<FilterSetRef ID="FilterSet:no"/></Channel>
<TiffData IFD="{number}" PlaneCount="1"/></Pixels></Image>"""
        for number, text in enumerate(references)
    )
    text = f'<OME {NAMES}><Instrument ID="Instrument:0">{instrument}</Instrument>{images}</OME>'
    path = folder / "scope.ome.tif"
    with tifffile.TiffWriter(path) as tif:
        for number, _ in enumerate(references):
            description = text if number == 0 else None
            tif.write(np.zeros((4, 6), np.uint8), description=description, metadata=None)
    return path


def _rows(database: Database, model: Any) -> list[Any]:
    with database.read() as connection:
        return list(connection.execute(select(*model.__table__.c).order_by(model.id)))


def test_every_objective_is_told_and_images_share_their_instrument(
    database: Database, settings: Settings, storage: LocalStorage, tmp_path: Path
) -> None:
    path = _file(
        tmp_path, MICROSCOPE + OBJECTIVES,
        '<ObjectiveSettings ID="Objective:1" Medium="Oil"/>',
        '<ObjectiveSettings ID="Objective:0" Medium="Air"/>',
        '<ObjectiveSettings ID="Objective:9" Medium="Water"/>',
        "",
    )  # fmt: skip
    at = bench(database, storage, settings, tmp_path)
    done = at.run(at.book(path))
    assert done.state == "SUCCEEDED", done
    world = World(database, settings)
    world.person("chief", is_admin=True)
    told = [
        world.data("chief", TAB, id=f"Image:{image.id}")["node"]
        for image in at.images(done.result)
    ]  # fmt: skip
    assert [each["objectiveSettings"] for each in told] == [
        {"medium": "Oil", "objective": {"model": "63x"}},
        {"medium": "Air", "objective": {"model": "10x"}},
        None,  # the file does not hold the one that is named, and which of three was used is open
        None,
    ]
    assert told[0]["instrument"] == told[1]["instrument"] == told[3]["instrument"]
    scope = told[0]["instrument"]
    lenses = scope.pop("objectives")
    assert scope == {
        "microscopeType": "Upright", "microscopeModel": "Mark 2", "microscopeSerialNumber": "007",
        "microscopeLotNumber": "L1", "images": {"totalCount": 4},
    }  # fmt: skip
    assert [lens["model"] for lens in lenses] == ["10x", "63x", None]
    assert lenses[1] == {
        "model": "63x", "serialNumber": "S-63", "nominalMagnification": 63.0,
        "calibratedMagnification": 62.5, "lensNa": 1.4, "immersion": "Oil",
        "correction": "PlanApo", "hasIris": True, "workingDistance": {"value": 0.19, "unit": "mm"},
    }  # fmt: skip
    assert lenses[2]["workingDistance"] is None


def test_devices_beyond_reason_are_left_out_with_a_warning(
    database: Database, settings: Settings, storage: LocalStorage, tmp_path: Path
) -> None:
    many = "".join(f'<Detector ID="Detector:{n}" Gain="{n}"/>' for n in range(MAX_DEVICES + 2_000))
    long = f'<Laser ID="LightSource:0" Model="{"x" * 1_000_000}" Power="1e999"/>'
    loop = '<FilterSet ID="FilterSet:0"><DichroicRef ID="FilterSet:0"/></FilterSet>'
    path = _file(tmp_path, long + loop + many, "", "")
    at = bench(database, storage, settings, tmp_path)
    done = at.run(at.book(path))
    assert done.state == "SUCCEEDED", done
    assert len(_rows(database, models.Detector)) == MAX_DEVICES - 2
    (laser,) = _rows(database, models.LightSource)
    assert (laser.model, laser.power) == ("x" * MAX_TEXT, None)
    assert _rows(database, models.DetectorSettings) == []
    (fileset,) = _rows(database, Fileset)
    kept = json.loads(storage.path(fileset.metadata_file).read_text())
    first, second = kept["warnings"]
    assert "3,002 devices" in first
    assert "shortened" in second
