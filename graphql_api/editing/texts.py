"""Texts that people type: names and descriptions, checked once.

Surrounding blanks of a name are dropped. NUL and lone surrogates cannot be stored by PostgreSQL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_NAME = 255
MAX_DESCRIPTION = 65_536
MAX_PAIRS = 1_000
"""Key-value pairs of one annotation."""
MAX_PAIRS_AT_ONCE = 250_000
"""Key-value pairs that one request writes."""


def valid_name(text: str, path: tuple[str, ...] = ("name",)) -> str:
    """A name of 1 to 255 characters; raises `Invalid`."""
    name = storable(text, path).strip()
    if not name:
        raise Invalid("The name is empty.", hint="Give at least one character.", path=path)
    if len(name) > MAX_NAME:
        raise Invalid(
            f"The name has {len(name)} characters.", hint=f"Give at most {MAX_NAME}.", path=path
        )
    return name


def valid_description(text: str | None, path: tuple[str, ...] = ("description",)) -> str | None:
    """A description, or None; raises `Invalid`."""
    if text is None:
        return None
    if len(text) > MAX_DESCRIPTION:
        raise Invalid(
            f"The description has {len(text)} characters.",
            hint=f"Give at most {MAX_DESCRIPTION}.",
            path=path,
        )
    return storable(text, path)


def storable(text: str, path: tuple[str, ...]) -> str:
    """The text itself, when every database can hold it; raises `Invalid`."""
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Invalid(
            "The text holds a character that cannot be stored.",
            hint="Remove NUL and lone surrogates.",
            path=path,
        )
    return text


def valid_text(text: str, path: tuple[str, ...], limit: int = MAX_DESCRIPTION) -> str:
    """A text of at least one character that is no blank, kept as it was typed; raises
    `Invalid`.
    """
    if not storable(text, path).strip():
        raise Invalid("The text is empty.", hint="Give at least one character.", path=path)
    if len(text) > limit:
        raise Invalid(
            f"The text has {len(text)} characters.", hint=f"Give at most {limit}.", path=path
        )
    return text


def valid_namespace(text: str | None, path: tuple[str, ...] = ("namespace",)) -> str | None:
    """A namespace, or None; raises `Invalid`."""
    return None if text is None else valid_name(text, path)


def require_few_pairs(count: int, path: tuple[str, ...] = ("targets",)) -> None:
    """Raise `Invalid` for more pairs than one request may write."""
    if count > MAX_PAIRS_AT_ONCE:
        raise Invalid(
            f"{count} key-value pairs are too many at once.",
            hint=f"Write at most {MAX_PAIRS_AT_ONCE}: divide the targets or the table.",
            path=path,
        )


def valid_pairs(
    pairs: Iterable[tuple[str, str]], path: tuple[str, ...] = ("pairs",)
) -> tuple[tuple[str, str], ...]:
    """Key-value pairs in order: keys of 1 to 255 characters, values of any text; raises
    `Invalid` naming the pair.
    """
    found = []
    for place, (key, value) in enumerate(pairs):
        valid_description(value, (*path, str(place), "value"))
        found.append((valid_name(key, (*path, str(place), "key")), value))
    if len(found) > MAX_PAIRS:
        raise Invalid(
            f"There are {len(found)} pairs.", hint=f"Give at most {MAX_PAIRS}.", path=path
        )
    return tuple(found)
