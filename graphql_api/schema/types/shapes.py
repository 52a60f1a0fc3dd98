"""Shape: the interface of every shape of a ROI, and the shapes with their geometry.

Coordinates are pixels of the image, from its upper left corner. A shape has no owner: it is seen
with its ROI, whose rights are its own.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import strawberry

from graphql_api.compiler.declare import TYPE_NAMES, Batched, ToOne, column, planned, rows_of
from graphql_api.compiler.scope import Join, Scope, Source
from graphql_api.schema.scalars import Color, finite
from graphql_api.schema.types.annotatable import Annotatable
from graphql_api.schema.types.objects import Node
from graphql_api.schema.types.quantities import Length, length
from graphql_api.schema.types.references import LazyRoi
from graphql_api.schema.types.rights import DenialReason, ViewerCan, part_rights
from shared.auth.select import visible
from shared.models import people, rois

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement

    from graphql_api.compiler.declare import Values
    from graphql_api.compiler.run import Run

TYPE_NAMES["Path"] = "PathShape"


def _seen(scope: Scope) -> ColumnElement[bool]:
    return visible(scope.principal, scope.joined("roi"))


SHAPES = Source(
    rois.Shape,
    joins={"roi": Join(rois.Roi, "roi_id"), "roi.group": Join(people.Group, "group_id")},
    seen=_seen,
    has_details=False,
)
_CAN, _CANNOT = part_rights("roi")


_PLACES = ("a00", "a10", "a01", "a11", "a02", "a12")


def _transforms(_run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
    """Six numbers as they are stored; what is not six numbers is no transform."""
    found: list[AffineTransform | None] = []
    for row in rows:
        try:
            numbers = [finite(float(word)) for word in (row["transform"] or "").split()]
        except ValueError:
            numbers = []
        sound = len(numbers) == len(_PLACES) and None not in numbers
        named = dict(zip(_PLACES, numbers, strict=False))
        found.append(AffineTransform(**named) if sound else None)
    return found


def _number(name: str, description: str) -> Any:
    return column(name, description, finite)


@strawberry.type(description="A transform of the plane: x' = a00 x + a01 y + a02, and likewise y'.")
class AffineTransform:
    """A transform of the plane (OME: AffineTransform)."""

    a00: float = strawberry.field(description="Factor of x in x'.")
    a10: float = strawberry.field(description="Factor of x in y'.")
    a01: float = strawberry.field(description="Factor of y in x'.")
    a11: float = strawberry.field(description="Factor of y in y'.")
    a02: float = strawberry.field(description="Shift of x.")
    a12: float = strawberry.field(description="Shift of y.")


@rows_of(SHAPES)
@strawberry.interface(description="A shape of a ROI, in pixels of its image.")
class Shape(Annotatable, Node):
    """What every shape has."""

    roi: LazyRoi | None = planned(ToOne("Roi", "roi_id"), "The ROI to which it belongs.")
    position: int = column("position", "Its place among the shapes of its ROI, from 0.")
    the_z: int | None = column("the_z", "Its section, from 0; null for all.")
    the_t: int | None = column("the_t", "Its timepoint, from 0; null for all.")
    the_c: int | None = column("the_c", "Its channel, from 0; null for all.")
    is_locked: bool | None = column("is_locked", "Whether clients should not move it.")
    text: str | None = column("text_value", "What is written at it (OME: textValue).")
    transform: AffineTransform | None = planned(
        Batched(("transform",), _transforms), "A transform to apply to its geometry."
    )
    fill_color: Color | None = column("fill_color", "The colour inside.")
    fill_rule: str | None = column("fill_rule", "What counts as inside: EvenOdd or NonZero.")
    stroke_color: Color | None = column("stroke_color", "The colour of its line.")
    stroke_dash_array: str | None = column(
        "stroke_dash_array", "Lengths of dashes and gaps, space-separated."
    )
    stroke_width: Length | None = length("stroke_width", "Width of its line.", default="pixel")
    font_family: str | None = column("font_family", "Font of its text.")
    font_size: Length | None = length("font_size", "Size of its text.", default="pt")
    font_style: str | None = column("font_style", "Style of its text.")
    viewer_can: ViewerCan = _CAN
    viewer_cannot: list[DenialReason] = _CANNOT


@strawberry.type(description="A rectangle.")
class Rectangle(Shape):
    """A rectangle."""

    x: float | None = _number("x", "Its left side.")
    y: float | None = _number("y", "Its upper side.")
    width: float | None = _number("width", "Its width.")
    height: float | None = _number("height", "Its height.")


@strawberry.type(description="An ellipse.")
class Ellipse(Shape):
    """An ellipse."""

    x: float | None = _number("x", "Its centre.")
    y: float | None = _number("y", "Its centre.")
    radius_x: float | None = _number("radius_x", "Half its width.")
    radius_y: float | None = _number("radius_y", "Half its height.")


@strawberry.type(description="A point.")
class Point(Shape):
    """A point."""

    x: float | None = _number("x", "Where it is.")
    y: float | None = _number("y", "Where it is.")


@strawberry.type(description="A straight line.")
class Line(Shape):
    """A straight line."""

    x1: float | None = _number("x1", "Where it begins.")
    y1: float | None = _number("y1", "Where it begins.")
    x2: float | None = _number("x2", "Where it ends.")
    y2: float | None = _number("y2", "Where it ends.")
    marker_start: str | None = column("marker_start", "What marks its start, such as Arrow.")
    marker_end: str | None = column("marker_end", "What marks its end, such as Arrow.")


@strawberry.type(description="A line through several points.")
class Polyline(Shape):
    """A line through several points."""

    points: str | None = column("points", "Its points as `x,y x,y`.")
    marker_start: str | None = column("marker_start", "What marks its start, such as Arrow.")
    marker_end: str | None = column("marker_end", "What marks its end, such as Arrow.")


@strawberry.type(description="A closed shape through several points.")
class Polygon(Shape):
    """A closed shape through several points."""

    points: str | None = column("points", "Its points as `x,y x,y`.")


@strawberry.type(description="A piece of text at a place.")
class Label(Shape):
    """A piece of text at a place."""

    x: float | None = _number("x", "Where it begins.")
    y: float | None = _number("y", "Where it begins.")


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


@strawberry.type(description="A mask: some of the pixels of a rectangle.")
class Mask(Shape):
    """A mask: some of the pixels of a rectangle."""

    x: float | None = _number("x", "Its left side.")
    y: float | None = _number("y", "Its upper side.")
    width: float | None = _number("width", "Its width.")
    height: float | None = _number("height", "Its height.")
    bytes: str | None = column(
        "mask_bytes",
        "One bit per pixel in base64: row by row, most significant bit first.",
        _base64,
    )


@strawberry.type(description="A path as SVG writes it; OME has given it up.")
class PathShape(Shape):
    """A path (OME: Path)."""

    d: str | None = column("path_data", "The path, as SVG writes it.")
