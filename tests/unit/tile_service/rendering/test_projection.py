"""Projections along Z, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from shared.errors import Invalid
from shared.rendering.override import ProjectionType
from tile_service.rendering import project


def _stack(dtype: str, *values: float) -> list[Any]:
    return [np.full((1, 2), value, dtype) for value in values]


@pytest.mark.parametrize(
    ("kind", "dtype", "values", "expected"),
    [
        ("intmax", "uint8", (3, 9, 4), 9),
        ("intmax", "int16", (-5, -2, -9), -2),  # the original starts at 0 and answers 0
        ("intmean", "uint8", (1, 2, 2), 1),  # 1.67 is cut
        ("intmean", "int16", (-1, -2, -2), -1),
        ("intmean", "uint8", (10, 20), 15),  # the last plane counts
        ("intsum", "uint8", (200, 100), 255),
        ("intsum", "int8", (-100, -100), -128),
        ("intsum", "uint16", (200, 100), 300),
        ("intmean", "float", (1.0, 2.0), 1.5),
        ("intsum", "float32", (3e38, 3e38), float(np.finfo(np.float32).max)),
        ("intsum", "uint32", (2**32 - 1, 1), 2**32 - 1),
    ],
)
def test_projection(kind: str, dtype: str, values: tuple[float, ...], expected: float) -> None:
    projected = project(iter(_stack(dtype, *values)), ProjectionType(kind))
    assert projected.dtype == np.dtype(dtype)
    assert projected.tolist() == [[expected, expected]]


def test_a_single_plane_is_its_own_projection_and_is_not_touched() -> None:
    planes = _stack("uint16", 7)
    for kind in ProjectionType:
        assert project(planes, kind).tolist() == [[7, 7]]
    project(_stack("uint16", 7, 9), ProjectionType.MAXIMUM)
    assert planes[0].tolist() == [[7, 7]]


def test_nan_in_one_plane_makes_no_hole_in_a_maximum() -> None:
    assert project(_stack("float32", np.nan, 2), ProjectionType.MAXIMUM).tolist() == [[2.0, 2.0]]


def test_no_planes_or_unlike_ones_are_refused() -> None:
    with pytest.raises(Invalid):
        project([], ProjectionType.SUM)
    with pytest.raises(Invalid):
        project([*_stack("uint8", 1), *_stack("uint16", 1)], ProjectionType.SUM)
