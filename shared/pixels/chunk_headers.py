"""What an encoded picture says about its size, read from its first bytes before it is decoded.

Decoders allocate what the header declares; these few lines are what stands between a small chunk
and a large allocation. Sizes are in pixels, row count first.
"""

from __future__ import annotations

import struct
from typing import NamedTuple


class DeclaredSize(NamedTuple):
    """Size by an encoded picture's own header; `components` 0 where the header does not say."""

    height: int
    width: int
    components: int
    bits: int


def declared_size(codec: str, data: bytes) -> DeclaredSize | None:
    """Read the size that `data` declares; None for codecs that declare none.

    Raises `ValueError` when the header is not one of that codec.
    """
    reader = _READERS.get(codec)
    if reader is None:
        return None
    try:
        return reader(data)
    except (struct.error, IndexError) as error:
        raise ValueError("the header is cut off") from error


def _jpeg(data: bytes) -> DeclaredSize:
    if data[:2] != b"\xff\xd8":
        raise ValueError("no JPEG start marker")
    at = 2
    while True:
        while data[at] == 0xFF and data[at + 1] == 0xFF:
            at += 1
        if data[at] != 0xFF:
            raise ValueError("JPEG markers are out of step")
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            bits, height, width, components = struct.unpack_from(">BHHB", data, at + 4)
            return DeclaredSize(height, width, components, bits)
        if marker in {0xDA, 0xD9}:
            raise ValueError("the JPEG has no frame header")
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:
            at += 2
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        if length < 2:
            raise ValueError("a JPEG segment without length")
        at += 2 + length


def _jpeg2000(data: bytes) -> DeclaredSize:
    # A raw codestream, or one inside JP2 boxes: either way it starts with SOC and SIZ.
    at = data.find(b"\xff\x4f\xff\x51")
    if at < 0:
        raise ValueError("no JPEG 2000 codestream")
    right, bottom, left, top = struct.unpack_from(">4I", data, at + 8)
    (components,) = struct.unpack_from(">H", data, at + 40)
    (bits,) = struct.unpack_from(">B", data, at + 42)
    return DeclaredSize(bottom - top, right - left, components, (bits & 0x7F) + 1)


def _webp(data: bytes) -> DeclaredSize:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise ValueError("no WebP header")
    kind = data[12:16]
    if kind == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        height = int.from_bytes(data[27:30], "little") + 1
    elif kind == b"VP8L":
        (packed,) = struct.unpack_from("<I", data, 21)
        width, height = (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 ":
        width, height = (number & 0x3FFF for number in struct.unpack_from("<HH", data, 26))
    else:
        raise ValueError("no WebP picture")
    return DeclaredSize(height, width, 0, 8)


def _png(data: bytes) -> DeclaredSize:
    if data[:8] != b"\x89PNG\r\n\x1a\n" or data[12:16] != b"IHDR":
        raise ValueError("no PNG header")
    width, height, bits, kind = struct.unpack_from(">IIBB", data, 16)
    components = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}.get(kind)
    if components is None:
        raise ValueError("an unknown PNG colour type")
    return DeclaredSize(height, width, components, bits)


def _jpegxr(data: bytes) -> DeclaredSize:
    if data[:3] != b"II\xbc":
        raise ValueError("no JPEG XR header")
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    sizes: dict[int, int] = {}
    for entry in range(min(count, 256)):
        tag, kind, _, value = struct.unpack_from("<HHII", data, start + 2 + 12 * entry)
        sizes[tag] = value & 0xFFFF if kind == 3 else value
    if 0xBC80 not in sizes or 0xBC81 not in sizes:
        raise ValueError("the JPEG XR declares no size")
    # The decoder fills what is missing at the end, so a cut stream has to be noticed here.
    if sizes.get(0xBCC0, 0) + sizes.get(0xBCC1, 0) > len(data):
        raise ValueError("the JPEG XR is cut off")
    width, height = _jpegxr_stream_size(data, sizes.get(0xBCC0, 0))
    margins = range(_JPEGXR_MARGIN + 1)
    # The decoder goes by the stream, whatever its container says.
    if width - sizes[0xBC80] not in margins or height - sizes[0xBC81] not in margins:
        raise ValueError(f"the JPEG XR holds a stream of {width} x {height}")
    return DeclaredSize(sizes[0xBC81], sizes[0xBC80], 0, 0)


def _jpegxr_stream_size(data: bytes, start: int) -> tuple[int, int]:
    """Width and height in the header of the coded image (ITU-T T.832, 8.3)."""
    if data[start : start + 8] != b"WMPHOTO\0":
        raise ValueError("no JPEG XR stream")
    form = ">HH" if data[start + 10] & 0x80 else ">II"
    width, height = struct.unpack_from(form, data, start + 12)
    return width + 1, height + 1


def _lerc(data: bytes) -> DeclaredSize:
    if data[:6] != b"Lerc2 ":
        raise ValueError("no LERC 2 header")
    (version,) = struct.unpack_from("<i", data, 6)
    at = 14 if version >= 3 else 10
    height, width = struct.unpack_from("<ii", data, at)
    depth = struct.unpack_from("<i", data, at + 8)[0] if version >= 4 else 1
    return DeclaredSize(height, width, depth, 0)


_JPEGXR_MARGIN = 126
"""Pixels that a windowed stream may hold beyond the image: twice 63."""
_READERS = {
    "jpeg": _jpeg,
    "jpeg2000": _jpeg2000,
    "webp": _webp,
    "png": _png,
    "jpegxr": _jpegxr,
    "lerc": _lerc,
}
