"""In which words Zarr names how stored bytes are compressed, if it has words for it at all.

Zarr 2 and 3 differ: zlib has a name only in 2, a checksum only in 3. None means that chunks have to
be decoded and encoded again.
"""

from __future__ import annotations

import json
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from shared.pixels.chunk_index import AXES

if TYPE_CHECKING:
    from shared.pixels.chunk_index import Codec, LevelIndex

Json = dict[str, Any]
MADE2: Json = {"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1, "blocksize": 0}
"""The compressor of chunks that are made for Zarr 2."""
MADE3: Json = {"name": "zstd", "configuration": {"level": 1, "checksum": False}}
_TIFF2: dict[str, Json | None] = {
    "raw": None,
    "deflate": {"id": "zlib", "level": 6},
    "zstd": {"id": "zstd", "level": 3},
}
_TIFF3: dict[str, list[Json]] = {
    "raw": [],
    "zstd": [{"name": "zstd", "configuration": {"level": 3, "checksum": False}}],
}
_SHUFFLES = {0: "noshuffle", 1: "shuffle", 2: "bitshuffle"}
_NAMES3 = frozenset({"bytes", "blosc", "zstd", "gzip", "crc32c"})


class Format(IntEnum):
    """The version of Zarr; OME-Zarr 0.4 lies on 2, OME-Zarr 0.5 on 3."""

    V2 = 2
    V3 = 3


def stored_order(level: LevelIndex) -> bool:
    """Whether a chunk's bytes lie in the order T C Z Y X, so that axes left out do not matter."""
    places = [AXES.index(axis) for axis in level.stored_axes]
    return places == sorted(places)


def zarr2_codec(level: LevelIndex) -> tuple[Json | None, list[Json] | None] | None:
    """Compressor and filters under which Zarr 2 reads the stored bytes, or None."""
    codec = level.codec
    if codec.name == "zarr2":
        stored = json.loads(codec.config)
        if stored.get("order", "C") != "C":
            return None
        return stored.get("compressor"), stored.get("filters") or None
    if codec.name == "zarr3":
        steps = json.loads(codec.config)
        names = [step["name"] for step in steps]
        if names == ["bytes"]:
            return None, None
        if len(names) == 2 and names[0] == "bytes" and names[1] in {"blosc", "zstd", "gzip"}:
            return _as_zarr2(steps[1]), None
        return None
    return (_TIFF2[codec.name], None) if _is_plain(codec, level) and codec.name in _TIFF2 else None


def zarr3_codecs(level: LevelIndex) -> list[Json] | None:
    """The chain of codecs under which Zarr 3 reads the stored bytes, or None."""
    codec = level.codec
    if codec.name == "zarr3":
        steps: list[Json] = json.loads(codec.config)
        return steps if all(step["name"] in _NAMES3 for step in steps) else None
    if codec.name == "zarr2":
        stored = json.loads(codec.config)
        if stored.get("order", "C") != "C" or stored.get("filters"):
            return None
        compressor = stored.get("compressor")
        if compressor is None:
            return [bytes_codec(level.dtype)]
        step = _as_zarr3(compressor, level.itemsize)
        return None if step is None else [bytes_codec(level.dtype), step]
    if _is_plain(codec, level) and codec.name in _TIFF3:
        return [bytes_codec(level.dtype), *_TIFF3[codec.name]]
    return None


def bytes_codec(dtype: str) -> Json:
    """Zarr 3's codec from values to bytes, in the byte order of a numpy dtype."""
    endian = "big" if dtype.startswith(">") else "little"
    return {"name": "bytes", "configuration": {"endian": endian}}


def compressed(data: bytes, itemsize: int, format: Format, level: LevelIndex | None) -> bytes:
    """Compress one chunk's bytes as its array says: as `level` stores it, or as what is made.

    Only a TIFF's cropped strips are encoded anew inside an array whose other chunks are passed on.
    """
    import imagecodecs

    if level is not None:
        if level.codec.name == "raw":
            return data
        if level.codec.name == "deflate":
            return bytes(imagecodecs.zlib_encode(data, 6))
        return bytes(imagecodecs.zstd_encode(data, 3))
    if format is Format.V2:
        made = imagecodecs.blosc_encode(
            data, 5, compressor="lz4", shuffle=1, typesize=itemsize, numthreads=1
        )
        return bytes(made)
    return bytes(imagecodecs.zstd_encode(data, 1))


def _is_plain(codec: Codec, level: LevelIndex) -> bool:
    bits = codec.bits_per_sample or level.itemsize * 8
    return codec.predictor == 1 and codec.fill_order == 1 and bits == level.itemsize * 8


def _as_zarr2(step: Json) -> Json:
    settings = step.get("configuration") or {}
    if step["name"] != "blosc":
        return {"id": step["name"], "level": settings.get("level", 1)}
    numbers = {name: number for number, name in _SHUFFLES.items()}
    return {
        "id": "blosc",
        "cname": settings.get("cname", "lz4"),
        "clevel": settings.get("clevel", 5),
        "shuffle": numbers.get(settings.get("shuffle", "shuffle"), 1),
        "blocksize": settings.get("blocksize", 0),
    }


def _as_zarr3(compressor: Json, itemsize: int) -> Json | None:
    if compressor["id"] == "blosc":
        return {
            "name": "blosc",
            "configuration": {
                "cname": compressor.get("cname", "lz4"),
                "clevel": compressor.get("clevel", 5),
                "shuffle": _SHUFFLES.get(compressor.get("shuffle", 1), "shuffle"),
                "typesize": itemsize,
                "blocksize": compressor.get("blocksize", 0),
            },
        }
    if compressor["id"] == "zstd":
        settings = {"level": compressor.get("level", 1), "checksum": False}
        return {"name": "zstd", "configuration": settings}
    if compressor["id"] == "gzip":
        return {"name": "gzip", "configuration": {"level": compressor.get("level", 5)}}
    return None
