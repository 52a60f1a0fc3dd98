"""What an import is asked to do: the value that stands in the Activity's request."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from shared.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_NAME_BYTES = 255
TRANSFERS = ("COPY", "HARD_LINK")
SKIPS = ("minmax",)
AXES = frozenset("TCZYXS")


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A finished upload: its uuid and the relative name that it had on the importing machine."""

    uuid: str
    name: str


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """One import. Every path is one fileset; uploads are grouped by their top folder."""

    group: int
    owner: int
    paths: tuple[str, ...] = ()
    uploads: tuple[UploadedFile, ...] = ()
    into: str | None = None
    """`Dataset:7`, or None for orphaned images."""
    name: str | None = None
    description: str | None = None
    transfer: str = "COPY"
    axes: str | None = None
    skip: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The form that is stored."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ImportRequest:
        """Read the stored form; unknown marks (such as the demo's) are left out."""
        known = {key: values[key] for key in cls.__dataclass_fields__ if key in values}
        known["paths"] = tuple(known.get("paths", ()))
        known["skip"] = tuple(known.get("skip", ()))
        known["uploads"] = tuple(UploadedFile(**each) for each in known.get("uploads", ()))
        return cls(**known)


def check_request(request: ImportRequest) -> None:
    """Refuse what cannot be meant; raises `Invalid` naming the field."""
    if not request.paths and not request.uploads:
        raise Invalid(
            "There is nothing to import.", path=("source",), hint="Give paths or uploads."
        )
    if request.transfer not in TRANSFERS:
        raise Invalid(f"{request.transfer} is no way of transfer.", path=("transfer",))
    for word in request.skip:
        if word not in SKIPS:
            raise Invalid(
                f"{word!r} cannot be skipped.", path=("skip",), hint=f"Known: {', '.join(SKIPS)}."
            )
    if request.axes is not None:
        check_axes(request.axes)


def check_axes(axes: str) -> None:
    """Refuse axes that are not distinct letters of T C Z Y X S ending in the plane."""
    letters = set(axes)
    if len(letters) != len(axes) or not letters <= AXES or not {"X", "Y"} <= letters:
        raise Invalid(
            f"{axes[:40]!r} does not name axes.",
            path=("axes",),
            hint="Use each of T, C, Z, Y, X and S at most once, slowest first, such as TYX.",
        )


def checked_name(name: str) -> str:
    """A relative file name that stays below its folder; raises `Invalid` for any other."""
    parts = name.split("/")
    for part in parts:
        if part in {"", ".", ".."} or any(ord(c) < 32 or ord(c) == 127 for c in part):
            raise Invalid(
                f"{name[:120]!r} is not a file name that can be stored.",
                path=("source",),
                hint="Names are relative, without empty parts, '..' or control characters.",
            )
        if len(part.encode("utf-8", "surrogatepass")) > MAX_NAME_BYTES or "\\" in part:
            raise Invalid(
                f"{part[:60]!r}... is too long or holds a backslash.",
                path=("source",),
                hint=f"A name has at most {MAX_NAME_BYTES} bytes.",
            )
    return name
