"""Zarr array metadata (versions 2 and 3) as one value, and the chunk index made from it.

Only what the metadata say is used: no chunk is opened, and an array whose codecs are not known here
still has a `ZarrArray`, it only has no index.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.errors import BrokenFile, Unreadable, Unsupported
from shared.pixels.chunk_index import (
    AXES,
    ChunkShape,
    Codec,
    KeyLocator,
    LevelIndex,
    ShardLocator,
)
from shared.pixels.source import Level, PixelType
from shared.pixels.zarr_codecs import chain_of

MAX_EXTENT = 2**31 - 1
MAX_CHUNK_BYTES = 2**31
_V3_TYPES = {
    "bool": "|u1",
    "int8": "|i1",
    "uint8": "|u1",
    **{f"{kind}{bits}": f"<{kind[0]}{bits // 8}" for kind in ("int", "uint") for bits in (16, 32)},
    "float32": "<f4",
    "float64": "<f8",
    "complex64": "<c8",
    "complex128": "<c16",
}
_PIXEL_TYPES = {
    "b1": PixelType.BIT,
    "i1": PixelType.INT8,
    "i2": PixelType.INT16,
    "i4": PixelType.INT32,
    "u1": PixelType.UINT8,
    "u2": PixelType.UINT16,
    "u4": PixelType.UINT32,
    "f4": PixelType.FLOAT,
    "f8": PixelType.DOUBLE,
    "c8": PixelType.COMPLEX,
    "c16": PixelType.DOUBLE_COMPLEX,
}


@dataclass(frozen=True, slots=True)
class ZarrArray:
    """One array as its metadata describe it; `dtype` is how values are stored (bool as `|u1`)."""

    path: str
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    """What is decoded as one: the inner chunks of a sharded array."""
    shards: tuple[int, ...] | None
    dtype: str
    pixel_type: PixelType
    fill_value: float | None
    """None when it cannot be given as a real number."""
    separator: str
    encoding: str
    codec: Codec | None
    """None when a codec is not known here."""
    shard_index: tuple[str, bool] = ("end", True)
    """Where a shard's index lies, and whether it has a checksum."""


def level_index(array: ZarrArray, axes: str, size_z: int) -> LevelIndex | None:
    """Make the chunk index of one level, `axes` naming the array's axes in order (such as "CYX").

    Answers None when the array must be read through zarr-python.
    """
    if array.codec is None or array.fill_value is None:
        return None
    shape = _by_axis(array.chunks, axes)
    sizes = _by_axis(array.shape, axes)
    keys = KeyLocator(array.path, array.separator, array.encoding, axes)
    locator: KeyLocator | ShardLocator = keys
    if array.shards is not None:
        outer = _by_axis(array.shards, axes)
        per_shard = ChunkShape(*(a // b for a, b in zip(outer, shape, strict=True)))
        locator = ShardLocator(keys, per_shard, *array.shard_index)
    return LevelIndex(
        Level(sizes.x, sizes.y, min(shape.x, sizes.x), min(shape.y, sizes.y)),
        shape,
        axes,
        array.dtype,
        array.codec,
        locator,
        array.fill_value,
        size_z=None if sizes.z == size_z else sizes.z,
    )


def parse_zarr2(path: str, stored: Mapping[str, Any]) -> ZarrArray:
    """Read a `.zarray` document; raises `BrokenFile`, or `Unsupported` for its type of values."""
    return _translated(_zarr2, path, stored)


def parse_zarr3(path: str, stored: Mapping[str, Any]) -> ZarrArray:
    """Read the `zarr.json` of an array; raises `BrokenFile`, or `Unsupported` for its values."""
    return _translated(_zarr3, path, stored)


def _translated(
    parse: Callable[[str, Mapping[str, Any]], ZarrArray], path: str, stored: Mapping[str, Any]
) -> ZarrArray:
    try:
        return parse(path, stored)
    except Unreadable:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise BrokenFile(
            f"The metadata of the Zarr array {path!r} cannot be used: {error}.",
            hint="The array is damaged or was written by a program that breaks the specification.",
        ) from error


def _zarr2(path: str, stored: Mapping[str, Any]) -> ZarrArray:
    dtype = stored["dtype"]
    pixel_type = _pixel_type(dtype if isinstance(dtype, str) else str(dtype))
    shape, chunks = _extents(stored["shape"]), _extents(stored["chunks"])
    config = {key: stored.get(key) for key in ("compressor", "filters", "order")}
    codec = Codec("zarr2", config=json.dumps(config, sort_keys=True))
    if dtype[0] not in "<>|" or len(shape) != len(chunks):
        raise ValueError("shape, chunks and dtype do not belong together")
    stored_dtype = "|u1" if pixel_type is PixelType.BIT else dtype
    return ZarrArray(
        path,
        shape,
        _bounded(chunks, stored_dtype),
        None,
        stored_dtype,
        pixel_type,
        _fill(stored.get("fill_value"), pixel_type),
        _separator(stored.get("dimension_separator") or "."),
        "v2",
        codec if chain_of("zarr2", codec.config) else None,
    )


def _zarr3(path: str, stored: Mapping[str, Any]) -> ZarrArray:
    dtype, pixel_type = _zarr3_type(stored["data_type"])
    if stored["chunk_grid"]["name"] != "regular":
        raise Unsupported(
            f"The Zarr array {path!r} has a chunk grid that is not regular.",
            hint="Write it again with chunks of one size.",
        )
    shape = _extents(stored["shape"])
    outer = _extents(stored["chunk_grid"]["configuration"]["chunk_shape"])
    keys = stored["chunk_key_encoding"]
    encoding = keys["name"]
    if encoding not in {"default", "v2"} or len(outer) != len(shape):
        raise ValueError("chunk keys or chunk shape of an unknown form")
    separator = (keys.get("configuration") or {}).get("separator")
    codecs, inner, shard_index = _unsharded(stored["codecs"])
    dtype = _with_byte_order(dtype, codecs)
    codec = Codec("zarr3", config=json.dumps(codecs, sort_keys=True))
    is_known = chain_of("zarr3", codec.config) is not None and shard_index is not None
    chunks = inner if inner is not None else outer
    if len(chunks) != len(outer) or any(a % b for a, b in zip(outer, chunks, strict=True)):
        raise ValueError("chunks do not divide their shard")
    return ZarrArray(
        path,
        shape,
        _bounded(chunks, dtype),
        None if inner is None else outer,
        dtype,
        pixel_type,
        _fill(stored.get("fill_value"), pixel_type),
        _separator(separator or ("/" if encoding == "default" else ".")),
        encoding,
        codec if is_known else None,
        shard_index or ("end", True),
    )


def _zarr3_type(named: Any) -> tuple[str, PixelType]:
    dtype = _V3_TYPES.get(named) if isinstance(named, str) else None
    if dtype is None:
        raise _unsupported_type(str(named))
    return dtype, PixelType.BIT if named == "bool" else _pixel_type(dtype)


def _unsharded(
    codecs: list[dict[str, Any]],
) -> tuple[list[dict[str, Any]], tuple[int, ...] | None, tuple[str, bool] | None]:
    """Answer one chunk's codecs, the inner chunk's shape, and how the shard's index is kept."""
    if codecs[0]["name"] != "sharding_indexed":
        return codecs, None, ("end", True)
    settings = codecs[0]["configuration"]
    index_codecs = settings["index_codecs"]
    names = [item["name"] for item in index_codecs]
    endian = (index_codecs[0].get("configuration") or {}).get("endian", "little")
    is_plain = names in (["bytes"], ["bytes", "crc32c"]) and endian == "little" and len(codecs) == 1
    location = settings.get("index_location", "end")
    if location not in {"start", "end"}:
        raise ValueError("a shard index that is neither at the start nor at the end")
    return (
        settings["codecs"],
        _extents(settings["chunk_shape"]),
        (location, "crc32c" in names) if is_plain else None,
    )


def _with_byte_order(dtype: str, codecs: list[dict[str, Any]]) -> str:
    for item in codecs:
        if item["name"] == "bytes" and (item.get("configuration") or {}).get("endian") == "big":
            return dtype.replace("<", ">")
    return dtype


def _pixel_type(dtype: str) -> PixelType:
    found = _PIXEL_TYPES.get(dtype[1:])
    if found is None:
        raise _unsupported_type(dtype)
    return found


def _unsupported_type(named: str) -> Unsupported:
    return Unsupported(
        f"The Zarr array holds values of type {named[:80]}, which OME does not know.",
        hint="Convert it to an integer of at most 32 bits, float32 or float64, then import that.",
    )


def _extents(stored: Any) -> tuple[int, ...]:
    extents = tuple(stored)
    for extent in extents:
        if isinstance(extent, bool) or not isinstance(extent, int) or not 0 < extent <= MAX_EXTENT:
            raise ValueError(f"an extent of {str(extent)[:40]}")
    return extents


def _bounded(chunks: tuple[int, ...], dtype: str) -> tuple[int, ...]:
    size = int(dtype[2:])
    for extent in chunks:
        size *= extent
    if size > MAX_CHUNK_BYTES:
        raise ValueError(f"a chunk of {size} bytes")
    return chunks


def _separator(stored: str) -> str:
    if stored not in {"/", "."}:
        raise ValueError("a separator that is neither a slash nor a dot")
    return stored


def _fill(stored: Any, pixel_type: PixelType) -> float | None:
    named = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf, None: 0.0}
    # A complex fill value: only one without an imaginary part is a plain number.
    if isinstance(stored, list) and len(stored) == 2 and not stored[1]:
        stored = stored[0]
    if isinstance(stored, bool | int | float):
        number = float(stored)
    elif stored is None or (isinstance(stored, str) and stored in named):
        number = named[stored]
    else:
        return None
    if pixel_type.is_integer:
        least, greatest = pixel_type.value_range()
        if not least <= number <= greatest:
            raise ValueError(f"a fill value of {number} for {pixel_type.value}")
    return number


def _by_axis(extents: tuple[int, ...], axes: str) -> ChunkShape:
    return ChunkShape(*(extents[axes.index(axis)] if axis in axes else 1 for axis in AXES))
