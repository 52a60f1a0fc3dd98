"""Keys below a served OME-Zarr: which chunk of which array a path names, if it names one."""

from __future__ import annotations

import re
from typing import NamedTuple

from shared.pixels.chunk_index import ChunkCoordinate
from tile_service.zarr.codecs import Format
from tile_service.zarr.documents import LABEL

_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")
_LABEL = ("labels", LABEL)


class ChunkKey(NamedTuple):
    """One chunk of a level, of the image or of its label image."""

    is_label: bool
    level: int
    at: ChunkCoordinate


def chunk_key(segments: list[str], format: Format) -> ChunkKey | None:
    """The chunk that a path names, or None: `0/1/0/0/2/3`, or `0/c/1/0/0/2/3` in Zarr 3."""
    is_label = tuple(segments[:2]) == _LABEL
    parts = segments[2:] if is_label else list(segments)
    if format is Format.V3:
        if len(parts) != 7 or parts[1] != "c":
            return None
        del parts[1]
    if len(parts) != 6 or not all(_NUMBER.fullmatch(part) for part in parts):
        return None
    level, *at = map(int, parts)
    return ChunkKey(is_label, level, ChunkCoordinate(*at))
