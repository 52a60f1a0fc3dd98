"""`/webgateway` lists about display: saved settings of an image, lookup tables, histogram."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from shared.errors import Invalid, NotFound, TooLarge
from shared.models.people import User
from shared.pixels.statistics import MAX_BINS, histogram, statistics_level
from shared.rendering.luts import lookup_table, names
from shared.rendering.settings import Model, value_range
from shared.rendering.stored import all_settings
from tile_service.cache import TileKey
from tile_service.encode.png import encode_png
from tile_service.query import index
from tile_service.routes.documents import answer_bytes, json_body
from tile_service.routes.webgateway.json_answers import answer_gateway_body, answer_gateway_json
from tile_service.routes.webgateway.parameters import bare_id, gateway_query
from tile_service.routes.webgateway.pictures import numbered
from tile_service.shown import plane_index

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from shared.rendering.settings import ChannelSettings
    from shared.rendering.stored import StoredSettings
    from tile_service.chunks.read import RawPixels
    from tile_service.develop import Darkroom
    from tile_service.routes.exchange import Exchange
    from tile_service.settings import TileSettings

LUT_ROWS = 10
"""Rows of the preview picture that each table has."""


async def get_image_rdefs_json(
    exchange: Exchange,
    segments: list[str],
    darkroom: Darkroom,
    settings: TileSettings,  # noqa: ARG001  # every route is called alike
) -> None:
    """`get_image_rdefs_json/{iid}`: everybody's settings, newest first."""
    numbered(segments, 1, 1, "get_image_rdefs_json/{id}")
    number, query = bare_id(segments[0]), gateway_query(exchange.query)
    credential = exchange.credential()
    seen = await darkroom.admit(credential, number, None, None)
    rdefs = await darkroom.ask(credential, _rdefs_of(seen.pixels_id))
    await answer_gateway_json(exchange, {"rdefs": rdefs}, query)


async def luts(
    exchange: Exchange,
    segments: list[str],
    darkroom: Darkroom,
    settings: TileSettings,  # noqa: ARG001  # every route is called alike
) -> None:
    """`luts[?rgb=true]`: the lookup tables; `png_index` is the row in `luts_png`."""
    numbered(segments, 0, 0, "luts")
    query = gateway_query(exchange.query)
    await darkroom.ask(exchange.credential(), lambda *_: None)
    wants_colors = query.get("rgb", "").lower() == "true"
    listed = list(names())
    found = []
    for place, name in enumerate(listed):
        entry: dict[str, Any] = {
            "id": place + 1,
            "path": "",
            "name": name,
            "size": 768,
            "png_index": place,
            "png_index_new": place,
        }
        if wants_colors:
            table = lookup_table(name)
            entry["rgb"] = [] if table is None else table.tolist()
        found.append(entry)
    body = {"luts": found, "png_luts": listed, "png_luts_new": listed}
    await answer_gateway_json(exchange, body, query)


async def luts_png(
    exchange: Exchange,
    segments: list[str],
    darkroom: Darkroom,
    settings: TileSettings,  # noqa: ARG001  # every route is called alike
) -> None:
    """`luts_png`: each table as a strip of 256 pixels, in the order of `luts`."""
    import numpy as np

    numbered(segments, 0, 0, "luts_png")
    await darkroom.ask(exchange.credential(), lambda *_: None)
    tables = [table for name in names() if (table := lookup_table(name)) is not None]
    strips = np.repeat(np.stack(tables), LUT_ROWS, axis=0)
    rgbx = np.dstack([strips, np.full((*strips.shape[:2], 1), 255, np.uint8)])
    await answer_bytes(exchange, encode_png(np.ascontiguousarray(rgbx)), "image/png")


async def histogram_json(
    exchange: Exchange, segments: list[str], darkroom: Darkroom, settings: TileSettings
) -> None:
    """`histogram_json/{iid}/channel/{c}?theZ=&theT=&bins=&usePixelsTypeRange=`: counts from the
    channel's least to its greatest value, or over the type's range.
    """
    numbered(segments, 3, 3, "histogram_json/{id}/channel/{c}")
    if segments[1] != "channel":
        raise NotFound("There is no such address.", hint="Write histogram_json/{id}/channel/{c}.")
    number, query = bare_id(segments[0]), gateway_query(exchange.query)
    channel = index(segments[2], "c")
    asked_z, asked_t, bins = (
        index(query.get(name, default), name)
        for name, default in (("theZ", "0"), ("theT", "0"), ("bins", "256"))
    )
    if not 1 <= bins <= MAX_BINS:
        raise Invalid(f"bins cannot be {bins}.", hint=f"Give 1 to {MAX_BINS}.", path=("bins",))
    seen = await darkroom.admit(exchange.credential(), number, None, None)
    sizes = seen.dimensions
    if channel >= sizes.size_c:
        raise NotFound(
            f"The image has no channel {channel}.", hint=f"Channels are 0 to {sizes.size_c - 1}."
        )
    z = plane_index("theZ", asked_z, 0, sizes.size_z)
    t = plane_index("theT", asked_t, 0, sizes.size_t)
    facts = seen.facts.channels[channel]
    limits: tuple[float, float] | None = None
    if query.get("usePixelsTypeRange", "").lower() == "true":
        limits = value_range(seen.pixel_type, seen.facts.significant_bits)
    elif facts.minimum is not None and facts.maximum is not None:
        limits = facts.minimum, facts.maximum

    def count(pixels: RawPixels) -> bytes:
        level = pixels.source.levels[statistics_level(pixels.source)]
        if level.width * level.height > settings.tile_max_read_pixels:
            raise TooLarge(
                f"{level.width * level.height} pixels would have to be counted; the limit is "
                f"{settings.tile_max_read_pixels}.",
                hint="The image has no smaller level.",
            )
        found = histogram(pixels.source, c=channel, z=z, t=t, bins=bins, value_range=limits)
        return json_body({"data": list(found.counts)})

    key = TileKey.of(
        number, "gateway histogram", seen.pixels_uuid, seen.generation, channel, z, t, bins, limits
    )
    body = await exchange.unless_gone(darkroom.look_once(seen, key, count))
    await answer_gateway_body(exchange, body, query)


def _rdefs_of(pixels_id: int) -> Callable[..., list[dict[str, Any]]]:
    """The question for everybody's settings of pixels that the caller sees."""

    def question(connection: Connection, *_: object) -> list[dict[str, Any]]:
        stored = all_settings(connection, pixels_id)
        owners = {
            row.id: row
            for row in connection.execute(
                select(User.id, User.first_name, User.last_name).where(
                    User.id.in_(sorted({each.owner_id for each in stored}))
                )
            )
        }
        return [_rdef(each, owners[each.owner_id]) for each in stored]

    return question


def _rdef(stored: StoredSettings, owner: Any) -> dict[str, Any]:
    settings = stored.settings
    return {
        "id": stored.id,
        "owner": {"id": owner.id, "firstName": owner.first_name, "lastName": owner.last_name},
        "z": settings.default_z,
        "t": settings.default_t,
        "model": "greyscale" if settings.model is Model.GREYSCALE else "rgb",
        "c": [_binding(channel) for channel in settings.channels],
    }


def _binding(channel: ChannelSettings) -> dict[str, Any]:
    color = channel.color
    found: dict[str, Any] = {
        "active": channel.active,
        "start": channel.window_start,
        "end": channel.window_end,
        "color": f"{color >> 8:06X}",
        "rgb": {"red": color >> 24, "green": color >> 16 & 255, "blue": color >> 8 & 255},
        "family": channel.family.value,
        "coefficient": channel.coefficient,
        "inverted": channel.reverse_intensity,
        "reverseIntensity": channel.reverse_intensity,
    }
    if channel.lookup_table:
        found["lut"] = channel.lookup_table
    return found
