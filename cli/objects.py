"""What people type for objects: `Image:51-54,56`, `Project/Dataset/Image:51`, and how ids print.

A range is runs of three and more as `51-53`; two in a row print as `51,52`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cli.classes import KNOWN
from shared.errors import Invalid

_OBJECT = re.compile(r"/?((?:[A-Z][A-Za-z]*/)*[A-Z][A-Za-z]*):(.+)")
_PIECE = re.compile(r"([1-9][0-9]{0,18})(?:-([1-9][0-9]{0,18}))?")
MAX_RANGE = 100_000


@dataclass(frozen=True, slots=True)
class Objects:
    """Objects of one class, perhaps only where to begin: `way` leads down from them."""

    class_name: str
    ids: tuple[int, ...]
    way: tuple[str, ...] = ()
    is_ranged: bool = False

    @property
    def refs(self) -> list[str]:
        """As the API names them."""
        return [f"{self.class_name}:{number}" for number in self.ids]

    def __str__(self) -> str:
        start = f"/{self.way[-1]}" if self.way else ""
        return f"{self.class_name}{start}:{compressed(self.ids)}"


def parse_objects(text: str) -> Objects:
    """Read `Class:ids` or `Class/Class:ids`; raises `Invalid`."""
    match = _OBJECT.fullmatch(text.strip())
    if match is None:
        raise Invalid(
            f"{text!r} names no objects.", hint="Write Image:51-54,56 or Project/Image:51."
        )
    names = match[1].split("/")
    for name in names:
        if name not in KNOWN:
            raise Invalid(f"There is no class {name!r}.", hint="See --list for the legal ones.")
    ids, is_ranged = _ids(match[2], text)
    return Objects(names[0], ids, tuple(names[1:]), is_ranged)


def _ids(text: str, whole: str) -> tuple[tuple[int, ...], bool]:
    found: set[int] = set()
    is_ranged = False
    for piece in text.split(","):
        match = _PIECE.fullmatch(piece.strip())
        if match is None:
            raise Invalid(f"{piece!r} in {whole!r} is no id.", hint="Write 51-54,56.")
        first, last = int(match[1]), int(match[2] or match[1])
        is_ranged = is_ranged or match[2] is not None
        if not first <= last < first + MAX_RANGE:
            raise Invalid(
                f"{piece!r} is no range of ids.", hint=f"From smaller to larger, {MAX_RANGE} ids."
            )
        found.update(range(first, last + 1))
    return tuple(sorted(found)), is_ranged


def split_words(values: Iterable[str] | None) -> list[str]:
    """Lists given with commas or spaces, or by repeating an option."""
    return [word for value in values or () for word in re.split(r"[,\s]+", value) if word]


def compressed(ids: Iterable[int]) -> str:
    """Ids as reports print them: `51-53,56`."""
    return compressed_ranges((number, number) for number in ids)


def compressed_ranges(ranges: Iterable[tuple[int, int]]) -> str:
    """The same from ranges that may touch."""
    runs: list[list[int]] = []
    for first, last in sorted(ranges):
        if runs and first <= runs[-1][1] + 1:
            runs[-1][1] = max(runs[-1][1], last)
        else:
            runs.append([first, last])
    words = []
    for first, last in runs:
        if last - first > 1:
            words.append(f"{first}-{last}")
        else:
            words += [str(number) for number in range(first, last + 1)]
    return ",".join(words)


def ranges_of(text: str) -> list[tuple[int, int]]:
    """The ranges of the API's `idRanges`."""
    found = []
    for piece in text.split(",") if text else ():
        first, _, last = piece.partition("-")
        found.append((int(first), int(last or first)))
    return found


def gather_lists(arguments: Sequence[str], options: frozenset[str]) -> list[str]:
    """Fold `--include TagAnnotation FileAnnotation` into one value: class names that follow a
    list option belong to it.
    """
    found: list[str] = []
    listing = False
    for word in arguments:
        if listing and all(name in KNOWN for name in split_words([word])) and word.strip():
            found[-1] = f"{found[-1]},{word}"
            continue
        listing = bool(found) and found[-1] in options
        found.append(word)
    return found
