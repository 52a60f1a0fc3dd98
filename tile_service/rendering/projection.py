"""A stack of planes becomes one, plane by plane, so that a stack never stands in memory whole.

All three kinds take every plane they are given: `Projection.planes` includes its end, which the
original leaves out for mean and sum; `compat` reproduces that.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from shared.errors import Invalid
from shared.rendering.override import ProjectionType

if TYPE_CHECKING:
    from numpy.typing import NDArray


def project(
    planes: Iterable[NDArray[np.generic]], projection_type: ProjectionType, *, compat: bool = False
) -> NDArray[np.generic]:
    """Maximum, mean or sum of planes of one shape and type, in that type.

    Means are cut to whole numbers for integer types; sums stop at the ends of the type. With
    `compat` a maximum starts from 0, as in OMERO. Raises `Invalid` without a plane, or for planes
    that differ in shape or type.
    """
    remaining = iter(planes)
    first = next(remaining, None)
    if first is None:
        raise Invalid(
            "A projection of no planes was asked for.", hint="Give at least one plane.", path=("p",)
        )
    if projection_type is ProjectionType.MAXIMUM:
        greatest = first.copy()
        for plane in _alike(remaining, first):
            # fmax: one NaN in the depth does not make a hole
            np.fmax(greatest, plane, out=greatest)
        if compat:
            np.fmax(greatest, first.dtype.type(0), out=greatest)
        return greatest
    is_float = first.dtype.kind == "f"
    total: NDArray[Any] = first.astype(np.float64 if is_float else np.int64)
    count = 1
    for plane in _alike(remaining, first):
        total += np.asarray(plane, dtype=total.dtype)
        count += 1
    mean_or_sum = total / count if projection_type is ProjectionType.MEAN else total
    return _cast(mean_or_sum, first.dtype)


def _alike(
    planes: Iterable[NDArray[np.generic]], first: NDArray[np.generic]
) -> Iterable[NDArray[np.generic]]:
    for plane in planes:
        if plane.shape != first.shape or plane.dtype != first.dtype:
            raise Invalid(
                "The planes of a projection differ in shape or type.",
                hint="Read the same region of each plane.",
            )
        yield plane


def _cast(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[np.generic]:
    bounds: Any = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    whole = values if dtype.kind == "f" else np.trunc(values)
    return np.asarray(np.clip(whole, bounds.min, bounds.max).astype(dtype))
