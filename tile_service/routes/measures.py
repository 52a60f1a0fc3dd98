"""`/histogram/{imageId}` and `/pixel/{imageId}`: raw values as JSON, before any window or colour.

Large images are counted on a lower level, which the answer names. Values that JSON has no word for
(NaN, infinity) are null; complex ones are [real, imaginary].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.errors import Invalid, NotFound, TooLarge
from shared.pixels.source import PlaneRegion
from shared.pixels.statistics import MAX_BINS, histogram, statistics_level
from tile_service.cache import TileKey
from tile_service.query import image_id, index, optional_index, parse_query
from tile_service.routes.documents import answer_bytes, json_body
from tile_service.shown import plane_index

if TYPE_CHECKING:
    from tile_service.chunks.read import RawPixels
    from tile_service.develop import Darkroom
    from tile_service.routes.exchange import Exchange
    from tile_service.settings import TileSettings

HISTOGRAM_PARAMETERS = frozenset({"channel", "z", "t", "bins"})
PIXEL_PARAMETERS = frozenset({"x", "y", "z", "t"})
USUAL_BINS = 256
JSON = "application/json"


async def answer_histogram(
    exchange: Exchange, segments: list[str], darkroom: Darkroom, settings: TileSettings
) -> None:
    """Answer `/histogram/{imageId}?channel=&z=&t=&bins=`: counts of one plane of one channel."""
    number = _only_image("histogram", segments)
    query = parse_query(exchange.query, HISTOGRAM_PARAMETERS)
    asked = {name: optional_index(query, name) for name in ("channel", "z", "t")}
    bins = index(query["bins"], "bins") if "bins" in query else USUAL_BINS
    if not 1 <= bins <= MAX_BINS:
        raise Invalid(f"bins cannot be {bins}.", hint=f"Give 1 to {MAX_BINS}.", path=("bins",))
    seen = await darkroom.admit(exchange.credential(), number, None, None)
    sizes = seen.dimensions
    c = plane_index("channel", asked["channel"], 0, sizes.size_c)
    z = plane_index("z", asked["z"], seen.settings.default_z, sizes.size_z)
    t = plane_index("t", asked["t"], seen.settings.default_t, sizes.size_t)
    place = {"channel": c, "z": z, "t": t}

    def count(pixels: RawPixels) -> bytes:
        level = pixels.source.levels[statistics_level(pixels.source)]
        if level.width * level.height > settings.tile_max_read_pixels:
            raise TooLarge(
                f"{level.width * level.height} pixels would have to be counted; the limit is "
                f"{settings.tile_max_read_pixels}.",
                hint="The image has no smaller level; ask for values of regions instead.",
            )
        found = histogram(pixels.source, c=c, z=z, t=t, bins=bins)
        return json_body(
            {
                "image": f"Image:{number}",
                **place,
                "level": found.level,
                "min": found.minimum,
                "max": found.maximum,
                "counts": list(found.counts),
            }
        )

    key = TileKey.of(number, "histogram", seen.pixels_uuid, seen.generation, c, z, t, bins)
    body = b""
    if not exchange.has_current(key.etag):
        body = await exchange.unless_gone(darkroom.look_once(seen, key, count))
    await answer_bytes(exchange, body, JSON, etag=key.etag)


async def answer_pixel(
    exchange: Exchange,
    segments: list[str],
    darkroom: Darkroom,
    settings: TileSettings,  # noqa: ARG001  # every route is called alike
) -> None:
    """Answer `/pixel/{imageId}?x=&y=&z=&t=`: the value of each channel at one place."""
    number = _only_image("pixel", segments)
    query = parse_query(exchange.query, PIXEL_PARAMETERS)
    for name in ("x", "y"):
        if name not in query:
            raise Invalid(f"{name} is missing.", hint="Write ?x=10&y=20.", path=(name,))
    asked = {name: optional_index(query, name) for name in ("x", "y", "z", "t")}
    seen = await darkroom.admit(exchange.credential(), number, None, None)
    sizes = seen.dimensions
    x = plane_index("x", asked["x"], 0, sizes.size_x)
    y = plane_index("y", asked["y"], 0, sizes.size_y)
    z = plane_index("z", asked["z"], seen.settings.default_z, sizes.size_z)
    t = plane_index("t", asked["t"], seen.settings.default_t, sizes.size_t)

    def probe(pixels: RawPixels) -> bytes:
        values = [
            pixels.read(PlaneRegion(0, z, c, t, x, y, 1, 1))[0, 0] for c in range(sizes.size_c)
        ]
        channels = [
            {"channel": c, "name": facts.name, "value": _plain(value)}
            for c, (value, facts) in enumerate(zip(values, seen.facts.channels, strict=False))
        ]
        place = {"x": x, "y": y, "z": z, "t": t}
        return json_body(
            {"image": f"Image:{number}", **place, "type": seen.pixel_type, "values": channels}
        )

    body = await exchange.unless_gone(darkroom.look(seen, probe))
    await answer_bytes(exchange, body, JSON)


def _plain(value: Any) -> Any:
    """A numpy scalar as JSON knows it; a float32 is told with its own digits."""
    if value.dtype.kind == "c":
        return [value.real, value.imag]
    return value if value.dtype.kind == "f" else int(value)


def _only_image(route: str, segments: list[str]) -> int:
    if len(segments) != 1:
        raise NotFound("There is no such address.", hint=f"Write /{route}/{{imageId}}.")
    return image_id(segments[0])
