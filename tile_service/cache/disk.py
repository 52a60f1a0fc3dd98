"""Encoded tiles in files, shared by all processes of a machine.

A tile is written beside its place and renamed, so nobody reads half of one; a checksum finds what a
crash left behind. One process at a time evicts: the others see the lock and go on.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import time
import zlib
from threading import Lock
from typing import TYPE_CHECKING

from shared.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tile_service.cache.protocol import TileKey

MAGIC = b"TST1"
_HEADER = len(MAGIC) + 4
_KEPT_SHARE = 0.9
"""Share of the limit down to which an eviction goes."""
_SCAN_SHARE = 0.05
"""Share of the limit that one process may write between two scans."""
_TOUCH_AFTER_S = 600.0
_STRAY_AFTER_S = 3600.0

log = logger("tile_service.cache")


class DiskCache:
    """A `TileCache` in a folder, within about `limit` bytes; the least recently used go first."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._unscanned: float = limit
        """Bytes written since the last scan; a new process scans at its first chance."""
        self._lock = Lock()

    def get(self, key: TileKey) -> bytes | None:
        """What was put under the key, unless it was forgotten or is damaged."""
        path = self._path(key)
        try:
            with path.open("rb") as file:
                data = file.read()
                used_at = os.fstat(file.fileno()).st_mtime
        except OSError:
            return None
        tile = data[_HEADER:]
        if data[:_HEADER] != _header(tile):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
            return None
        if time.time() - used_at > _TOUCH_AFTER_S:
            with contextlib.suppress(OSError):
                os.utime(path)
        return tile

    def put(self, key: TileKey, tile: bytes) -> None:
        """Keep a tile; what is larger than the whole cache, or does not fit the disk, is not."""
        if len(tile) + _HEADER > self._limit:
            return
        path = self._path(key)
        fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_bytes(_header(tile) + tile)
            fresh.replace(path)
        except OSError as error:
            log.warning("tile_cache.write_failed", reason=str(error.strerror))
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
            return
        with self._lock:
            self._unscanned += len(tile) + _HEADER
            is_due = self._unscanned >= self._limit * _SCAN_SHARE
            if is_due:
                self._unscanned = 0
        if is_due:
            self.evict()

    def purge(self, image_id: int) -> None:
        """Forget all tiles of an image."""
        shutil.rmtree(self._image_folder(image_id), ignore_errors=True)

    def evict(self) -> int:
        """Erase the least recently used until the cache fits; answers the bytes that are left.

        Answers -1 when another process is evicting.
        """
        with self._evicting() as is_mine:
            if not is_mine:
                return -1
            found = sorted(self._files())
            used = sum(size for _, size, _ in found)
            if used <= self._limit:
                return used
            for _, size, path in found:
                if used <= self._limit * _KEPT_SHARE:
                    break
                with contextlib.suppress(OSError):
                    path.unlink()
                    used -= size
            return used

    @contextlib.contextmanager
    def _evicting(self) -> Iterator[bool]:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = (self._folder / ".evicting").open("wb")
        except OSError:
            yield False
            return
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield False
                return
            yield True

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        """Last use, size and path of each tile; erases what a crash left half written."""
        stray = time.time() - _STRAY_AFTER_S
        for path in self._folder.glob("??/*/*"):
            with contextlib.suppress(OSError):
                found = path.stat()
                if path.name.startswith(".") and found.st_mtime < stray:
                    path.unlink()
                else:
                    yield found.st_mtime, found.st_size, path

    def _path(self, key: TileKey) -> Path:
        return self._image_folder(key.image_id) / key.digest

    def _image_folder(self, image_id: int) -> Path:
        return self._folder / f"{image_id % 256:02x}" / str(image_id)


def _header(tile: bytes) -> bytes:
    return MAGIC + zlib.crc32(tile).to_bytes(4, "little")
