"""`/zarr/{imageId}.zarr/…` (OME-Zarr 0.4), `/zarr5/…` (0.5) and the alias `/image/{id}.zarr/…`.

To a Zarr client "not found" means the fill value. So an image that is unknown or hidden is 403
here, damage is 500, and 404 is said only for keys that do not exist in an image that one sees.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from shared.errors import Denied, NotFound
from shared.refs import parse_ref
from tile_service.cache import TileKey
from tile_service.downloads.rows import rows_of
from tile_service.query import image_id, parse_query
from tile_service.routes.documents import OCTETS, answer_bytes, json_body
from tile_service.zarr.arrays import served_array
from tile_service.zarr.chunks import absent, chunk_bytes, encoded
from tile_service.zarr.codecs import Format
from tile_service.zarr.documents import ServedImage, documents, group_documents
from tile_service.zarr.keys import chunk_key
from tile_service.zarr.labels import label_arrays, painted, summary_of
from tile_service.zarr.plates import plate_of

if TYPE_CHECKING:
    from tile_service.chunks.read import RawPixels
    from tile_service.develop import Darkroom
    from tile_service.routes.exchange import Exchange
    from tile_service.seen import SeenImage
    from tile_service.settings import TileSettings
    from tile_service.zarr.arrays import ServedArray
    from tile_service.zarr.keys import ChunkKey
    from tile_service.zarr.plates import ServedPlate

LAYOUT_VERSION = 1
"""Raise it when the same chunk gets other bytes than before."""
SUFFIX = ".zarr"


def zarr_route(
    format: Format, *, bare_numbers: bool = False
) -> Callable[[Exchange, list[str], Darkroom, TileSettings], Awaitable[None]]:
    """The route of one version of Zarr; with `bare_numbers` only `42.zarr` is understood."""

    async def answer_zarr(
        exchange: Exchange, segments: list[str], darkroom: Darkroom, _settings: TileSettings
    ) -> None:
        parse_query(exchange.query, ())
        name = segments[0].removesuffix(SUFFIX) if segments else ""
        if not segments or name == segments[0]:
            raise NotFound(
                "There is no such address.", hint="Write /zarr/{imageId}.zarr, or /zarr5."
            )
        ref = parse_ref(name)
        if bare_numbers and not name.isdecimal():
            raise _hidden()
        if ref is not None and ref.class_name == "Plate":
            await _answer_plate(exchange, ref.id, segments[1:], darkroom, format)
            return
        seen = await _admitted(exchange, darkroom, name)
        await _answer_image(exchange, seen, segments[1:], darkroom, format)

    return answer_zarr


async def _admitted(exchange: Exchange, darkroom: Darkroom, name: str) -> SeenImage:
    try:
        return await darkroom.admit(exchange.credential(), image_id(name), None, None)
    except NotFound as error:
        raise _hidden() from error


async def _answer_image(
    exchange: Exchange, seen: SeenImage, key: list[str], darkroom: Darkroom, format: Format
) -> None:
    chunk = chunk_key(key, format)
    if chunk is None:
        await _answer_document(exchange, seen, "/".join(key), darkroom, format)
    elif chunk.level >= len(seen.levels):
        raise absent()
    elif chunk.is_label:
        await _answer_label_chunk(exchange, seen, chunk, darkroom, format)
    else:
        await _answer_chunk(exchange, seen, chunk, darkroom, format)


async def _answer_document(
    exchange: Exchange, seen: SeenImage, key: str, darkroom: Darkroom, format: Format
) -> None:
    credential = exchange.credential()
    arrays = await _arrays(seen, darkroom, format)
    try:
        rows = await darkroom.ask(credential, rows_of(seen.id, in_full=False))
    except NotFound as error:
        raise _hidden() from error
    summary = await darkroom.ask(credential, summary_of(seen.id))
    labels = label_arrays([array.shape for array in arrays], format) if summary.rois else ()
    document = documents(ServedImage(seen, rows, arrays, summary, labels), format).get(key)
    if document is None:
        raise NotFound("There is no such key in this Zarr.")
    await answer_bytes(exchange, json_body(document), "application/json")


async def _answer_chunk(
    exchange: Exchange, seen: SeenImage, chunk: ChunkKey, darkroom: Darkroom, format: Format
) -> None:
    key = TileKey.of(
        seen.id, seen.pixels_uuid, seen.generation, "zarr", LAYOUT_VERSION, int(format), chunk
    )
    if exchange.has_current(key.etag):
        await answer_bytes(exchange, b"", OCTETS, etag=key.etag)
        return
    array = (await _arrays(seen, darkroom, format))[chunk.level]
    _require_inside(array, chunk)

    def work(pixels: RawPixels) -> bytes:
        return chunk_bytes(pixels, chunk.level, array, chunk.at, format)

    made = darkroom.look(seen, work) if array.is_passed_on else darkroom.look_once(seen, key, work)
    body = await exchange.unless_gone(made)
    await answer_bytes(exchange, body, OCTETS, etag=key.etag)


async def _answer_label_chunk(
    exchange: Exchange, seen: SeenImage, chunk: ChunkKey, darkroom: Darkroom, format: Format
) -> None:
    image = await _arrays(seen, darkroom, format)
    array = label_arrays([each.shape for each in image], format)[chunk.level]
    _require_inside(array, chunk)
    values = await darkroom.ask(
        exchange.credential(), painted(seen.id, array, chunk.at, image[0].shape)
    )
    if not values.any():
        raise absent()
    body = await darkroom.look(seen, lambda _: encoded(values, array, format))
    await answer_bytes(exchange, body, OCTETS)


def _require_inside(array: ServedArray, chunk: ChunkKey) -> None:
    if any(at >= count for at, count in zip(chunk.at, array.grid, strict=True)):
        raise absent()


async def _answer_plate(
    exchange: Exchange, plate_id: int, key: list[str], darkroom: Darkroom, format: Format
) -> None:
    credential = exchange.credential()
    try:
        plate = await darkroom.ask_once(credential, ("plate", plate_id), plate_of(plate_id))
    except NotFound as error:
        raise _hidden() from error
    if len(key) > 3:
        place = plate.well(key[0], key[1])
        field = plate.field(place, key[2])
        seen = await _admitted(exchange, darkroom, str(field.image_id))
        await _answer_image(exchange, seen, key[3:], darkroom, format)
        return
    document = _plate_document(plate, key, format)
    await answer_bytes(exchange, json_body(document), "application/json")


def _plate_document(plate: ServedPlate, key: list[str], format: Format) -> object:
    """The document of the plate, of one of its rows, or of a well."""
    *groups, name = key or [""]
    attributes: dict[str, object] = {}
    if not groups:
        attributes = plate.attributes(format)
    elif len(groups) == 1:
        if groups[0] not in plate.rows:
            raise NotFound("There is no such key in this Zarr.")
    else:
        attributes = plate.well_attributes(plate.well(groups[0], groups[1]), format)
    document = group_documents(attributes, format).get(name)
    if document is None:
        raise NotFound("There is no such key in this Zarr.")
    return document


async def _arrays(seen: SeenImage, darkroom: Darkroom, format: Format) -> tuple[ServedArray, ...]:
    """The image's arrays: worked out at once when it is open, else in a worker thread."""

    def arrays(pixels: RawPixels) -> tuple[ServedArray, ...]:
        index = pixels.source.index
        return tuple(served_array(index, number, format) for number in range(len(index.levels)))

    pixels = darkroom.sight(seen)
    return await darkroom.look(seen, arrays) if pixels is None else arrays(pixels)


def _hidden() -> Denied:
    return Denied(
        "There is no such image or plate, or you may not see it.",
        hint="It is not said which: below /zarr, not found would mean zeros.",
    )
