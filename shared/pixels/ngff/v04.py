"""OME-Zarr 0.4: metadata are the group's own `.zattrs`; each multiscale carries the version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.errors import Unsupported
from shared.pixels.ngff.multiscales import Multiscale, parse_multiscale
from shared.pixels.ngff.omero import Omero, parse_omero

VERSION = "0.4"
OLDER = frozenset({"0.1", "0.2", "0.3"})


def parse(attributes: Mapping[str, Any]) -> tuple[tuple[Multiscale, ...], Omero]:
    """Read a group's attributes.

    Raises `Unsupported` for other versions, `BrokenFile` for contradictions.
    """
    stored = attributes.get("multiscales")
    entries = stored if isinstance(stored, list) else []
    for entry in entries:
        _require_version(entry)
    return tuple(parse_multiscale(entry) for entry in entries), parse_omero(attributes.get("omero"))


def attributes(multiscale: Multiscale, omero: Omero | None = None) -> dict[str, Any]:
    """Write the group's attributes."""
    stored: dict[str, Any] = {"multiscales": [{"version": VERSION, **multiscale.as_json()}]}
    if omero is not None:
        stored["omero"] = {"version": VERSION, **omero.as_json()}
    return stored


def _require_version(entry: Any) -> None:
    version = entry.get("version") if isinstance(entry, Mapping) else None
    # SpatialData writes 0.4-dev-spatialdata; a missing version is common and allowed ("SHOULD").
    if isinstance(version, str) and version.partition("-")[0] == VERSION:
        return
    axes = entry.get("axes") if isinstance(entry, Mapping) else None
    if version is None and isinstance(axes, list) and all(isinstance(at, Mapping) for at in axes):
        return
    if version is None or (isinstance(version, str) and version in OLDER):
        said = f"version {version}" if version else "a version before 0.4"
        raise Unsupported(
            f"The OME-Zarr is {said}; versions 0.4 and 0.5 can be imported.",
            hint="Convert it with a current OME-Zarr tool, then import the result.",
        )
    raise Unsupported(
        f"The OME-Zarr states the unknown version {str(version)[:80]!r}.",
        hint="Versions 0.4 and 0.5 can be imported.",
    )
