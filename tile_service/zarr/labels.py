"""Masks of ROIs as a label image: each pixel holds the id of the ROI whose mask covers it, or 0.

Where masks overlap, the ROI with the highest id wins. Masks count for all channels. Only ROIs that
the caller sees are drawn, so nothing of it is kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, or_, select

from shared.auth.select import visible
from shared.database import ids_in
from shared.models.rois import Roi, Shape
from shared.pixels.ngff import v04, v05
from tile_service.zarr.arrays import made_array
from tile_service.zarr.chunks import full_plane
from tile_service.zarr.codecs import Format

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sqlalchemy import ColumnElement, Connection

    from shared.auth.grants import Grant
    from shared.auth.principal import Principal
    from shared.pixels.chunk_index import ChunkCoordinate, ChunkShape
    from tile_service.zarr.arrays import ServedArray

_SIDE = 512
_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class LabelSummary:
    """The ROIs with masks: (id, name, colour as 0xRRGGBBAA or None), by id."""

    rois: tuple[tuple[int, str | None, int | None], ...] = ()

    def as_json(self, format: Format) -> dict[str, Any]:
        """The `image-label` block."""
        colors = [
            {"label-value": roi, "rgba": list(color.to_bytes(4, "big"))}
            for roi, _, color in self.rois
            if color is not None
        ]
        properties = [
            {"label-value": roi, "roi": f"Roi:{roi}", **({"name": name} if name else {})}
            for roi, name, _ in self.rois
        ]
        block: dict[str, Any] = {"source": {"image": "../../"}, "properties": properties}
        if colors:
            block["colors"] = colors
        version = v04.VERSION if format is Format.V2 else v05.VERSION
        return {"version": version, **block}


def label_arrays(shapes: list[ChunkShape], format: Format) -> tuple[ServedArray, ...]:
    """The label image's arrays: the image's levels with one channel, as 64-bit integers."""
    return tuple(
        made_array(
            shape._replace(c=1), (min(_SIDE, shape.y), min(_SIDE, shape.x)), "<i8", 0.0, format
        )
        for shape in shapes
    )


def summary_of(
    image_id: int,
) -> Callable[[Connection, Principal, Grant | None], LabelSummary]:
    """The question for the ROIs with masks that the caller sees."""

    def question(
        connection: Connection, principal: Principal, _grant: Grant | None
    ) -> LabelSummary:
        rows = connection.execute(
            select(Roi.id, Roi.name, Shape.fill_color)
            .join(Shape, Shape.roi_id == Roi.id)
            .where(_masks(principal, image_id))
            .order_by(Roi.id, Shape.position, Shape.id)
        )
        found: dict[int, tuple[int, str | None, int | None]] = {}
        for row in rows:
            found.setdefault(row.id, (row.id, row.name, row.fill_color))
        return LabelSummary(tuple(found.values()))

    return question


def painted(
    image_id: int, array: ServedArray, at: ChunkCoordinate, full: ChunkShape
) -> Callable[[Connection, Principal, Grant | None], NDArray[np.int64]]:
    """The question for one chunk of the label image, its part inside the array (rows, columns).

    Masks are read and drawn a few at a time: all of a crowded plane would not fit into memory.
    """

    def question(
        connection: Connection, principal: Principal, _grant: Grant | None
    ) -> NDArray[np.int64]:
        import numpy as np

        top, left = at.row * array.chunks.y, at.col * array.chunks.x
        rows = np.arange(top, min(top + array.chunks.y, array.shape.y))
        columns = np.arange(left, min(left + array.chunks.x, array.shape.x))
        # the centre of each pixel of the level, in pixels of full resolution
        ys = (rows + 0.5) * (full.y / array.shape.y)
        xs = (columns + 0.5) * (full.x / array.shape.x)
        out = np.zeros((len(ys), len(xs)), np.int64)
        z = full_plane(at.z, array.shape.z, full.z)
        touching = connection.scalars(
            select(Shape.id)
            .join(Roi, Shape.roi_id == Roi.id)
            .where(_masks(principal, image_id), _near(z, at.t, ys, xs))
            .order_by(Roi.id, Shape.position, Shape.id)
        ).all()
        for start in range(0, len(touching), _AT_ONCE):
            for row in _with_bits(connection, touching[start : start + _AT_ONCE]):
                _paint(out, row, ys, xs)
        return out

    return question


def _with_bits(connection: Connection, shape_ids: Sequence[int]) -> Sequence[Any]:
    """The masks themselves, in the order of drawing."""
    return connection.execute(
        select(
            Shape.roi_id, Shape.x, Shape.y, Shape.width, Shape.height, Shape.transform,
            Shape.mask_bytes,
        )
        .where(ids_in(connection, Shape.__table__.c.id, shape_ids))
        .order_by(Shape.roi_id, Shape.position, Shape.id)
    ).all()  # fmt: skip


def _masks(principal: Principal, image_id: int) -> ColumnElement[bool]:
    return and_(
        Roi.image_id == image_id,
        visible(principal, Roi),
        Shape.class_name == "Mask",
        Shape.mask_bytes.is_not(None),
        Shape.x.is_not(None),
        Shape.y.is_not(None),
        Shape.width >= 1,
        Shape.height >= 1,
    )


def _near(z: int, t: int, ys: NDArray[Any], xs: NDArray[Any]) -> ColumnElement[bool]:
    """Masks on this plane that may touch the chunk; one that is transformed may touch any."""
    touches = and_(
        Shape.x <= float(xs[-1]),
        Shape.x + Shape.width >= float(xs[0]),
        Shape.y <= float(ys[-1]),
        Shape.y + Shape.height >= float(ys[0]),
    )
    return and_(
        or_(Shape.the_z.is_(None), Shape.the_z == z),
        or_(Shape.the_t.is_(None), Shape.the_t == t),
        or_(Shape.transform.is_not(None), touches),
    )


def _paint(out: NDArray[np.int64], row: Any, ys: NDArray[Any], xs: NDArray[Any]) -> None:
    """Draw a mask: bits row by row without padding, the most significant first."""
    import numpy as np

    width, height = int(row.width), int(row.height)
    if width * height > 8 * len(row.mask_bytes):
        return  # a mask shorter than its own size says nothing
    matrix = _matrix(row.transform) if row.transform else None
    if row.transform and matrix is None:
        return  # nobody knows where it lies
    if matrix is None:
        i = np.floor(ys - row.y).astype(np.int64)[:, None]
        j = np.floor(xs - row.x).astype(np.int64)[None, :]
    else:
        a00, a10, a01, a11, a02, a12 = matrix
        scale = a00 * a11 - a01 * a10
        x, y = xs[None, :] - a02, ys[:, None] - a12
        j = np.floor((a11 * x - a01 * y) / scale - row.x).astype(np.int64)
        i = np.floor((a00 * y - a10 * x) / scale - row.y).astype(np.int64)
    inside = (i >= 0) & (i < height) & (j >= 0) & (j < width)
    bit = np.where(inside, i * width + j, 0)
    packed = np.frombuffer(row.mask_bytes, np.uint8)
    is_set = (packed[bit >> 3] >> (7 - (bit & 7)).astype(np.uint8)) & 1
    out[inside & (is_set == 1)] = row.roi_id


def _matrix(text: str) -> list[float] | None:
    """The six numbers of a transform; None when it makes no sense or cannot be undone."""
    try:
        numbers = [float(part) for part in text.split()]
    except ValueError:
        return None
    if len(numbers) != 6 or not all(map(math.isfinite, numbers)):
        return None
    a00, a10, a01, a11 = numbers[:4]
    return numbers if a00 * a11 - a01 * a10 else None
