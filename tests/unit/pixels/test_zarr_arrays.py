"""Array metadata with any one value replaced or missing: read, or refused with a reason."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from shared.errors import BrokenFile, Unsupported
from shared.pixels.chunk_index import ChunkCoordinate
from shared.pixels.chunks import decode_chunk
from shared.pixels.zarr_arrays import ZarrArray, level_index, parse_zarr2, parse_zarr3

ZARR_2 = json.loads(
    """{"shape": [8, 8], "chunks": [4, 4], "dtype": "<u2", "fill_value": 0, "order": "C",
    "filters": [{"id": "delta", "dtype": "<u2"}], "dimension_separator": "/",
    "compressor": {"id": "blosc", "cname": "lz4"}, "zarr_format": 2}"""
)
ZARR_3 = json.loads(
    """{"shape": [16, 16], "data_type": "uint16", "fill_value": 0, "zarr_format": 3,
    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [8, 8]}},
    "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
    "codecs": [{"name": "sharding_indexed", "configuration": {"chunk_shape": [4, 4],
        "codecs": [{"name": "transpose", "configuration": {"order": [1, 0]}},
            {"name": "bytes", "configuration": {"endian": "little"}},
            {"name": "zstd", "configuration": {}}],
        "index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}},
            {"name": "crc32c"}]}}]}"""
)
MISSING = object()
VALUES = [MISSING, None, True, 0, -1, 1.5, 2**70, "", "x", [], [[]], {}, {"name": 3}, "NaN"]


def places(stored: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place inside a document but its root."""
    inner = stored.items() if isinstance(stored, dict) else enumerate(stored)
    for key, value in inner:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))


@pytest.mark.parametrize(("parse", "document"), [(parse_zarr2, ZARR_2), (parse_zarr3, ZARR_3)])
def test_any_one_change_is_read_or_refused(
    parse: Callable[[str, dict[str, Any]], ZarrArray], document: dict[str, Any]
) -> None:
    assert level_index(parse("0", document), "YX", 1) is not None
    for path in places(document):
        for value in VALUES:
            changed = copy.deepcopy(document)
            holder: Any = changed
            for key in path[:-1]:
                holder = holder[key]
            if value is MISSING:
                del holder[path[-1]]
            else:
                holder[path[-1]] = value
            with contextlib.suppress(BrokenFile, Unsupported):
                array = parse("0", changed)
                level = level_index(array, "YX", 1) if len(array.shape) == 2 else None
                if level is not None:
                    decode_chunk(bytes(range(80)), level, ChunkCoordinate(0, 0, 0, 0, 0))
