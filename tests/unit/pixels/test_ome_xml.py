"""OME-XML of every age, and XML that means harm."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from shared.errors import BrokenFile, Invalid, Unsupported
from shared.pixels.metadata import Quantity
from shared.pixels.reader import InspectOptions
from shared.pixels.readers.ome_xml import is_ome_xml, parse_ome_xml
from shared.pixels.readers.tiff import TiffReader
from shared.pixels.xml import MAX_DEPTH, parse_xml
from tests.support.public_data import public_data, require_public

MODERN = """<?xml version="1.0" encoding="UTF-8"?>
<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:1">
  <Instrument ID="Instrument:0">
    <Microscope Manufacturer="Zeiss" Model="LSM 880"/>
    <Objective ID="Objective:0" Model="Plan-Apo 63x" Manufacturer="Zeiss" LensNA="1.4"
      NominalMagnification="63" Immersion="Oil" Correction="PlanApo" WorkingDistance="0.19"
      WorkingDistanceUnit="mm"/>
    <Objective ID="Objective:1" Model="other"/>
  </Instrument>
  <Image ID="Image:0" Name="cells &amp; more">
    <AcquisitionDate>2020-02-29T23:59:59</AcquisitionDate>
    <Description>two
lines</Description>
    <InstrumentRef ID="Instrument:0"/>
    <ObjectiveSettings ID="Objective:0"/>
    <Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint16" SizeX="4" SizeY="3" SizeZ="2"
      SizeC="2" SizeT="1" PhysicalSizeX="100" PhysicalSizeXUnit="nm" PhysicalSizeY="0.1"
      PhysicalSizeZ="0.5" TimeIncrement="2" TimeIncrementUnit="min" SignificantBits="12">
      <Channel ID="Channel:0:0" Name="DAPI" Color="65535" EmissionWavelength="457"
        ExcitationWavelength="0.405" ExcitationWavelengthUnit="&#181;m" Fluor="DAPI"
        AcquisitionMode="LaserScanningConfocalMicroscopy" ContrastMethod="Fluorescence"
        IlluminationType="Epifluorescence" PinholeSize="40" NDFilter="0.5"/>
      <Channel ID="Channel:0:1" Color="-16776961"/>
      <TiffData/>
      <Plane TheZ="1" TheC="1" TheT="0" DeltaT="1.5" ExposureTime="20" ExposureTimeUnit="ms"
        PositionX="-3" PositionY="4" PositionXUnit="mm"/>
    </Pixels>
  </Image>
</OME>"""

TWO_FILES = (
    '<TiffData IFD="0"><UUID FileName="a.ome.tif">urn:uuid:1</UUID></TiffData>'
    '<TiffData IFD="0" FirstC="1"><UUID FileName="b.tif">urn:uuid:2</UUID></TiffData>'
)


def test_every_field_of_today_s_schema() -> None:
    image = parse_ome_xml(MODERN, "test").images[0]
    assert image.name == "cells & more"
    assert image.description == "two\nlines"
    assert image.acquisition_date == "2020-02-29T23:59:59"
    assert image.physical_size_x == Quantity(100.0, "nm")
    assert image.physical_size_y == Quantity(0.1, "µm")
    assert image.time_increment == Quantity(2.0, "min")
    assert image.significant_bits == 12
    first, second = image.channels
    assert (first.name, first.fluor, first.emission_nm) == ("DAPI", "DAPI", 457)
    assert first.excitation_nm == pytest.approx(405)
    assert first.color == 0x0000FFFF
    assert second.color == 0xFF0000FF, "a signed -16776961 is opaque red"
    assert first.pinhole_size == Quantity(40.0, "µm")
    assert first.nd_filter == 0.5
    assert image.objective is not None
    assert image.objective.model == "Plan-Apo 63x"
    assert image.objective.lens_na == 1.4
    assert image.objective.working_distance == Quantity(0.19, "mm")
    assert (image.microscope_model, image.microscope_manufacturer) == ("LSM 880", "Zeiss")
    plane = image.planes[0]
    assert (plane.z, plane.c, plane.t) == (1, 1, 0)
    assert plane.delta_t == Quantity(1.5, "s")
    assert plane.exposure_time == Quantity(20.0, "ms")
    assert plane.position_x == Quantity(-3.0, "mm")
    assert plane.position_y == Quantity(4.0, "reference frame")


def test_a_schema_of_2008_keeps_its_channels_beside_the_pixels() -> None:
    text = """<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2008-02">
      <Instrument ID="I:0"><Objective ID="O:0" LensNA="0.5"><Manufacturer>Nikon</Manufacturer>
      </Objective></Instrument>
      <Image ID="Image:0" Name="old"><CreationDate>2006-05-04T18:13:51.0Z</CreationDate>
      <ObjectiveRef ID="O:0"/>
      <LogicalChannel ID="L:0" Name="red" EmWave="617" ExWave="595" SamplesPerPixel="1">
        <ChannelComponent Pixels="Pixels:0" Index="0"/></LogicalChannel>
      <Pixels ID="Pixels:0" DimensionOrder="XYZTC" PixelType="uint8" SizeX="2" SizeY="2"
        SizeZ="1" SizeC="1" SizeT="1"><TiffData IFD="0" NumPlanes="1"/>
        <Plane TheZ="0" TheC="0" TheT="0"><PlaneTiming DeltaT="1" ExposureTime="2"/>
        <StagePosition PositionX="5"/></Plane></Pixels></Image></OME>"""
    image = parse_ome_xml(text, "test").images[0]
    assert image.acquisition_date == "2006-05-04T18:13:51.0Z"
    assert image.channels[0].name == "red"
    assert (image.channels[0].emission_nm, image.channels[0].excitation_nm) == (617, 595)
    assert image.objective is not None
    assert image.objective.manufacturer == "Nikon"
    assert image.planes[0].exposure_time == Quantity(2.0, "s")
    assert image.planes[0].position_x == Quantity(5.0, "reference frame")
    assert image.tiff_data[0].count == 1


def test_the_least_integer_as_colour_means_none() -> None:
    text = MODERN.replace('Color="65535"', 'Color="-2147483648"')
    assert parse_ome_xml(text, "test").images[0].channels[0].color is None


def test_public_documents_parse_with_their_images() -> None:
    folder = require_public("ome-xml/2016-06")
    paths = sorted(folder.glob("*.ome*"))
    assert public_data() is None or paths
    for path in paths:
        text = path.read_text("utf-8")
        document = parse_ome_xml(text, path.name)
        assert len(document.images) == text.count("</Pixels>")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('<!DOCTYPE OME [<!ENTITY a "b">]><OME>&a;</OME>', "document type or entities"),
        ('<!DOCTYPE OME SYSTEM "file:///etc/passwd"><OME/>', "document type or entities"),
        ("<OME><Image></OME>", "not well-formed"),
        ("<OME/><OME/>", "not well-formed"),
        ("<a>" * (MAX_DEPTH + 1) + "</a>" * (MAX_DEPTH + 1), "nests deeper"),
        ("", "not well-formed"),
        ("<Other/>", "'Other' instead of OME"),
    ],
)
def test_hostile_or_broken_xml_is_refused(text: str, reason: str) -> None:
    with pytest.raises(BrokenFile, match=reason):
        parse_ome_xml(text, "OME-XML of 'a.tif'")


def test_too_much_xml_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.pixels.xml.MAX_XML_BYTES", 100)
    monkeypatch.setattr("shared.pixels.xml.MAX_ELEMENTS", 3)
    with pytest.raises(BrokenFile, match="more than 100"):
        parse_xml("<a>" + " " * 200 + "</a>", "text")
    with pytest.raises(BrokenFile, match="more than 3 elements"):
        parse_xml("<a><b/><b/><b/></a>", "text")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('SizeX="4"', 'SizeX="-4"'),
        ('SizeX="4"', 'SizeX="99999999999999"'),
        ('SizeX="4"', ""),
        ('SizeZ="2"', 'SizeZ="x"'),
        ("XYCZT", "ZYXCT"),
    ],
)
def test_sizes_that_make_no_sense_are_refused(old: str, new: str) -> None:
    with pytest.raises(BrokenFile, match="declares"):
        parse_ome_xml(MODERN.replace(old, new), "test")


def _write(path: Path, xml: str, count: int = 4) -> NDArray[np.uint16]:
    data = np.arange(count * 12, dtype=np.uint16).reshape(count, 3, 4)
    tifffile.imwrite(path, data, description=xml.encode(), metadata=None, photometric="minisblack")
    return data


def test_an_ome_tiff_takes_everything_from_its_xml(tmp_path: Path) -> None:
    _write(tmp_path / "a.ome.tif", MODERN)
    fileset = TiffReader().inspect(tmp_path, ("a.ome.tif",), InspectOptions())
    image = fileset.images[0]
    assert fileset.format == "OME-TIFF"
    assert fileset.ome_xml is not None
    assert is_ome_xml(fileset.ome_xml)
    assert image.name == "cells & more"
    assert (image.dimensions.size_c, image.dimensions.size_z) == (2, 2)
    assert image.dimension_order == "XYCZT"
    assert image.channels[0].name == "DAPI"
    assert image.significant_bits == 12
    assert len(image.planes) == 1


def test_planes_follow_tiff_data_wherever_they_lie(tmp_path: Path) -> None:
    from shared.pixels.reader import OpenRequest
    from shared.pixels.source import PlaneRegion

    entries = '<TiffData IFD="3" FirstZ="0" FirstC="0"/><TiffData IFD="1" FirstZ="1" FirstC="1"/>'
    data = _write(tmp_path / "a.ome.tif", MODERN.replace("<TiffData/>", entries))
    reader = TiffReader()
    fileset = reader.inspect(tmp_path, ("a.ome.tif",), InspectOptions())
    assert "2 of 4 planes are declared but not stored" in " ".join(fileset.warnings)
    source = reader.open(tmp_path, OpenRequest(("a.ome.tif",), 0))
    found = {
        (z, c): source.read(PlaneRegion(0, z, c, 0, 0, 0, 4, 3)) for z in (0, 1) for c in (0, 1)
    }
    np.testing.assert_array_equal(found[0, 0], data[3])
    np.testing.assert_array_equal(found[1, 1], data[1])
    assert not found[0, 1].any()
    assert not found[1, 0].any()


@pytest.mark.parametrize(
    ("old", "new", "error", "reason"),
    [
        ('SizeX="4"', 'SizeX="5"', BrokenFile, "its pages are 4 x 3"),
        ('SizeT="1"', 'SizeT="1000000000"', BrokenFile, "planes"),
        ('SizeT="1"', 'SizeT="500"', BrokenFile, "planes"),
        ("<TiffData/>", '<TiffData IFD="77"/>', BrokenFile, "no image"),
        (
            "<TiffData/>",
            '<TiffData IFD="0"><UUID FileName="../../secret.tif">urn:uuid:2</UUID></TiffData>',
            Unsupported,
            "over several files",
        ),
        (
            "<TiffData/>",
            TWO_FILES,
            Unsupported,
            "b.tif",
        ),
    ],
)
def test_an_ome_tiff_that_contradicts_itself_is_refused(
    tmp_path: Path, old: str, new: str, error: type[Exception], reason: str
) -> None:
    _write(tmp_path / "a.ome.tif", MODERN.replace(old, new))
    with pytest.raises(error, match=reason):
        TiffReader().inspect(tmp_path, ("a.ome.tif",), InspectOptions())


def test_a_renamed_single_file_still_counts_as_itself(tmp_path: Path) -> None:
    entry = '<TiffData PlaneCount="4"><UUID FileName="before.tif">urn:uuid:1</UUID></TiffData>'
    _write(tmp_path / "after.ome.tif", MODERN.replace("<TiffData/>", entry))
    assert TiffReader().inspect(tmp_path, ("after.ome.tif",), InspectOptions()).images


def test_axes_cannot_be_given_where_ome_xml_names_them(tmp_path: Path) -> None:
    _write(tmp_path / "a.ome.tif", MODERN)
    with pytest.raises(Invalid, match="names its axes"):
        TiffReader().inspect(tmp_path, ("a.ome.tif",), InspectOptions(axes="TZCYX"))


def test_rgb_samples_share_their_channel_s_description(tmp_path: Path) -> None:
    path = tmp_path / "rgb.ome.tif"
    data = np.zeros((2, 8, 9, 3), np.uint8)
    tifffile.imwrite(
        path, data, photometric="rgb", metadata={"axes": "ZYXS", "Channel": {"Name": ["H&E"]}}
    )
    image = TiffReader().inspect(tmp_path, ("rgb.ome.tif",), InspectOptions()).images[0]
    assert image.is_rgb
    assert (image.dimensions.size_c, image.dimensions.size_z) == (3, 2)
    assert [channel.name for channel in image.channels] == ["H&E"] * 3
    assert [channel.samples_per_pixel for channel in image.channels] == [3] * 3
