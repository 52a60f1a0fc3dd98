"""Read the ROIs of an OME-XML document, of any schema since 2013, whatever its namespace.

No document type, no entities, bounded size and depth (`shared.pixels.xml`); compressed masks are
never expanded beyond the size that their shape states.
"""

from __future__ import annotations

import base64
import binascii
import bz2
import re
import zlib
from typing import TYPE_CHECKING, Any

from graphql_api.rois.lenient import without_strange_styles
from graphql_api.rois.notes import Loss, Notes
from graphql_api.rois.shape import GEOMETRY, PlaneSizes, RoiData, ShapeData
from shared.errors import BrokenFile, Invalid
from shared.pixels.xml import child, children, local_name, parse_xml

if TYPE_CHECKING:
    from collections.abc import Callable
    from xml.etree.ElementTree import Element

_PLACES = ("A00", "A10", "A01", "A11", "A02", "A12")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_FLOATS = {
    "X": "x", "Y": "y", "Width": "width", "Height": "height", "RadiusX": "radius_x",
    "RadiusY": "radius_y", "X1": "x1", "Y1": "y1", "X2": "x2", "Y2": "y2",
    "StrokeWidth": "stroke_width", "FontSize": "font_size",
}  # fmt: skip
_INTEGERS = {"TheZ": "the_z", "TheT": "the_t", "TheC": "the_c"}
_COLORS = {"FillColor": "fill_color", "StrokeColor": "stroke_color"}
_TEXTS = {
    "FillRule": "fill_rule", "StrokeDashArray": "stroke_dash_array", "Text": "text_value",
    "FontFamily": "font_family", "FontStyle": "font_style", "Points": "points",
    "MarkerStart": "marker_start", "MarkerEnd": "marker_end",
    "StrokeWidthUnit": "stroke_width_unit", "FontSizeUnit": "font_size_unit",
}  # fmt: skip
MAX_MASK = 2**29
"""Pixels of a mask that is compressed."""
Path = tuple[str, ...]


def read_ome_xml(content: bytes, sizes: PlaneSizes, notes: Notes) -> list[RoiData]:
    """All ROIs of a document; raises `Invalid` naming the ROI and the shape."""
    try:
        root = parse_xml(_text(content), "OME-XML")
    except BrokenFile as error:
        raise Invalid(error.message, hint=error.hint, path=("source",)) from error
    if local_name(root) != "OME":
        raise Invalid(
            f"The document begins with {local_name(root)[:40]!r}, not with OME.", path=("source",)
        )
    found = []
    for place, element in enumerate(children(root, "ROI")):
        path = ("ROI", str(place))
        where = element.get("ID") or ".".join(path)
        about = child(element, "Description")
        union = child(element, "Union")
        shapes = []
        for number, each in enumerate([] if union is None else list(union)):
            shape = _shape(each, sizes, where[:80], notes, (*path, "shapes", str(number)))
            if shape is not None:
                shapes.append(shape)
        name = element.get("Name")
        found.append(RoiData(tuple(shapes), name, None if about is None else about.text or ""))
    return found


def _text(content: bytes) -> str:
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    declared = re.match(rb'\s*<\?xml[^>]{0,200}encoding=["\']([A-Za-z0-9._-]{1,40})', content)
    if declared and declared[1].lower() in {b"iso-8859-1", b"latin-1", b"windows-1252"}:
        return content.decode("cp1252", "replace")
    return content.decode("utf-8-sig", "replace")


def _shape(
    element: Element, sizes: PlaneSizes, where: str, notes: Notes, path: Path
) -> ShapeData | None:
    name = local_name(element)
    if name == "Shape" or name not in GEOMETRY or name == "Path":
        notes.add(where, Loss.OLD_SHAPE)
        return None
    values: dict[str, Any] = {}
    for attributes, read in (
        (_FLOATS, _float), (_INTEGERS, _integer), (_COLORS, _color), (_TEXTS, _as_it_is)
    ):  # fmt: skip
        for attribute, column in attributes.items():
            text = element.get(attribute)
            if text is not None:
                values[column] = read(text, (*path, attribute))
    locked = element.get("Locked")
    if locked is not None:
        values["is_locked"] = locked.strip().lower() in {"true", "1"}
    values["transform"] = _transform(element, path)
    geometry = GEOMETRY[name]
    kept = {
        column: value
        for column, value in values.items()
        if column not in _FLOATS.values() or column in geometry or not _is_geometric(column)
    }
    if name == "Mask":
        kept["mask_bytes"] = _bits(element, kept, path)
    return without_strange_styles(ShapeData(name, **kept), sizes, where, notes, path)


def _is_geometric(column: str) -> bool:
    return column not in {"stroke_width", "font_size"}


def _as_it_is(text: str, _path: Path) -> str:
    return text


def _float(text: str, path: Path) -> float:
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        raise Invalid(f"{text[:40]!r} is no number.", path=path)
    return float(text)


def _integer(text: str, path: Path) -> int:
    text = text.strip()
    if not _WHOLE.fullmatch(text):
        raise Invalid(f"{text[:40]!r} is no whole number.", path=path)
    return int(text)


def _color(text: str, path: Path) -> int:
    """Signed or unsigned, as OME writes it or as some programs do."""
    value = _integer(text, path)
    if not -(2**31) <= value < 2**32:
        raise Invalid(f"{value} is no colour.", path=path)
    return value & 0xFFFFFFFF


def _transform(element: Element, path: Path) -> str | None:
    found = child(element, "Transform")
    if found is None:
        return None
    return " ".join(
        str(_float(found.get(place) or "", (*path, "Transform", place))) for place in _PLACES
    )


def _bits(element: Element, values: dict[str, Any], path: Path) -> bytes:
    data = child(element, "BinData")
    if data is None:
        raise Invalid("The mask has no BinData.", path=(*path, "BinData"))
    wrong = Invalid("The mask's bits cannot be read.", path=(*path, "BinData"))
    try:
        packed = base64.b64decode("".join((data.text or "").split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise wrong from error
    width, height = values.get("width") or 0.0, values.get("height") or 0.0
    wanted = int(min(MAX_MASK, max(0.0, width * height))) // 8 + 1
    expand = _EXPANDERS.get(data.get("Compression") or "none")
    if expand is None:
        raise Invalid("The mask is compressed in an unknown way.", path=(*path, "Compression"))
    try:
        return expand(packed, wanted)
    except (zlib.error, OSError, EOFError, ValueError) as error:
        raise wrong from error


def _zlib(packed: bytes, limit: int) -> bytes:
    return zlib.decompressobj().decompress(packed, limit + 1)


def _bzip2(packed: bytes, limit: int) -> bytes:
    return bz2.BZ2Decompressor().decompress(packed, limit + 1)


def _stored(packed: bytes, _limit: int) -> bytes:
    return packed


_EXPANDERS: dict[str, Callable[[bytes, int], bytes]] = {
    "none": _stored, "zlib": _zlib, "bzip2": _bzip2
}  # fmt: skip
