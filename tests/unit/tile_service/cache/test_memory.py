from __future__ import annotations

import pytest

from tests.contracts.cache import CacheTests
from tile_service.cache import TileCache, TileKey
from tile_service.cache.memory import ENTRY_BYTES, MemoryCache


class TestMemoryCache(CacheTests):
    @pytest.fixture
    def cache(self) -> TileCache:
        return MemoryCache(1_000_000)


def test_the_least_recently_used_go_first_and_the_limit_holds() -> None:
    size = 1000 + ENTRY_BYTES
    cache = MemoryCache(3 * size)
    keys = [TileKey.of(1, number) for number in range(4)]
    for key in keys[:3]:
        cache.put(key, b"x" * 1000)
    assert cache.used == 3 * size
    cache.get(keys[0])
    cache.put(keys[3], b"x" * 1000)
    assert [cache.get(key) is None for key in keys] == [False, True, False, False]
    assert cache.used == 3 * size
    cache.purge(1)
    assert cache.used == 0
