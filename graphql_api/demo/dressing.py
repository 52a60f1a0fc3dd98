"""Tags, key-value pairs, comments, ratings and ROIs on the demo's images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql_api.demo.rows import Rows
from shared.models.annotations import (
    NS_CLIENT_MAP,
    NS_RATING,
    NS_TAG_SET,
    Annotation,
    MapPair,
)
from shared.models.base import sort_key
from shared.models.rois import Roi, Shape

if TYPE_CHECKING:
    from collections.abc import Sequence

VALUE_KEY_LENGTH = 256
TAGS = ("metaphase", "anaphase", "interphase")
PAIRS = (("Cell line", "HeLa"), ("Fixation", "4 % PFA"), ("Objective", "63x/1.4 oil"))
YELLOW, CYAN = 0xFFFF00FF, 0x00FFFFFF


def tag_set(rows: Rows, name: str, tags: Sequence[str]) -> dict[str, int]:
    """Make a tag set and its tags; answers the tags by their text."""
    parent = rows.add(Annotation, class_name="TagAnnotation", namespace=NS_TAG_SET, text_value=name)
    made = {}
    for text in tags:
        made[text] = rows.add(Annotation, class_name="TagAnnotation", text_value=text)
        rows.link(("Annotation", parent), ("Annotation", made[text]))
    return made


def annotate(rows: Rows, target: tuple[str, int], annotation: int) -> None:
    """Attach an annotation to an object."""
    rows.link(target, ("Annotation", annotation))


def key_values(rows: Rows, target: tuple[str, int], pairs: Sequence[tuple[str, str]]) -> None:
    """Attach ordered key-value pairs that clients may edit."""
    found = rows.add(Annotation, class_name="MapAnnotation", namespace=NS_CLIENT_MAP)
    for position, (key, value) in enumerate(pairs):
        rows.add(
            MapPair,
            annotation_id=found,
            position=position,
            key=key,
            value=value,
            key_key=sort_key(key),
            value_key=sort_key(value[:VALUE_KEY_LENGTH]),
        )
    annotate(rows, target, found)


def comment(rows: Rows, target: tuple[str, int], text: str) -> None:
    """Attach a comment."""
    annotation = rows.add(
        Annotation, class_name="CommentAnnotation", text_value=text, text_key=None
    )
    annotate(rows, target, annotation)


def rating(rows: Rows, target: tuple[str, int], stars: int) -> None:
    """Attach a rating of 1 to 5."""
    annotation = rows.add(
        Annotation, class_name="LongAnnotation", namespace=NS_RATING, long_value=stars
    )
    annotate(rows, target, annotation)


def regions(rows: Rows, image: int, size: int, count: int) -> None:
    """Draw a few ROIs: rectangles, ellipses, a polygon and a label."""
    for number in range(count):
        roi = rows.add(Roi, name=f"Cell {number + 1}", image_id=image)
        left, top = size * (number % 4) / 4 + 8, size * (number // 4 % 4) / 4 + 8
        side = size / 6
        shape: dict[str, Any] = {
            "roi_id": roi,
            "position": 0,
            "stroke_color": YELLOW,
            "stroke_width": 1.0,
        }
        if number % 3 == 0:
            shape |= {"class_name": "Rectangle", "x": left, "y": top, "width": side}
            shape |= {"height": side}
        elif number % 3 == 1:
            shape |= {"class_name": "Ellipse", "x": left + side / 2, "y": top + side / 2}
            shape |= {"radius_x": side / 2, "radius_y": side / 3}
        else:
            corners = ((0, 0), (side, side / 4), (side / 2, side))
            points = " ".join(f"{left + x:.1f},{top + y:.1f}" for x, y in corners)
            shape |= {"class_name": "Polygon", "points": points}
        rows.add(Shape, **shape)
        rows.add(
            Shape,
            roi_id=roi,
            position=1,
            class_name="Label",
            x=left,
            y=top,
            text_value=f"{number + 1}",
            stroke_color=CYAN,
        )
