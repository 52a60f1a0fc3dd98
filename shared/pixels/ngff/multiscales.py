"""The `multiscales` block: axes, datasets and scales, as NGFF 0.4 and 0.5 share it.

Scales are per axis in the order of `axes`; the block's own scale is applied after each dataset's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.errors import BrokenFile, Unsupported
from shared.pixels.beneath import checked_parts

AXIS_TYPES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}
MAX_DATASETS = 64


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis; `name` is one of t c z y x, `unit` an UDUNITS name such as `micrometer`."""

    name: str
    unit: str | None = None

    @property
    def type(self) -> str:
        """NGFF's type: time, channel or space."""
        return AXIS_TYPES[self.name]

    def as_json(self) -> dict[str, Any]:
        """The axis as metadata."""
        stored = {"name": self.name, "type": self.type}
        return {**stored, "unit": self.unit} if self.unit else stored


@dataclass(frozen=True, slots=True)
class Dataset:
    """One level: the array's path below the group, and its scale per axis (1.0 when unsaid)."""

    path: str
    scale: tuple[float, ...]
    translation: tuple[float, ...] | None = None

    def as_json(self) -> dict[str, Any]:
        """The dataset as metadata."""
        steps: list[dict[str, Any]] = [{"type": "scale", "scale": list(self.scale)}]
        if self.translation is not None:
            steps.append({"type": "translation", "translation": list(self.translation)})
        return {"path": self.path, "coordinateTransformations": steps}


@dataclass(frozen=True, slots=True)
class Multiscale:
    """One image in several resolutions, the largest first."""

    axes: tuple[Axis, ...]
    datasets: tuple[Dataset, ...]
    name: str | None = None

    @property
    def axis_names(self) -> str:
        """The axes in order as OME letters, such as "CYX"."""
        return "".join(axis.name for axis in self.axes).upper()

    def as_json(self) -> dict[str, Any]:
        """The block as metadata, without a version."""
        stored: dict[str, Any] = {
            "axes": [axis.as_json() for axis in self.axes],
            "datasets": [dataset.as_json() for dataset in self.datasets],
        }
        return {**stored, "name": self.name} if self.name else stored


def parse_multiscale(stored: Any) -> Multiscale:
    """Read one entry of `multiscales`.

    Raises `Unsupported` for axes that Tessera has no place for, `BrokenFile` for contradictions.
    """
    if not isinstance(stored, Mapping):
        raise _broken("an entry of multiscales is no object")
    axes = _axes(stored.get("axes"))
    whole, _ = _transformations(stored.get("coordinateTransformations"), len(axes))
    entries = stored.get("datasets")
    if not isinstance(entries, list) or not 0 < len(entries) <= MAX_DATASETS:
        raise _broken(f"datasets must be a list of 1 to {MAX_DATASETS}")
    datasets = []
    for entry in entries:
        if not isinstance(entry, Mapping) or not isinstance(entry.get("path"), str):
            raise _broken("a dataset has no path")
        own, translation = _transformations(entry.get("coordinateTransformations"), len(axes))
        scale = tuple(a * b for a, b in zip(own, whole, strict=True))
        datasets.append(Dataset(_inside(entry["path"]), scale, translation))
    name = stored.get("name")
    return Multiscale(axes, tuple(datasets), name if isinstance(name, str) and name else None)


def _axes(stored: Any) -> tuple[Axis, ...]:
    if not isinstance(stored, list) or not 2 <= len(stored) <= 16:
        raise _broken("axes must be a list of at least y and x")
    axes: list[Axis] = []
    for entry in stored:
        if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
            raise _broken("an axis has no name")
        name, kind, unit = entry["name"], entry.get("type"), entry.get("unit")
        if name.lower() not in AXIS_TYPES or kind not in {None, AXIS_TYPES[name.lower()]}:
            raise Unsupported(
                f"The OME-Zarr has an axis {name[:80]!r} of type {str(kind)[:80]!r}.",
                hint="Axes t (time), c (channel), z, y and x (space) can be imported.",
            )
        axes.append(Axis(name.lower(), unit if isinstance(unit, str) and unit else None))
    names = [axis.name for axis in axes]
    if len(set(names)) != len(names):
        raise _broken("an axis is named twice")
    if not {"y", "x"} <= set(names):
        raise _broken("axes y and x are missing")
    return tuple(axes)


def _transformations(stored: Any, count: int) -> tuple[tuple[float, ...], tuple[float, ...] | None]:
    """Answer scale and translation; other types (identity, SpatialData's affine) say nothing."""
    scale: tuple[float, ...] = (1.0,) * count
    translation: tuple[float, ...] | None = None
    for step in stored if isinstance(stored, list) else []:
        if not isinstance(step, Mapping):
            raise _broken("a coordinate transformation is no object")
        kind = step.get("type")
        if kind == "scale" and "scale" in step:
            scale = _numbers(step["scale"], count, "scale")
        elif kind == "translation" and "translation" in step:
            translation = _numbers(step["translation"], count, "translation")
    return scale, translation


def _numbers(stored: Any, count: int, what: str) -> tuple[float, ...]:
    if not isinstance(stored, list) or len(stored) != count:
        raise _broken(f"a {what} needs one number for each of the {count} axes")
    if any(isinstance(at, bool) or not isinstance(at, int | float) for at in stored):
        raise _broken(f"a {what} holds something that is not a number")
    try:
        numbers = tuple(float(at) for at in stored)
    except OverflowError as error:
        raise _broken(f"a {what} holds a number beyond all bounds") from error
    if not all(math.isfinite(at) for at in numbers):
        raise _broken(f"a {what} is not finite")
    return numbers


def _inside(path: str) -> str:
    if path in {"", ".", "/"}:
        return ""
    if "://" in path:
        raise _broken(f"the dataset path {path[:80]!r} is an address")
    return "/".join(checked_parts(path))


def _broken(reason: str) -> BrokenFile:
    return BrokenFile(
        f"The OME-Zarr metadata contradict the specification: {reason}.",
        hint="Write the image again with an OME-Zarr 0.4 or 0.5 writer.",
    )
