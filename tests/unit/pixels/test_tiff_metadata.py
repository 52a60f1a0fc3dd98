"""What ImageJ and plain tags state, and the text pairs that keep the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from shared.pixels.metadata import Quantity
from shared.pixels.reader import InspectOptions
from shared.pixels.readers.aperio import stated_by_aperio
from shared.pixels.readers.tiff import TiffReader
from shared.pixels.readers.tiff_tags import as_text, flattened, lookup_color


def inspect(path: Path) -> Any:
    return TiffReader().inspect(path.parent, (path.name,), InspectOptions())


def ramp(red: int, green: int, blue: int) -> np.ndarray[Any, Any]:
    return (np.outer([red, green, blue], np.arange(256)) / 255).astype(np.uint8)


def test_an_imagej_hyperstack_with_everything(tmp_path: Path) -> None:
    path = tmp_path / "hyper.tif"
    data = np.zeros((3, 2, 2, 10, 12), np.uint16)
    tifffile.imwrite(
        path,
        data,
        imagej=True,
        resolution=(4.0, 5.0),
        metadata={
            "axes": "TZCYX",
            "unit": "micron",
            "spacing": 1.5,
            "finterval": 0.25,
            "mode": "composite",
            "Labels": ["c:1/2 - DAPI", "c:2/2 - GFP"] * 6,
            "Ranges": (10.0, 200.0, 5.0, 4000.0),
            "LUTs": [ramp(0, 0, 255), ramp(0, 255, 0)],
            "Info": "Objective = 20x",
        },
    )
    fileset = inspect(path)
    image = fileset.images[0]
    assert fileset.format == "ImageJ TIFF"
    assert (image.dimensions.size_t, image.dimensions.size_z, image.dimensions.size_c) == (3, 2, 2)
    assert image.dimension_order == "XYCZT"
    assert image.physical_size_x == Quantity(0.25, "µm")
    assert image.physical_size_y == Quantity(0.2, "µm")
    assert image.physical_size_z == Quantity(1.5, "µm")
    assert image.time_increment == Quantity(0.25, "s")
    assert image.model == "color"
    assert image.description == "Objective = 20x"
    dapi, gfp = image.channels
    assert (dapi.name, gfp.name) == ("DAPI", "GFP")
    assert (dapi.color, gfp.color) == (0x0000FFFF, 0x00FF00FF)
    assert (dapi.display.window_start, dapi.display.window_end) == (10, 200)
    assert (gfp.display.window_start, gfp.display.window_end) == (5, 4000)
    assert ("ImageJ.spacing", "1.5") in image.original_metadata


def test_a_grey_imagej_image_keeps_its_range_and_model(tmp_path: Path) -> None:
    path = tmp_path / "grey.tif"
    tifffile.imwrite(
        path, np.zeros((10, 12), np.uint16), imagej=True,
        metadata={"min": 3.0, "max": 99.0, "mode": "grayscale"},
    )  # fmt: skip
    image = inspect(path).images[0]
    assert image.model == "greyscale"
    assert image.physical_size_x is None, "without a unit a resolution says nothing"
    display = image.channels[0].display
    assert (display.window_start, display.window_end) == (3, 99)


@pytest.mark.parametrize(
    ("per_cm", "expected"),
    [(118.11, None), (28.3, None), (40_000.0, Quantity(0.25, "µm")), (0.0, None)],
)
def test_only_a_microscope_s_resolution_is_believed(
    tmp_path: Path, per_cm: float, expected: Quantity | None
) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, np.zeros((4, 4), np.uint8), resolution=(per_cm, per_cm), resolutionunit="CENTIMETER",
        metadata=None, datetime="2020:01:02 03:04:05",
    )  # fmt: skip
    image = inspect(path).images[0]
    assert image.acquisition_date == "2020:01:02 03:04:05"
    assert image.physical_size_x == expected


def test_aperio_pairs() -> None:
    stated = stated_by_aperio("Aperio v1\n10x10|AppMag = 40|MPP = 0.25|Date = 01/02/03|x = a = b")
    assert stated.physical_size_x == Quantity(0.25, "µm")
    assert stated.objective is not None
    assert stated.objective.nominal_magnification == 40
    assert stated.acquisition_date == "01/02/03"
    assert ("Aperio.x", "a = b") in stated.original_metadata
    empty = stated_by_aperio("Aperio|MPP = |AppMag = inf")
    assert empty.physical_size_x is None
    assert empty.objective is None


def test_an_orientation_is_noted_and_pixels_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, np.zeros((4, 6), np.uint8), metadata=None, extratags=[(274, "H", 1, 6, True)]
    )
    fileset = inspect(path)
    assert "90 degrees clockwise" in fileset.warnings[0]
    assert fileset.images[0].dimensions.size_x == 6


def test_values_become_text_without_loss_or_say_their_length() -> None:
    pairs = dict(flattened("m", {"a": {"b": [1, 2.5]}, "c": [{"d": b"\0\1"}, {"d": "x\0y"}]}))
    assert pairs == {"m.a.b": "1, 2.5", "m.c[0].d": "00 01", "m.c[1].d": "x\ny"}
    assert as_text(np.arange(1001)) == "[1,001 values]"
    assert as_text(list(range(1000))).endswith(", 999")
    assert as_text(b"x" * 1001) == "[1,001 bytes]"


def test_lookup_tables_that_are_ramps_are_colours() -> None:
    assert lookup_color(ramp(255, 0, 255)) is not None
    found = lookup_color(ramp(255, 255, 255)[:, ::-1])
    assert found is not None
    assert found[0] == 0xFFFFFFFF
    assert found[1].reverse_intensity is True
    fire = ramp(255, 255, 255).copy()
    fire[0] = 255
    assert lookup_color(fire) is None
