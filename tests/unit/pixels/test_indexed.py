from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from shared.errors import BrokenFile, Conflict, Invalid
from shared.pixels.chunk_index import (
    ChunkCoordinate,
    ChunkShape,
    Codec,
    ImageIndex,
    LevelIndex,
    TableLocator,
)
from shared.pixels.indexed import IndexedSource
from shared.pixels.reader import OpenRequest
from shared.pixels.readers.ome_zarr import OmeZarrReader
from shared.pixels.source import Dimensions, Level, PixelType, PlaneRegion
from tests.contracts.pixel_source import PixelSourceTests, whole
from tests.support.profiles import examples
from tests.support.zarr_images import files_below, write_ome_zarr


def tczyx(shape: tuple[int, ...], dtype: str = "<u2") -> NDArray[Any]:
    count = int(np.prod(shape))
    return (np.arange(count) % 65521).astype(dtype).reshape(shape)


def indexed(root: Path, **options: Any) -> IndexedSource:
    index = OmeZarrReader().index(root, OpenRequest(files_below(root), 0))
    assert index is not None
    return IndexedSource(root, index, **options)


class TestPlainZarr(PixelSourceTests):
    @pytest.fixture
    def expected(self) -> NDArray[Any]:
        return tczyx((2, 3, 2, 37, 41))

    @pytest.fixture
    def source(self, tmp_path: Path, expected: NDArray[Any]) -> IndexedSource:
        levels = [expected, expected[..., ::2, ::2]]
        write_ome_zarr(tmp_path / "a.zarr", levels, "tczyx", "0.5", chunks=(1, 2, 1, 16, 16))
        return indexed(tmp_path)


class TestShardedZarr(PixelSourceTests):
    @pytest.fixture
    def expected(self) -> NDArray[Any]:
        pixels = tczyx((1, 2, 3, 50, 70))
        pixels[:, :, :, :32, :32] = 0
        return pixels

    @pytest.fixture
    def source(self, tmp_path: Path, expected: NDArray[Any]) -> IndexedSource:
        options: dict[str, Any] = {"chunks": (1, 1, 1, 16, 16), "shards": (1, 2, 3, 32, 64)}
        write_ome_zarr(tmp_path / "a.zarr", [expected], "tczyx", "0.5", **options)
        return indexed(tmp_path)


class TestInterleavedTable(PixelSourceTests):
    """What a TIFF index looks like: strips of interleaved samples, the last one shorter."""

    @pytest.fixture
    def expected(self) -> NDArray[Any]:
        return tczyx((1, 3, 1, 21, 10), "u1")

    @pytest.fixture
    def source(self, tmp_path: Path, expected: NDArray[Any]) -> IndexedSource:
        return strips(tmp_path, expected)


def strips(folder: Path, pixels: NDArray[Any], length: int | None = None) -> IndexedSource:
    """Write strips of 8 rows after 5 bytes of something else."""
    data = np.ascontiguousarray(pixels[0, :, 0].transpose(1, 2, 0)).tobytes()
    (folder / "a.raw").write_bytes((b"12345" + data)[:length])
    rows = -(-21 // 8)
    offsets = (5 + 240 * np.arange(rows)).reshape(1, 1, 1, rows, 1).astype(np.int64)
    lengths = np.minimum(240, 5 + 630 - offsets)
    level = LevelIndex(
        Level(10, 21, 10, 8),
        ChunkShape(1, 3, 1, 8, 10),
        "YXC",
        "|u1",
        Codec("raw"),
        TableLocator(("a.raw",), np.zeros((), np.int32), offsets, lengths),
        edge_is_cropped=True,
    )
    return IndexedSource(folder, ImageIndex(Dimensions(10, 21, 1, 3, 1), PixelType.UINT8, (level,)))


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> tuple[IndexedSource, NDArray[Any]]:
    folder = tmp_path_factory.mktemp("plane")
    pixels = tczyx((61, 83))
    write_ome_zarr(folder / "a.zarr", [pixels], "yx", "0.4", chunks=(13, 17))
    return indexed(folder), pixels


@given(st.integers(0, 82), st.integers(0, 60), st.integers(1, 83), st.integers(1, 61))
@settings(max_examples=examples(80), deadline=None)
def test_any_region_equals_the_slice_of_the_whole(
    plane: tuple[IndexedSource, NDArray[Any]], x: int, y: int, width: int, height: int
) -> None:
    source, pixels = plane
    width, height = min(width, 83 - x), min(height, 61 - y)
    region = PlaneRegion(0, 0, 0, 0, x, y, width, height)
    read = source.read(region)
    np.testing.assert_array_equal(read, pixels[y : y + height, x : x + width])
    covered = {(at.row, at.col) for at in source.chunks_under(region)}
    touched = {(j // 13, i // 17) for j in range(y, y + height) for i in range(x, x + width)}
    assert covered == touched


def test_an_absent_chunk_is_the_fill_value(tmp_path: Path) -> None:
    pixels = np.full((40, 40), 7, np.uint8)
    write_ome_zarr(tmp_path / "a.zarr", [pixels], "yx", "0.5", chunks=(20, 20), fill_value=7)
    source = indexed(tmp_path)
    assert source.raw_chunk(0, ChunkCoordinate(0, 0, 0, 1, 1)) is None
    assert (source.read_chunk(0, ChunkCoordinate(0, 0, 0, 1, 1)) == 7).all()
    assert (source.read(whole(source)) == 7).all()


def test_chunks_are_handed_out_whole_and_as_stored(tmp_path: Path) -> None:
    pixels = tczyx((30, 30), "u1")
    write_ome_zarr(tmp_path / "a.zarr", [pixels], "yx", "0.5", chunks=(20, 20), compressors=None)
    source = indexed(tmp_path)
    corner = ChunkCoordinate(0, 0, 0, 1, 1)
    chunk = source.read_chunk(0, corner)
    assert chunk.shape == (1, 1, 1, 20, 20)
    np.testing.assert_array_equal(chunk[0, 0, 0, :10, :10], pixels[20:, 20:])
    assert source.raw_chunk(0, corner) == chunk.tobytes()
    with pytest.raises(Invalid, match="no chunk"):
        source.raw_chunk(0, ChunkCoordinate(0, 0, 0, 2, 0))


def test_a_level_with_fewer_planes_shows_the_nearest_one(tmp_path: Path) -> None:
    full, half = tczyx((4, 8, 8), "u1"), tczyx((2, 4, 4), "u1") + 100
    write_ome_zarr(tmp_path / "a.zarr", [full, half], "zyx", "0.4", chunks=(1, 4, 4))
    source = indexed(tmp_path)
    for z in range(4):
        np.testing.assert_array_equal(source.read(whole(source, level=1, z=z)), half[z // 2])


def test_a_cut_file_is_broken(tmp_path: Path) -> None:
    source = strips(tmp_path, tczyx((1, 3, 1, 21, 10), "u1"), length=600)
    with pytest.raises(BrokenFile, match=r"a\.raw"):
        source.read(whole(source))


def test_a_missing_file_of_a_table_is_broken(tmp_path: Path) -> None:
    source = strips(tmp_path, tczyx((1, 3, 1, 21, 10), "u1"))
    (tmp_path / "a.raw").unlink()
    with pytest.raises(BrokenFile, match="missing"):
        source.read(whole(source))


@pytest.mark.parametrize("link", ["file", "folder"])
def test_links_are_never_followed(tmp_path: Path, link: str) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    write_ome_zarr(inside / "a.zarr", [tczyx((8, 8), "u1")], "yx", "0.4", chunks=(8, 8))
    source = indexed(inside)
    array = inside / "a.zarr" / "0"
    array.rename(outside)
    if link == "folder":
        array.symlink_to(outside)
    else:
        array.mkdir()
        (array / "0.0").symlink_to(outside / "0.0")
        (array / "0").mkdir()
        (array / "0" / "0").symlink_to(outside / "0.0")
    with pytest.raises(BrokenFile, match="plain file"):
        source.read(whole(source))


def test_a_pipe_in_place_of_a_chunk_does_not_hang(tmp_path: Path) -> None:
    write_ome_zarr(tmp_path / "a.zarr", [tczyx((8, 8), "u1")], "yx", "0.4", chunks=(8, 8))
    source = indexed(tmp_path)
    name = source.index.levels[0].file_of(ChunkCoordinate(0, 0, 0, 0, 0))
    (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    with pytest.raises(BrokenFile, match="plain file"):
        source.read(whole(source))


def test_a_damaged_shard_index_is_noticed(tmp_path: Path) -> None:
    options: dict[str, Any] = {"chunks": (8, 8), "shards": (16, 16)}
    write_ome_zarr(tmp_path / "a.zarr", [tczyx((16, 16))], "yx", "0.5", **options)
    source = indexed(tmp_path)
    shard = tmp_path / "a.zarr/0/c/0/0"
    data = bytearray(shard.read_bytes())
    data[-10] ^= 1
    shard.write_bytes(data)
    with pytest.raises(BrokenFile, match="checksum"):
        source.read(whole(source))


def open_descriptors() -> int:
    return len([*Path("/proc/self/fd").iterdir()])


def test_few_descriptors_stay_open_and_none_after_closing(tmp_path: Path) -> None:
    write_ome_zarr(tmp_path / "a.zarr", [tczyx((40, 40))], "yx", "0.5", chunks=(4, 4))
    before = open_descriptors()
    source = indexed(tmp_path, keep_open=6)
    source.read(whole(source))
    assert open_descriptors() - before <= 7
    source.close()
    assert open_descriptors() == before
    with pytest.raises(Conflict, match="closed"):
        source.read(whole(source))


def test_several_channels_of_a_chunk_read_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = strips(tmp_path, tczyx((1, 3, 1, 21, 10), "u1"))
    decoded: list[ChunkCoordinate] = []
    raw_chunk = source.raw_chunk

    def counted(level: int, coordinate: ChunkCoordinate) -> bytes | None:
        decoded.append(coordinate)
        return raw_chunk(level, coordinate)

    monkeypatch.setattr(source, "raw_chunk", counted)
    for c in range(3):
        source.read(whole(source, c=c))
    assert len(decoded) == 3


def test_kept_chunks_keep_to_their_bytes(tmp_path: Path) -> None:
    pixels = tczyx((3, 64, 64), "u1")
    write_ome_zarr(tmp_path / "a.zarr", [pixels], "cyx", "0.5", chunks=(3, 16, 16))
    for limit, most in ((0, 0), (1, 1), (2000, 2), (10**6, 16)):
        source = indexed(tmp_path, kept_bytes=limit)
        for c in range(3):
            np.testing.assert_array_equal(source.read(whole(source, c=c)), pixels[c])
        # Chunks of 3 x 16 x 16 bytes; the last one is kept even when it is larger than the limit.
        assert len(source._kept._chunks) == most
