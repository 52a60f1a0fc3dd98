"""Storage in a local folder.

Symbolic links are never followed inside it, and files are never written or chmodded once their
bytes may be shared by a hard link. A hard link that the file system refuses becomes a copy.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import shutil
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from shared.errors import Conflict, NotFound
from shared.storage.protocol import CopyResult, parts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK_BYTES = 1 << 20
REFUSALS = {errno.EXDEV, errno.EMLINK, errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.ENOSYS}
"""How file systems say that they make no (further) hard link here."""
_OPEN = os.O_NOFOLLOW | os.O_CLOEXEC


class LocalStorage:
    """Files below one folder, which is made when it is missing."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root.resolve()

    def path(self, name: str) -> Path:
        """Where a reader finds the file or folder; refuses a way through symbolic links."""
        place = self.root
        for part in parts_of(name):
            place /= part
            if place.is_symlink():
                raise _missing(name)
        return place

    def open_new(self, name: str) -> BinaryIO:
        """A new file to write, with its folders; on disk once it is closed."""
        place = self._place_for(name)
        return io.BufferedWriter(_DurableFile(_create(place, name), place.parent), BLOCK_BYTES)

    def open_to_read(self, name: str) -> BinaryIO:
        """The file to read."""
        with _found(name):
            number = os.open(self.path(name), os.O_RDONLY | os.O_NONBLOCK | _OPEN)
        return io.BufferedReader(io.FileIO(_regular(number, name), "rb"))

    def open_to_continue(self, name: str) -> BinaryIO:
        """The file to write on; refused when another name shares its bytes."""
        place = self.path(name)
        with _found(name):
            number = _regular(os.open(place, os.O_RDWR | os.O_NONBLOCK | _OPEN), name)
        if os.fstat(number).st_nlink > 1:
            os.close(number)
            raise Conflict(
                f"The bytes of {name!r} are shared by another file.",
                hint="Write a new file instead.",
            )
        return io.BufferedRandom(_DurableFile(number, place.parent), BLOCK_BYTES)

    def copy_in(self, source: Path | BinaryIO, name: str, *, link: bool = False) -> CopyResult:
        """Copy a file from outside to a new name, or hard-link it where that is asked and works."""
        if not isinstance(source, Path):
            return self._copy(source, name)
        try:
            number = os.open(source, os.O_RDONLY | os.O_NONBLOCK | _OPEN)
        except OSError as error:
            raise NotFound(
                f"The file {source.name!r} cannot be opened: {error.strerror}.",
                hint="Name a regular file that the server may read; links are not followed.",
            ) from error
        with io.FileIO(_regular(number, source.name), "rb") as opened:
            if link and _link(source, self._place_for(name), name):
                return CopyResult(True, os.fstat(opened.fileno()).st_size, _sha1(opened))
            return self._copy(opened, name)

    def link(self, name: str, new_name: str) -> bool:
        """Hard-link a file, or each file of a folder; copy where links are refused."""
        source, target = self.path(name), self._place_for(new_name)
        if source.is_dir():
            if target.exists():
                raise _taken(new_name)
            linked = True
            for each in self.files(name):
                linked &= self.link(each, new_name + each.removeprefix(name))
            return linked
        with _found(name):
            if _link(source, target, new_name):
                return True
        with self.open_to_read(name) as opened:
            self._copy(opened, new_name)
        return False

    def rename(self, name: str, new_name: str) -> None:
        """Move a file or folder to a new name at once."""
        source, target = self.path(name), self._place_for(new_name)
        if target.exists():
            raise _taken(new_name)
        with _found(name):
            source.rename(target)
        _sync_folder(target.parent)

    def erase(self, name: str) -> None:
        """Remove a file or folder; a missing one is fine, a symbolic link is only unlinked."""
        parent, _, _ = name.rpartition("/")
        parts_of(name)
        try:
            place = (self.path(parent) if parent else self.root) / name.rpartition("/")[2]
            if place.is_dir() and not place.is_symlink():
                shutil.rmtree(place)
            else:
                place.unlink()
        except (FileNotFoundError, NotADirectoryError, NotFound):
            return

    def exists(self, name: str) -> bool:
        """Tell whether there is a file or folder of that name."""
        try:
            return self.path(name).exists()
        except NotFound:
            return False

    def size(self, name: str) -> int:
        """Bytes of a file, or of all files in a folder."""
        place = self.path(name)
        with _found(name):
            if place.is_dir():
                return sum(self.path(each).stat().st_size for each in self.files(name))
            return place.stat().st_size

    def files(self, name: str) -> list[str]:
        """Names of all regular files in a folder and below, sorted."""
        start = self.path(name)
        found = []
        for folder, _, members in os.walk(start):
            for member in members:
                place = Path(folder) / member
                if not place.is_symlink():
                    found.append(f"{name}/{place.relative_to(start).as_posix()}")
        return sorted(found)

    def _place_for(self, name: str) -> Path:
        place = self.path(name)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise _taken(name) from error
        return place

    def _copy(self, source: BinaryIO | io.FileIO, name: str) -> CopyResult:
        digest, size = hashlib.sha1(usedforsecurity=False), 0
        target = self.open_new(name)
        try:
            with target:
                while block := source.read(BLOCK_BYTES):
                    digest.update(block)
                    size += target.write(block)
        except BaseException:
            self.erase(name)  # half a file must not be taken for a whole one
            raise
        return CopyResult(False, size, digest.hexdigest())


class _DurableFile(io.FileIO):
    """A file that is on disk, and found in its folder, once it is closed."""

    def __init__(self, number: int, folder: Path) -> None:
        super().__init__(number, "r+b")
        self._folder = folder

    def close(self) -> None:
        if not self.closed:
            os.fsync(self.fileno())
            super().close()
            _sync_folder(self._folder)


def _create(place: Path, name: str) -> int:
    try:
        return os.open(place, os.O_RDWR | os.O_CREAT | os.O_EXCL | _OPEN, 0o644)
    except FileExistsError as error:
        raise _taken(name) from error


def _link(source: Path, target: Path, name: str) -> bool:
    try:
        os.link(source, target, follow_symlinks=False)
    except FileExistsError as error:
        raise _taken(name) from error
    except OSError as error:
        if error.errno in REFUSALS:
            return False
        raise
    return True


def _regular(number: int, name: str) -> int:
    if stat.S_ISREG(os.fstat(number).st_mode):
        return number
    os.close(number)
    raise NotFound(f"{name!r} is not a regular file.", hint="Name a file.")


def _sha1(opened: io.FileIO) -> str:
    digest = hashlib.sha1(usedforsecurity=False)
    while block := opened.read(BLOCK_BYTES):
        digest.update(block)
    return digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@contextmanager
def _found(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EISDIR}:
            raise _missing(name) from error
        raise


def _missing(name: str) -> NotFound:
    return NotFound(f"There is no stored file {name!r}.", hint="It may have been erased.")


def _taken(name: str) -> Conflict:
    return Conflict(f"There is already a stored file {name!r}.", hint="Choose another name.")
