"""`/download/{imageId}/…`: original files, a region, all metadata, and a slide's two pictures.

Everything here is an attachment that a browser must not run. The slide's label and macro may show a
patient's name: few people may have them, and to all others they are not there.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from shared.byte_ranges import Unsatisfiable, asked_range, range_headers
from shared.download_names import attachment
from shared.errors import BrokenFile, NotFound
from shared.pixels.source import PixelType
from tile_service.cache import TileKey
from tile_service.downloads.archive import PART_BYTES, zip_parts
from tile_service.downloads.files import (
    StoredFile,
    load_metadata,
    metadata_of,
    originals_of,
    slide_picture_of,
)
from tile_service.downloads.ome_tiff import ome_tiff
from tile_service.downloads.ome_xml import ome_xml
from tile_service.downloads.original_metadata import as_text
from tile_service.downloads.region import block_of, parse_region
from tile_service.downloads.rows import rows_of
from tile_service.query import image_id, parse_query
from tile_service.routes.documents import OCTETS, answer_bytes
from tile_service.routes.exchange import REVALIDATED, Answer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from shared.storage import Storage
    from tile_service.develop import Darkroom
    from tile_service.downloads.files import KeptMetadata, Originals
    from tile_service.routes.exchange import Exchange
    from tile_service.settings import TileSettings

OFFERED = ("original", "region.ome.tif", "metadata.txt", "metadata.ome.xml", "label", "macro")


async def answer_download(
    exchange: Exchange, segments: list[str], darkroom: Darkroom, settings: TileSettings
) -> None:
    """Answer the address below `/download`; raises the errors of parsing, rights and files."""
    if len(segments) != 2 or segments[1] not in OFFERED:
        raise NotFound(
            "There is no such download.",
            hint=f"Write /download/{{imageId}}/ and one of {', '.join(OFFERED)}.",
        )
    number, what = image_id(segments[0]), segments[1]
    if what == "region.ome.tif":
        await _answer_region(exchange, number, darkroom, settings)
        return
    parse_query(exchange.query, ())
    if what == "original":
        await _answer_original(exchange, number, darkroom)
    elif what == "metadata.txt":
        kept = await _metadata(exchange, number, darkroom)
        headers = attachment("Original_Metadata.txt")
        await answer_bytes(exchange, as_text(kept), "text/plain; charset=utf-8", headers=headers)
    elif what == "metadata.ome.xml":
        await _answer_ome_xml(exchange, number, darkroom)
    else:
        await _answer_slide_picture(exchange, number, what, darkroom)


async def _metadata(exchange: Exchange, number: int, darkroom: Darkroom) -> KeptMetadata:
    name, series = await darkroom.ask(exchange.credential(), metadata_of(number))
    return await asyncio.to_thread(load_metadata, darkroom.storage, name, series)


async def _answer_ome_xml(exchange: Exchange, number: int, darkroom: Darkroom) -> None:
    kept = await _metadata(exchange, number, darkroom)
    if kept.ome_xml is not None:
        body = kept.ome_xml.encode("utf-8", "replace")
    else:
        rows = await darkroom.ask(exchange.credential(), rows_of(number, in_full=True))
        body = await asyncio.to_thread(ome_xml, rows)
    headers = attachment(f"Image_{number}.ome.xml")
    await answer_bytes(exchange, body, "application/xml", headers=headers)


async def _answer_slide_picture(
    exchange: Exchange, number: int, kind: str, darkroom: Darkroom
) -> None:
    name = await darkroom.ask(exchange.credential(), slide_picture_of(number, kind))
    body = await asyncio.to_thread(_whole, darkroom.storage, name)
    suffix = name.rpartition(".")[2]
    media_type = {"jpg": "image/jpeg", "png": "image/png"}.get(suffix, OCTETS)
    headers = attachment(f"Image_{number}_{kind}.{suffix}")
    await answer_bytes(exchange, body, media_type, headers=headers)


async def _answer_region(
    exchange: Exchange, number: int, darkroom: Darkroom, settings: TileSettings
) -> None:
    asked = parse_region(exchange.query)
    seen = await darkroom.admit(exchange.credential(), number, None, None)
    pixel_type = PixelType(seen.pixel_type)
    block = block_of(asked, seen.dimensions, pixel_type, settings.download_region_bytes)
    rows = await darkroom.ask(exchange.credential(), rows_of(number, in_full=False))
    described = [
        (column, getattr(rows.pixels, column))
        for column in rows.pixels._fields
        if column.startswith(("physical", "time", "significant"))
    ]
    names = [(each.name, each.color) for each in rows.channels]
    key = TileKey.of(
        number,
        "region",
        seen.pixels_uuid,
        seen.generation,
        block,
        rows.image.name,
        described,
        names,
    )
    headers = attachment(f"{rows.image.name}_region.ome.tif") | {"accept-ranges": "none"}
    if exchange.has_current(key.etag):
        held = {"etag": key.etag, "cache-control": REVALIDATED, **headers}
        await exchange.answer(Answer(304, b"", "image/tiff", held))
        return
    body = await exchange.unless_gone(
        darkroom.look(seen, lambda pixels: ome_tiff(pixels, block, rows))
    )
    fixed = {"etag": key.etag, "cache-control": REVALIDATED, **headers}
    await exchange.answer(Answer(200, body, "image/tiff", fixed))


async def _answer_original(exchange: Exchange, number: int, darkroom: Darkroom) -> None:
    originals: Originals = await darkroom.ask(exchange.credential(), originals_of(number))
    await asyncio.to_thread(_require_whole, darkroom.storage, originals.files)
    etag = TileKey.of(number, "original", originals.fileset_uuid, originals.files).etag
    fixed = {"etag": etag, "cache-control": REVALIDATED}
    if len(originals.files) > 1:
        fixed |= attachment(f"{originals.image_name}.zip") | {"accept-ranges": "none"}
    else:
        name = originals.files[0].name.rpartition("/")[2]
        fixed |= attachment(name) | {"accept-ranges": "bytes"}
    if exchange.has_current(etag):
        await exchange.answer(Answer(304, b"", OCTETS, fixed))
    elif len(originals.files) > 1:
        parts = _in_threads(zip_parts(darkroom.storage, originals.files))
        await exchange.answer_stream(Answer(200, b"", "application/zip", fixed), None, parts)
    else:
        await _answer_file(exchange, originals.files[0], etag, fixed, darkroom.storage)


async def _answer_file(
    exchange: Exchange, file: StoredFile, etag: str, fixed: dict[str, str], storage: Storage
) -> None:
    try:
        asked = asked_range(exchange.header("range"), exchange.header("if-range"), file.size, etag)
    except Unsatisfiable:
        fixed["content-range"] = f"bytes */{file.size}"
        await exchange.answer(Answer(416, b"", OCTETS, fixed))
        return
    start, end = asked or (0, file.size)
    status = 206 if asked else 200
    if asked:
        fixed |= range_headers(asked, file.size)
    parts = _in_threads(_file_parts(storage, file.storage_name, start, end))
    await exchange.answer_stream(Answer(status, b"", OCTETS, fixed), end - start, parts)


def _file_parts(storage: Storage, name: str, start: int, end: int) -> Iterator[bytes]:
    with storage.open_to_read(name) as file:
        file.seek(start)
        while start < end:
            part = file.read(min(PART_BYTES, end - start))
            if not part:
                raise _gone(name)
            start += len(part)
            yield part


async def _in_threads(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Each part is made in a thread, one at a time."""
    while True:
        part = await asyncio.to_thread(next, parts, None)
        if part is None:
            return
        yield part


def _require_whole(storage: Storage, files: tuple[StoredFile, ...]) -> None:
    """Refuse before the first byte what could not be sent to the last."""
    for file in files:
        try:
            size = storage.size(file.storage_name)
        except NotFound as error:
            raise _gone(file.name) from error
        if size != file.size:
            raise _gone(file.name)


def _whole(storage: Storage, name: str) -> bytes:
    try:
        with storage.open_to_read(name) as file:
            return file.read()
    except NotFound as error:
        raise _gone(name) from error


def _gone(name: str) -> BrokenFile:
    return BrokenFile(
        f"The stored file {name.rpartition('/')[2]!r} is gone or has changed.",
        hint="Ask your administrator to restore it, or import it again.",
    )
