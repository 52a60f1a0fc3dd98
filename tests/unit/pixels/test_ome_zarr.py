from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from numpy.typing import NDArray

from shared.errors import BrokenFile, Invalid, Unsupported
from shared.pixels.indexed import IndexedSource
from shared.pixels.metadata import InspectedFileset, Quantity
from shared.pixels.reader import InspectOptions, OpenRequest
from shared.pixels.readers.ome_zarr import OmeZarrReader
from shared.pixels.source import Dimensions, PixelSource, PixelType
from tests.contracts.pixel_source import PixelSourceTests, whole
from tests.support.public_data import require_public
from tests.support.zarr_images import files_below, multiscales, write_metadata, write_ome_zarr

READER = OmeZarrReader()


def inspect(root: Path) -> InspectedFileset:
    return READER.inspect(root, files_below(root), InspectOptions())


def indexed(root: Path, series: int = 0) -> IndexedSource:
    index = READER.index(root, OpenRequest(files_below(root), series))
    assert index is not None
    return IndexedSource(root, index)


def ramp(*shape: int, dtype: str = "u2") -> NDArray[Any]:
    return (np.arange(np.prod(shape)) % 60_000).astype(dtype).reshape(shape)


class TestThroughZarrPython(PixelSourceTests):
    @pytest.fixture
    def expected(self) -> NDArray[Any]:
        return ramp(2, 2, 3, 20, 30)

    @pytest.fixture
    def source(self, tmp_path: Path, expected: NDArray[Any]) -> PixelSource:
        write_ome_zarr(tmp_path / "a.zarr", [expected], "tczyx", "0.5", chunks=(1, 1, 2, 8, 8))
        return READER.open(tmp_path, OpenRequest(files_below(tmp_path), 0))


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("axes", ["yx", "cyx", "zyx", "tyx", "czyx", "tczyx", "xyc"])
def test_axes_go_by_their_names(tmp_path: Path, version: str, axes: str) -> None:
    extents = {"t": 2, "c": 3, "z": 4, "y": 11, "x": 14}
    pixels = ramp(*(extents[axis] for axis in axes))
    chunks = tuple(5 if axis in "yx" else 1 for axis in axes)
    write_ome_zarr(tmp_path / "a.zarr", [pixels], axes, version, chunks=chunks)
    (image,) = inspect(tmp_path).images
    sizes = {axis: extents[axis] if axis in axes else 1 for axis in "xyzct"}
    assert image.dimensions == Dimensions(*(sizes[axis] for axis in "xyzct"))
    wanted = np.einsum(f"{axes}->{''.join(at for at in 'tczyx' if at in axes)}", pixels)
    wanted = wanted.reshape([sizes[axis] for axis in "tczyx"])
    for source in (indexed(tmp_path), READER.open(tmp_path, OpenRequest(files_below(tmp_path), 0))):
        for t, c, z in np.ndindex(wanted.shape[:3]):
            read = source.read(whole(source, z=z, c=c, t=t))
            np.testing.assert_array_equal(read, wanted[t, c, z])


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_sizes_have_the_files_units(tmp_path: Path, version: str) -> None:
    write_ome_zarr(tmp_path / "a.zarr", [ramp(2, 3, 8, 8)], "tzyx", version, chunks=(1, 1, 8, 8))
    (image,) = inspect(tmp_path).images
    assert image.physical_size_x == Quantity(0.5, "µm")
    assert image.physical_size_z == Quantity(2.0, "µm")
    assert image.time_increment == Quantity(3.0, "s")
    assert ("multiscales" in dict(image.original_metadata)) is False
    assert any(value == "micrometer" for _, value in image.original_metadata)


OMERO = {
    "name": "cells",
    "channels": [
        {
            "label": "DAPI",
            "color": "0000FF",
            "active": True,
            "inverted": True,
            "family": "polynomial",
            "coefficient": 2,
            "lut": "fire.lut",
            "window": {"start": 10, "end": 900, "min": 0, "max": 65535},
        },
        {"label": 7, "color": "not a colour", "window": {"start": 9, "end": 1}, "active": "yes"},
    ],
    "rdefs": {"defaultZ": 1, "defaultT": 99, "model": "greyscale"},
}


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_the_omero_block_is_kept_as_the_files_display(tmp_path: Path, version: str) -> None:
    pixels = ramp(2, 3, 8, 8)
    write_ome_zarr(tmp_path / "a.zarr", [pixels], "czyx", version, omero=OMERO, chunks=(1, 1, 8, 8))
    (image,) = inspect(tmp_path).images
    first, second = image.channels
    assert (image.name, image.default_z, image.default_t, image.model) == (
        "cells",
        1,
        None,
        "greyscale",
    )
    assert (first.name, first.color) == ("DAPI", 0x0000FFFF)
    shown = first.display
    assert (shown.window_start, shown.window_end, shown.active) == (10, 900, True)
    assert (shown.family, shown.coefficient, shown.lookup_table) == ("polynomial", 2, "fire.lut")
    assert shown.reverse_intensity is True
    assert (second.name, second.color, second.display.window_start) == ("7", None, None)
    assert second.display.active is None


def test_three_channels_are_rgb_only_when_the_file_says_so(tmp_path: Path) -> None:
    pixels = ramp(3, 8, 8, dtype="u1")
    write_ome_zarr(tmp_path / "plain.zarr", [pixels], "cyx", "0.4", chunks=(1, 8, 8))
    colours = [{"color": text} for text in ("FF0000", "00FF00", "0000FF")]
    write_ome_zarr(
        tmp_path / "rgb.zarr", [pixels], "cyx", "0.4", omero={"channels": colours}, chunks=(1, 8, 8)
    )
    plain, rgb = inspect(tmp_path).images
    assert (plain.is_rgb, rgb.is_rgb) == (False, True)


def test_bioformats2raw_series_are_images_in_order(tmp_path: Path) -> None:
    for series in (0, 2, 10):
        pixels = ramp(4, 8 + series)
        write_ome_zarr(tmp_path / f"a.zarr/{series}", [pixels], "yx", "0.4", chunks=(4, 4))
    (tmp_path / "a.zarr/.zgroup").write_text('{"zarr_format": 2}')
    (tmp_path / "a.zarr/.zattrs").write_text('{"bioformats2raw.layout": 3}')
    (tmp_path / "a.zarr/OME").mkdir()
    assert [image.dimensions.size_x for image in inspect(tmp_path).images] == [8, 10, 18]
    (tmp_path / "a.zarr/OME/.zattrs").write_text('{"series": ["10", "0", "2"]}')
    assert [image.dimensions.size_x for image in inspect(tmp_path).images] == [18, 8, 10]
    source = indexed(tmp_path, series=1)
    np.testing.assert_array_equal(source.read(whole(source)), ramp(4, 8))


def test_labels_beside_an_image_are_no_images(tmp_path: Path) -> None:
    write_ome_zarr(tmp_path / "a.zarr", [ramp(8, 8)], "yx", "0.4", chunks=(8, 8))
    labels = tmp_path / "a.zarr/labels"
    write_ome_zarr(labels / "nuclei", [ramp(8, 8, dtype="i8")], "yx", "0.4", chunks=(8, 8))
    (labels / ".zattrs").write_text('{"labels": ["nuclei"]}')
    assert len(inspect(tmp_path).images) == 1


def test_bool_is_bit(tmp_path: Path) -> None:
    pixels = np.eye(8, dtype=bool)
    for version in ("0.4", "0.5"):
        write_ome_zarr(tmp_path / version / "a.zarr", [pixels], "yx", version, chunks=(4, 4))
        assert inspect(tmp_path / version).images[0].pixel_type is PixelType.BIT
        source = indexed(tmp_path / version)
        np.testing.assert_array_equal(source.read(whole(source)), pixels.astype(np.uint8))


@pytest.mark.parametrize("dtype", ["i8", "u8", "f2"])
@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_types_that_ome_does_not_know_are_refused_by_name(
    tmp_path: Path, dtype: str, version: str
) -> None:
    write_ome_zarr(tmp_path / "a.zarr", [ramp(4, 4, dtype=dtype)], "yx", version, chunks=(4, 4))
    with pytest.raises(Unsupported, match=np.dtype(dtype).name if version == "0.5" else dtype):
        inspect(tmp_path)


def test_unknown_codecs_have_no_index_but_open(tmp_path: Path) -> None:
    from numcodecs import LZMA

    pixels = ramp(8, 8, dtype="f8")
    write_ome_zarr(
        tmp_path / "a.zarr",
        [pixels],
        "yx",
        "0.4",
        chunks=(4, 4),
        filters=[__import__("numcodecs").FixedScaleOffset(0, 1, "<f8")],
        compressors=LZMA(),
    )
    request = OpenRequest(files_below(tmp_path), 0)
    assert READER.index(tmp_path, request) is None
    source = READER.open(tmp_path, request)
    np.testing.assert_array_equal(source.read(whole(source)), pixels)


Change = Callable[[dict[str, Any]], object]
SPOILT: dict[str, tuple[Change, type[Exception], str]] = {
    "old": (lambda m: m.update(version="0.3"), Unsupported, "version 0.3"),
    "unknown version": (lambda m: m.update(version="9"), Unsupported, "unknown version '9'"),
    "number as version": (lambda m: m.update(version=0.4), Unsupported, "unknown version"),
    "axis name": (lambda m: m["axes"][0].update(name="phase"), Unsupported, "phase"),
    "axis type": (lambda m: m["axes"][0].update(type="spectral"), Unsupported, "spectral"),
    "twice": (lambda m: m["axes"][0].update(name="x", type="space"), BrokenFile, "twice"),
    "no axes": (lambda m: m.update(axes={}), BrokenFile, "axes"),
    "axes do not fit": (lambda m: m["axes"].pop(0), BrokenFile, "scale needs one number"),
    "no datasets": (lambda m: m.update(datasets=[]), BrokenFile, "datasets"),
    "missing array": (lambda m: m["datasets"][0].update(path="9"), BrokenFile, "missing"),
    "parent": (lambda m: m["datasets"][0].update(path="../0"), BrokenFile, "stay inside"),
    "absolute": (lambda m: m["datasets"][0].update(path="/etc"), BrokenFile, "stay inside"),
    "scheme": (lambda m: m["datasets"][0].update(path="s3://a/0"), BrokenFile, "address"),
    "number as path": (lambda m: m["datasets"][0].update(path=0), BrokenFile, "no path"),
    "order": (lambda m: m["datasets"].reverse(), BrokenFile, "levels before"),
    "scale of text": (
        lambda m: m["datasets"][0]["coordinateTransformations"][0].update(scale=["a"] * 3),
        BrokenFile,
        "not a number",
    ),
}


@pytest.mark.parametrize("name", sorted(SPOILT))
def test_metadata_that_cannot_be_used_are_refused_with_the_reason(
    tmp_path: Path, name: str
) -> None:
    change, error, message = SPOILT[name]
    levels = [ramp(2, 8, 8), ramp(2, 4, 4)]
    write_ome_zarr(tmp_path / "a.zarr", levels, "cyx", "0.4", chunks=(1, 4, 4))
    path = tmp_path / "a.zarr/.zattrs"
    stored = json.loads(path.read_text())
    change(stored["multiscales"][0])
    path.write_text(json.dumps(stored))
    with pytest.raises(error, match=message):
        inspect(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"shape": [8, -8]},
        {"shape": [8, 2**40]},
        {"chunks": [0, 4]},
        {"chunks": [2**20, 2**20]},
        {"chunks": None},
        {"dimension_separator": "x"},
        {"dtype": None},
        {"fill_value": "NaN"},
        {"fill_value": -1},
        {"fill_value": 10**400},
        {"compressor": {"cname": "lz4"}},
    ],
)
def test_arrays_that_cannot_be_are_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    write_ome_zarr(tmp_path / "a.zarr", [ramp(8, 8)], "yx", "0.4", chunks=(4, 4))
    path = tmp_path / "a.zarr/0/.zarray"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises((BrokenFile, Unsupported)):
        inspect(tmp_path)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "[" * 100_000, '{"a":' * 500 + "1" + "}" * 500, "null", '{"multiscales": 3}'],
)
def test_documents_that_are_no_metadata_are_broken(tmp_path: Path, text: str) -> None:
    write_ome_zarr(tmp_path / "a.zarr", [ramp(8, 8)], "yx", "0.4", chunks=(4, 4))
    (tmp_path / "a.zarr/.zattrs").write_text(text)
    with pytest.raises(BrokenFile):
        inspect(tmp_path)


def test_a_linked_array_is_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "in"
    write_ome_zarr(root / "a.zarr", [ramp(8, 8)], "yx", "0.4", chunks=(4, 4))
    files = files_below(root)
    (root / "a.zarr/0").rename(tmp_path / "out")
    (root / "a.zarr/0").symlink_to(tmp_path / "out")
    with pytest.raises(BrokenFile, match="plain file"):
        READER.inspect(root, files, InspectOptions())


def test_names_beyond_the_fileset_are_not_opened(tmp_path: Path) -> None:
    write_ome_zarr(tmp_path / "a.zarr", [ramp(8, 8)], "yx", "0.4", chunks=(4, 4))
    files = tuple(name for name in files_below(tmp_path) if not name.startswith("a.zarr/0/"))
    with pytest.raises(BrokenFile, match="missing"):
        READER.inspect(tmp_path, files, InspectOptions())


def test_a_folder_without_images_and_given_axes_are_refused(tmp_path: Path) -> None:
    zarr.create_array(store=str(tmp_path / "a.zarr"), shape=(4,), dtype="u1")
    with pytest.raises(BrokenFile, match="no OME-Zarr image"):
        inspect(tmp_path)
    with pytest.raises(Invalid, match="axes"):
        READER.inspect(tmp_path, (), InspectOptions(axes="ZYX"))


def test_a_changed_folder_is_noticed(tmp_path: Path) -> None:
    write_ome_zarr(tmp_path / "a.zarr", [ramp(8, 8)], "yx", "0.5", chunks=(4, 4))
    request = OpenRequest(files_below(tmp_path), 0, dimensions=Dimensions(9, 8, 1, 1, 1))
    with pytest.raises(BrokenFile, match="at import"):
        READER.index(tmp_path, request)


def test_large_images_say_whether_they_are_tiled(tmp_path: Path) -> None:
    for name, chunk in (("a", 512), ("b", 2200)):
        folder = tmp_path / name / "a.zarr"
        zarr.create_array(
            store=str(folder / "0"), shape=(2200, 2200), dtype="u1", chunks=(chunk, chunk)
        )
        write_metadata(folder, multiscales("yx", 1), "0.5")
    assert inspect(tmp_path / "a").images[0].is_tiled
    assert not inspect(tmp_path / "b").images[0].is_tiled


PUBLIC = {
    "ngff-0.4/exemplar-001.crop.image.ome.zarr": (Dimensions(250, 250, 1, 4, 1), "uint16", 5),
    "ngff-0.4/blobs_image_v04.ome.zarr": (Dimensions(12, 12, 1, 3, 1), "double", 1),
    "ngff-0.4/test_image_tczyx.zarr": (Dimensions(64, 64, 10, 2, 4), "uint16", 2),
    "ngff-0.5/blobs_image_v05.ome.zarr": (Dimensions(12, 12, 1, 3, 1), "double", 1),
    "ngff-0.5/sdata_blobs_images": (Dimensions(100, 100, 1, 3, 1), "double", 1),
    "ngff-0.5/simple_0.5": (Dimensions(10, 10, 1, 1, 1), "uint16", 3),
}


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_public_images_read_as_zarr_python_reads_them(name: str) -> None:
    path = require_public(name)
    root = path.parent
    files = tuple(f"{path.name}/{at}" for at in files_below(path))
    assert READER.recognises(root, files)
    found = READER.inspect(root, files, InspectOptions())
    first = found.images[0]
    assert (first.dimensions, first.pixel_type.value, len(first.levels)) == PUBLIC[name]
    assert len(found.images) == (2 if "sdata" in name else 1)
    for image in found.images:
        request = OpenRequest(files, image.series, dimensions=image.dimensions)
        index = READER.index(root, request)
        assert index is not None
        ours, theirs = IndexedSource(root, index), READER.open(root, request)
        sizes = image.dimensions
        planes = np.ndindex(sizes.size_t, sizes.size_c, sizes.size_z)
        for number, (t, c, z) in ((n, at) for at in planes for n in range(len(image.levels))):
            region = whole(ours, level=number, z=z, c=c, t=t)
            np.testing.assert_array_equal(ours.read(region), theirs.read(region))


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("ngff-0.4/plate_ones.zarr", Unsupported, "plates are imported later"),
        ("ngff-old/v1", Unsupported, "version 0.1"),
        ("ngff-invalid/samples", Unsupported, "unknown version 'abc123'"),
    ],
)
def test_public_folders_that_are_refused(name: str, error: type[Exception], message: str) -> None:
    path = require_public(name)
    files = tuple(f"{path.name}/{at}" for at in files_below(path))
    with pytest.raises(error, match=message):
        READER.inspect(path.parent, files, InspectOptions())
