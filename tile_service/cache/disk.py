"""Encoded tiles in files, shared by all processes of a machine.

A tile is written beside its place and renamed, so nobody reads half of one; a checksum finds what a
crash left behind. One process at a time evicts: the others see the lock and go on.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import shutil
import time
import zlib
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from shared.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        path = self._name(key)
        try:
            # plain calls: a file of this module is read or written for every cold tile
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            status = os.fstat(descriptor)
            data = os.read(descriptor, status.st_size + 1)
        except OSError:
            return None
        finally:
            os.close(descriptor)
        used_at = status.st_mtime
        tile = data[_HEADER:]
        if data[:_HEADER] != _header(tile):
            with contextlib.suppress(OSError):
                Path(path).unlink()
            return None
        if time.time() - used_at > _TOUCH_AFTER_S:
            with contextlib.suppress(OSError):
                os.utime(path)
        return tile

    def put(self, key: TileKey, tile: bytes) -> None:
        """Keep a tile; what is larger than the whole cache, or does not fit the disk, is not."""
        if len(tile) + _HEADER > self._limit:
            return
        folder = self._folder_of(key.image_id)
        fresh = f"{folder}/.{key.digest}.{secrets.token_hex(4)}"
        try:
            _write(fresh, _header(tile), tile)
            os.replace(fresh, self._name(key))  # noqa: PTH105  # each cold tile comes here
        except OSError as error:
            log.warning("tile_cache.write_failed", reason=str(error.strerror))
            with contextlib.suppress(OSError):
                Path(fresh).unlink()
            return
        with self._lock:
            self._unscanned += len(tile) + _HEADER
            is_due = self._unscanned >= self._limit * _SCAN_SHARE
            if is_due:
                self._unscanned = 0
        if is_due:
            self.evict()

    def has(self, key: TileKey) -> bool:
        """Whether a tile lies there; costs a look into the folder and reads nothing."""
        return os.access(self._name(key), os.R_OK)

    def purge(self, image_id: int) -> None:
        """Forget all tiles of an image."""
        shutil.rmtree(self._folder_of(image_id), ignore_errors=True)

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

    def _name(self, key: TileKey) -> str:
        return f"{self._folder_of(key.image_id)}/{key.digest}"

    def _folder_of(self, image_id: int) -> str:
        return f"{self._folder}/{image_id % 256:02x}/{image_id}"


def _write(name: str, *parts: bytes) -> None:
    """Write a new file; makes its folder when that is missing."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        descriptor = os.open(name, flags, 0o644)
    except FileNotFoundError:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(name, flags, 0o644)
    try:
        wanted = sum(map(len, parts))
        done = os.writev(descriptor, parts)
        if done != wanted:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    finally:
        os.close(descriptor)


def _header(tile: bytes) -> bytes:
    return MAGIC + zlib.crc32(tile).to_bytes(4, "little")
