"""Open files below one folder and nowhere else: no absolute name, no `..`, no link is followed.

Every name is opened component by component (`openat`, `O_NOFOLLOW`), so a link that appears later
changes nothing. An `OpenFile` closes itself when the last thread lets go of it.
"""

from __future__ import annotations

import os
import stat
from collections import OrderedDict
from pathlib import Path
from threading import Lock

from shared.errors import BrokenFile, Conflict

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: opening a pipe must not wait for a writer; it means nothing for a regular file.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


_NOT_WAITING: int | None = getattr(os, "RWF_NOWAIT", None)
"""Linux only: elsewhere every read may wait."""


class OpenFile:
    """A descriptor with an owner: closed when nobody holds the object any more."""

    __slots__ = ("descriptor", "size")

    def __init__(self, descriptor: int, size: int) -> None:
        self.descriptor = descriptor
        self.size = size

    def read(self, offset: int, length: int) -> bytes:
        """Answer `length` bytes from `offset`; fewer only where the file ends."""
        data = os.pread(self.descriptor, length, offset)
        if len(data) == length or not data:
            return data
        parts = [data]
        done = len(data)
        while done < length and data:
            data = os.pread(self.descriptor, length - done, offset + done)
            parts.append(data)
            done += len(data)
        return b"".join(parts)

    def read_at_once(self, offset: int, length: int) -> bytearray | None:
        """Answer the bytes when the system holds all of them in memory, else None."""
        if _NOT_WAITING is None:
            return None
        buffer = bytearray(length)
        try:
            done = os.preadv(self.descriptor, [buffer], offset, _NOT_WAITING)
        except OSError:
            # not in memory, or a file system that cannot tell
            return None
        return buffer if done == length else None

    def __del__(self) -> None:
        os.close(self.descriptor)


def checked_parts(name: str) -> tuple[str, ...]:
    """Split a `/`-separated relative name; raises `BrokenFile` when it could leave its folder."""
    parts = tuple(part for part in name.split("/") if part not in {"", "."})
    if not parts or name.startswith("/") or ".." in parts or "\\" in name or "\0" in name:
        raise BrokenFile(
            f"The name {name[:200]!r} does not stay inside the fileset.",
            hint="Names inside a file must be relative and point to its own parts.",
        )
    return parts


class Folder:
    """Files below `root`, with a bounded number of descriptors kept open. Thread-safe."""

    def __init__(self, root: Path, *, keep_open: int = 64) -> None:
        """Raise `BrokenFile` when the folder is not there."""
        self.root = root
        self._keep_open = keep_open
        self._kept: OrderedDict[tuple[str, ...], OpenFile] = OrderedDict()
        self._lock = Lock()
        try:
            descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise BrokenFile(
                f"The folder {root.name!r} of the image cannot be opened: {error.strerror}.",
                hint="Check that the stored files are still there and readable.",
            ) from error
        self._root: OpenFile | None = OpenFile(descriptor, 0)

    def open(self, name: str, *, keep: bool = True) -> OpenFile | None:
        """Open a regular file, or answer None when there is none of that name.

        `keep` leaves it open for the next call: right for few large files, not for one per chunk.
        Raises `BrokenFile` for names that leave the folder, links and anything but a plain file.
        """
        parts = checked_parts(name)
        if keep:
            kept = self._look_up(parts)
            if kept is not None:
                return kept
        try:
            parent = self._directory(parts[:-1])
            descriptor = os.open(parts[-1], _FILE, dir_fd=parent.descriptor)
        except (FileNotFoundError, NotADirectoryError) as error:
            if isinstance(error, NotADirectoryError) and self._is_link(parts):
                raise _not_plain(name) from error
            return None
        except OSError as error:
            raise _not_plain(name) from error
        status = os.fstat(descriptor)
        found = OpenFile(descriptor, status.st_size)
        if not stat.S_ISREG(status.st_mode):
            raise _not_plain(name)
        if keep:
            self._keep(parts, found)
        return found

    def kept(self, name: str) -> OpenFile | None:
        """The file when it is open already; never touches the disk."""
        return self._look_up(tuple(name.split("/")))

    def close(self) -> None:
        """Let go of everything; opening afterwards raises `Conflict`."""
        with self._lock:
            self._kept.clear()
            self._root = None

    def _directory(self, parts: tuple[str, ...]) -> OpenFile:
        if not parts:
            root = self._root
            if root is None:
                raise Conflict("This image has been closed.", hint="Open it again to read from it.")
            return root
        kept = self._look_up((*parts, ""))
        if kept is not None:
            return kept
        parent = self._directory(parts[:-1])
        found = OpenFile(os.open(parts[-1], _DIRECTORY, dir_fd=parent.descriptor), 0)
        self._keep((*parts, ""), found)
        return found

    def _is_link(self, parts: tuple[str, ...]) -> bool:
        # A link where a folder should be answers ENOTDIR under O_DIRECTORY | O_NOFOLLOW.
        path = self.root
        for part in parts:
            path = path / part
            if path.is_symlink():
                return True
        return False

    def _look_up(self, key: tuple[str, ...]) -> OpenFile | None:
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def _keep(self, key: tuple[str, ...], found: OpenFile) -> None:
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > self._keep_open:
                self._kept.popitem(last=False)


def _not_plain(name: str) -> BrokenFile:
    return BrokenFile(
        f"{name[:200]!r} is not a plain file that can be read.",
        hint="Links and special files inside an image are not followed; import the real files.",
    )
