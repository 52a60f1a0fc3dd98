"""Keep a chunk index in one immutable file: a JSON header, then the tables as plain int64 blocks.

Nothing is executed on loading (no pickle), every size is checked against the file, and tables are
mapped rather than read, so that opening costs the same for a thumbnail and for a million tiles.
"""

from __future__ import annotations

import base64
import json
import mmap
import os
import secrets
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from shared.errors import BrokenFile
from shared.pixels.chunk_index import (
    ChunkShape,
    Codec,
    ImageIndex,
    KeyLocator,
    LevelIndex,
    ShardLocator,
    TableLocator,
)
from shared.pixels.source import Dimensions, Level, PixelType

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

MAGIC = b"TESSIDX1"
MAX_HEADER_BYTES = 64 * 2**20
_ALIGNMENT = 64


def save_index(index: ImageIndex, path: Path) -> None:
    """Write the index under `path`: whole or not at all, replacing an older one."""
    blocks: list[bytes] = []
    header = {
        "dimensions": asdict(index.dimensions),
        "pixel_type": index.pixel_type.value,
        "levels": [_level_out(level, blocks) for level in index.levels],
    }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(len(MAGIC) + 8 + len(text)) % _ALIGNMENT)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with fresh.open("xb") as file:
            file.write(MAGIC + len(text).to_bytes(8, "little") + text)
            for block in blocks:
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def load_index(path: Path) -> ImageIndex:
    """Read an index back; raises `BrokenFile` when it is missing, cut or contradicts itself."""
    try:
        with path.open("rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        header, blocks = _parts(data)
        return ImageIndex(
            Dimensions(**header["dimensions"]),
            PixelType(header["pixel_type"]),
            tuple(_level_in(level, blocks) for level in header["levels"]),
        )
    except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise BrokenFile(
            f"The chunk index {path.name!r} cannot be used: {error}.",
            hint="It is derived data: remove it and let it be built again from the image.",
        ) from error


def _parts(data: mmap.mmap) -> tuple[dict[str, Any], memoryview]:
    start = len(MAGIC) + 8
    length = int.from_bytes(data[len(MAGIC) : start], "little")
    if data[: len(MAGIC)] != MAGIC or length > min(MAX_HEADER_BYTES, len(data) - start):
        raise ValueError("it is no index")
    return json.loads(data[start : start + length]), memoryview(data)[start + length :]


def _level_out(level: LevelIndex, blocks: list[bytes]) -> dict[str, Any]:
    codec = asdict(level.codec)
    codec["jpeg_tables"] = base64.b64encode(level.codec.jpeg_tables).decode()
    return {
        "level": asdict(level.level),
        "shape": list(level.shape),
        "stored_axes": level.stored_axes,
        "dtype": level.dtype,
        "codec": codec,
        "locator": _locator_out(level.locator, blocks),
        "fill_value": level.fill_value,
        "edge_is_cropped": level.edge_is_cropped,
        "size_z": level.size_z,
    }


def _level_in(stored: dict[str, Any], blocks: memoryview) -> LevelIndex:
    codec = stored["codec"]
    codec["jpeg_tables"] = base64.b64decode(codec["jpeg_tables"])
    shape = ChunkShape(*stored["shape"])
    if min(shape) < 1:
        raise ValueError("a chunk without extent")
    return LevelIndex(
        Level(**stored["level"]),
        shape,
        stored["stored_axes"],
        stored["dtype"],
        Codec(**codec),
        _locator_in(stored["locator"], blocks),
        float(stored["fill_value"]),
        bool(stored["edge_is_cropped"]),
        stored["size_z"],
    )


def _locator_out(
    locator: TableLocator | KeyLocator | ShardLocator, blocks: list[bytes]
) -> dict[str, Any]:
    if isinstance(locator, TableLocator):
        return {
            "kind": "table",
            "files": list(locator.files),
            "file_numbers": _block_out(locator.file_numbers, "<i4", blocks),
            "offsets": _block_out(locator.offsets, "<i8", blocks),
            "lengths": _block_out(locator.lengths, "<i8", blocks),
        }
    if isinstance(locator, KeyLocator):
        return {"kind": "key", **asdict(locator)}
    return {
        "kind": "shard",
        "keys": asdict(locator.keys),
        "chunks_per_shard": list(locator.chunks_per_shard),
        "index_location": locator.index_location,
        "index_has_crc": locator.index_has_crc,
    }


def _locator_in(
    stored: dict[str, Any], blocks: memoryview
) -> TableLocator | KeyLocator | ShardLocator:
    kind = stored.pop("kind")
    if kind == "table":
        files = tuple(stored["files"])
        numbers: NDArray[np.int32] = _block_in(stored["file_numbers"], "<i4", blocks)
        offsets: NDArray[np.int64] = _block_in(stored["offsets"], "<i8", blocks)
        lengths: NDArray[np.int64] = _block_in(stored["lengths"], "<i8", blocks)
        if offsets.ndim != 5 or lengths.shape != offsets.shape:
            raise ValueError("tables of unlike shape")
        if numbers.shape not in {(), offsets.shape} or not 0 <= numbers.max() < len(files):
            raise ValueError("a file number without a file")
        if numbers.min() < 0:
            raise ValueError("a negative file number")
        return TableLocator(files, numbers, offsets, lengths)
    if kind == "key":
        return KeyLocator(**stored)
    return ShardLocator(
        KeyLocator(**stored["keys"]),
        ChunkShape(*stored["chunks_per_shard"]),
        stored["index_location"],
        bool(stored["index_has_crc"]),
    )


def _block_out(array: NDArray[Any], dtype: str, blocks: list[bytes]) -> dict[str, Any]:
    data = array.astype(dtype).tobytes()
    start = sum(len(block) for block in blocks)
    blocks.append(data + b"\0" * (-len(data) % _ALIGNMENT))
    return {"start": start, "shape": list(array.shape)}


def _block_in(stored: dict[str, Any], dtype: str, blocks: memoryview) -> NDArray[Any]:
    import numpy as np

    shape = tuple(int(extent) for extent in stored["shape"])
    count = 1
    for extent in shape:
        if extent < 1:
            raise ValueError("an empty table")
        count *= extent
    start = int(stored["start"])
    length = count * np.dtype(dtype).itemsize
    if start < 0 or start + length > len(blocks):
        raise ValueError("a table beyond the end of the file")
    return np.frombuffer(blocks, dtype, count, start).reshape(shape)
