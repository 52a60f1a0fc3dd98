"""Which reader knows a fileset: by entry point, a cheap look at the files, and priority.

Other packages add formats under the entry point group `tessera.readers`; our own readers are known
without one, so that a checkout that was never installed works too.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from shared.errors import MissingReader, UnknownFormat

if TYPE_CHECKING:
    from pathlib import Path

    from shared.pixels.reader import Reader

GROUP = "tessera.readers"
OWN_READERS = {
    "ome_zarr": "shared.pixels.readers.ome_zarr:OmeZarrReader",
    "picture": "shared.pixels.readers.picture:PictureReader",
    "tiff": "shared.pixels.readers.tiff:TiffReader",
}


@lru_cache(maxsize=1)
def readers() -> tuple[Reader, ...]:
    """Answer every reader, in the order in which they are asked."""
    named = {**{point.name: point.value for point in entry_points(group=GROUP)}, **OWN_READERS}
    found = [_load(value) for value in named.values()]
    return tuple(sorted(found, key=lambda reader: (reader.priority, reader.name)))


def reader_named(name: str) -> Reader:
    """Answer the reader that once inspected a fileset; raises `MissingReader` when it is gone."""
    for reader in readers():
        if reader.name == name:
            return reader
    raise MissingReader(
        f"The reader {name!r} that this file needs is not installed.",
        hint=f"Installed are {', '.join(sorted(reader.name for reader in readers()))}.",
    )


def reader_for(root: Path, files: tuple[str, ...]) -> Reader:
    """Answer the first reader that recognises the files; raises `UnknownFormat` when none does.

    `root` is the fileset's folder and `files` the names in it.
    """
    for reader in readers():
        if reader.recognises(root, files):
            return reader
    if len(files) == 1 and _is_empty(root / files[0]):
        raise UnknownFormat(f"{files[0]!r} is empty.", hint="Copy it again from its source.")
    shown = files[0] if files else "an empty folder"
    suffixes = sorted({suffix for reader in readers() for suffix in reader.suffixes})
    raise UnknownFormat(f"No reader knows {shown!r}.", hint=f"Supported are {', '.join(suffixes)}.")


def _is_empty(path: Path) -> bool:
    return path.is_file() and path.stat().st_size == 0


def _load(value: str) -> Reader:
    module, _, attribute = value.partition(":")
    reader: Reader = getattr(import_module(module), attribute)()
    return reader
