from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import BrokenFile, Invalid
from shared.pixels.chunk_index import (
    ChunkCoordinate,
    ChunkLocation,
    ChunkShape,
    Codec,
    ImageIndex,
    KeyLocator,
    LevelIndex,
    ShardLocator,
    TableLocator,
)
from shared.pixels.index_file import load_index, save_index
from shared.pixels.source import Dimensions, Level, PixelType
from tests.support.profiles import examples

extents = st.integers(1, 5000)
counts = st.integers(1, 4)
texts = st.text(max_size=12)
shapes = st.builds(ChunkShape, counts, counts, counts, extents, extents)
codecs = st.builds(
    Codec,
    st.sampled_from(["raw", "jpeg", "zarr3"]),
    st.integers(1, 3),
    texts,
    st.binary(max_size=20),
    texts,
    st.sampled_from([0, 1, 12]),
    st.sampled_from([1, 2]),
)
keys = st.builds(
    KeyLocator,
    texts,
    st.sampled_from("/."),
    st.sampled_from(["v2", "default"]),
    st.sampled_from(["YX", "CYX", "TCZYX", "XYC"]),
)
shards = st.builds(ShardLocator, keys, shapes, st.sampled_from(["start", "end"]), st.booleans())


@st.composite
def tables(draw: st.DrawFn) -> TableLocator:
    shape = tuple(draw(st.tuples(*[counts] * 5)))
    files = tuple(draw(st.lists(texts, min_size=1, max_size=3)))
    seed = np.random.default_rng(draw(st.integers(0, 99)))
    numbers = seed.integers(0, len(files), shape if draw(st.booleans()) else ())
    return TableLocator(
        files,
        np.asarray(numbers, np.int32),
        seed.integers(0, 2**62, shape),
        seed.integers(0, 2**40, shape),
    )


levels = st.builds(
    LevelIndex,
    st.builds(Level, extents, extents, extents, extents),
    shapes,
    st.sampled_from(["YX", "YXC", "TCZYX"]),
    st.sampled_from(["<u2", ">f4", "|u1", "<c16"]),
    codecs,
    st.one_of(tables(), keys, shards),
    st.floats(allow_nan=False),
    st.booleans(),
    st.one_of(st.none(), counts),
)
indices = st.builds(
    ImageIndex,
    st.builds(Dimensions, extents, extents, counts, counts, counts),
    st.sampled_from(list(PixelType)),
    st.lists(levels, min_size=1, max_size=3).map(tuple),
)


@given(indices)
@settings(max_examples=examples(100), deadline=None)
def test_what_is_loaded_is_what_was_saved(
    tmp_path_factory: pytest.TempPathFactory, index: ImageIndex
) -> None:
    path = tmp_path_factory.getbasetemp() / "index"
    save_index(index, path)
    assert load_index(path) == index
    assert [at.name for at in path.parent.iterdir() if at.name.startswith(".index")] == []


def table_index(rows: int = 3, cols: int = 4) -> ImageIndex:
    shape = (1, 1, 2, rows, cols)
    offsets = np.arange(np.prod(shape), dtype=np.int64).reshape(shape) * 100
    locator = TableLocator(("a.tif",), np.zeros((), np.int32), offsets, np.full(shape, 100))
    level = LevelIndex(
        Level(cols * 10, rows * 10, 10, 10),
        ChunkShape(1, 1, 1, 10, 10),
        "YX",
        "<u2",
        Codec("raw"),
        locator,
    )
    return ImageIndex(Dimensions(cols * 10, rows * 10, 2, 1, 1), PixelType.UINT16, (level,))


@given(st.integers(0, 2000), st.binary(min_size=1, max_size=4))
@settings(max_examples=examples(150), deadline=None)
def test_a_damaged_file_is_broken_and_nothing_worse(
    tmp_path_factory: pytest.TempPathFactory, at: int, put: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged"
    save_index(table_index(), path)
    data = bytearray(path.read_bytes())
    at %= len(data)
    data[at : at + len(put)] = put
    path.write_bytes(data)
    with contextlib.suppress(BrokenFile):
        load_index(path)


@pytest.mark.parametrize("keep", [0, 7, 60, 400, -1])
def test_a_cut_file_is_broken(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "index"
    save_index(table_index(), path)
    # The last block is padded to 64 bytes, so cutting has to reach into it.
    path.write_bytes(path.read_bytes()[: keep if keep >= 0 else -64])
    with pytest.raises(BrokenFile):
        load_index(path)


def test_a_missing_file_is_broken(tmp_path: Path) -> None:
    with pytest.raises(BrokenFile, match="nothing"):
        load_index(tmp_path / "nothing")


def test_loading_does_not_depend_on_the_number_of_tiles(tmp_path: Path) -> None:
    def best(path: Path) -> float:
        times = []
        for _ in range(30):
            start = time.perf_counter()
            load_index(path)
            times.append(time.perf_counter() - start)
        return min(times)

    save_index(table_index(), tmp_path / "small")
    save_index(table_index(1000, 500), tmp_path / "large")
    small, large = best(tmp_path / "small"), best(tmp_path / "large")
    assert large < 5 * small + 0.0003


def test_tables_answer_places() -> None:
    level = table_index().levels[0]
    assert level.locate(ChunkCoordinate(0, 0, 1, 2, 3)) == ChunkLocation("a.tif", 2300, 100)
    for outside in ((0, 0, 2, 0, 0), (0, 0, 0, -1, 0), (0, 0, 0, 0, 4)):
        with pytest.raises(Invalid, match="no chunk"):
            level.locate(ChunkCoordinate(*outside))


@pytest.mark.parametrize(
    ("locator", "name"),
    [
        (KeyLocator("0", "/", "default", "TCZYX"), "0/c/1/2/3/4/5"),
        (KeyLocator("a/0", ".", "v2", "CYX"), "a/0/2.4.5"),
        (KeyLocator("", "/", "v2", "YX"), "4/5"),
        (KeyLocator("0", ".", "default", "XY"), "0/c.5.4"),
    ],
)
def test_keys_are_named_as_zarr_names_them(locator: KeyLocator, name: str) -> None:
    assert locator.key(ChunkCoordinate(1, 2, 3, 4, 5)) == name


def test_a_chunk_in_a_shard_is_an_entry_of_it() -> None:
    keys = KeyLocator("0", "/", "default", "CYX")
    locator = ShardLocator(keys, ChunkShape(1, 2, 1, 4, 8), "end", index_has_crc=True)
    # c 3, row 5 and col 10 are shard 1 each, and inside it 1, 1 and 2: (1 * 4 + 1) * 8 + 2 = 42
    assert locator.shard_of(ChunkCoordinate(0, 3, 0, 5, 10)) == ("0/c/1/1/1", 42)


def test_grids_round_up(tmp_path: Path) -> None:
    base = table_index().levels[0]
    options: dict[str, Any] = {"shape": ChunkShape(2, 3, 1, 16, 32), "size_z": 4}
    values = {name: getattr(base, name) for name in ("stored_axes", "dtype", "codec", "locator")}
    level = LevelIndex(level=Level(65, 33, 32, 16), **values, **options)
    assert level.grid(Dimensions(130, 66, 8, 4, 3)) == ChunkShape(2, 2, 4, 3, 3)
