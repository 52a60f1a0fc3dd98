from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.errors import BrokenFile
from shared.pixels.indexed import IndexedSource
from shared.pixels.reader import OpenRequest
from shared.pixels.registry import reader_for
from shared.pixels.source import PlaneRegion
from tests.support.profiles import examples
from tile_service.chunks.images import OpenImage
from tile_service.chunks.read import ChunkCache, read_region

if TYPE_CHECKING:
    from numpy.typing import NDArray


@pytest.fixture(scope="module")
def planes() -> NDArray[np.uint16]:
    return np.random.default_rng(3).integers(0, 65536, (2, 3, 70, 90), dtype=np.uint16)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory, planes: NDArray[np.uint16]) -> OpenImage:
    folder = tmp_path_factory.mktemp("image")
    tifffile.imwrite(
        folder / "a.ome.tif", planes, tile=(32, 16), metadata={"axes": "CZYX"},
        photometric="minisblack",
    )  # fmt: skip
    reader = reader_for(folder, ("a.ome.tif",))
    index = reader.index(folder, OpenRequest(("a.ome.tif",), 0))
    assert index is not None
    return OpenImage(("a", 1), IndexedSource(folder, index, kept_bytes=0))


@given(data=st.data())
@settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))
def test_any_region_is_the_slice_of_the_plane(
    image: OpenImage, planes: NDArray[np.uint16], data: st.DataObject
) -> None:
    cache = ChunkCache(data.draw(st.sampled_from([0, 3000, 10**6])))
    for _ in range(3):
        c, z = data.draw(st.integers(0, 1)), data.draw(st.integers(0, 2))
        x, y = data.draw(st.integers(0, 89)), data.draw(st.integers(0, 69))
        width, height = data.draw(st.integers(1, 90 - x)), data.draw(st.integers(1, 70 - y))
        found = read_region(image, PlaneRegion(0, z, c, 0, x, y, width, height), cache)
        np.testing.assert_array_equal(found, planes[c, z, y : y + height, x : x + width])


def test_neighbouring_regions_decode_a_chunk_once_and_the_limit_holds(image: OpenImage) -> None:
    decoded = []

    def decode(number: int) -> Any:
        def make() -> NDArray[np.uint8]:
            decoded.append(number)
            return np.zeros(1000, np.uint8)

        return make

    cache = ChunkCache(2500)
    for number in (1, 1, 2, 1, 3, 1, 2):
        cache.get(number, decode(number))
    # 3 pushes out 2, which was used less recently than 1
    assert decoded == [1, 2, 3, 2]
    assert cache.used == 2000


def test_a_chunk_that_many_want_at_once_is_decoded_by_one(image: OpenImage) -> None:
    begun = []

    def decode() -> NDArray[np.uint8]:
        begun.append(threading.get_ident())
        time.sleep(0.05)
        return np.arange(10, dtype=np.uint8)

    cache = ChunkCache(1000)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: cache.get("k", decode), range(8)))
    assert len(begun) == 1
    assert all((each == np.arange(10)).all() for each in found)


def test_what_decoding_raises_reaches_everybody_and_is_tried_again() -> None:
    cache = ChunkCache(1000)
    begun = []

    def fail() -> NDArray[np.uint8]:
        begun.append(1)
        time.sleep(0.05)
        raise BrokenFile("The chunk is damaged.")

    def ask(_: int) -> str:
        with pytest.raises(BrokenFile) as caught:
            cache.get("k", fail)
        return caught.value.message

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(ask, range(4))) == {"The chunk is damaged."}
    assert cache.get("k", lambda: np.ones(3, np.uint8)).sum() == 3
