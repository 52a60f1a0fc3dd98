"""OME-Zarr 0.5: metadata stand under `ome` in the Zarr 3 group's attributes, with one version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.errors import BrokenFile, Unsupported
from shared.pixels.ngff.multiscales import Multiscale, parse_multiscale
from shared.pixels.ngff.omero import Omero, parse_omero

VERSION = "0.5"


def parse(attributes: Mapping[str, Any]) -> tuple[tuple[Multiscale, ...], Omero]:
    """Read a group's attributes (those that hold `ome`).

    Raises `Unsupported` for other versions, `BrokenFile` for contradictions.
    """
    ome = attributes.get("ome")
    if not isinstance(ome, Mapping):
        raise BrokenFile(
            "The OME-Zarr metadata have no `ome` object.",
            hint="Write the image again with an OME-Zarr 0.5 writer.",
        )
    version = ome.get("version")
    if not isinstance(version, str) or version.partition("-")[0] != VERSION:
        raise Unsupported(
            f"The OME-Zarr states the version {str(version)[:80]!r} on Zarr 3.",
            hint="Versions 0.4 (Zarr 2) and 0.5 (Zarr 3) can be imported.",
        )
    stored = ome.get("multiscales")
    entries = stored if isinstance(stored, list) else []
    return tuple(parse_multiscale(entry) for entry in entries), parse_omero(ome.get("omero"))


def attributes(multiscale: Multiscale, omero: Omero | None = None) -> dict[str, Any]:
    """Write the group's attributes."""
    ome: dict[str, Any] = {"version": VERSION, "multiscales": [multiscale.as_json()]}
    if omero is not None:
        ome["omero"] = omero.as_json()
    return {"ome": ome}
