"""What every cache of encoded tiles promises: a suite that each implementation inherits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tile_service.cache import TileCache, TileKey


class CacheTests:
    """Inherit it and offer a fixture `cache` that holds at least 100 kB."""

    @pytest.fixture
    def cache(self) -> TileCache:
        raise AssertionError("offer a fixture `cache`")

    def test_what_was_put_is_found_under_its_key_only(self, cache: TileCache) -> None:
        key, other = TileKey.of(1, "a"), TileKey.of(1, "b")
        assert cache.get(key) is None
        cache.put(key, b"tile")
        assert cache.get(key) == b"tile"
        assert cache.get(other) is None

    def test_putting_again_replaces(self, cache: TileCache) -> None:
        key = TileKey.of(1, "a")
        cache.put(key, b"old")
        cache.put(key, b"newer")
        assert cache.get(key) == b"newer"

    def test_empty_and_large_tiles_come_back_whole(self, cache: TileCache) -> None:
        for number, tile in enumerate((b"", b"\0" * 50_000)):
            key = TileKey.of(number + 1, "x")
            cache.put(key, tile)
            assert cache.get(key) == tile

    def test_purging_forgets_one_image_and_keeps_the_others(self, cache: TileCache) -> None:
        keys = [TileKey.of(image, part) for image in (1, 257, 2) for part in "ab"]
        for key in keys:
            cache.put(key, b"tile")
        cache.purge(1)
        assert [cache.get(key) is None for key in keys] == [True, True, False, False, False, False]
        cache.purge(12345)

    def test_a_tile_larger_than_everything_is_not_kept(self, cache: TileCache) -> None:
        key = TileKey.of(1, "huge")
        cache.put(key, b"\1" * 50_000_000)
        assert cache.get(key) is None

    def test_threads_may_use_it_at_once(self, cache: TileCache) -> None:
        def work(number: int) -> bool:
            key = TileKey.of(number % 5 + 1, number % 7)
            tile = bytes([number % 5, number % 7]) * 100
            cache.put(key, tile)
            return cache.get(key) in {tile, None}

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(work, range(400)))
