"""Decode one Zarr chunk by the array's own codec metadata, without zarr-python on the way.

A chain is parsed once per array and kept; `chain_of` answers None for codecs that are not known
here, and such arrays are read through zarr-python instead.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from shared.pixels.expand import expand, known_to_expand

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Chain:
    """The steps from stored bytes to an array, in the order of decoding."""

    byte_steps: tuple[str, ...]
    """Expanders and `crc32c`, then shuffles as `shuffle:4`."""
    array_steps: tuple[tuple[str, str], ...]
    """`delta` with its dtypes, joined by a blank."""
    order: tuple[int, ...] | None
    """The permutation in which the axes are stored; None as declared; (-1,) reversed."""


def chain_of(name: str, config: str) -> Chain | None:
    """Parse a codec's `config` (`zarr2` or `zarr3`); None when a step is not known here."""
    return _zarr2(config) if name == "zarr2" else _zarr3(config)


def decode_zarr(
    name: str, config: str, data: bytes, shape: tuple[int, ...], dtype: str
) -> NDArray[np.generic]:
    """Decode one chunk to `shape`, in the byte order of `dtype`; raises `ValueError`."""
    import numpy as np

    chain = chain_of(name, config)
    if chain is None:
        raise ValueError("its codecs are not known")
    expected = np.dtype(dtype).itemsize
    for extent in shape:
        expected *= extent
    compressors = sum(known_to_expand(step) for step in chain.byte_steps)
    for step in chain.byte_steps:
        if known_to_expand(step):
            compressors -= 1
            # Only the last expansion has a known size; what comes before holds compressed bytes.
            limit = expected if compressors == 0 else expected + expected // 8 + 65_536
            data = expand(step, data, limit)
        elif step == "crc32c":
            data = without_crc32c(data)
        else:
            data = _unshuffled(data, int(step.partition(":")[2]))
    if len(data) != expected:
        raise ValueError(f"{len(data)} bytes where {expected} are expected")
    array: NDArray[Any] = np.frombuffer(data, dtype)
    for _, dtypes in chain.array_steps:
        stored, _, decoded = dtypes.partition(" ")
        array = np.cumsum(array.view(stored), dtype=decoded).astype(dtype)
    return _ordered(array, shape, chain.order)


def without_crc32c(data: bytes) -> bytes:
    """Check and cut off the checksum in the last four bytes; raises `ValueError`."""
    from numcodecs.checksum32 import CRC32C

    if len(data) < 4:
        raise ValueError("no room for a checksum")
    try:
        CRC32C(location="end").decode(data)
    except RuntimeError as error:
        raise ValueError("the checksum does not match") from error
    return data[:-4]


def _ordered(
    array: NDArray[Any], shape: tuple[int, ...], order: tuple[int, ...] | None
) -> NDArray[Any]:
    if order is None:
        return array.reshape(shape)
    if order == (-1,):
        return array.reshape(shape[::-1]).T
    stored = array.reshape([shape[axis] for axis in order])
    inverse = [order.index(axis) for axis in range(len(order))]
    return stored.transpose(inverse)


def _unshuffled(data: bytes, itemsize: int) -> bytes:
    import numpy as np

    whole = len(data) - len(data) % itemsize
    lanes = np.frombuffer(data, np.uint8, whole).reshape(itemsize, -1)
    return lanes.T.tobytes() + data[whole:]


@lru_cache(maxsize=1024)
def _zarr2(config: str) -> Chain | None:
    stored = json.loads(config)
    byte_steps: list[str] = []
    compressor = stored.get("compressor")
    if compressor is not None:
        if not known_to_expand(compressor["id"]) or compressor["id"] in {"lzw", "packbits"}:
            return None
        byte_steps.append(compressor["id"])
    array_steps: list[tuple[str, str]] = []
    for item in reversed(stored.get("filters") or []):
        if item["id"] == "shuffle" and not array_steps:
            byte_steps.append(f"shuffle:{int(item.get('elementsize', 4))}")
        elif item["id"] == "delta" and item.get("astype", item["dtype"]) == item["dtype"]:
            array_steps.append(("delta", f"{item['dtype']} {item['dtype']}"))
        else:
            return None
    order = (-1,) if stored.get("order", "C") == "F" else None
    return Chain(tuple(byte_steps), tuple(array_steps), order)


@lru_cache(maxsize=1024)
def _zarr3(config: str) -> Chain | None:
    order: tuple[int, ...] | None = None
    byte_steps: list[str] = []
    for item in json.loads(config):
        name = item["name"]
        if name == "transpose" and order is None:
            given = item["configuration"]["order"]
            if given in {"C", "F"} if isinstance(given, str) else False:
                order = (-1,) if given == "F" else None
            elif sorted(given) == list(range(len(given))):
                order = tuple(given)
            else:
                return None
        elif name in {"blosc", "zstd", "gzip", "crc32c"}:
            byte_steps.insert(0, name)
        elif name != "bytes":
            return None
    return Chain(tuple(byte_steps), (), order)
