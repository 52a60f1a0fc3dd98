"""Decompress bytes to a known size and never beyond it.

A stream that would grow past its limit is an error, not an allocation. All functions are
thread-safe and let other threads run while they work.
"""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_LZMA_BYTES = 256 * 2**20
"""Memory for the dictionary that an LZMA stream asks for (its highest preset takes 65 MiB)."""


def expand(name: str, data: bytes, limit: int) -> bytes:
    """Decompress `data` by the codec's TIFF or Zarr name to at most `limit` bytes.

    A deflate stream that holds more is cut at the limit (some writers fill the last strip up).
    Raises `ValueError` when the stream is corrupt, or too large.
    """
    expander = _EXPANDERS.get(name)
    if expander is None:
        raise ValueError(f"no way to expand {name!r}")
    try:
        return expander(data, limit)
    except (RuntimeError, OSError, EOFError, zlib.error, lzma.LZMAError, struct.error) as error:
        # imagecodecs' errors are RuntimeErrors of one class for each codec.
        raise ValueError(f"the {name} stream is corrupt ({error})") from error


def known_to_expand(name: str) -> bool:
    """Whether `expand` knows the codec."""
    return name in _EXPANDERS


def _deflate(data: bytes, limit: int) -> bytes:
    import imagecodecs

    try:
        return bytes(imagecodecs.deflate_decode(data, out=limit))
    except imagecodecs.DeflateError:
        # libdeflate refuses trailing bytes and longer streams; zlib can stop at the limit.
        return zlib.decompressobj().decompress(data, limit)


def _zlib(data: bytes, limit: int) -> bytes:
    import imagecodecs

    try:
        return bytes(imagecodecs.deflate_decode(data, out=limit))
    except imagecodecs.DeflateError:
        return _inflated(zlib.decompressobj(), data, limit)


def _gzip(data: bytes, limit: int) -> bytes:
    import imagecodecs

    try:
        return bytes(imagecodecs.gzip_decode(data, out=limit))
    except imagecodecs.DeflateError:
        return _inflated(zlib.decompressobj(wbits=31), data, limit)


def _inflated(stream: zlib._Decompress, data: bytes, limit: int) -> bytes:
    """Expand a whole stream, to its own end and its checksum."""
    found = stream.decompress(data, limit)
    if not stream.eof and (stream.decompress(stream.unconsumed_tail, 1) or not stream.eof):
        raise ValueError("the stream is cut off, or holds more than it should")
    return found


def _lzw(data: bytes, limit: int) -> bytes:
    import imagecodecs

    return bytes(imagecodecs.lzw_decode(data, out=limit))


def _packbits(data: bytes, limit: int) -> bytes:
    import imagecodecs

    return bytes(imagecodecs.packbits_decode(data, out=limit))


def _zstd(data: bytes, limit: int) -> bytes:
    import imagecodecs

    return bytes(imagecodecs.zstd_decode(data, out=limit))


def _lzma(data: bytes, limit: int) -> bytes:
    return lzma.LZMADecompressor(memlimit=MAX_LZMA_BYTES).decompress(data, limit)


def _bz2(data: bytes, limit: int) -> bytes:
    stream = bz2.BZ2Decompressor()
    found = stream.decompress(data, limit)
    if not stream.eof and (stream.decompress(b"", 1) or not stream.eof):
        raise ValueError("the stream is cut off, or holds more than it should")
    return found


def _blosc(data: bytes, limit: int) -> bytes:
    import imagecodecs

    # blosc trusts its header and would read past the end of a cut chunk.
    expanded, _, stored = struct.unpack_from("<III", data, 4)
    if stored != len(data) or expanded > limit:
        raise ValueError(f"the blosc header says {stored} bytes, there are {len(data)}")
    return bytes(imagecodecs.blosc_decode(data, numthreads=1, out=expanded))


def _lz4(data: bytes, limit: int) -> bytes:
    import imagecodecs

    # numcodecs' LZ4: the expanded size as a little-endian int32, then one block.
    (expanded,) = struct.unpack_from("<i", data)
    if not 0 <= expanded <= limit:
        raise ValueError("the lz4 header declares more than the chunk holds")
    return bytes(imagecodecs.lz4_decode(data[4:], out=expanded))


_EXPANDERS: dict[str, Callable[[bytes, int], bytes]] = {
    "deflate": _deflate,
    "zlib": _zlib,
    "gzip": _gzip,
    "lzw": _lzw,
    "packbits": _packbits,
    "zstd": _zstd,
    "lzma": _lzma,
    "bz2": _bz2,
    "blosc": _blosc,
    "lz4": _lz4,
}
