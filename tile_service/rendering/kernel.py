"""The compiled heart of rendering: tables and planes in, RGBX pixels out, in one pass per row.

The functions below are plain Python until `kernels` compiles them on first use; `use_cache_folder`
must be called before that. Pixels are uint32, little-endian: red in the lowest byte, X = 255.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tile_service.rendering.quantise import GUESS_STEPS, LARGEST_V

_TEN = np.uint32(10)
_TWENTY = np.uint32(20)
_EIGHT = np.uint32(8)
_SIXTEEN = np.uint32(16)
_LOW_TEN = np.uint32(1023)
_BYTE = np.uint32(255)
_OPAQUE = np.uint32(0xFF000000)
_GUESS_STEPS = float(GUESS_STEPS)
_LARGEST_V = LARGEST_V

CHANNELS_PER_PASS = 4
"""Planes that one pass adds up: more would overflow a field of 10 bits."""


@dataclass(frozen=True, slots=True)
class Kernels:
    """The compiled functions; they release the GIL."""

    tabled: Callable[..., None]
    continuous: Callable[..., None]


def use_cache_folder(folder: Path) -> None:
    """Keep compiled code below this folder (of the data folder) instead of beside the sources."""
    from numba.core import config

    config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
    kernels.cache_clear()


@functools.cache
def kernels() -> Kernels:
    """Compile, or load from the cache folder, the kernels for every pixel type (seconds at first).

    Call it at start, so that no tile waits for it.
    """
    from numba import types

    out = types.Array(types.uint32, 2, "C")
    table = types.Array(types.uint32, 2, "C", readonly=True)
    levels = types.Array(types.uint32, 1, "C", readonly=True)
    thresholds = types.Array(types.float64, 1, "C", readonly=True)
    guesses = types.Array(types.uint8, 1, "C", readonly=True)

    def plane(dtype: Any) -> Any:
        return types.Array(dtype, 2, "A", readonly=True)

    narrow = (types.uint8, types.uint16)
    wide = (types.int32, types.uint32, types.float32, types.float64)
    number, flag = types.intp, types.boolean
    return Kernels(
        tabled=_compile(
            _add_tabled,
            [types.void(*[plane(d)] * 4, table, number, flag, out) for d in narrow],
        ),
        continuous=_compile(
            _add_continuous,
            [
                types.void(
                    plane(d), types.float64, types.float64, thresholds, guesses, levels, flag, out
                )
                for d in wide
            ],
        ),
    )


def _compile(function: Callable[..., None], signatures: list[Any]) -> Callable[..., None]:
    from numba import njit

    try:
        compiled = njit(signatures, nogil=True, cache=True)(function)
    except RuntimeError:
        # numba says so when neither the cache folder nor its own can be written
        compiled = njit(signatures, nogil=True, cache=False)(function)
    return compiled


def _add_tabled(a, b, c, d, tables, count, is_more, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, C901
    """Add up to four planes; with `is_more` onto what `out` holds (then at most three)."""
    height, width = out.shape
    for y in range(height):
        row = out[y]
        if is_more:
            for x in range(width):
                p = row[x]
                row[x] = (
                    (p & _BYTE)
                    | ((p >> _EIGHT & _BYTE) << _TEN)
                    | ((p >> _SIXTEEN & _BYTE) << _TWENTY)
                )
        else:
            for x in range(width):
                row[x] = 0
        if count == 4:
            a_row, b_row, c_row, d_row = a[y], b[y], c[y], d[y]
            t0, t1, t2, t3 = tables[0], tables[1], tables[2], tables[3]
            for x in range(width):
                row[x] += t0[a_row[x]] + t1[b_row[x]] + t2[c_row[x]] + t3[d_row[x]]
        elif count == 3:
            a_row, b_row, c_row = a[y], b[y], c[y]
            t0, t1, t2 = tables[0], tables[1], tables[2]
            for x in range(width):
                row[x] += t0[a_row[x]] + t1[b_row[x]] + t2[c_row[x]]
        elif count == 2:
            a_row, b_row = a[y], b[y]
            t0, t1 = tables[0], tables[1]
            for x in range(width):
                row[x] += t0[a_row[x]] + t1[b_row[x]]
        else:
            a_row, t0 = a[y], tables[0]
            for x in range(width):
                row[x] += t0[a_row[x]]
        for x in range(width):
            p = row[x]
            row[x] = (
                min(p & _LOW_TEN, _BYTE)
                | min(p >> _TEN & _LOW_TEN, _BYTE) << _EIGHT
                | min(p >> _TWENTY & _LOW_TEN, _BYTE) << _SIXTEEN
                | _OPAQUE
            )


def _add_continuous(plane, start, end, thresholds, guesses, levels, is_more, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Add one plane of a wide type; with `is_more` onto what `out` holds."""
    height, width = out.shape
    window = end - start
    for y in range(height):
        row = out[y]
        values = plane[y]
        for x in range(width):
            value = np.float64(values[x])
            level = 0
            if value >= end:
                level = 255
            elif value > start:
                v = min(255.0 * (value - start) / window, _LARGEST_V)
                level = int(guesses[int(v * _GUESS_STEPS)])
                while level < 255 and v >= thresholds[level]:
                    level += 1
            p = levels[level]
            red, green, blue = p & _LOW_TEN, p >> _TEN & _LOW_TEN, p >> _TWENTY & _LOW_TEN
            if is_more:
                before = row[x]
                red = min(red + (before & _BYTE), _BYTE)
                green = min(green + (before >> _EIGHT & _BYTE), _BYTE)
                blue = min(blue + (before >> _SIXTEEN & _BYTE), _BYTE)
            row[x] = red | green << _EIGHT | blue << _SIXTEEN | _OPAQUE
