"""The compiled heart of rendering: tables and planes in, RGBX pixels out, row by row.

The functions below are plain Python until `kernels` compiles them on first use; `use_cache_folder`
must be called before that. Pixels are uint32, little-endian: red in the lowest byte, X = 255.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

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

    first: Callable[..., None]
    stepped: Callable[..., None]
    """`first` for bytes that lie in steps, such as the samples of a colour picture."""
    further: Callable[..., None]
    quantise: Callable[..., None]


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
    tables = types.Array(types.uint32, 2, "C", readonly=True)
    table = types.Array(types.uint32, 1, "C", readonly=True)
    thresholds = types.Array(types.float64, 1, "C", readonly=True)
    guesses = types.Array(types.uint8, 1, "C", readonly=True)
    levels = types.Array(types.uint8, 2, "C")
    number, flag, bound = types.intp, types.boolean, types.float64

    def plane(dtype: Any, layout: Literal["C", "A"] = "C") -> Any:
        return types.Array(dtype, 2, layout, readonly=True)

    narrow = [plane(dtype) for dtype in (types.uint8, types.uint16)]
    # samples of a colour picture lie interleaved: read in steps they need not be copied first
    stepped = plane(types.uint8, "A")
    wide = [plane(dtype) for dtype in (types.int32, types.uint32, types.float32, types.float64)]
    curve = (bound, bound, flag, thresholds, guesses)
    return Kernels(
        first=_compile(
            _set_tabled,
            [types.void(*[each] * 4, tables, number, out) for each in narrow],
        ),
        stepped=_compile(_set_tabled, [types.void(*[stepped] * 4, tables, number, out)]),
        further=_compile(_add_tabled, [types.void(each, table, out) for each in narrow]),
        quantise=_compile(
            _quantise_continuous, [types.void(each, *curve, levels) for each in wide]
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


def _set_tabled(a, b, c, d, tables, count, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Set `out` to the sum of the first `count` of four planes."""
    height, width = out.shape
    for y in range(height):
        row = out[y]
        # rows and tables are named singly: indexed in two dimensions they cost six times as much
        if count == 4:
            a_row, b_row, c_row, d_row = a[y], b[y], c[y], d[y]
            t0, t1, t2, t3 = tables[0], tables[1], tables[2], tables[3]
            for x in range(width):
                row[x] = t0[a_row[x]] + t1[b_row[x]] + t2[c_row[x]] + t3[d_row[x]]
        elif count == 3:
            a_row, b_row, c_row = a[y], b[y], c[y]
            t0, t1, t2 = tables[0], tables[1], tables[2]
            for x in range(width):
                row[x] = t0[a_row[x]] + t1[b_row[x]] + t2[c_row[x]]
        elif count == 2:
            a_row, b_row = a[y], b[y]
            t0, t1 = tables[0], tables[1]
            for x in range(width):
                row[x] = t0[a_row[x]] + t1[b_row[x]]
        else:
            a_row, t0 = a[y], tables[0]
            for x in range(width):
                row[x] = t0[a_row[x]]
        for x in range(width):
            p = row[x]
            row[x] = (
                min(p & _LOW_TEN, _BYTE)
                | min(p >> _TEN & _LOW_TEN, _BYTE) << _EIGHT
                | min(p >> _TWENTY & _LOW_TEN, _BYTE) << _SIXTEEN
                | _OPAQUE
            )


def _add_tabled(plane, table, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Add one more plane onto the pixels of `out`."""
    height, width = out.shape
    # looked up first and added in a loop of its own, which the compiler turns into vectors
    found = np.empty(width, np.uint32)
    for y in range(height):
        row = out[y]
        values = plane[y]
        for x in range(width):
            found[x] = table[values[x]]
        for x in range(width):
            p, before = found[x], row[x]
            red = min((p & _LOW_TEN) + (before & _BYTE), _BYTE)
            green = min((p >> _TEN & _LOW_TEN) + (before >> _EIGHT & _BYTE), _BYTE)
            blue = min((p >> _TWENTY & _LOW_TEN) + (before >> _SIXTEEN & _BYTE), _BYTE)
            row[x] = red | green << _EIGHT | blue << _SIXTEEN | _OPAQUE


def _quantise_continuous(plane, start, end, is_linear, thresholds, guesses, levels):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Set `levels` to the levels of one plane of a wide type."""
    height, width = levels.shape
    window = end - start
    for y in range(height):
        row = levels[y]
        values = plane[y]
        if is_linear:
            for x in range(width):
                # clamped before it is scaled; NaN fails the comparison and is the window's start
                value = np.float64(values[x])
                value = value if value > start else start
                v = 255.0 * (min(value, end) - start) / window
                v = v if v < 255.0 or value >= end else _LARGEST_V
                row[x] = np.uint8(np.int32(v + 0.5))
        else:
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
                row[x] = level
