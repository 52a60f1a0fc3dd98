"""Planes to pixels: additive over the rendered channels, saturating, through tables made before.

Planes are those of `RenderTables.channels`, in that order, not one per channel of the image. The
compiled kernel and the NumPy path answer the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from shared.errors import Invalid
from shared.rendering.luts import LookupTableSource, lookup_table
from tile_service.rendering.kernel import CHANNELS_PER_PASS, kernels
from tile_service.rendering.quantise import Curve, quantise_by_curve
from tile_service.rendering.tables import RenderTables, render_tables

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.rendering.settings import RenderingSettings

    Plane = NDArray[np.generic]


def render(
    planes: Sequence[Plane],
    settings: RenderingSettings,
    pixel_type: str,
    luts: LookupTableSource = lookup_table,
    *,
    size: tuple[int, int] | None = None,
) -> NDArray[np.uint8]:
    """Render planes of shape (Y, X) to RGBX of shape (Y, X, 4); X is always 255.

    `planes` holds one per `rendered_channels(settings)`; `size` (height, width) is needed only when
    no channel is active, which is black. Raises `Invalid` for planes that do not fit.
    """
    return render_with(render_tables(settings, pixel_type, luts), planes, size=size)


def render_with(
    tables: RenderTables, planes: Sequence[Plane], *, size: tuple[int, int] | None = None
) -> NDArray[np.uint8]:
    """As `render`, with tables that the caller kept."""
    fitting, size = _fitting(tables, planes, size)
    height, width = size
    out = np.empty((height, width), np.uint32)
    if tables.curves:
        # wide types become their levels, which then stand in a table like any byte
        fitting = [
            _levels(plane, curve) for plane, curve in zip(fitting, tables.curves, strict=True)
        ]
    if fitting:
        _composite(tables, fitting, out)
    else:
        out.fill(0xFF000000)
    return _rgbx(out)


def composite_numpy(
    tables: RenderTables, planes: Sequence[Plane], *, size: tuple[int, int] | None = None
) -> NDArray[np.uint8]:
    """`render_with` in plain NumPy: the reference that the compiled kernel must equal."""
    fitting, size = _fitting(tables, planes, size)
    total = np.zeros((*size, 3), np.uint32)
    for index, plane in enumerate(fitting):
        by_value = quantise_by_curve(plane, tables.curves[index]) if tables.curves else plane
        packed = tables.packed[index][by_value]
        fields = [packed >> np.uint32(shift) & np.uint32(1023) for shift in (0, 10, 20)]
        total = np.minimum(total + np.stack(fields, axis=-1), 255)
    rgbx = np.full((*size, 4), 255, np.uint8)
    rgbx[..., :3] = total
    return rgbx


def _composite(tables: RenderTables, planes: list[Plane], out: NDArray[np.uint32]) -> None:
    count = min(len(planes), CHANNELS_PER_PASS)
    first = planes[:count] + planes[:1] * (CHANNELS_PER_PASS - count)
    is_stepped = any(not plane.flags.c_contiguous for plane in first)
    compose = kernels().stepped if is_stepped else kernels().first
    compose(*first, tables.packed, count, out)
    for plane, packed in zip(planes[count:], tables.packed[count:], strict=True):
        kernels().further(np.ascontiguousarray(plane), packed, out)


def _levels(plane: Plane, curve: Curve) -> Plane:
    levels = np.empty(plane.shape, np.uint8)
    kernels().quantise(
        plane, curve.start, curve.end, curve.is_linear, curve.thresholds, curve.guesses, levels
    )
    return levels


def _fitting(
    tables: RenderTables, planes: Sequence[Plane], size: tuple[int, int] | None
) -> tuple[list[Plane], tuple[int, int]]:
    """The planes in the type that the tables index, and their size; raises `Invalid`."""
    if len(planes) != len(tables.channels):
        raise Invalid(
            f"{len(planes)} planes were given for {len(tables.channels)} rendered channels.",
            hint="Read the planes of `rendered_channels(settings)`, in that order.",
        )
    sizes = {plane.shape for plane in planes} | ({size} if size else set())
    if len(sizes) != 1 or len(shape := sizes.pop()) != 2:
        raise Invalid(
            "The planes do not have one common height and width.",
            hint="Give planes of equal shape (Y, X), and `size` when no channel is active.",
        )
    return [_native(plane, tables.dtype) for plane in planes], (shape[0], shape[1])


def _native(plane: Plane, dtype: np.dtype[np.generic]) -> Plane:
    if plane.dtype == np.bool_:
        plane = plane.view(np.uint8)
    if plane.dtype.kind != dtype.kind or plane.dtype.itemsize != dtype.itemsize:
        raise Invalid(
            f"A plane of {plane.dtype} was given where {dtype} was announced.",
            hint="Read planes in the native type of the image's pixel type.",
        )
    native = plane.astype(dtype, copy=False)
    if native.dtype != np.uint8 or native.strides[1] not in _STEPS:
        native = np.ascontiguousarray(native)
    # a signed value is looked up by its bit pattern
    return (
        native.view(f"u{dtype.itemsize}") if dtype.kind == "i" and dtype.itemsize <= 2 else native
    )


_STEPS = frozenset({3, 4})
"""Bytes from one sample of a channel to the next in interleaved RGB and RGBA."""


def _rgbx(pixels: NDArray[np.uint32]) -> NDArray[np.uint8]:
    little = pixels.astype("<u4", copy=False)
    return little.view(np.uint8).reshape(*pixels.shape, 4)
