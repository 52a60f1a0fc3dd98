"""Names of downloaded files: safe on every system, told to browsers by RFC 6266.

What stands in a database is somebody's text; nothing of it may steer a header or leave a folder.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable

_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]')
_DEVICE = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")
_LONGEST = 180
SAFE_HEADERS = {"content-security-policy": "sandbox; default-src 'none'"}
"""Beside `nosniff`, which every answer has: what was uploaded must never act in a browser."""


def safe_name(text: str) -> str:
    """One part of a path, from any text: never empty, `.`, `..` or a device; ending kept."""
    clean = "".join(at for at in text if unicodedata.category(at) != "Cs")
    clean = _FORBIDDEN.sub("_", clean).strip(" .")
    if len(clean.encode()) > _LONGEST:
        stem, dot, suffix = clean.rpartition(".")
        suffix = dot + suffix if stem and len(suffix) <= 16 else ""
        kept = clean.encode()[: _LONGEST - len(suffix.encode())].decode(errors="ignore")
        clean = kept.rstrip(" .") + suffix
    return f"_{clean}" if not clean or _DEVICE.fullmatch(clean) else clean


def safe_paths(names: Iterable[str]) -> list[str]:
    """`/`-separated names for an archive, each safe and none twice, whatever a system folds."""
    found: list[str] = []
    taken: set[str] = set()
    for name in names:
        path = "/".join(safe_name(part) for part in name.split("/") if part)
        path = path or "_"
        folder, slash, base = path.rpartition("/")
        number = 1
        while unicodedata.normalize("NFKC", path).casefold() in taken:
            number += 1
            path = f"{folder}{slash}{number}_{base}"
        taken.add(unicodedata.normalize("NFKC", path).casefold())
        found.append(path)
    return found


def attachment(name: str) -> dict[str, str]:
    """The headers that make a browser keep a file under `name` and never run it."""
    safe = safe_name(name)
    plain = unicodedata.normalize("NFKD", safe).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9 ._()\[\]-]", "_", plain).strip(" .") or "download"
    disposition = f'attachment; filename="{plain}"'
    if plain != safe:
        disposition += f"; filename*=UTF-8''{quote(safe, safe='')}"
    return {"content-disposition": disposition, **SAFE_HEADERS}
