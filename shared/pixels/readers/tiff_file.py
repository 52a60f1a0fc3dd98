"""Opening a TIFF so that nothing beside it is opened and no hostile structure is walked.

tifffile follows file names in OME-XML, Micro-Manager and NDTiff files unless told not to, and finds
a loop of directories only among the first hundred; both are dealt with here, before it reads.
"""

from __future__ import annotations

import contextlib
import logging
import os
import struct
from contextvars import ContextVar
from typing import IO, TYPE_CHECKING, Any

from shared.errors import BrokenFile, TesseraError, Unsupported
from shared.pixels.beneath import Folder
from shared.pixels.xml import parse_xml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tifffile import TiffFile

MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
MAX_PAGES = 1_000_000
# A library may raise nearly anything on hostile bytes: these are what tifffile and numpy let out.
LIBRARY_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
)


_messages: ContextVar[list[str] | None] = ContextVar("tiff_messages", default=None)


class _Collected(logging.Handler):
    """Hands what tifffile logs to whoever is reading in this thread, instead of printing it."""

    def emit(self, record: logging.LogRecord) -> None:
        messages = _messages.get()
        if messages is not None and record.levelno >= logging.WARNING:
            messages.append(record.getMessage()[:500])


_HANDLER = _Collected()


@contextlib.contextmanager
def translated(name: str) -> Iterator[None]:
    """Turn the exceptions of tifffile and its codecs into `BrokenFile` naming the file."""
    try:
        yield
    except TesseraError:
        raise
    except LIBRARY_ERRORS as exc:
        if type(exc).__name__ == "DelayedImportError":
            raise Unsupported(
                f"{name!r} is compressed in a way that this installation cannot decode: {exc}.",
                hint="Convert the file to OME-TIFF with deflate, zstd or JPEG compression.",
            ) from exc
        raise broken(name, _reason(exc)) from exc


@contextlib.contextmanager
def _collected(messages: list[str] | None) -> Iterator[None]:
    """Keep what tifffile logs meanwhile in `messages`."""
    logger = logging.getLogger("tifffile")
    logger.addHandler(_HANDLER)
    logger.propagate = False
    token = _messages.set(messages)
    try:
        yield
    finally:
        _messages.reset(token)


def _reason(exc: BaseException) -> str:
    if isinstance(exc, MemoryError):
        return "it asks for more memory than it may have"
    return str(exc)[:300] or type(exc).__name__


def broken(name: str, reason: str) -> BrokenFile:
    """Answer the error for a TIFF that contradicts itself."""
    return BrokenFile(
        f"{name!r} is a broken TIFF: {reason}.",
        hint="Compare it with its source, and transfer or export it again.",
    )


def is_tiff(root: Path, name: str) -> bool:
    """Whether the file starts as classic TIFF or BigTIFF of either byte order."""
    try:
        with _file(root, name) as file:
            return file.read(4) in MAGIC
    except BrokenFile:
        return False


@contextlib.contextmanager
def _file(root: Path, name: str) -> Iterator[IO[bytes]]:
    """Open a name below the fileset's folder; links are not followed."""
    folder = Folder(root)
    try:
        found = folder.open(name)
        if found is None:
            raise BrokenFile(f"{name!r} is not there.", hint="Check that it was stored in full.")
        with os.fdopen(os.dup(found.descriptor), "rb") as file:
            yield file
    finally:
        folder.close()


@contextlib.contextmanager
def opened(root: Path, name: str, messages: list[str] | None = None) -> Iterator[TiffFile]:
    """Open a TIFF for reading its structure; closes it afterwards.

    Raises `BrokenFile` when it is truncated, loops, or its XML is hostile.
    """
    import tifffile

    with (
        _file(root, name) as file,
        translated(name),
        _collected(messages),
    ):
        _walk_directories(file, name)
        flags: dict[str, Any] = {"is_mmstack": False, "is_ndtiff": False}
        file.seek(0)
        shown = name.rpartition("/")[2]
        with tifffile.TiffFile(file, name=shown, _multifile=False, **flags) as tif:
            if not tif.pages:
                raise broken(name, "it holds no image")
            _check_descriptions(tif, name)
            yield tif


def _walk_directories(file: IO[bytes], name: str) -> None:
    """Follow the chain of directories once: it must stay in the file and never return."""
    size = os.fstat(file.fileno()).st_size
    header = file.read(16)
    if header[:4] not in MAGIC or len(header) < 8:
        raise broken(name, "it does not start like a TIFF, or ends within its first bytes")
    order = "<" if header[:2] == b"II" else ">"
    big = header[2:4] in {b"+\0", b"\0+"}
    if big and len(header) < 16:
        raise broken(name, "it ends within its first bytes")
    if not big and name.lower().endswith(".ndpi") and size >= 2**32:
        return  # NDPI keeps the high halves of its offsets elsewhere; tifffile knows where.
    count_format, entry, link = (
        (f"{order}Q", 20, f"{order}Q") if big else (f"{order}H", 12, f"{order}I")
    )
    offset = struct.unpack(link, header[8:16] if big else header[4:8])[0]
    seen: set[int] = set()
    while offset:
        if offset in seen:
            raise broken(name, "its chain of pages runs in a circle")
        if offset + 8 > size:
            raise broken(name, f"it is truncated: page {len(seen)} should start at {offset:,}")
        seen.add(offset)
        if len(seen) > MAX_PAGES:
            raise Unsupported(
                f"{name!r} has more than {MAX_PAGES:,} pages.",
                hint="Split it, or convert it to OME-Zarr.",
            )
        file.seek(offset)
        width = struct.calcsize(count_format)
        (count,) = struct.unpack(count_format, file.read(width))
        if count > 4096:
            raise broken(name, f"page {len(seen) - 1} claims {count:,} tags")
        file.seek(offset + width + count * entry)
        data = file.read(struct.calcsize(link))
        if len(data) < struct.calcsize(link):
            raise broken(name, f"it is truncated within page {len(seen) - 1}")
        (offset,) = struct.unpack(link, data)


def _check_descriptions(tif: TiffFile, name: str) -> None:
    """Look at XML with our own parser before tifffile parses it with one that has no limits."""
    first = tif.pages.first
    texts: list[Any] = [first.description, first.description1]
    extra = first.tags.valueof(700)
    if isinstance(extra, bytes):
        texts.append(extra.decode("utf-8", "replace"))
    for text in texts:
        if isinstance(text, str) and text.lstrip("\ufeff \r\n\t").startswith("<"):
            parse_xml(text, f"XML description of {name!r}")
