"""Every readable public TIFF reads the same by `open`, by the index and by tifffile itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from shared.errors import Unreadable, Unsupported
from shared.pixels.indexed import IndexedSource
from shared.pixels.reader import InspectOptions, OpenRequest
from shared.pixels.readers.tiff import TiffReader
from shared.pixels.source import PlaneRegion
from tests.support.public_data import public_data, require_public

SUFFIXES = {".tif", ".tiff", ".svs", ".stk"}
PARTS_OF_SETS = {"dtypes/ome_tiny.tiff"}


def _samples() -> list[str]:
    folder = public_data()
    if folder is None:
        return []
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES
    )


READABLE = [
    name
    for name in _samples()
    if not name.startswith(("broken/", "multifile/")) and name not in PARTS_OF_SETS
]


def _whole(series: Any) -> Any:
    """With axes of size 1, in whichever way this tifffile is asked for them."""
    return series(squeeze=False) if callable(series) else series


def _expected(path: Path, series: int, level: int) -> np.ndarray[Any, Any]:
    """tifffile's own array of the series, as (t, c, z, y, x)."""
    with tifffile.TiffFile(path, _multifile=False) as tif:
        found = [s for s in _whole(tif.series) if s.name not in {"Thumbnail", "Label", "Macro"}][
            series
        ]
        shown = found.levels[level]
        axes = shown.get_axes(squeeze=False) if hasattr(shown, "get_axes") else shown.axes
        array = shown.asarray(squeeze=False)
    if len(axes) == array.ndim - 1:
        axes += "S"
    for unnamed in "IQ":
        if unnamed in axes:
            size = array.shape[axes.index(unnamed)]
            axes = axes.replace(unnamed, "Z" if size <= 256 and "Z" not in axes else "T")
    for missing in "TCZS":
        if missing not in axes:
            axes += missing
            array = array[..., None]
    array = array.transpose([axes.index(axis) for axis in "TCSZYX"])
    t, c, s, z, y, x = array.shape
    whole: np.ndarray[Any, Any] = array.reshape(t, c * s, z, y, x)
    return whole


@pytest.mark.parametrize("name", READABLE or ["none"])
def test_a_public_tiff_reads_as_tifffile_reads_it(name: str) -> None:
    path = require_public(name)
    reader = TiffReader()
    fileset = reader.inspect(path.parent, (path.name,), InspectOptions())
    for image in fileset.images:
        request = OpenRequest(fileset.used_files, image.series, dimensions=image.dimensions)
        source = reader.open(path.parent, request)
        index = reader.index(path.parent, request)
        assert index is not None
        indexed = IndexedSource(path.parent, index)
        assert source.levels == indexed.levels == image.levels
        assert source.pixel_type == indexed.pixel_type == image.pixel_type
        assert len(image.channels) == image.dimensions.size_c
        for number, level in enumerate(image.levels):
            if level.width * level.height > 2_000_000:
                area = (level.width // 3, level.height // 3, 700, 500)
            else:
                area = (0, 0, level.width, level.height)
            expected = _expected(path, image.series, number)
            sizes = image.dimensions
            assert expected.shape[:3] == (sizes.size_t, sizes.size_c, sizes.size_z)
            for t, c, z in {
                (0, 0, 0),
                (sizes.size_t // 2, sizes.size_c - 1, sizes.size_z // 2),
                (sizes.size_t - 1, 0, sizes.size_z - 1),
            }:
                x, y, width, height = area
                region = PlaneRegion(number, z, c, t, x, y, width, height)
                plane = expected[t, c, z, y : y + height, x : x + width]
                by_library = source.read(region)
                assert by_library.dtype == image.pixel_type.numpy_name
                np.testing.assert_array_equal(by_library, plane)
                np.testing.assert_array_equal(indexed.read(region), plane)
        source.close()
        indexed.close()


def test_the_slide_keeps_label_and_macro_apart() -> None:
    path = require_public("wsi/CMU-1-Small-Region.svs")
    fileset = TiffReader().inspect(path.parent, (path.name,), InspectOptions())
    assert fileset.format == "Aperio SVS"
    assert [image.name for image in fileset.images] == ["CMU-1-Small-Region.svs"]
    image = fileset.images[0]
    assert image.physical_size_x is not None
    assert (image.physical_size_x.value, image.physical_size_x.unit) == (0.499, "µm")
    assert image.objective is not None
    assert image.objective.nominal_magnification == 20
    assert image.acquisition_date == "12/29/09 09:59:15"
    assert ("Aperio.StripeWidth", "2040") in image.original_metadata
    assert [(a.kind, a.width, a.height) for a in fileset.associated] == [
        ("label", 387, 463),
        ("macro", 1280, 431),
    ]
    assert fileset.associated[0].encoded.startswith(b"\x89PNG")
    assert fileset.associated[1].encoded.startswith(b"\xff\xd8")


@pytest.mark.parametrize(
    "name",
    [
        *(f"multifile/multifile-Z{number}.ome.tiff" for number in range(1, 6)),
        "multifile/multifile.companion.ome",
        *sorted(PARTS_OF_SETS),
    ],
)
def test_part_of_a_set_over_several_files_is_refused_with_that_reason(name: str) -> None:
    path = require_public(name)
    reader = TiffReader()
    assert reader.recognises(path.parent, (path.name,))
    with pytest.raises(Unsupported, match="over several files"):
        reader.inspect(path.parent, (path.name,), InspectOptions())


def test_a_whole_set_is_refused_as_a_set() -> None:
    folder = require_public("multifile")
    names = tuple(sorted(path.name for path in folder.iterdir()))
    assert TiffReader().recognises(folder, names)
    with pytest.raises(Unsupported, match="over several files"):
        TiffReader().inspect(folder, names, InspectOptions())


def test_an_unknown_compression_is_refused_by_its_number() -> None:
    path = require_public("broken/unopenable.tiff")
    with pytest.raises(Unsupported, match="52479"):
        TiffReader().inspect(path.parent, (path.name,), InspectOptions())


def test_a_slide_with_bad_tiles_fails_cleanly_when_it_is_read() -> None:
    path = require_public("broken/unreadable.svs")
    reader = TiffReader()
    request = OpenRequest((path.name,), 0)
    index = reader.index(path.parent, request)
    assert index is not None
    region = PlaneRegion(0, 0, 0, 0, 0, 0, 16, 16)
    for source in (reader.open(path.parent, request), IndexedSource(path.parent, index)):
        with pytest.raises(Unreadable):
            source.read(region)


def test_vendor_metadata_become_sizes_objectives_and_channels() -> None:
    stk = require_public("vendor/MetamorphImage.stk.tif")
    fileset = TiffReader().inspect(stk.parent, (stk.name,), InspectOptions())
    image = fileset.images[0]
    assert fileset.format == "MetaMorph STK"
    assert image.physical_size_x is not None
    assert (image.physical_size_x.value, image.physical_size_x.unit) == (0.645, "µm")
    assert image.channels[0].name == "Cy5"
    assert image.channels[0].emission_nm == 675
    assert image.objective is not None
    assert image.objective.nominal_magnification == 20
    fei = require_public("vendor/fei-sem-rbc.tif")
    image = TiffReader().inspect(fei.parent, (fei.name,), InspectOptions()).images[0]
    assert image.physical_size_x is not None
    assert (image.physical_size_x.value, image.physical_size_x.unit) == (7.70833e-09, "m")
