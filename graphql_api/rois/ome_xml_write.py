"""ROIs as OME-XML 2016-06, element by element, so that a file can be sent while it is made."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from graphql_api.rois.notes import Loss, Notes
from graphql_api.rois.shape import RoiData, ShapeData, number_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NAMESPACE = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
_SCHEMA = "http://www.openmicroscopy.org/Schemas/OME/2016-06/ome.xsd"
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NUMBERS = ("x", "y", "width", "height", "radius_x", "radius_y", "x1", "y1", "x2", "y2")
_COLORS = ("fill_color", "stroke_color")
_LENGTHS = ("stroke_width", "font_size")
_PLANES = ("the_z", "the_t", "the_c")
_TEXTS = {
    "fill_rule": "FillRule", "stroke_dash_array": "StrokeDashArray", "text_value": "Text",
    "font_family": "FontFamily", "font_style": "FontStyle", "points": "Points",
    "marker_start": "MarkerStart", "marker_end": "MarkerEnd",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What OME-XML demands of the image on which the ROIs lie."""

    id: int
    name: str
    pixels_type: str
    dimension_order: str
    sizes: tuple[int, int, int, int, int]
    """x, y, z, c, t."""


def head(image: ImageFacts | None, roi_ids: Iterable[int], notes: Notes) -> Iterator[str]:
    """The beginning of the document: the image, and that these ROIs lie on it."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield (
        f'<OME xmlns="{NAMESPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="{NAMESPACE} {_SCHEMA}">\n'
    )
    if image is None:
        return
    sizes = " ".join(
        f'Size{axis}="{size}"' for axis, size in zip("XYZCT", image.sizes, strict=True)
    )
    yield (
        f'<Image ID="Image:{image.id}" Name={_quoted(image.name, "image", notes)}>'
        f'<Pixels ID="Pixels:{image.id}" DimensionOrder="{image.dimension_order}" '
        f'Type="{image.pixels_type}" {sizes}><MetadataOnly/></Pixels>\n'
    )
    for number in roi_ids:
        yield f'<ROIRef ID="ROI:{number}"/>\n'
    yield "</Image>\n"


def roi_element(number: int, roi: RoiData, notes: Notes) -> str:
    """One ROI; shapes that OME-XML cannot hold are left out and noted."""
    where = f"Roi:{number}"
    shapes = []
    for place, shape in enumerate(roi.shapes):
        if shape.class_name == "Path":
            notes.add(where, Loss.PATH)
            continue
        shapes.append(_shape_element(f"Shape:{number}:{place}", shape, where, notes))
    name = "" if roi.name is None else f" Name={_quoted(roi.name, where, notes)}"
    union = f"<Union>{''.join(shapes)}</Union>" if shapes else ""
    about = ""
    if roi.description is not None:
        about = f"<Description>{_escaped(roi.description, where, notes)}</Description>"
    return f'<ROI ID="ROI:{number}"{name}>{union}{about}</ROI>\n'


def foot(notes: Notes) -> str:
    """The end of the document, with what was left out as a comment."""
    told = "".join(f"\n  {note.where} {note.loss}: {note.message}" for note in notes.listed)
    more = notes.count - len(notes.listed)
    comment = f"<!-- Left out:{told}{f' and {more} more' if more else ''}\n-->\n" if told else ""
    return f"{comment}</OME>\n"


def _shape_element(identity: str, shape: ShapeData, where: str, notes: Notes) -> str:
    parts = [f'ID="{identity}"', *_numbers(shape)]
    if shape.is_locked is not None:
        parts.append(f'Locked="{str(shape.is_locked).lower()}"')
    for name, attribute in _TEXTS.items():
        value = getattr(shape, name)
        if value is not None:
            parts.append(f"{attribute}={_quoted(value, where, notes)}")
    inner = _transform(shape)
    if shape.mask_bytes is not None:
        bits = base64.b64encode(shape.mask_bytes).decode()
        inner += f'<BinData BigEndian="true" Length="{len(bits)}">{bits}</BinData>'
    return f"<{shape.class_name} {' '.join(parts)}>{inner}</{shape.class_name}>"


def _numbers(shape: ShapeData) -> Iterator[str]:
    """Attributes that need no escaping."""
    for name in (*_NUMBERS, *_COLORS, *_LENGTHS, *_PLANES):
        value = getattr(shape, name)
        if value is None:
            continue
        if name in _COLORS:  # signed, as OME has it
            value = value - 2**32 if value >= 2**31 else value
        text = number_text(value) if isinstance(value, float) else str(value)
        yield f'{_pascal(name)}="{text}"'
        if name in _LENGTHS:
            unit = getattr(shape, f"{name}_unit")
            yield f'{_pascal(name)}Unit="{unit}"'


def _transform(shape: ShapeData) -> str:
    if shape.transform is None:
        return ""
    names = ("A00", "A10", "A01", "A11", "A02", "A12")
    numbers = zip(names, shape.transform.split(), strict=True)
    return "<Transform " + " ".join(f'{name}="{each}"' for name, each in numbers) + "/>"


def _pascal(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def _plain(text: str, where: str, notes: Notes) -> str:
    """The text without characters that no XML can hold."""
    if not _FORBIDDEN.search(text):
        return text
    notes.add(where, Loss.CHARACTERS)
    return _FORBIDDEN.sub("\ufffd", text)


def _quoted(text: str, where: str, notes: Notes) -> str:
    return quoteattr(_plain(text, where, notes))


def _escaped(text: str, where: str, notes: Notes) -> str:
    return escape(_plain(text, where, notes), {"\r": "&#13;"})
