"""The grammar of IIIF Image API 3.0: region, size, rotation, quality and format.

Parsing knows nothing of the image; `pixel_region` and `pixel_size` work the answer out once its
size is known. All rules are those of section 4 of the API.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from shared.errors import Invalid, NotFound
from tile_service.chunks.levels import Rectangle
from tile_service.encode import TileFormat, tile_format
from tile_service.query import VIEW_PARAMETERS, View, image_id, parse_query, parse_view
from tile_service.request import Tone

_DECIMAL = r"[0-9]{1,9}(?:\.[0-9]{1,12})?|\.[0-9]{1,12}"
_PIXELS = re.compile(r"([0-9]{1,9}),([0-9]{1,9}),([0-9]{1,9}),([0-9]{1,9})")
_PERCENT = re.compile(rf"pct:({_DECIMAL}),({_DECIMAL}),({_DECIMAL}),({_DECIMAL})")
_SIZE = re.compile(
    rf"(?P<up>\^?)(?:(?P<max>max)|pct:(?P<pct>{_DECIMAL})|(?P<fit>!?)(?P<w>[0-9]{{0,9}}),"
    r"(?P<h>[0-9]{0,9}))"
)
_ROTATION = re.compile(rf"(!?)({_DECIMAL})")


@dataclass(frozen=True, slots=True)
class RegionRequest:
    """An image request of IIIF, parsed."""

    image_id: int
    region: str
    size: str
    rotation: int
    """Degrees clockwise: 0, 90, 180 or 270."""
    mirror: bool
    tone: Tone
    format: TileFormat
    view: View


@dataclass(frozen=True, slots=True)
class Limits:
    """What one answer may have."""

    max_area: int


def parse_region_request(segments: list[str], query_string: bytes) -> RegionRequest:
    """Read `{imageId}/{region}/{size}/{rotation}/{quality}.{format}`.

    Raises `Invalid` naming the part, `NotFound` for a malformed image id or another count of parts.
    """
    if len(segments) != 5:
        raise NotFound(
            "This is not an IIIF image address.",
            hint="Write /iiif/3/{imageId}/{region}/{size}/{rotation}/{quality}.{format}.",
        )
    number = image_id(segments[0])
    region, size, rotation = segments[1:4]
    quality, _, suffix = segments[4].rpartition(".")
    if not (
        region in {"full", "square"} or _PIXELS.fullmatch(region) or _PERCENT.fullmatch(region)
    ):
        raise _wrong("region", region, "Write full, square, x,y,w,h or pct:x,y,w,h.")
    if not _SIZE.fullmatch(size) or size.lstrip("^!") == ",":
        raise _wrong("size", size, "Write max, w, or ,h or w,h or !w,h or pct:n.")
    turned = _ROTATION.fullmatch(rotation)
    if turned is None or float(turned[2]) not in {0.0, 90.0, 180.0, 270.0, 360.0}:
        raise _wrong("rotation", rotation, "Write 0, 90, 180 or 270, after ! to mirror first.")
    if quality not in set(Tone):
        raise _wrong("quality", quality, "Write default, color, gray or bitonal.")
    return RegionRequest(
        image_id=number,
        region=region,
        size=size,
        rotation=int(float(turned[2])) % 360,
        mirror=bool(turned[1]),
        tone=Tone(quality),
        format=tile_format(suffix),
        view=parse_view(parse_query(query_string, VIEW_PARAMETERS)),
    )


def pixel_region(text: str, width: int, height: int) -> Rectangle:
    """The part of an image that a parsed region means, cropped at the image's edge.

    Raises `Invalid` when it is empty or starts outside.
    """
    if text == "full":
        return Rectangle(0, 0, width, height)
    if text == "square":
        side = min(width, height)
        return Rectangle((width - side) // 2, (height - side) // 2, side, side)
    pixels = _PIXELS.fullmatch(text)
    if pixels:
        x, y, w, h = (int(part) for part in pixels.groups())
    else:
        percent = _PERCENT.fullmatch(text)
        if percent is None:
            raise _wrong("region", text, "Write full, square, x,y,w,h or pct:x,y,w,h.")
        parts = [float(part) for part in percent.groups()]
        x, w = _rounded(parts[0] * width / 100), _rounded(parts[2] * width / 100)
        y, h = _rounded(parts[1] * height / 100), _rounded(parts[3] * height / 100)
        # a sliver that was asked for is a pixel; only a width of zero is nothing
        w, h = max(w, 1 if parts[2] > 0 else 0), max(h, 1 if parts[3] > 0 else 0)
    if x >= width or y >= height or w == 0 or h == 0:
        raise Invalid(
            f"The region {text[:80]} shows nothing of the image.",
            hint=f"The image has {width} x {height} pixels.",
            path=("region",),
        )
    return Rectangle(x, y, min(w, width - x), min(h, height - y))


def largest_size(width: int, height: int, limits: Limits) -> tuple[int, int]:
    """`width` x `height`, made smaller in proportion until it is within the limits."""
    if width * height <= limits.max_area:
        return width, height
    ratio = (limits.max_area / (width * height)) ** 0.5
    return max(1, int(width * ratio)), max(1, int(height * ratio))


def least_area(text: str) -> int:
    """Pixels that an answer of this parsed size has at least, whatever the image: a box and a
    percentage say nothing of it.
    """
    found = _SIZE.fullmatch(text)
    if found is None or found["max"] or found["pct"] or found["fit"]:
        return 0
    return int(found["w"] or 1) * int(found["h"] or 1)


def pixel_size(text: str, region: Rectangle, limits: Limits) -> tuple[int, int]:
    """Width and height that a parsed size means for a region, before it is turned.

    Raises `Invalid` for a size of nothing, or one larger than the region without `^`.
    """
    found = _SIZE.fullmatch(text)
    if found is None:
        raise _wrong("size", text, "Write max, w, or ,h or w,h or !w,h or pct:n.")
    may_grow = bool(found["up"])
    if found["max"]:
        if not may_grow:
            return largest_size(region.width, region.height, limits)
        ratio = (limits.max_area / region.pixels) ** 0.5
        width, height = int(region.width * ratio), int(region.height * ratio)
        return max(1, width), max(1, height)
    if found["pct"]:
        ratio = float(found["pct"]) / 100
        width, height = _scaled(region, ratio, ratio)
    elif found["fit"]:
        return _fitted(found["w"], found["h"], region, may_grow=may_grow)
    else:
        width, height = _sides(found["w"], found["h"], region)
    if width == 0 or height == 0:
        raise Invalid("A size of nothing was asked for.", hint="Ask for more.", path=("size",))
    if not may_grow and (width > region.width or height > region.height):
        raise _too_large(text, region)
    return width, height


def _sides(width: str, height: str, region: Rectangle) -> tuple[int, int]:
    if width and height:
        return int(width), int(height)
    if width:
        number = int(width)
        return number, number and max(1, _rounded(region.height * number / region.width))
    number = int(height)
    return number and max(1, _rounded(region.width * number / region.height)), number


def _fitted(width: str, height: str, region: Rectangle, *, may_grow: bool) -> tuple[int, int]:
    if not (width and height) or int(width) == 0 or int(height) == 0:
        raise _wrong("size", f"!{width},{height}", "Write both sides, as in !w,h.")
    ratio = min(int(width) / region.width, int(height) / region.height)
    if ratio > 1 and not may_grow:
        # the text of the API would answer the region as it is; its validator demands this
        raise _too_large(f"!{width},{height}", region)
    scaled = _scaled(region, ratio, ratio)
    return min(scaled[0], max(int(width), 1)), min(scaled[1], max(int(height), 1))


def _scaled(region: Rectangle, horizontally: float, vertically: float) -> tuple[int, int]:
    if horizontally <= 0 or vertically <= 0:
        return 0, 0
    return (
        max(1, _rounded(region.width * horizontally)),
        max(1, _rounded(region.height * vertically)),
    )


def _rounded(value: float) -> int:
    """The nearest whole number, halves up: what people and other servers do, unlike `round`."""
    return int(value + 0.5)


def _too_large(text: str, region: Rectangle) -> Invalid:
    return Invalid(
        f"The size {text[:80]} is larger than the region.",
        hint=f"The region has {region.width} x {region.height} pixels; write ^ to enlarge.",
        path=("size",),
    )


def _wrong(name: str, text: str, hint: str) -> Invalid:
    return Invalid(f"{name} cannot be {text[:80]!r}.", hint=hint, path=(name,))
