"""Opening a TIFF so that nothing beside it is opened and no hostile structure is walked.

tifffile follows file names in OME-XML, Micro-Manager and NDTiff files unless told not to, and finds
a loop of directories only among the first hundred; both are dealt with here, before it reads.
"""

from __future__ import annotations

import contextlib
import logging
import struct
from typing import TYPE_CHECKING, Any

from shared.errors import BrokenFile, TesseraError, Unsupported
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


class _Collected(logging.Handler):
    """Keeps what tifffile logs, so that it reaches the person and not the console."""

    def __init__(self, messages: list[str]) -> None:
        super().__init__(logging.WARNING)
        self.messages = messages

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage()[:500])


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
def _collected(messages: list[str]) -> Iterator[None]:
    """Keep what tifffile logs meanwhile, instead of printing it."""
    logger = logging.getLogger("tifffile")
    handler = _Collected(messages)
    propagate = logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate


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


def is_tiff(path: Path) -> bool:
    """Whether the file starts as classic TIFF or BigTIFF of either byte order."""
    try:
        with path.open("rb") as file:
            return file.read(4) in MAGIC
    except OSError:
        return False


@contextlib.contextmanager
def opened(path: Path, name: str, messages: list[str] | None = None) -> Iterator[TiffFile]:
    """Open a TIFF for reading its structure; closes it afterwards.

    Raises `BrokenFile` when it is truncated, loops, or its XML is hostile.
    """
    import tifffile

    with translated(name), _collected([] if messages is None else messages):
        _walk_directories(path, name)
        flags: dict[str, Any] = {"is_mmstack": False, "is_ndtiff": False}
        with tifffile.TiffFile(path, _multifile=False, **flags) as tif:
            if not tif.pages:
                raise broken(name, "it holds no image")
            _check_descriptions(tif, name)
            yield tif


def _walk_directories(path: Path, name: str) -> None:
    """Follow the chain of directories once: it must stay in the file and never return."""
    size = path.stat().st_size
    with path.open("rb") as file:
        header = file.read(16)
        if header[:4] not in MAGIC or len(header) < 8:
            raise broken(name, "it does not start like a TIFF, or ends within its first bytes")
        order = "<" if header[:2] == b"II" else ">"
        big = header[2:4] in {b"+\0", b"\0+"}
        if big and len(header) < 16:
            raise broken(name, "it ends within its first bytes")
        if not big and path.suffix.lower() == ".ndpi" and size >= 2**32:
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
