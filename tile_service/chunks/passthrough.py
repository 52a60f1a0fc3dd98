"""The stored tile as the answer: JPEG tables and scan joined, nothing decoded.

Only where the picture would be the same: 8-bit RGB shown as it is, one whole tile, JPEG of at least
about the quality asked for. Whoever gets None renders. Colours must be told in the stream itself,
since browsers do not see the TIFF tag that told the reader.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from shared.pixels.chunk_index import ChunkCoordinate
from shared.rendering.settings import Family, Model

if TYPE_CHECKING:
    from shared.pixels.chunk_index import LevelIndex
    from shared.pixels.source import PlaneRegion
    from shared.rendering.settings import ChannelSettings, RenderingSettings
    from tile_service.chunks.read import HasKey

PURE = (0xFF0000FF, 0x00FF00FF, 0x0000FFFF)
QUALITY_SLACK = 0.12
"""By how much a stored tile may be below the quality asked for: the usual slide is stored at 70."""
SOI, EOI, SOS, DQT, APP0, APP14 = 0xD8, 0xD9, 0xDA, 0xDB, 0xE0, 0xEE
_FRAMES = {0xC0, 0xC1, 0xC2}
_LUMA_SUM_AT_50 = 3689
"""Sum of the luminance table of Annex K, which encoders scale by quality."""


def is_identity(settings: RenderingSettings, pixel_type: str) -> bool:
    """Whether these settings show three 8-bit samples as they are stored."""
    return (
        pixel_type == "uint8"
        and settings.model is Model.COLOR
        and len(settings.channels) == len(PURE)
        and all(map(_is_pure, settings.channels, PURE))
    )


def stored_jpeg(
    image: HasKey, region: PlaneRegion, quality: float, *, at_once: bool = False
) -> bytes | None:
    """The region's one chunk as a JPEG of its own, or None when it has to be rendered.

    With `at_once` also None when its bytes would have to be waited for; then the call costs
    microseconds. Raises `BrokenFile` when the chunk's bytes cannot be read.
    """
    source = image.source
    level = source.index.levels[region.level]
    if not _is_whole_tile(level, region):
        return None
    shape = level.shape
    row, col = region.y // shape.y, region.x // shape.x
    coordinate = ChunkCoordinate(region.t, 0, region.z, row, col)
    read = source.chunk_at_once if at_once else source.raw_chunk
    data = read(region.level, coordinate)
    return None if data is None else spliced(data, level, quality)


def spliced(data: bytes | bytearray, level: LevelIndex, quality: float) -> bytes | None:
    """Tables and scan as one stream that says its colours, or None when it cannot be passed on."""
    start = data.find(b"\xff\xda")
    is_whole = data.endswith(b"\xff\xd9") or data.rstrip(b"\0").endswith(b"\xff\xd9")
    if start < 0 or not is_whole:
        return None
    photometric = level.codec.photometric or ""
    extent = (level.shape.y, level.shape.x)
    front = _front(bytes(data[: start + 2]), level.codec.jpeg_tables, photometric, extent, quality)
    return None if front is None else b"".join((front, memoryview(data)[2:]))


@lru_cache(maxsize=256)
def _front(
    segments: bytes, shared: bytes, photometric: str, extent: tuple[int, int], quality: float
) -> bytes | None:
    """What stands before a tile's own segments, or None when it cannot be passed on.

    `segments` are those before the scan, which nearly all tiles of a level have in common.
    """
    head = _header(segments)
    tables = _header(shared) if shared else _Header()
    if head is None or tables is None:
        return None
    luma = head.luma_sum or tables.luma_sum
    if head.frame != extent or not luma:
        return None
    if _quality(luma) < quality - QUALITY_SLACK:
        return None
    has_jfif = head.has_jfif or tables.has_jfif
    adobe = tables.adobe if head.adobe is None else head.adobe
    marker = b""
    if not has_jfif and adobe is None:
        is_rgb = photometric == "rgb"
        marker = _adobe(0 if is_rgb else 1) if is_rgb or head.ids == (1, 2, 3) else b""
    elif not has_jfif and photometric == "rgb" and adobe != 0:
        return None
    return b"\xff\xd8" + marker + shared[2:-2]


@dataclass(slots=True)
class _Header:
    """What the segments before the first scan say."""

    frame: tuple[int, int] = (0, 0)
    ids: tuple[int, ...] = ()
    has_jfif: bool = False
    adobe: int | None = None
    """The transform of Adobe's marker: 0 RGB, 1 YCbCr."""
    luma_sum: int = 0


def _header(data: bytes) -> _Header | None:
    """Read the segments up to the scan; None for anything but a plain three-component JPEG."""
    found = _Header()
    if data[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 2 <= len(data) and data[at] == 0xFF:
        kind = data[at + 1]
        if kind in {SOS, EOI}:
            return found
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        body = data[at + 4 : at + 2 + length]
        if length < 2 or len(body) != length - 2 or not _note(kind, body, found):
            return None
        at += 2 + length
    return None


def _note(kind: int, body: bytes, found: _Header) -> bool:
    if kind in _FRAMES:
        if len(body) != 15 or body[0] != 8 or body[5] != 3:
            return False
        found.frame = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
        found.ids = (body[6], body[9], body[12])
    elif 0xC3 <= kind <= 0xCF and kind not in {0xC4, 0xC8, 0xCC}:
        return False
    elif kind == APP0 and body[:4] == b"JFIF":
        found.has_jfif = True
    elif kind == APP14 and body[:5] == b"Adobe" and len(body) >= 12:
        found.adobe = body[11]
    elif kind == DQT and not found.luma_sum and body[:1] == b"\0":
        found.luma_sum = sum(body[1:65])
    return True


def _quality(luma_sum: int) -> float:
    """The quality, 0 to 1, at which libjpeg makes a luminance table of about this sum."""
    percent = 100 * luma_sum / _LUMA_SUM_AT_50
    return (200 - percent) / 200 if percent <= 100 else 50 / percent


def _adobe(transform: int) -> bytes:
    return b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + bytes([transform])


def _is_pure(channel: ChannelSettings, color: int) -> bool:
    return (
        channel.active
        and channel.color == color
        and (channel.window_start, channel.window_end) == (0.0, 255.0)
        and channel.lookup_table is None
        and channel.family is Family.LINEAR
        and not channel.reverse_intensity
    )


def _is_whole_tile(level: LevelIndex, region: PlaneRegion) -> bool:
    shape = level.shape
    return (
        level.codec.name == "jpeg"
        and level.codec.photometric in {"rgb", "ycbcr"}
        and level.stored_axes == "YXC"
        and level.size_z is None
        and (shape.t, shape.c, shape.z) == (1, 3, 1)
        and (region.width, region.height) == (shape.x, shape.y)
        and region.x % shape.x == 0
        and region.y % shape.y == 0
    )
