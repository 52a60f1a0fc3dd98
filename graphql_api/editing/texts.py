"""Texts that people type: names and descriptions, checked once.

Surrounding blanks of a name are dropped. NUL and lone surrogates cannot be stored by PostgreSQL.
"""

from __future__ import annotations

from shared.errors import Invalid

MAX_NAME = 255
MAX_DESCRIPTION = 65_536


def valid_name(text: str, path: tuple[str, ...] = ("name",)) -> str:
    """A name of 1 to 255 characters; raises `Invalid`."""
    name = _storable(text, path).strip()
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
    return _storable(text, path)


def _storable(text: str, path: tuple[str, ...]) -> str:
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Invalid(
            "The text holds a character that cannot be stored.",
            hint="Remove NUL and lone surrogates.",
            path=path,
        )
    return text
