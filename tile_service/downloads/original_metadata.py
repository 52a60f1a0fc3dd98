"""All metadata of a file as text, in the two sections that OMERO's download has.

One pair stands on one line: line breaks inside a value are written as `\\n`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tile_service.downloads.files import KeptMetadata


def as_text(kept: KeptMetadata) -> bytes:
    """The global pairs and those of the image's own series, as UTF-8."""
    lines = ["[Global Metadata]", *map(_line, kept.of_all)]
    lines += ["", "[Series Metadata]", *map(_line, kept.of_series)]
    if kept.warnings:
        lines += ["", "[Import Warnings]", *map(_one_line, kept.warnings)]
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def _line(pair: tuple[str, str]) -> str:
    return f"{_one_line(pair[0])}={_one_line(pair[1])}"


def _one_line(text: str) -> str:
    return (
        text.replace("\\", "\\\\").replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")
    )
