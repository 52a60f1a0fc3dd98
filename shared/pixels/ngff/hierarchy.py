"""The groups of a Zarr folder: which of them are images, which are labels, and what is refused.

Only names that belong to the fileset are opened, and only small JSON documents are read; the shape
of the tree decides what is an image, not the names of its files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.errors import BrokenFile, Unsupported
from shared.pixels.ngff import v04, v05
from shared.pixels.ngff.multiscales import Multiscale
from shared.pixels.ngff.omero import Omero
from shared.pixels.zarr_arrays import ZarrArray, parse_zarr2, parse_zarr3

if TYPE_CHECKING:
    from shared.pixels.beneath import Folder

MAX_JSON_BYTES = 16 * 2**20
MAX_JSON_DEPTH = 64
MAX_GROUPS = 10_000
MARKS = frozenset({".zattrs", ".zgroup", ".zarray", "zarr.json"})


@dataclass(frozen=True, slots=True)
class ImageGroup:
    """One group that is an image, with its arrays from the largest level to the smallest."""

    path: str
    """Folder of the group, `""` for the root of the fileset."""
    version: str
    multiscale: Multiscale
    omero: Omero
    arrays: tuple[ZarrArray, ...]
    attributes: Mapping[str, Any]
    warnings: tuple[str, ...] = ()


def image_groups(folder: Folder, files: tuple[str, ...]) -> tuple[ImageGroup, ...]:
    """Find the images of a Zarr folder, in natural order of their paths.

    Raises `Unsupported` for plates, other NGFF versions and types of pixels that OME does not know,
    `BrokenFile` when metadata or arrays are missing or contradict themselves.
    """
    members = frozenset(files)
    groups = _groups(folder, files)
    for path, attributes in groups.items():
        _refuse_plate(path, attributes)
    images = tuple(_image(folder, members, path, groups[path]) for path in _image_paths(groups))
    if not images:
        raise BrokenFile(
            "The Zarr folder holds no OME-Zarr image.",
            hint="An image is a group with `multiscales` metadata (OME-Zarr 0.4 or 0.5).",
        )
    return images


def _groups(folder: Folder, files: tuple[str, ...]) -> dict[str, Mapping[str, Any]]:
    """The attributes of every group that has any, by path."""
    found: dict[str, Mapping[str, Any]] = {}
    documents = [name for name in files if name.rpartition("/")[2] in {".zattrs", "zarr.json"}]
    for name in sorted(documents, key=lambda name: (name.count("/"), natural_key(name))):
        if len(found) >= MAX_GROUPS:
            raise Unsupported(
                f"The Zarr folder has more than {MAX_GROUPS} groups.",
                hint="Import its images in parts.",
            )
        path, _, mark = name.rpartition("/")
        document = read_json(folder, name)
        if mark == ".zattrs":
            found[path] = document
        elif document.get("node_type") == "group":
            attributes = document.get("attributes")
            found[path] = attributes if isinstance(attributes, Mapping) else {}
    return found


def _refuse_plate(path: str, attributes: Mapping[str, Any]) -> None:
    ome = attributes.get("ome")
    for stored in (attributes, ome if isinstance(ome, Mapping) else {}):
        if "plate" in stored or "well" in stored:
            raise Unsupported(
                f"The Zarr group {path or '/'!r} is part of a plate; plates are imported later.",
                hint="Import the single images of its wells for now.",
            )


def _image_paths(groups: Mapping[str, Mapping[str, Any]]) -> list[str]:
    paths = []
    for path, attributes in groups.items():
        ome = attributes.get("ome")
        blocks = (attributes, ome if isinstance(ome, Mapping) else {})
        is_image = any("multiscales" in block for block in blocks)
        is_label = any("image-label" in block for block in blocks) or "labels" in path.split("/")
        if is_image and not is_label:
            paths.append(path)
    return _in_series_order(sorted(paths, key=natural_key), groups)


def _in_series_order(paths: list[str], groups: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """bioformats2raw may list the series of its `OME` group in an order of its own."""
    for path, attributes in groups.items():
        if path.rpartition("/")[2] != "OME":
            continue
        ome = attributes.get("ome")
        series = (ome if isinstance(ome, Mapping) else attributes).get("series")
        if isinstance(series, list) and all(isinstance(name, str) for name in series):
            parent = path.rpartition("/")[0]
            named = [f"{parent}/{name}" if parent else name for name in series]
            first = [name for name in dict.fromkeys(named) if name in paths]
            return [*first, *(name for name in paths if name not in first)]
    return paths


def _image(
    folder: Folder, members: frozenset[str], path: str, attributes: Mapping[str, Any]
) -> ImageGroup:
    is_zarr3 = f"{path}/zarr.json".lstrip("/") in members
    module = v05 if is_zarr3 and "ome" in attributes else v04
    multiscales, omero = module.parse(attributes)
    if not multiscales:
        raise BrokenFile(
            f"The Zarr group {path or '/'!r} lists no multiscales.",
            hint="Write the image again with an OME-Zarr 0.4 or 0.5 writer.",
        )
    multiscale = multiscales[0]
    arrays = tuple(
        _array(folder, members, "/".join(part for part in (path, dataset.path) if part))
        for dataset in multiscale.datasets
    )
    warnings: tuple[str, ...] = ()
    if len(multiscales) > 1:
        warnings = (
            f"Only the first of {len(multiscales)} multiscales in {path or '/'!r} is used.",
        )
    return ImageGroup(path, module.VERSION, multiscale, omero, arrays, attributes, warnings)


def _array(folder: Folder, members: frozenset[str], path: str) -> ZarrArray:
    for mark, parse in (("zarr.json", parse_zarr3), (".zarray", parse_zarr2)):
        name = f"{path}/{mark}" if path else mark
        if name in members:
            document = read_json(folder, name)
            if mark == ".zarray" or document.get("node_type") == "array":
                return parse(path, document)
    raise BrokenFile(
        f"The array {path!r} that the OME-Zarr names is missing.",
        hint="Copy the whole folder, with files whose names begin with a dot.",
    )


def read_json(folder: Folder, name: str) -> Mapping[str, Any]:
    """Read one JSON object below the folder; raises `BrokenFile`."""
    file = folder.open(name, keep=False)
    if file is None:
        raise BrokenFile(f"The file {name!r} is missing.", hint="Copy the whole folder.")
    if file.size > MAX_JSON_BYTES:
        raise BrokenFile(
            f"The metadata file {name!r} has {file.size} bytes.",
            hint=f"At most {MAX_JSON_BYTES} bytes are read.",
        )
    try:
        document = json.loads(file.read(0, file.size))
    except (ValueError, RecursionError) as error:
        raise BrokenFile(
            f"The metadata file {name!r} is no JSON: {error}.",
            hint="The file is damaged; compare it with its source.",
        ) from error
    if _is_deeper(document, MAX_JSON_DEPTH):
        raise BrokenFile(
            f"The metadata file {name!r} is nested more than {MAX_JSON_DEPTH} deep.",
            hint="No OME-Zarr metadata are; compare it with its source.",
        )
    if not isinstance(document, Mapping):
        raise BrokenFile(
            f"The metadata file {name!r} holds no JSON object.",
            hint="The file is damaged; compare it with its source.",
        )
    return document


def _is_deeper(document: Any, limit: int) -> bool:
    level = [document]
    for _ in range(limit):
        inner: list[Any] = []
        for value in level:
            if isinstance(value, Mapping):
                inner.extend(value.values())
            elif isinstance(value, list):
                inner.extend(value)
        if not inner:
            return False
        level = inner
    return True


def natural_key(path: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key under which `10` comes after `9`."""
    parts = re.findall(r"[0-9]+|[^0-9]+", path)
    return tuple((0, int(part[:18]), part) if part.isdecimal() else (1, 0, part) for part in parts)
