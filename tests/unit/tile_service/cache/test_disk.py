from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from tests.contracts.cache import CacheTests
from tile_service.cache import TileCache, TileKey
from tile_service.cache.disk import DiskCache

FAR_AGO = 1_000_000_000


class TestDiskCache(CacheTests):
    @pytest.fixture
    def cache(self, tmp_path: Path) -> TileCache:
        return DiskCache(tmp_path / "tiles", 10_000_000)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.name != ".evicting"]


def test_another_process_finds_what_this_one_put(tmp_path: Path) -> None:
    key = TileKey.of(1, "a")
    DiskCache(tmp_path, 1_000_000).put(key, b"tile")
    assert DiskCache(tmp_path, 1_000_000).get(key) == b"tile"


@pytest.mark.parametrize("damage", [b"", b"TST1", b"TST1\0\0\0\0tile", b"rubbish of some length"])
def test_a_damaged_file_is_no_tile_and_goes_away(tmp_path: Path, damage: bytes) -> None:
    cache, key = DiskCache(tmp_path, 1_000_000), TileKey.of(1, "a")
    cache.put(key, b"tile")
    [path] = files(tmp_path)
    path.write_bytes(damage)
    assert cache.get(key) is None
    assert files(tmp_path) == []


def test_eviction_erases_the_least_recently_used_and_what_a_crash_left(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, 10_000)
    keys = [TileKey.of(1, number) for number in range(12)]
    for number, key in enumerate(keys):
        cache.put(key, b"x" * 992)  # 1,000 bytes with the header
        path = next(path for path in files(tmp_path) if path.name == key.digest)
        os.utime(path, (FAR_AGO + number, FAR_AGO + number))
    stray = path.with_name(".stray.1234")
    stray.write_bytes(b"half")
    os.utime(stray, (FAR_AGO, FAR_AGO))
    cache.get(keys[3])  # used just now
    left = cache.evict()
    assert left <= 10_000
    assert not stray.exists()
    kept = [key for key in keys if cache.get(key) is not None]
    assert keys[3] in kept
    assert keys[11] in kept
    assert keys[0] not in kept


def test_writing_alone_keeps_the_folder_within_its_limit(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, 20_000)
    for number in range(100):
        cache.put(TileKey.of(number % 7 + 1, number), b"x" * 992)
    # a scan is due after each twentieth of the limit
    assert sum(path.stat().st_size for path in files(tmp_path)) <= 21_000


def test_only_one_process_evicts(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, 100_000)
    cache.put(TileKey.of(1, "a"), b"x" * 1000)
    with (tmp_path / ".evicting").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert cache.evict() == -1
    assert cache.evict() == 1008


def test_a_disk_that_refuses_is_no_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    cache = DiskCache(blocked / "tiles", 1_000_000)
    cache.put(TileKey.of(1, "a"), b"tile")
    assert cache.get(TileKey.of(1, "a")) is None
    assert cache.evict() == -1
    cache.purge(1)
