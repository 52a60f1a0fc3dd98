"""ROIs and shapes as OMERO.web's JSON: `get_rois_json` and `get_shape_json`.

Points are told as an SVG path, colours as `#rrggbb` and an alpha from 0 to 1. ROIs that the viewer
does not see are as if they were not there; a grant opens those of its own images.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, exists, select

from shared.auth.select import visible
from shared.errors import NotFound
from shared.models.images import Image
from shared.models.rois import Roi, Shape
from tile_service.locate import granted
from tile_service.query import no_image
from tile_service.routes.webgateway.geometry import points_of
from tile_service.routes.webgateway.image_rows import seen_image
from tile_service.routes.webgateway.json_answers import answer_gateway_json
from tile_service.routes.webgateway.parameters import bare_id, gateway_query
from tile_service.routes.webgateway.pictures import numbered

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from shared.auth.grants import Grant
    from shared.auth.principal import Principal
    from tile_service.develop import Darkroom
    from tile_service.routes.exchange import Exchange
    from tile_service.settings import TileSettings

Question = Callable[["Connection", "Principal", "Grant | None"], Any]
_TYPES = {"Polyline": "PolyLine"}
_GEOMETRY = {
    "Rectangle": ("x", "y", "width", "height"),
    "Mask": ("x", "y", "width", "height"),
    "Ellipse": ("x", "y", "radius_x", "radius_y"),
    "Point": ("x", "y"),
    "Label": ("x", "y"),
    "Line": ("x1", "y1", "x2", "y2"),
}
_ALL = [each for each in Shape.__table__.c if each.name != "mask_bytes"]


async def get_rois_json(
    exchange: Exchange,
    segments: list[str],
    darkroom: Darkroom,
    settings: TileSettings,  # noqa: ARG001  # every route is called alike
) -> None:
    """`get_rois_json/{iid}`: ROIs by id, their shapes by z and t."""
    numbered(segments, 1, 1, "get_rois_json/{id}")
    number = bare_id(segments[0])
    found = await darkroom.ask(exchange.credential(), rois_of(number))
    await answer_gateway_json(exchange, found, gateway_query(exchange.query))


async def get_shape_json(
    exchange: Exchange,
    segments: list[str],
    darkroom: Darkroom,
    settings: TileSettings,  # noqa: ARG001  # every route is called alike
) -> None:
    """`get_shape_json/{roiId}/{shapeId}`: one shape of that ROI."""
    numbered(segments, 2, 2, "get_shape_json/{roiId}/{shapeId}")
    roi_id, shape_id = bare_id(segments[0], "ROI"), bare_id(segments[1], "shape")
    row = await darkroom.ask(exchange.credential(), shape_of(shape_id))
    if row.roi_id != roi_id:
        raise no_shape()
    await answer_gateway_json(exchange, shape_json(row), gateway_query(exchange.query))


def rois_of(image_id: int) -> Question:
    """The question for all ROIs of an image as JSON; `NotFound` when the image is not visible."""

    def question(
        connection: Connection, principal: Principal, grant: Grant | None
    ) -> list[dict[str, Any]]:
        where = seen_image(principal, grant, image_id)
        if connection.scalar(select(Image.id).where(where)) is None:
            raise no_image()
        rois = connection.scalars(
            select(Roi.id).where(Roi.image_id == image_id, visible(principal, Roi)).order_by(Roi.id)
        )
        shapes: dict[int, list[Any]] = {roi: [] for roi in rois}
        rows = connection.execute(
            select(*_ALL)
            .join(Roi, Roi.id == Shape.roi_id)
            .where(Roi.image_id == image_id, visible(principal, Roi))
            .order_by(Shape.position, Shape.id)
        )
        for row in rows:
            shapes[row.roi_id].append(row)
        return [
            {"id": roi, "shapes": [shape_json(row) for row in sorted(listed, key=by_plane)]}
            for roi, listed in shapes.items()
        ]

    return question


def shapes_of_roi(roi_id: int) -> Question:
    """The question for (image id, shapes by z and t) of a ROI on an image; it raises `NotFound`."""

    def question(
        connection: Connection, principal: Principal, grant: Grant | None
    ) -> tuple[int, list[Any]]:
        where = and_(Roi.id == roi_id, _seen(principal, grant))
        image_id = connection.scalar(select(Roi.image_id).where(where))
        if image_id is None:
            raise NotFound("There is no such ROI.", hint="Or you may not see it.")
        rows = connection.execute(
            select(*_ALL).where(Shape.roi_id == roi_id).order_by(Shape.position, Shape.id)
        )
        return image_id, sorted(rows, key=by_plane)

    return question


def shape_of(shape_id: int, *, with_mask: bool = False) -> Question:
    """The question for one shape's row, with its ROI's `image_id`; it raises `NotFound`."""

    def question(connection: Connection, principal: Principal, grant: Grant | None) -> Any:
        columns = list(Shape.__table__.c) if with_mask else _ALL
        row = connection.execute(
            select(*columns, Roi.image_id)
            .join(Roi, Roi.id == Shape.roi_id)
            .where(Shape.id == shape_id, _seen(principal, grant))
        ).one_or_none()
        if row is None:
            raise no_shape()
        return row

    return question


def by_plane(row: Any) -> tuple[int, int]:
    """The order of shapes: by z, then t; those on all planes first."""
    return tuple(-1 if value is None else value for value in (row.the_z, row.the_t))  # type: ignore[return-value]


def no_shape() -> NotFound:
    """The one answer for a shape that is unknown or not yours."""
    return NotFound("There is no such shape.", hint="Or you may not see it.")


def shape_json(row: Any) -> dict[str, Any]:
    """One shape as OMERO.web tells it; what is not set is left out."""
    found: dict[str, Any] = {"id": row.id, "type": _TYPES.get(row.class_name, row.class_name)}
    for name, key in (("the_z", "theZ"), ("the_t", "theT"), ("the_c", "theC")):
        if getattr(row, name) is not None:
            found[key] = getattr(row, name)
    for name in _GEOMETRY.get(row.class_name, ()):
        found[_camel(name)] = getattr(row, name)
    if row.class_name in {"Polyline", "Polygon"}:
        found["points"] = svg_path(row.points or "", is_closed=row.class_name == "Polygon")
    if row.class_name == "Path":
        found["points"] = row.path_data
    if row.text_value:
        found["textValue"] = row.text_value
        found |= _set(row, ("font_size", "font_style", "font_family"))
    if row.transform:
        found["transform"] = f"matrix({row.transform})"
    for name in ("fill", "stroke"):
        color = getattr(row, f"{name}_color")
        if color is not None:
            found[f"{name}Color"] = f"#{color >> 8 & 0xFFFFFF:06x}"
            found[f"{name}Alpha"] = round((color & 255) / 255, 4)
    return found | _set(row, ("stroke_width", "marker_start", "marker_end"))


def svg_path(text: str, *, is_closed: bool) -> str:
    """`x,y x,y` as an SVG path `M x y L x y`."""
    points = [f"{x:g} {y:g}" for x, y in points_of(text)]
    if not points:
        return ""
    return "M " + " L ".join(points) + (" z" if is_closed else "")


def _seen(principal: Principal, grant: Grant | None) -> ColumnElement[bool]:
    """ROIs that are visible, on an image that the grant covers."""
    if grant is None:
        return visible(principal, Roi)
    covered = exists(select(Image.id).where(Image.id == Roi.image_id, granted(grant)))
    return and_(visible(principal, Roi), covered)


def _set(row: Any, names: tuple[str, ...]) -> dict[str, Any]:
    values = {_camel(name): getattr(row, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
