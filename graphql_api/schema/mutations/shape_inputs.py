"""Shapes as inputs: one type for all classes, since a shape may change any of its fields."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

import strawberry

from graphql_api.rois.shape import ShapeData
from graphql_api.schema.mutations.lengths import LengthInput
from graphql_api.schema.scalars import Color
from shared.errors import Invalid


@strawberry.enum(description="Classes of shapes.")
class ShapeType(Enum):
    """OME's classes of shapes."""

    RECTANGLE = strawberry.enum_value("Rectangle", description="x, y, width, height.")
    ELLIPSE = strawberry.enum_value("Ellipse", description="Centre x, y, radiusX, radiusY.")
    POINT = strawberry.enum_value("Point", description="x, y.")
    LINE = strawberry.enum_value("Line", description="x1, y1, x2, y2; its ends may be arrows.")
    POLYLINE = strawberry.enum_value("Polyline", description="points; its ends may be arrows.")
    POLYGON = strawberry.enum_value("Polygon", description="points; closed by itself.")
    LABEL = strawberry.enum_value("Label", description="x, y; only its text is shown.")
    MASK = strawberry.enum_value("Mask", description="x, y, width, height, bytes.")
    PATH = strawberry.enum_value("Path", description="d; may have holes.")


def _field(description: str, name: str | None = None) -> Any:
    return strawberry.field(default=strawberry.UNSET, description=description, name=name)


@strawberry.input(
    description=(
        "Fields of a shape. Coordinates are pixels from the top left corner; planes count from 0."
    )
)
class ShapeFieldsInput:
    """What every input of a shape may hold."""

    the_z: int | None = _field("Its section; null means all.")
    the_t: int | None = _field("Its timepoint; null means all.")
    the_c: int | None = _field("Its channel; null means all.")
    is_locked: bool | None = _field("Whether viewers should refuse to move it.")
    text: str | None = _field("What is written beside it.")
    transform: list[float] | None = _field("Six numbers: a00 a10 a01 a11 a02 a12.")
    fill_color: Color | None = _field("Of its inside.")
    fill_rule: str | None = _field("EvenOdd or NonZero.")
    stroke_color: Color | None = _field("Of its line.")
    stroke_width: LengthInput | None = _field("Of its line; in pixels unless it says otherwise.")
    stroke_dash_array: str | None = _field("Lengths of dashes and gaps, such as 4 2.")
    font_family: str | None = _field("serif, sans-serif, cursive, fantasy or monospace.")
    font_size: LengthInput | None = _field("Of its text, such as 12 pt.")
    font_style: str | None = _field("Normal, Bold, Italic or BoldItalic.")
    x: float | None = _field("Of a corner, a centre or a point.")
    y: float | None = _field("Of a corner, a centre or a point.")
    width: float | None = _field("Above 0.")
    height: float | None = _field("Above 0.")
    radius_x: float | None = _field("Above 0.")
    radius_y: float | None = _field("Above 0.")
    x1: float | None = _field("Of a line's start.")
    y1: float | None = _field("Of a line's start.")
    x2: float | None = _field("Of a line's end.")
    y2: float | None = _field("Of a line's end.")
    marker_start: str | None = _field("Arrow, or null.")
    marker_end: str | None = _field("Arrow, or null.")
    points: str | None = _field("x,y x,y and so on, with blanks between.")
    d: str | None = _field("A path in SVG's grammar.")
    bytes: str | None = _field(
        "Base64 of one bit per pixel, row by row without padding, most significant bit first."
    )
    upload: strawberry.ID | None = _field(
        "A finished upload with the same bytes instead; it is used up."
    )


@strawberry.input(description="A new shape. What its class does not have is refused.")
class ShapeInput(ShapeFieldsInput):
    """A new shape."""

    type: ShapeType = strawberry.field(description="Its class.")


@strawberry.input(description="What is to change in a shape; null empties a field.")
class ShapeChangeInput(ShapeFieldsInput):
    """A change of one shape."""

    id: strawberry.ID = strawberry.field(description="The shape, one of the ROI's own.")


COLUMN_OF: Mapping[str, str] = {"text": "text_value", "d": "path_data"}
_LENGTHS = {"stroke_width": "pixel", "font_size": "pt"}


def shape_columns(
    given: ShapeFieldsInput, path: tuple[str, ...], masks: Mapping[str, bytes]
) -> dict[str, Any]:
    """The columns that an input names; raises `Invalid` for what is no number or no mask."""
    found: dict[str, Any] = {}
    for name in ShapeFieldsInput.__annotations__:
        value = getattr(given, name)
        if value is strawberry.UNSET:
            continue
        if name in _LENGTHS:
            found[name] = None if value is None else value.value
            found[f"{name}_unit"] = None if value is None else value.unit or _LENGTHS[name]
        elif name == "transform":
            found[name] = None if value is None else " ".join(map(repr, value))
        elif name == "bytes":
            if value is not None:
                found["mask_bytes"] = _bits(value, (*path, "bytes"))
        elif name == "upload":
            if value is not None:
                if "mask_bytes" in found:
                    raise Invalid("A mask comes as Base64 or as an upload.", path=(*path, "upload"))
                found["mask_bytes"] = masks[str(value)]
        else:
            found[COLUMN_OF.get(name, name)] = value
    return found


def shapes_of(
    given: Iterable[ShapeInput], name: str, masks: Mapping[str, bytes]
) -> tuple[ShapeData, ...]:
    """New shapes as values; they are not checked yet."""
    return tuple(
        ShapeData(class_name=str(each.type.value), **shape_columns(each, (name, str(place)), masks))
        for place, each in enumerate(given)
    )


def mask_uploads(given: Iterable[ShapeFieldsInput]) -> list[str]:
    """The uploads that shapes name, each once."""
    named = [each.upload for each in given]
    return list(dict.fromkeys(str(one) for one in named if one not in {None, strawberry.UNSET}))


def _bits(text: str, path: tuple[str, ...]) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid("The mask is no Base64.", hint="Encode its bytes.", path=path) from error
