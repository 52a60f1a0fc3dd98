"""Take shapes that others wrote: a style that OME does not know is dropped and said so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from graphql_api.rois.check import checked_shape
from graphql_api.rois.notes import Loss, Notes
from graphql_api.rois.shape import PlaneSizes, ShapeData
from shared.errors import Invalid

STYLES = {
    "fontFamily": "font_family",
    "fontStyle": "font_style",
    "fontSize": "font_size",
    "fillRule": "fill_rule",
    "fillColor": "fill_color",
    "strokeColor": "stroke_color",
    "strokeWidth": "stroke_width",
    "strokeDashArray": "stroke_dash_array",
    "markerStart": "marker_start",
    "markerEnd": "marker_end",
}


def without_strange_styles(
    shape: ShapeData, sizes: PlaneSizes, where: str, notes: Notes, path: tuple[str, ...] = ()
) -> ShapeData:
    """The checked shape; raises `Invalid` for what is more than style."""
    while True:
        try:
            return checked_shape(shape, sizes, path)
        except Invalid as error:
            name = STYLES.get(error.path[-1] if error.path else "")
            if name is None or getattr(shape, name) is None:
                raise
            changes: dict[str, Any] = {name: None}
            shape = replace(shape, **changes)
            notes.add(where, Loss.STYLE)


def sound_shape(shape: ShapeData, where: str, notes: Notes) -> ShapeData | None:
    """A stored shape as it can be written; None, and a note, when it makes no sense."""
    try:
        return without_strange_styles(shape, PlaneSizes(), where, notes)
    except Invalid:
        notes.add(where, Loss.BROKEN)
        return None
