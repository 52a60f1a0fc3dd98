"""Inspecting a stranger's file: registry and reader in a limited child, the answer as plain values.

Call `inspect_limited`; `inspect_here` is what runs inside the child, and is for files of our own.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from shared.errors import BrokenFile
from shared.pixels.answer_types import has_declared_types
from shared.pixels.limited import InspectionLimits, run_limited
from shared.pixels.metadata import InspectedFileset
from shared.pixels.reader import InspectOptions

if TYPE_CHECKING:
    from shared.pixels.chunk_index import ImageIndex
    from shared.pixels.reader import OpenRequest

__all__ = ["InspectionLimits", "index_here", "inspect_here", "inspect_limited", "run_limited"]


def inspect_limited(
    root: Path,
    files: tuple[str, ...],
    options: InspectOptions | None = None,
    limits: InspectionLimits | None = None,
) -> InspectedFileset:
    """Describe a fileset in a child process; `files` are names relative to `root`.

    Raises `UnknownFormat`, `MissingReader`, `BrokenFile`, `Unsupported` or `Invalid` as the reader
    does, and `BrokenFile` naming the limit when the child hits one.
    """
    found = run_limited(
        "shared.pixels.inspection:inspect_here",
        (str(Path(root).absolute()), tuple(files), options or InspectOptions()),
        limits,
    )
    if not has_declared_types(found, InspectedFileset) or not set(found.used_files) <= set(files):
        raise BrokenFile(
            "The file made its reader answer nonsense.",
            hint="It may be damaged or hostile; do not import it.",
        )
    described: InspectedFileset = found
    return described


def inspect_here(root: str, files: tuple[str, ...], options: InspectOptions) -> InspectedFileset:
    """Describe a fileset in this process, without limits."""
    from shared.pixels.registry import reader_for

    folder = Path(root)
    return reader_for(folder, files).inspect(folder, files, options)


def index_here(reader: str, root: str, request: OpenRequest) -> ImageIndex | None:
    """Build an image's chunk index in this process; for `run_limited`, like `inspect_here`."""
    from shared.pixels.registry import reader_named

    return reader_named(reader).index(Path(root), request)
