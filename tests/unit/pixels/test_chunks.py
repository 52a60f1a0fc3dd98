"""Every codec decodes to what an independent encoder was given, and damage is never a crash."""

from __future__ import annotations

import contextlib
import json
import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import imagecodecs
import numcodecs
import numpy as np
import pytest
import tifffile
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from shared.errors import BrokenFile
from shared.pixels.chunk_headers import declared_size
from shared.pixels.chunk_index import ChunkCoordinate, ChunkShape, Codec, KeyLocator, LevelIndex
from shared.pixels.chunks import decode_chunk
from shared.pixels.source import Level
from shared.pixels.zarr_arrays import level_index, parse_zarr2, parse_zarr3
from tests.support.profiles import examples

ORIGIN = ChunkCoordinate(0, 0, 0, 0, 0)


def level(
    codec: Codec, shape: tuple[int, ...], axes: str, dtype: str, *, height: int | None = None
) -> LevelIndex:
    extents = dict(zip(axes, shape, strict=True))
    chunk = ChunkShape(*(extents.get(axis, 1) for axis in "TCZYX"))
    size = Level(chunk.x, height or chunk.y, chunk.x, chunk.y)
    locator = KeyLocator("0", ".", "v2", axes)
    cropped = height is not None
    return LevelIndex(size, chunk, axes, dtype, codec, locator, edge_is_cropped=cropped)


def smooth(height: int, width: int, samples: int = 3) -> NDArray[np.uint8]:
    y, x, s = np.mgrid[:height, :width, :samples]
    return np.asarray((x * 3 + y * 2 + s * 40) % 200 + 20, dtype=np.uint8)


def noise(shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    values = np.random.default_rng(3).integers(0, 100, shape)
    return values.astype(dtype)


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize(
    ("codec", "dtype", "predictor"),
    [
        *(
            (codec, dtype, 1)
            for codec in ("raw", "packbits", "lzma")
            for dtype in ("u1", "u2", "f8")
        ),
        *((codec, "u2", 1) for codec in ("deflate", "lzw", "zstd", "lzma")),
        *(
            (codec, dtype, 2)
            for codec in ("deflate", "lzw", "zstd")
            for dtype in ("u1", "u2", "i4")
        ),
        *((codec, dtype, 3) for codec in ("deflate", "lzw", "zstd") for dtype in ("f4", "f8")),
    ],
)
def test_tiff_tiles_decode_to_what_was_written(
    byteorder: str, codec: str, dtype: str, predictor: int
) -> None:
    compression = None if codec == "raw" else codec
    pixels = noise((32, 48, 3), dtype)
    file = BytesIO()
    options: dict[str, Any] = {
        "compression": compression,
        "predictor": predictor != 1,
        "byteorder": byteorder,
    }
    tifffile.imwrite(file, pixels, tile=(32, 48), photometric="rgb", **options)
    file.seek(0)
    with tifffile.TiffFile(file) as tif:
        page = tif.pages.first
        assert int(page.predictor) == predictor
        file.seek(page.dataoffsets[0])
        data = file.read(page.databytecounts[0])
    described = level(Codec(codec, predictor), (32, 48, 3), "YXC", byteorder + dtype)
    chunk = decode_chunk(data, described, ORIGIN)
    assert chunk.shape == (1, 3, 1, 32, 48)
    assert chunk.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(chunk[0, :, 0].transpose(1, 2, 0), pixels)


@pytest.mark.parametrize("bits", [1, 2, 4, 12])
def test_packed_bits_start_each_row_on_a_byte(bits: int) -> None:
    width, dtype = 13, "u2" if bits == 12 else "u1"
    pixels = np.random.default_rng(1).integers(0, 2**bits, (5, width)).astype(dtype)
    rows = []
    for row in pixels:
        text = "".join(f"{value:0{bits}b}" for value in row)
        text += "0" * (-len(text) % 8)
        rows.append(bytes(int(text[at : at + 8], 2) for at in range(0, len(text), 8)))
    data = b"".join(rows)
    described = level(Codec("raw", bits_per_sample=bits), (5, width), "YX", "<" + dtype)
    np.testing.assert_array_equal(decode_chunk(data, described, ORIGIN)[0, 0, 0], pixels)
    backwards = bytes(int(f"{byte:08b}"[::-1], 2) for byte in data)
    described = level(
        Codec("raw", bits_per_sample=bits, fill_order=2), (5, width), "YX", "<" + dtype
    )
    np.testing.assert_array_equal(decode_chunk(backwards, described, ORIGIN)[0, 0, 0], pixels)


def test_the_last_strip_is_shorter() -> None:
    pixels = noise((3, 10), "<u2")
    described = level(Codec("deflate"), (8, 10), "YX", "<u2", height=11)
    last = ORIGIN._replace(row=1)
    chunk = decode_chunk(zlib.compress(pixels.tobytes()), described, last)
    np.testing.assert_array_equal(chunk[0, 0, 0], pixels)
    padded = np.vstack([pixels, np.zeros((5, 10), "<u2")])
    chunk = decode_chunk(zlib.compress(padded.tobytes()), described, last)
    np.testing.assert_array_equal(chunk[0, 0, 0], pixels)


LOSSLESS: dict[str, Any] = {
    "jpeg2000": lambda a: imagecodecs.jpeg2k_encode(a, level=0, reversible=True),
    "png": imagecodecs.png_encode,
    "lerc": imagecodecs.lerc_encode,
    "jpegxr": lambda a: imagecodecs.jpegxr_encode(a, level=1.0),
}


@pytest.mark.parametrize("codec", sorted(LOSSLESS))
@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_pictures_decode_to_what_was_encoded(codec: str, dtype: str) -> None:
    pixels = noise((24, 32), dtype)
    described = level(Codec(codec), (24, 32), "YX", "<" + dtype)
    data = bytes(LOSSLESS[codec](pixels))
    np.testing.assert_array_equal(decode_chunk(data, described, ORIGIN)[0, 0, 0], pixels)


def test_webp_with_and_without_alpha() -> None:
    for samples in (3, 4):
        pixels = smooth(24, 32, samples)
        data = bytes(imagecodecs.webp_encode(pixels, lossless=True))
        described = level(Codec("webp"), (24, 32, samples), "YXC", "|u1")
        chunk = decode_chunk(data, described, ORIGIN)[0, :, 0].transpose(1, 2, 0)
        np.testing.assert_array_equal(chunk, pixels)


def test_lerc_floats() -> None:
    pixels = np.linspace(-3, 9, 24 * 32, dtype="f4").reshape(24, 32)
    data = bytes(imagecodecs.lerc_encode(pixels, level=0.0))
    described = level(Codec("lerc"), (24, 32), "YX", ">f4")
    np.testing.assert_array_equal(decode_chunk(data, described, ORIGIN)[0, 0, 0], pixels)


@pytest.mark.parametrize("photometric", ["ycbcr", "rgb"])
def test_jpeg_colours_follow_the_files_word(photometric: str) -> None:
    # A flat field survives JPEG, so the colour itself can be checked: an orange.
    pixels = np.full((16, 24, 3), (230, 120, 30), np.uint8)
    options: dict[str, Any] = {"colorspace": "rgb", "outcolorspace": photometric}
    data = bytes(imagecodecs.jpeg8_encode(pixels, level=95, **options))
    if photometric == "rgb":
        data = without_marker(data, 0xEE)
    described = level(Codec("jpeg", photometric=photometric), (16, 24, 3), "YXC", "|u1")
    chunk = decode_chunk(data, described, ORIGIN)[0, :, 0]
    assert np.abs(chunk.astype(int) - pixels.transpose(2, 0, 1)).max() <= 3


def without_marker(data: bytes, marker: int) -> bytes:
    at = data.find(bytes((0xFF, marker)))
    if at < 0:
        return data
    (length,) = struct.unpack_from(">H", data, at + 2)
    return data[:at] + data[at + 2 + length :]


def test_jpeg_tables_are_put_before_the_scan() -> None:
    file = BytesIO()
    pixels = smooth(64, 64)
    options: dict[str, Any] = {"compression": "jpeg", "photometric": "rgb"}
    tifffile.imwrite(file, pixels, tile=(64, 64), **options)
    file.seek(0)
    with tifffile.TiffFile(file) as tif:
        page = tif.pages.first
        reference = page.asarray()
        file.seek(page.dataoffsets[0])
        whole = file.read(page.databytecounts[0])
        photometric = "ycbcr" if int(page.photometric) == 6 else "rgb"
        tables = page.jpegtables or b""
    if not tables:
        tables, whole = split_tables(whole)
    codec = Codec("jpeg", jpeg_tables=tables, photometric=photometric)
    described = level(codec, (64, 64, 3), "YXC", "|u1")
    chunk = decode_chunk(whole, described, ORIGIN)[0, :, 0].transpose(1, 2, 0)
    np.testing.assert_array_equal(chunk, reference)


def split_tables(data: bytes) -> tuple[bytes, bytes]:
    """Move DQT and DHT segments into a stream of their own, as TIFF's JPEGTables does."""
    tables, rest, at = b"\xff\xd8", b"\xff\xd8", 2
    while data[at + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", data, at + 2)
        segment = data[at : at + 2 + length]
        if data[at + 1] in {0xDB, 0xC4}:
            tables += segment
        else:
            rest += segment
        at += 2 + length
    return tables + b"\xff\xd9", rest + data[at:]


def test_aperios_ycbcr_jpeg_2000_becomes_rgb() -> None:
    # Full-range BT.601: pure red is Y 76, Cb 85, Cr 255.
    stored = np.full((16, 16, 3), (76, 85, 255), np.uint8)
    data = bytes(imagecodecs.jpeg2k_encode(stored, level=0, reversible=True, mct=False))
    described = level(Codec("jpeg2000", photometric="ycbcr"), (16, 16, 3), "YXC", "|u1")
    chunk = decode_chunk(data, described, ORIGIN)[0, :, 0, 0, 0]
    assert np.abs(chunk.astype(int) - (254, 0, 0)).max() <= 1


COMPRESSORS = {
    "none": None,
    "blosc": numcodecs.Blosc("lz4", 5, numcodecs.Blosc.SHUFFLE),
    "blosc-zstd-bit": numcodecs.Blosc("zstd", 1, numcodecs.Blosc.BITSHUFFLE),
    "zlib": numcodecs.Zlib(6),
    "gzip": numcodecs.GZip(5),
    "zstd": numcodecs.Zstd(3),
    "lz4": numcodecs.LZ4(),
    "bz2": numcodecs.BZ2(),
}


@pytest.mark.parametrize("compressor", sorted(COMPRESSORS))
@pytest.mark.parametrize("dtype", ["<u2", ">i4", "<f8", "|b1", ">c8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_zarr_2_chunks(tmp_path: Path, compressor: str, dtype: str, order: Any) -> None:
    pixels = noise((4, 9, 7), dtype)
    check_zarr(tmp_path, pixels, compressors=COMPRESSORS[compressor], zarr_format=2, order=order)


@pytest.mark.parametrize("filters", [[numcodecs.Delta("<u2")], [numcodecs.Shuffle(2)]])
def test_zarr_2_filters(tmp_path: Path, filters: list[Any]) -> None:
    pixels = noise((4, 9, 7), "<u2")
    check_zarr(tmp_path, pixels, filters=filters, compressors=numcodecs.Zstd(), zarr_format=2)


def v3(name: str, **configuration: Any) -> dict[str, Any]:
    return {"name": name, "configuration": configuration}


CHAINS: dict[str, dict[str, Any]] = {
    "plain": {"compressors": None},
    "big": {"compressors": None, "serializer": v3("bytes", endian="big")},
    "zstd": {"compressors": [v3("zstd", level=1, checksum=True)]},
    "gzip-crc": {"compressors": [v3("gzip", level=3), {"name": "crc32c"}]},
    "zstd-gzip": {"compressors": [v3("zstd", level=1, checksum=False), v3("gzip", level=1)]},
    "transpose": {
        "filters": [v3("transpose", order=[2, 0, 1])],
        "compressors": [v3("gzip", level=1)],
    },
    "blosc": {
        "compressors": [
            v3("blosc", cname="lz4", clevel=5, shuffle="bitshuffle", typesize=2, blocksize=0)
        ]
    },
}


@pytest.mark.parametrize("chain", sorted(CHAINS))
@pytest.mark.parametrize("dtype", ["u2", "f4", "bool"])
def test_zarr_3_chunks(tmp_path: Path, chain: str, dtype: str) -> None:
    check_zarr(tmp_path, noise((4, 9, 7), dtype), zarr_format=3, **CHAINS[chain])


def check_zarr(folder: Path, pixels: NDArray[Any], **options: Any) -> None:
    """Write one array of one chunk with zarr-python, decode it with ours."""
    array = zarr.create_array(
        store=str(folder / "0"),
        shape=pixels.shape,
        chunks=pixels.shape,
        dtype=pixels.dtype,
        **options,
    )
    array[...] = pixels
    parsed = (
        parse_zarr2("0", json.loads((folder / "0/.zarray").read_text()))
        if options["zarr_format"] == 2
        else parse_zarr3("0", json.loads((folder / "0/zarr.json").read_text()))
    )
    described = level_index(parsed, "CYX", 1)
    assert described is not None
    data = (folder / described.file_of(ORIGIN)).read_bytes()
    expected = pixels.view("u1") if pixels.dtype == bool else pixels
    chunk = decode_chunk(data, described, ORIGIN)
    assert chunk.dtype.isnative
    np.testing.assert_array_equal(chunk[0, :, 0], expected)
    out = np.empty(chunk.shape, chunk.dtype)
    assert decode_chunk(data, described, ORIGIN, out) is out
    np.testing.assert_array_equal(out, chunk)
    for cut in (data[: len(data) // 2], b"", data[:-1]):
        with pytest.raises(BrokenFile, match=described.file_of(ORIGIN)):
            decode_chunk(cut, described, ORIGIN)


ENCODED: dict[str, bytes] = {
    "deflate": zlib.compress(bytes(24 * 32 * 3)),
    "lzw": bytes(imagecodecs.lzw_encode(bytes(range(256)) * 9)),
    "packbits": bytes(imagecodecs.packbits_encode(bytes(range(256)) * 9)),
    "zstd": bytes(imagecodecs.zstd_encode(bytes(24 * 32 * 3))),
    "lzma": bytes(imagecodecs.lzma_encode(bytes(24 * 32 * 3))),
    "jpeg": bytes(imagecodecs.jpeg8_encode(smooth(24, 32))),
    "jpeg2000": bytes(imagecodecs.jpeg2k_encode(smooth(24, 32))),
    "webp": bytes(imagecodecs.webp_encode(smooth(24, 32))),
    "png": bytes(imagecodecs.png_encode(smooth(24, 32))),
    "jpegxr": bytes(imagecodecs.jpegxr_encode(smooth(24, 32))),
}


@pytest.mark.parametrize("codec", sorted(ENCODED))
def test_truncated_chunks_are_broken(codec: str) -> None:
    described = level(Codec(codec), (24, 32, 3), "YXC", "|u1")
    data = ENCODED[codec]
    decode_chunk(data, described, ORIGIN)
    for cut in (b"", data[:10], data[: len(data) // 2]):
        with pytest.raises(BrokenFile, match=r"chunk \(0, 0, 0, 0, 0\) in '0/0.0.0'"):
            decode_chunk(cut, described, ORIGIN)


@pytest.mark.parametrize("codec", ["jpeg", "jpeg2000", "webp", "png", "jpegxr"])
def test_a_picture_of_another_size_is_refused_before_it_is_decoded(codec: str) -> None:
    for shape in ((24, 16, 3), (16, 32, 3), (48, 64, 3)):
        with pytest.raises(BrokenFile, match="declares 32 x 24"):
            decode_chunk(ENCODED[codec], level(Codec(codec), shape, "YXC", "|u1"), ORIGIN)


@pytest.mark.parametrize("name", ["deflate", "zstd", "lzma", "gzip", "bz2", "blosc", "lz4"])
def test_a_bomb_does_not_expand(name: str) -> None:
    import tracemalloc

    size = 256 * 2**20
    zeros = bytes(size // 8)
    bombs = {
        "deflate": lambda: zlib.compress(zeros),
        "zstd": lambda: bytes(imagecodecs.zstd_encode(zeros)),
        "lzma": lambda: bytes(imagecodecs.lzma_encode(zeros[: 2**22])),
        "gzip": lambda: bytes(numcodecs.GZip().encode(zeros)),
        "bz2": lambda: bytes(numcodecs.BZ2().encode(zeros[: 2**22])),
        "blosc": lambda: bytes(numcodecs.Blosc().encode(zeros)),
        "lz4": lambda: bytes(numcodecs.LZ4().encode(zeros)),
    }
    data = bombs[name]()
    is_tiff = name in {"deflate", "zstd", "lzma"}
    config = json.dumps({"compressor": {"id": name}})
    codec = Codec(name) if is_tiff else Codec("zarr2", config=config)
    described = level(codec, (16, 16), "YX", "|u1")
    tracemalloc.start()
    try:
        decode_chunk(data, described, ORIGIN)
    except BrokenFile:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    # LZMA allocates its dictionary, 8 MiB by default.
    assert peak < (16 if name == "lzma" else 1) * 2**20


@given(st.sampled_from(sorted(ENCODED)), st.integers(0, 10_000), st.binary(min_size=1, max_size=8))
@settings(max_examples=examples(150), deadline=None)
def test_damage_is_broken_or_other_pixels_but_nothing_else(codec: str, at: int, put: bytes) -> None:
    data = bytearray(ENCODED[codec])
    at %= len(data)
    data[at : at + len(put)] = put
    described = level(Codec(codec), (24, 32, 3), "YXC", "|u1")
    with contextlib.suppress(BrokenFile):
        assert decode_chunk(bytes(data), described, ORIGIN).shape == (1, 3, 1, 24, 32)


@given(
    st.binary(max_size=64), st.sampled_from(["jpeg", "jpeg2000", "webp", "png", "jpegxr", "lerc"])
)
@settings(max_examples=examples(200), deadline=None)
def test_headers_of_anything_are_read_or_refused(data: bytes, codec: str) -> None:
    magic = {"jpeg": b"\xff\xd8", "png": b"\x89PNG\r\n\x1a\n", "lerc": b"Lerc2 "}.get(codec, b"")
    with contextlib.suppress(ValueError):
        declared_size(codec, magic + data)


def test_a_jpeg_xr_stream_larger_than_its_container_says_is_refused_before_it_is_decoded() -> None:
    data = bytearray(ENCODED["jpegxr"])
    start = data.find(b"WMPHOTO\0")
    data[start + 12 : start + 16] = b"\xff\xff\xff\xff"
    with pytest.raises(BrokenFile, match="65536 x 65536"):
        decode_chunk(bytes(data), level(Codec("jpegxr"), (24, 32, 3), "YXC", "|u1"), ORIGIN)
