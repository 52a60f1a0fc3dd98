"""Server paths: only below `TESSERA_IMPORT_ROOTS`, opened without following links.

Whatever lies outside, or is not there, or belongs to another group's root, is the same `NotFound`.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from graphql_api.importing.request import checked_name
from shared.errors import Invalid, NotFound, Unsupported

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.settings import Settings

MAX_FILES = 200_000
"""More files than this in one folder are refused: a plate belongs to a later import."""


@dataclass(frozen=True, slots=True)
class ImportRoot:
    """A folder of the server and the names of the groups that may import from it (empty: all)."""

    folder: Path
    groups: frozenset[str]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to be gathered: where it is and its name below the fileset's folder."""

    path: Path
    name: str


def import_roots(settings: Settings, *, has_demo: bool) -> tuple[ImportRoot, ...]:
    """The folders of `TESSERA_IMPORT_ROOTS`; the demo has its own."""
    roots = []
    for item in settings.import_roots.split(";"):
        folder, _, groups = item.strip().partition("=")
        if not folder:
            continue
        if not Path(folder).is_absolute():
            raise Invalid(
                f"TESSERA_IMPORT_ROOTS names {folder!r}, which is not an absolute path.",
                hint="Use absolute folders, separated by ';'.",
            )
        names = frozenset(name.strip() for name in groups.split(",") if name.strip())
        roots.append(ImportRoot(Path(folder), names))
    if has_demo:
        roots.append(ImportRoot(settings.demo_images_dir, frozenset()))
    return tuple(roots)


def source_files(
    path: str, roots: tuple[ImportRoot, ...], group_name: str, data_dir: Path
) -> tuple[SourceFile, ...]:
    """The files that a server path stands for: itself, or all below a folder.

    Raises `NotFound` for everything that may not be imported from.
    """
    missing = NotFound(
        f"There is nothing to import at {path[:200]!r}.",
        path=("source", "paths"),
        hint="Server paths lie below the folders that the operator allows.",
    )
    if "\0" in path or not path.startswith("/") or ".." in Path(path).parts:
        raise missing
    chosen = Path(path)
    allowed = any(
        chosen.is_relative_to(root.folder)
        and chosen != root.folder
        and _has_no_link(root.folder, chosen)
        and (not root.groups or group_name in root.groups)
        for root in roots
    )
    if not allowed or _overlap(chosen.resolve(), data_dir.resolve()):
        raise missing
    status = chosen.lstat()
    if stat.S_ISREG(status.st_mode):
        return (SourceFile(chosen, checked_name(chosen.name)),)
    if not stat.S_ISDIR(status.st_mode):
        raise missing
    files = tuple(_walk(chosen, chosen.name))
    if not files:
        raise missing
    return files


def _overlap(path: Path, data_dir: Path) -> bool:
    """Whether one of two resolved paths lies in the other: both directions would show our files."""
    return path.is_relative_to(data_dir) or data_dir.is_relative_to(path)


def _has_no_link(root: Path, path: Path) -> bool:
    """Whether `path` exists and no part of it below `root` is a link."""
    current = root
    for part in path.relative_to(root).parts:
        current = current / part
        try:
            if stat.S_ISLNK(current.lstat().st_mode):
                return False
        except OSError:
            return False
    return True


def _walk(folder: Path, name: str) -> Iterator[SourceFile]:
    count = 0
    pending = [(folder, name)]
    while pending:
        current, prefix = pending.pop()
        with os.scandir(current) as entries:
            for entry in sorted(entries, key=lambda each: each.name):
                inner = checked_name(f"{prefix}/{entry.name}")
                if entry.is_symlink():
                    raise Unsupported(
                        f"{inner} is a link.", hint="A folder to be imported holds no links."
                    )
                if entry.is_dir(follow_symlinks=False):
                    pending.append((Path(entry.path), inner))
                elif entry.is_file(follow_symlinks=False):
                    count += 1
                    if count > MAX_FILES:
                        raise Unsupported(f"{name} holds more than {MAX_FILES:,} files.")
                    yield SourceFile(Path(entry.path), inner)
