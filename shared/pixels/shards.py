"""Find chunks inside Zarr 3 shards: each shard's own index is read once and kept, within bounds.

The entries of a shard are in the order of the array's axes, not in T C Z Y X.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Any

from shared.errors import BrokenFile
from shared.pixels.zarr_codecs import without_crc32c

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from shared.pixels.beneath import Folder, OpenFile
    from shared.pixels.chunk_index import ChunkCoordinate, ShardLocator

_ABSENT = 2**64 - 1
_ENTRY_BYTES = 16


class Shards:
    """Reads chunks out of the shards of one folder. Thread-safe."""

    def __init__(self, folder: Folder, *, keep: int = 256) -> None:
        self._folder = folder
        self._keep = keep
        self._indices: OrderedDict[str, NDArray[np.uint64]] = OrderedDict()
        self._lock = Lock()

    def read(
        self, locator: ShardLocator, coordinate: ChunkCoordinate, max_bytes: int
    ) -> bytes | None:
        """Answer the stored bytes of one inner chunk, or None when it is absent.

        Raises `BrokenFile` when the shard contradicts itself or the chunk exceeds `max_bytes`.
        """
        name, number = locator.shard_of(coordinate)
        shard = self._folder.open(name)
        if shard is None:
            return None
        offset, length = (int(at) for at in self._index(name, shard, locator)[number])
        if offset == _ABSENT and length == _ABSENT:
            return None
        if offset + length > shard.size or length > max_bytes:
            raise _broken(name, f"the entry {number} points outside")
        data = shard.read(offset, length)
        if len(data) != length:
            raise _broken(name, "it is cut off")
        return data

    def _index(self, name: str, shard: OpenFile, locator: ShardLocator) -> NDArray[np.uint64]:
        with self._lock:
            kept = self._indices.get(name)
            if kept is not None:
                self._indices.move_to_end(name)
                return kept
        found = _read_index(name, shard, locator)
        with self._lock:
            self._indices[name] = found
            while len(self._indices) > self._keep:
                self._indices.popitem(last=False)
        return found


def _read_index(name: str, shard: OpenFile, locator: ShardLocator) -> NDArray[Any]:
    import numpy as np

    entries = 1
    for count in locator.chunks_per_shard:
        entries *= count
    length = entries * _ENTRY_BYTES + (4 if locator.index_has_crc else 0)
    if shard.size < length:
        raise _broken(name, "it is shorter than its index")
    data = shard.read(0 if locator.index_location == "start" else shard.size - length, length)
    try:
        if locator.index_has_crc:
            data = without_crc32c(data)
        return np.frombuffer(data, "<u8", entries * 2).reshape(entries, 2)
    except ValueError as error:
        raise _broken(name, f"its index is damaged ({error})") from error


def _broken(name: str, reason: str) -> BrokenFile:
    return BrokenFile(
        f"The shard {name!r} cannot be read: {reason}.",
        hint="The file is damaged; compare it with its source and import it again.",
    )
