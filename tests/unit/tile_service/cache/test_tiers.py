from __future__ import annotations

from pathlib import Path

import pytest

from tests.contracts.cache import CacheTests
from tile_service.cache import TileCache, TileKey
from tile_service.cache.disk import DiskCache
from tile_service.cache.memory import MemoryCache
from tile_service.cache.tiers import TieredCache


class TestTieredCache(CacheTests):
    @pytest.fixture(params=["both", "near only"])
    def cache(self, tmp_path: Path, request: pytest.FixtureRequest) -> TileCache:
        far = DiskCache(tmp_path, 10_000_000) if request.param == "both" else None
        return TieredCache(MemoryCache(1_000_000), far)


def test_what_is_found_far_away_is_near_afterwards(tmp_path: Path) -> None:
    key, far = TileKey.of(1, "a"), DiskCache(tmp_path, 1_000_000)
    far.put(key, b"tile")
    near = MemoryCache(1_000_000)
    assert TieredCache(near, far).get(key) == b"tile"
    assert near.get(key) == b"tile"
