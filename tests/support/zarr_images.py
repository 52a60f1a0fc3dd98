"""Write small OME-Zarr images with zarr-python, the independent side of what our reader reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import zarr

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

UNITS = {"t": "second", "z": "micrometer", "y": "micrometer", "x": "micrometer"}
TYPES = {"t": "time", "c": "channel"}


def write_ome_zarr(
    folder: Path,
    levels: list[NDArray[Any]],
    axes: str,
    version: str,
    *,
    omero: dict[str, Any] | None = None,
    **array_options: Any,
) -> None:
    """Write one image; `axes` such as "tczyx", `array_options` go to `zarr.create_array`."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, pixels in enumerate(levels):
        array = zarr.create_array(
            store=str(folder / str(number)),
            shape=pixels.shape,
            dtype=pixels.dtype,
            zarr_format=2 if version == "0.4" else 3,
            **array_options,
        )
        array[...] = pixels
    write_metadata(folder, multiscales(axes, len(levels)), version, omero)


def multiscales(axes: str, levels: int) -> dict[str, Any]:
    """Answer the metadata of an image whose pixels are 0.5 µm wide and 2 µm high, 3 s apart."""
    steps = {"t": 3.0, "c": 1.0, "z": 2.0, "y": 0.5, "x": 0.5}
    entries: list[dict[str, Any]] = []
    for axis in axes:
        entry = {"name": axis, "type": TYPES.get(axis, "space")}
        entries.append(entry | ({"unit": UNITS[axis]} if axis in UNITS else {}))
    datasets = [
        {
            "path": str(number),
            "coordinateTransformations": [
                {
                    "type": "scale",
                    "scale": [steps[at] * (2**number if at in "yx" else 1) for at in axes],
                }
            ],
        }
        for number in range(levels)
    ]
    return {"axes": entries, "datasets": datasets}


def write_metadata(
    folder: Path, multiscale: dict[str, Any], version: str, omero: dict[str, Any] | None = None
) -> None:
    """Write the group's documents for the version."""
    if version == "0.4":
        stored: dict[str, Any] = {"multiscales": [{"version": "0.4", **multiscale}]}
        (folder / ".zgroup").write_text('{"zarr_format": 2}')
        (folder / ".zattrs").write_text(json.dumps(stored | ({"omero": omero} if omero else {})))
        return
    ome: dict[str, Any] = {"version": version, "multiscales": [multiscale]}
    ome |= {"omero": omero} if omero else {}
    group = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": ome}}
    (folder / "zarr.json").write_text(json.dumps(group))


def files_below(root: Path) -> tuple[str, ...]:
    """Answer the names of all files below a folder, as the importer hands them to a reader."""
    return tuple(sorted(at.relative_to(root).as_posix() for at in root.rglob("*") if at.is_file()))
