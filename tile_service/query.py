"""The query of a rendering address: read once, strictly, before anything is looked up.

Every parameter is known by name; an unknown, repeated or malformed one is refused with its name and
what was expected. Numbers are bounded before they are made.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

from shared.errors import Invalid, NotFound, TooLarge
from shared.refs import MAX_ID, parse_ref
from shared.rendering.grammar import parse_override
from shared.rendering.luts import names
from shared.rendering.override import SettingsOverride

VIEW_PARAMETERS = frozenset({"z", "t", "c", "m", "p", "projectionCompat", "maps", "rdef", "v"})
MAX_TEXT = 16_384
_INDEX = re.compile(r"[0-9]{1,9}")
_ID = re.compile(r"[1-9][0-9]{0,18}")
_FRACTION = re.compile(r"(?:0(?:\.[0-9]{0,20})?|1(?:\.0{0,20})?|\.[0-9]{1,20})")


@dataclass(frozen=True, slots=True)
class View:
    """What a rendering address says besides the place; None means "as the settings say"."""

    z: int | None = None
    t: int | None = None
    override: SettingsOverride = field(default_factory=SettingsOverride)
    rdef_id: int | None = None
    version: str | None = None
    """The `v=` of the address: generation and hash of the settings that it was made for."""


def parse_query(text: bytes, known: Collection[str], *, repeated: str = "") -> dict[str, str]:
    """The parameters of a query, decoded; only `repeated` may stand there more than once.

    The values of `repeated` are joined by newlines. Raises `Invalid` naming the parameter, and
    `TooLarge` for a query that nobody needs.
    """
    if len(text) > MAX_TEXT:
        raise TooLarge(
            f"The query has {len(text)} characters; the limit is {MAX_TEXT}.",
            hint="Ask for fewer channels or images at a time.",
        )
    try:
        pairs = parse_qsl(
            text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=2000
        )
    except ValueError:
        raise Invalid(
            "The query cannot be read.", hint="Write name=value pairs, percent-encoded as UTF-8."
        ) from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in known:
            raise Invalid(
                f"There is no parameter {name[:80]!r}.",
                hint=f"Known here: {', '.join(sorted(known))}.",
                path=(name[:80],),
            )
        if name in found and name != repeated:
            raise Invalid(f"{name} is given twice.", hint="Give it once.", path=(name,))
        found[name] = f"{found[name]}\n{value}" if name in found else value
    return found


def parse_view(query: Mapping[str, str]) -> View:
    """Read `z t c m p projectionCompat maps rdef v`; raises `Invalid` naming the parameter."""
    return View(
        z=optional_index(query, "z"),
        t=optional_index(query, "t"),
        override=parse_override(
            query, strict=True, lookup_tables=names() if "c" in query else None
        ),
        rdef_id=_settings_id(query["rdef"]) if "rdef" in query else None,
        version=query.get("v"),
    )


def optional_index(query: Mapping[str, str], name: str) -> int | None:
    """A number counted from 0, when it is given."""
    return index(query[name], name) if name in query else None


def index(text: str, name: str) -> int:
    """A number counted from 0, of at most nine digits; raises `Invalid` naming it."""
    if not _INDEX.fullmatch(text):
        raise Invalid(
            f"{name} cannot be {text[:80]!r}.", hint="Give a whole number from 0.", path=(name,)
        )
    return int(text)


def size(text: str, name: str) -> int:
    """A number of pixels above 0; raises `Invalid` naming it."""
    found = index(text, name)
    if found == 0:
        raise Invalid(f"{name} cannot be 0.", hint="Give a whole number from 1.", path=(name,))
    return found


def quality(query: Mapping[str, str], default: float) -> float:
    """`q`, from 0 to 1; raises `Invalid`."""
    text = query.get("q")
    if text is None:
        return default
    if not _FRACTION.fullmatch(text):
        raise Invalid(f"q cannot be {text[:80]!r}.", hint="Give 0 to 1, such as 0.8.", path=("q",))
    return float(text)


def image_id(segment: str) -> int:
    """The image that `Image:42`, `Image%3A42` or `42` names.

    Raises `NotFound` for any other text: what is no image is told like an image that is not there.
    """
    text = unquote(segment)
    if _ID.fullmatch(text) and int(text) <= MAX_ID:
        return int(text)
    ref = parse_ref(text)
    if ref is None or ref.class_name != "Image":
        raise no_image()
    return ref.id


def no_image() -> NotFound:
    """The one answer for an image that is unknown, malformed, in the trash or not yours."""
    return NotFound("There is no such image.", hint="Write Image:42 or 42, for an image you see.")


def _settings_id(text: str) -> int:
    ref = parse_ref(text)
    if ref is not None and ref.class_name == "RenderingSettings":
        return ref.id
    if _ID.fullmatch(text) and int(text) <= MAX_ID:
        return int(text)
    raise Invalid(
        f"rdef cannot be {text[:80]!r}.",
        hint="Give RenderingSettings:7 or 7.",
        path=("rdef",),
    )
