"""Which files form one fileset: each path, each single upload, or the uploads of one top folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from graphql_api.importing.request import checked_name
from graphql_api.importing.roots import SourceFile
from shared.errors import Invalid, NotFound
from shared.storage.locator import upload_file

if TYPE_CHECKING:
    from collections.abc import Iterable

    from graphql_api.importing.request import UploadedFile
    from shared.storage import Storage


@dataclass(frozen=True, slots=True)
class PlannedFileset:
    """The files of one fileset to be; `title` is what people call it."""

    title: str
    files: tuple[SourceFile, ...]
    are_uploads: bool


def of_path(path: str, files: tuple[SourceFile, ...]) -> PlannedFileset:
    """The fileset of a server path."""
    return PlannedFileset(Path(path).name, files, are_uploads=False)


def of_uploads(uploads: Iterable[UploadedFile], storage: Storage) -> tuple[PlannedFileset, ...]:
    """Group uploads: those below one folder belong together, a single file stands alone.

    Raises `Invalid` when two uploads have the same name, `NotFound` when one's bytes are gone.
    """
    groups: dict[str, list[SourceFile]] = {}
    for number, upload in enumerate(uploads):
        name = checked_name(upload.name)
        path = storage.path(upload_file(upload.uuid))
        if not path.is_file():
            raise NotFound(
                f"The bytes of {name[:120]!r} are not kept any more.",
                path=("source", "uploads"),
                hint="Upload the file again.",
            )
        top, slash, _ = name.partition("/")
        key = top if slash else f"{name}\0{number}"
        groups.setdefault(key, []).append(SourceFile(path, name))
    planned = []
    for key, files in groups.items():
        names = [file.name for file in files]
        if len(set(names)) != len(names):
            raise Invalid(
                f"Two uploads of {key.partition(chr(0))[0]!r} have the same name.",
                path=("source", "uploads"),
                hint="Upload each file of a folder once.",
            )
        title = key.partition("\0")[0]
        ordered = tuple(sorted(files, key=lambda file: file.name))
        planned.append(PlannedFileset(title, ordered, are_uploads=True))
    return tuple(planned)
