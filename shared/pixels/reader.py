"""What every format must offer: recognise a fileset, describe it, open it, index its chunks.

A reader is handed the names that belong to the fileset and opens nothing else: a name that it finds
inside a file is data, never a path to follow. Heavy libraries are imported inside the methods.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from shared.pixels.chunk_index import ImageIndex
    from shared.pixels.metadata import InspectedFileset
    from shared.pixels.source import Dimensions, PixelSource


class Priority(IntEnum):
    """Who is asked first when several readers recognise the same files: lower wins."""

    PREFERRED = 10
    HIGH = 20
    MEDIUM = 50
    FALLBACK = 100


@dataclass(frozen=True, slots=True)
class InspectOptions:
    """What the person who imports may say about files that do not speak for themselves."""

    axes: str | None = None
    """The stored axes from slowest to fastest, such as "TYX" or "ZCYX"; overrides the file."""


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """Which image of a fileset to open; what `InspectedFileset` answered at import."""

    used_files: tuple[str, ...]
    """Paths relative to the fileset's folder, `/`-separated, in the reader's order."""
    series: int
    """`InspectedImage.series` of the image."""
    axes: str | None = None
    """`InspectOptions.axes` given at import: the pages have to be understood the same way again."""
    dimensions: Dimensions | None = None
    """What the database remembers; when given, a file that now differs is a `BrokenFile`."""


class Reader(Protocol):
    """One format or family of formats; stateless, and one object serves every thread."""

    @property
    def name(self) -> str:
        """Entry-point name, stored with the fileset so that the same reader opens it again."""
        ...

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Usual endings of file names, lower case with the dot; shown to people, never trusted."""
        ...

    @property
    def priority(self) -> int:
        """A member of `Priority`, or a number between two of them."""
        ...

    def recognises(self, root: Path, files: tuple[str, ...]) -> bool:
        """Whether this reader knows the files, by a cheap look at magic bytes or folder marks.

        `root` is the fileset's folder and `files` the names in it (one TIFF; all files of a Zarr
        folder, such as `name.zarr/0/.zarray`). Never raises for what the files contain.
        """
        ...

    def inspect(
        self, root: Path, files: tuple[str, ...], options: InspectOptions
    ) -> InspectedFileset:
        """Describe everything in the fileset.

        Raises `BrokenFile`, `Unsupported`, `MissingReader`, or `Invalid` for the options.
        """
        ...

    def open(self, root: Path, request: OpenRequest) -> PixelSource:
        """Open one image through the format's library; raises as `inspect` does."""
        ...

    def index(self, root: Path, request: OpenRequest) -> ImageIndex | None:
        """Say where each chunk lies, or None when its chunks cannot be read by themselves."""
        ...
