"""Our own small TIFFs of every kind: what is written is what is read, by both roads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from shared.errors import BrokenFile, Invalid
from shared.pixels.indexed import IndexedSource
from shared.pixels.reader import OpenRequest
from shared.pixels.source import Dimensions, PixelType, PlaneRegion
from tests.support.profiles import examples
from tests.support.tiffs import READER, inspect, pattern, planes


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize(
    ("dtype", "pixel_type"),
    [
        ("bool", PixelType.BIT),
        ("int8", PixelType.INT8),
        ("uint8", PixelType.UINT8),
        ("int16", PixelType.INT16),
        ("uint16", PixelType.UINT16),
        ("int32", PixelType.INT32),
        ("uint32", PixelType.UINT32),
        ("float16", PixelType.FLOAT),
        ("float32", PixelType.FLOAT),
        ("float64", PixelType.DOUBLE),
        ("complex64", PixelType.COMPLEX),
        ("complex128", PixelType.DOUBLE_COMPLEX),
    ],
)
def test_every_pixel_type_in_both_byte_orders(
    tmp_path: Path, dtype: str, pixel_type: PixelType, byteorder: Any
) -> None:
    data = pattern((53, 70), dtype)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, data, byteorder=byteorder, photometric="minisblack", metadata=None)
    image = inspect(path).images[0]
    assert image.pixel_type is pixel_type
    assert image.dimensions == Dimensions(70, 53, 1, 1, 1)
    by_library, by_index = planes(path)
    assert by_library.dtype == pixel_type.numpy_name
    np.testing.assert_array_equal(by_library[0, 0, 0], data.astype(pixel_type.numpy_name))
    if dtype == "float16":
        assert by_index is None, "half floats are widened, which only the library's road does"
    else:
        assert by_index is not None
        np.testing.assert_array_equal(by_index, by_library)


@pytest.mark.parametrize("tile", [None, (32, 48)])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize(
    ("compression", "predictor"),
    [
        (None, False),
        ("zlib", False),
        ("zlib", True),
        ("lzw", False),
        ("lzw", True),
        ("packbits", False),
        ("zstd", True),
        ("lzma", False),
        ("lerc", False),
    ],
)
def test_every_lossless_codec(
    tmp_path: Path, compression: Any, predictor: bool, dtype: str, tile: Any
) -> None:
    data = pattern((75, 101), dtype)
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, data, compression=compression, predictor=predictor, tile=tile,
        rowsperstrip=None if tile else 16, metadata=None,
    )  # fmt: skip
    by_library, by_index = planes(path)
    np.testing.assert_array_equal(by_library[0, 0, 0], data)
    assert by_index is not None
    np.testing.assert_array_equal(by_index, by_library)
    assert inspect(path).images[0].is_tiled == bool(tile)


@pytest.mark.parametrize(
    ("compression", "samples"),
    [
        ("jpeg", 1),
        ("jpeg", 3),
        ("jpeg2000", 1),
        ("jpeg2000", 3),
        ("webp", 3),
        ("png", 1),
        ("png", 3),
        ("jpegxr", 1),
        ("jpegxr", 3),
    ],
)
def test_picture_codecs_read_alike_by_both_roads(
    tmp_path: Path, compression: Any, samples: int
) -> None:
    ramp = np.linspace(0, 255, 96 * 80).reshape(96, 80).astype(np.uint8)
    data = ramp if samples == 1 else np.stack([ramp, ramp[::-1], ramp[:, ::-1]], axis=-1)
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, data, compression=compression, tile=(48, 48), metadata=None,
        photometric="rgb" if samples == 3 else "minisblack",
    )  # fmt: skip
    by_library, by_index = planes(path)
    assert by_library.shape == (1, samples, 1, 96, 80)
    expected = np.asarray(tifffile.imread(path)).reshape(96, 80, samples).transpose(2, 0, 1)
    np.testing.assert_array_equal(by_library[0, :, 0], expected)
    assert by_index is not None
    np.testing.assert_array_equal(by_index, by_library)
    assert (
        np.abs(expected.astype(int) - data.reshape(96, 80, samples).transpose(2, 0, 1)).mean() < 12
    )


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("tile", [None, (32, 32)])
@pytest.mark.parametrize("samples", [3, 4])
def test_samples_become_channels(tmp_path: Path, planar: Any, tile: Any, samples: int) -> None:
    data = pattern((2, 65, 70, samples), "uint8")
    stored = data if planar == "contig" else data.transpose(0, 3, 1, 2)
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, stored, photometric="rgb", planarconfig=planar, tile=tile, metadata=None,
        extrasamples=("unassalpha",) if samples == 4 else None,
    )  # fmt: skip
    image = inspect(path).images[0]
    assert image.is_rgb
    assert image.dimensions == Dimensions(70, 65, 2, samples, 1)
    assert image.dimension_order == "XYCZT"
    assert [channel.color for channel in image.channels[:3]] == [0xFF0000FF, 0xFF00FF, 0xFFFF]
    by_library, by_index = planes(path)
    np.testing.assert_array_equal(by_library[0], data.transpose(3, 0, 1, 2))
    assert by_index is not None
    np.testing.assert_array_equal(by_index, by_library)


@pytest.mark.parametrize("fill_order", [1, 2])
@pytest.mark.parametrize(
    ("bits", "dtype"), [(1, "uint8"), (4, "uint8"), (8, "uint8"), (10, "uint16"), (12, "uint16")]
)
def test_packed_bits_are_unpacked(tmp_path: Path, bits: int, dtype: str, fill_order: int) -> None:
    data = (pattern((20, 33), "uint16") % 2**bits).astype(dtype)
    path = tmp_path / "a.tif"
    _write_packed(path, data, bits, fill_order)
    image = inspect(path).images[0]
    assert image.significant_bits == (bits if bits in {4, 10, 12} else None)
    assert (image.pixel_type is PixelType.BIT) == (bits == 1)
    by_library, by_index = planes(path)
    np.testing.assert_array_equal(by_library[0, 0, 0], data)
    assert by_index is not None
    np.testing.assert_array_equal(by_index, by_library)


def test_fax_compression_is_read_by_the_library_s_road(tmp_path: Path) -> None:
    path = tmp_path / "fax.tif"
    data = pattern((61, 70), "uint16") % 5 == 0
    Image.fromarray(data).save(path, compression="group4")
    by_library, by_index = planes(path)
    assert by_index is None
    stored = tifffile.imread(path)
    np.testing.assert_array_equal(by_library[0, 0, 0], stored)
    assert inspect(path).images[0].pixel_type is PixelType.BIT


def _write_packed(path: Path, data: np.ndarray[Any, Any], bits: int, fill_order: int) -> None:
    """A minimal little-endian TIFF, written by hand: rows of packed bits, high bit first."""
    rows = ["".join(format(int(value), f"0{bits}b") for value in row) for row in data]
    packed = b"".join(
        int(row.ljust(-(-len(row) // 8) * 8, "0"), 2).to_bytes(-(-len(row) // 8), "big")
        for row in rows
    )
    if fill_order == 2:
        packed = bytes(int(format(byte, "08b")[::-1], 2) for byte in packed)
    height, width = data.shape
    tags = [
        (256, width), (257, height), (258, bits), (259, 1), (262, 1), (266, fill_order), (273, 8),
        (277, 1), (278, height), (279, len(packed)),
    ]  # fmt: skip
    entries = b"".join(
        code.to_bytes(2, "little") + (4).to_bytes(2, "little") + (1).to_bytes(4, "little")
        + value.to_bytes(4, "little")
        for code, value in tags
    )  # fmt: skip
    padded = packed + b"\0" * (len(packed) % 2)
    path.write_bytes(
        b"II*\0" + (8 + len(padded)).to_bytes(4, "little") + padded
        + len(tags).to_bytes(2, "little") + entries + b"\0\0\0\0"
    )  # fmt: skip


def test_white_is_zero_is_kept_as_stored_and_shown_reversed(tmp_path: Path) -> None:
    data = pattern((10, 12), "uint8")
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, data, photometric="miniswhite", metadata=None)
    assert inspect(path).images[0].channels[0].display.reverse_intensity is True
    np.testing.assert_array_equal(planes(path)[0][0, 0, 0], data)


def test_a_palette_stays_one_channel_of_its_ramp_s_colour(tmp_path: Path) -> None:
    table = np.zeros((3, 256), np.uint16)
    table[1] = np.arange(256) * 257
    path = tmp_path / "a.tif"
    data = pattern((10, 12), "uint8")
    tifffile.imwrite(path, data, photometric="palette", colormap=table, metadata=None)
    image = inspect(path).images[0]
    assert image.dimensions.size_c == 1
    assert image.channels[0].color == 0x00FF00FF
    assert ("ColorMap", "[768 values]") not in image.original_metadata
    assert dict(image.original_metadata)["ColorMap"].startswith("0, 0, 0")


def test_a_sparse_tile_reads_as_zero(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    data = pattern((64, 64), "uint8")
    tifffile.imwrite(path, data, tile=(32, 32), metadata=None)
    with tifffile.TiffFile(path, mode="r+") as tif:
        page = tif.pages.first
        for code, values in ((324, page.dataoffsets), (325, page.databytecounts)):
            page.tags[code].overwrite([0, *values[1:]])
    data[:32, :32] = 0
    by_library, by_index = planes(path)
    np.testing.assert_array_equal(by_library[0, 0, 0], data)
    assert by_index is not None
    np.testing.assert_array_equal(by_index, by_library)


def test_bigtiff_and_recognition(tmp_path: Path) -> None:
    path = tmp_path / "a.btf"
    data = pattern((30, 40), "uint16")
    tifffile.imwrite(path, data, bigtiff=True, byteorder=">", metadata=None)
    assert READER.recognises(tmp_path, ("a.btf",))
    np.testing.assert_array_equal(planes(path)[0][0, 0, 0], data)
    (tmp_path / "b.tif").write_bytes(b"not a TIFF")
    assert not READER.recognises(tmp_path, ("b.tif",))
    assert not READER.recognises(tmp_path, ("absent.tif",))


def test_a_file_that_changed_since_its_import_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, pattern((30, 40), "uint8"), metadata=None)
    with pytest.raises(BrokenFile, match="another size"):
        READER.open(tmp_path, OpenRequest(("a.tif",), 0, None, Dimensions(1, 2, 3, 4, 5)))
    with pytest.raises(BrokenFile, match="holds 1 images"):
        READER.index(tmp_path, OpenRequest(("a.tif",), 1))
    source = READER.open(tmp_path, OpenRequest(("a.tif",), 0))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(BrokenFile, match="shorter"):
        source.read(PlaneRegion(0, 0, 0, 0, 0, 0, 40, 30))
    with pytest.raises(Invalid, match="outside"):
        source.read(PlaneRegion(0, 0, 0, 0, 1, 0, 40, 30))


@settings(max_examples=examples(60), deadline=None)
@given(data=st.data())
def test_any_region_of_any_layout_is_the_array_s_own(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    height = data.draw(st.integers(1, 90))
    width = data.draw(st.integers(1, 90))
    samples = data.draw(st.sampled_from([1, 3]))
    array = pattern((height, width, samples), data.draw(st.sampled_from(["uint8", "int16"])))
    path = tmp_path_factory.mktemp("tiff") / "a.tif"
    tile = data.draw(st.sampled_from([None, (16, 16), (32, 16)]))
    tifffile.imwrite(
        path, array if samples == 3 else array[..., 0], tile=tile, metadata=None,
        rowsperstrip=None if tile else data.draw(st.integers(1, height)),
        compression=data.draw(st.sampled_from([None, "zlib"])),
        photometric="rgb" if samples == 3 else "minisblack",
    )  # fmt: skip
    x = data.draw(st.integers(0, width - 1))
    y = data.draw(st.integers(0, height - 1))
    region = PlaneRegion(
        0, 0, data.draw(st.integers(0, samples - 1)), 0, x, y,
        data.draw(st.integers(1, width - x)), data.draw(st.integers(1, height - y)),
    )  # fmt: skip
    request = OpenRequest(("a.tif",), 0)
    index = READER.index(path.parent, request)
    assert index is not None
    expected = array[y : y + region.height, x : x + region.width, region.c]
    source = READER.open(path.parent, request)
    np.testing.assert_array_equal(source.read(region), expected)
    np.testing.assert_array_equal(IndexedSource(path.parent, index).read(region), expected)
    source.close()
