"""What may be written into an account: logins, names and addresses, checked once.

A login must be told from every other at a glance, for people type and grant by it: no blanks or
invisible letters, no letters of two scripts (a Cyrillic `о` in `root`), and logins that differ only
in case or in Unicode form are one.
"""

from __future__ import annotations

import re
import unicodedata

from graphql_api.editing.texts import valid_name
from shared.auth.passwords import MAX_LENGTH
from shared.errors import Invalid

MAX_LOGIN = 100
MAX_EMAIL = 254
SHORTEST_PASSWORD = 8
_ONE_SCRIPT = ({"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"}, {"CJK", "HANGUL"})
"""Scripts that are written together."""


def valid_login(text: str, path: tuple[str, ...] = ("login",)) -> str:
    """A login of 1 to 100 visible characters of one script; raises `Invalid`."""
    login = unicodedata.normalize("NFC", text)
    if not login or len(login) > MAX_LOGIN:
        raise Invalid(
            f"A login has 1 to {MAX_LOGIN} characters; this one has {len(login)}.",
            hint="Give a short name without blanks.",
            path=path,
        )
    odd = [letter for letter in login if unicodedata.category(letter)[0] in "CZ"]
    if odd:
        raise Invalid(
            f"The login holds the character U+{ord(odd[0]):04X}, which cannot be seen.",
            hint="Use letters, digits and signs, without blanks.",
            path=path,
        )
    scripts = _scripts(login)
    if len(scripts) > 1 and not any(scripts <= together for together in _ONE_SCRIPT):
        raise Invalid(
            f"The login mixes letters of {' and '.join(sorted(scripts)).title()}.",
            hint="Letters of other scripts can look like those of another login.",
            path=path,
        )
    return login


def valid_group_name(text: str, path: tuple[str, ...] = ("name",)) -> str:
    """A group's name of 1 to 255 characters that can all be seen; raises `Invalid`.

    A word of Latin and Cyrillic letters is refused, for it looks like another name; Greek ones may
    stand beside Latin ones, as they do in names of genes.
    """
    name = " ".join(unicodedata.normalize("NFC", valid_name(text, path)).split())
    odd = [letter for letter in name if unicodedata.category(letter).startswith("C")]
    if odd:
        raise Invalid(
            f"The name holds the character U+{ord(odd[0]):04X}, which cannot be seen.",
            hint="Remove it.",
            path=path,
        )
    for word in re.findall(r"\w+", name):
        if {"LATIN", "CYRILLIC"} <= _scripts(word):
            raise Invalid(
                f"The word {word[:40]!r} mixes Latin and Cyrillic letters.",
                hint="Letters of other scripts can look like those of another name.",
                path=path,
            )
    return name


def valid_person_name(text: str | None, path: tuple[str, ...]) -> str:
    """A first or last name; raises `Invalid` for none."""
    if text is None:
        raise Invalid("The name is empty.", hint="Give at least one character.", path=path)
    return valid_name(text, path)


def valid_optional(text: str | None, path: tuple[str, ...]) -> str | None:
    """A middle name or institution, or None for a blank one; raises `Invalid`."""
    return None if text is None or not text.strip() else valid_name(text, path)


def valid_email(text: str | None, path: tuple[str, ...] = ("email",)) -> str | None:
    """An e-mail address, or None for a blank one; raises `Invalid` for what cannot be one."""
    if text is None or not text.strip():
        return None
    email = valid_name(text, path)
    name, _, host = email.rpartition("@")
    if not name or not host or len(email) > MAX_EMAIL or any(letter.isspace() for letter in email):
        raise Invalid(
            f"{email[:80]!r} is no e-mail address.", hint="Write name@example.org.", path=path
        )
    return email


def valid_password(text: str, path: tuple[str, ...] = ("password",)) -> str:
    """A password that is long enough to be set; raises `Invalid`."""
    if not SHORTEST_PASSWORD <= len(text) <= MAX_LENGTH:
        raise Invalid(
            f"The password has {len(text)} characters.",
            hint=f"Use {SHORTEST_PASSWORD} to {MAX_LENGTH}.",
            path=path,
        )
    return text


def _scripts(text: str) -> set[str]:
    """The scripts of a text's letters, by the first words of their names."""
    return {
        unicodedata.name(letter, "UNKNOWN").split(" ")[0]
        for letter in unicodedata.normalize("NFKD", text)
        if unicodedata.category(letter).startswith("L")
    }
