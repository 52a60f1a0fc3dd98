"""What a place for bytes must offer.

Names are relative, with `/` between their parts, and never change their bytes once they are
complete: whoever needs other bytes takes another name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol, runtime_checkable

from shared.errors import Invalid

if TYPE_CHECKING:
    from pathlib import Path

MAX_PART_BYTES = 255
"""Longest part of a name that common file systems take, in bytes of UTF-8."""
MAX_NAME_BYTES = 3000


@dataclass(frozen=True, slots=True)
class CopyResult:
    """What came of copying a file: hard-linked or not, its size in bytes, its SHA-1 in hex."""

    linked: bool
    size: int
    sha1: str


@runtime_checkable
class Storage(Protocol):
    """A place for files by name. Every method raises `Invalid` for a name that could lead out."""

    def path(self, name: str) -> Path:
        """Where a reader finds the file or folder; it need not exist.

        Raises `NotFound` when a symbolic link stands on the way.
        """
        ...

    def open_new(self, name: str) -> BinaryIO:
        """A new file to write, with its folders; on disk once it is closed.

        Raises `Conflict` when the name is taken.
        """
        ...

    def open_to_read(self, name: str) -> BinaryIO:
        """The file to read, from any position. Raises `NotFound`."""
        ...

    def open_to_continue(self, name: str) -> BinaryIO:
        """The file to write on, at any position, as an upload needs it.

        Raises `NotFound`, and `Conflict` when the bytes are shared with another name.
        """
        ...

    def copy_in(self, source: Path | BinaryIO, name: str, *, link: bool = False) -> CopyResult:
        """Copy a file from outside to a new name; with `link`, hard-link it where possible.

        Raises `NotFound` when the source is no regular file, `Conflict` when the name is taken.
        """
        ...

    def link(self, name: str, new_name: str) -> bool:
        """Give the bytes of a file, or of each file of a folder, a second name.

        Answers False when some had to be copied. Raises `NotFound` and `Conflict`.
        """
        ...

    def rename(self, name: str, new_name: str) -> None:
        """Move a file or folder to a new name at once. Raises `NotFound` and `Conflict`."""
        ...

    def erase(self, name: str) -> None:
        """Remove a file or folder; a missing one is fine."""
        ...

    def exists(self, name: str) -> bool:
        """Tell whether there is a file or folder of that name."""
        ...

    def size(self, name: str) -> int:
        """Bytes of a file, or of all files in a folder. Raises `NotFound`."""
        ...

    def files(self, name: str) -> list[str]:
        """Names of all files in a folder and below, sorted; none when it is missing."""
        ...


def parts_of(name: str) -> tuple[str, ...]:
    """The parts of a name. Raises `Invalid` when it is absolute, empty or leads out."""
    parts = tuple(name.split("/"))
    if (
        any(_is_bad(part) for part in parts)
        or len(name.encode("utf-8", "replace")) > MAX_NAME_BYTES
    ):
        raise Invalid(
            f"{name[:200]!r} is not a storage name.",
            hint="Names are relative, with parts of 1 to 255 bytes, none of them '.' or '..'.",
        )
    return parts


def _is_bad(part: str) -> bool:
    if part in {"", ".", ".."} or "\0" in part:
        return True
    try:
        return len(part.encode()) > MAX_PART_BYTES
    except UnicodeEncodeError:  # a lone surrogate has no bytes
        return True
