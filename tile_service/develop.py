"""The one road of every rendered answer: authorise → resolve → look up → read → render → encode.

Rights come first, also for what is cached and for a 304. Database and pixels are touched in threads
only; the event loop never waits for either.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from shared.errors import Unreadable
from shared.telemetry import logger
from tile_service.chunks.passthrough import stored_jpeg
from tile_service.chunks.read import ChunkCache, RawPixels, read_region
from tile_service.encode import encode
from tile_service.finish import finish_pixels
from tile_service.metrics import count_lookup, timed
from tile_service.rendering import RenderTables, project, render_tables, render_with

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    import numpy as np
    from numpy.typing import NDArray
    from sqlalchemy import Connection

    from shared.auth.grants import Grant
    from shared.auth.principal import Principal
    from shared.storage import Storage
    from tile_service.access import Credential, Doorkeeper
    from tile_service.cache.protocol import TileKey
    from tile_service.cache.tiers import TieredCache
    from tile_service.chunks.images import OpenImage, OpenImages
    from tile_service.plans import Picture
    from tile_service.seen import SeenImage
    from tile_service.work_queue import WorkQueue

KEPT_TABLES_BYTES = 64 * 2**20

Result = TypeVar("Result")
log = logger("tile_service.develop")


@dataclass(slots=True)
class _Shared:
    """Work that several requests wait for: dropped when all of them have gone."""

    future: asyncio.Future[Any]
    waiting: int = 0


class InFlight:
    """Equal work under way at the same time is done once. For one event loop."""

    def __init__(self) -> None:
        self._shared: dict[Hashable, _Shared] = {}

    async def join(self, key: Hashable, start: Callable[[], asyncio.Future[Any]]) -> Any:
        """What `start` comes to, begun by the first who asks for `key`."""
        shared = self._shared.get(key)
        if shared is None:
            shared = _Shared(start())
            self._shared[key] = shared
            shared.future.add_done_callback(lambda _: self._forget(key, shared))
        shared.waiting += 1
        try:
            return await asyncio.shield(shared.future)
        finally:
            shared.waiting -= 1
            if shared.waiting == 0 and not shared.future.done():
                shared.future.cancel()
                # at once, so that nobody joins what is being dropped
                self._forget(key, shared)

    def _forget(self, key: Hashable, shared: _Shared) -> None:
        if self._shared.get(key) is shared:
            del self._shared[key]
        if shared.future.done() and not shared.future.cancelled():
            shared.future.exception()  # seen, even when everybody has gone


class Darkroom:
    """Develops pictures; one per process."""

    def __init__(
        self,
        doorkeeper: Doorkeeper,
        images: OpenImages,
        tiles: TieredCache,
        chunks: ChunkCache,
        queue: WorkQueue,
    ) -> None:
        self.doorkeeper = doorkeeper
        self._images = images
        self._tiles = tiles
        self._chunks = chunks
        self._queue = queue
        self._tables = _TableCache(KEPT_TABLES_BYTES)
        self._in_flight = InFlight()

    async def admit(
        self, credential: Credential | None, image_id: int, rdef_id: int | None, version: str | None
    ) -> SeenImage:
        """The image as the viewer sees it; raises `Unauthenticated` or `NotFound`.

        An address whose `v=` differs from what is known here may be newer: settings are read again.
        """
        with timed("authorise"):
            await self.doorkeeper.refresh()
            if credential is not None:
                known = self.doorkeeper.known(credential, image_id, rdef_id, version)
                if known is not None:
                    return known
            seen: SeenImage = await self._in_flight.join(
                ("admit", credential, image_id, rdef_id, version),
                lambda: _in_thread(
                    lambda: self.doorkeeper.admit(credential, image_id, rdef_id, version=version)
                ),
            )
            return seen

    def known(
        self, credential: Credential, image_id: int, rdef_id: int | None, version: str | None
    ) -> SeenImage | None:
        """The image as the viewer sees it, when that is known without waiting."""
        if self.doorkeeper.is_due():
            return None
        return self.doorkeeper.known(credential, image_id, rdef_id, version)

    async def admit_many(
        self, credential: Credential | None, image_ids: list[int]
    ) -> dict[int, SeenImage]:
        """Those of the images that the viewer sees; raises `Unauthenticated`."""
        with timed("authorise"):
            return await asyncio.to_thread(self.doorkeeper.admit_many, credential, image_ids)

    async def ask(
        self,
        credential: Credential | None,
        question: Callable[[Connection, Principal, Grant | None], Result],
    ) -> Result:
        """`Doorkeeper.ask` in a thread."""
        with timed("authorise"):
            await self.doorkeeper.refresh()
            return await asyncio.to_thread(self.doorkeeper.ask, credential, question)

    async def ask_once(
        self,
        credential: Credential | None,
        key: Hashable,
        question: Callable[[Connection, Principal, Grant | None], Result],
    ) -> Result:
        """`Doorkeeper.ask_once` in a thread: for what many addresses of one image depend on."""
        if credential is None:
            return await self.ask(credential, question)
        with timed("authorise"):
            await self.doorkeeper.refresh()
            return await asyncio.to_thread(self.doorkeeper.ask_once, credential, key, question)

    @property
    def storage(self) -> Storage:
        """Where files lie."""
        return self._images.storage

    def sight(self, seen: SeenImage) -> RawPixels | None:
        """The image's raw pixels when it is open already, for a look at its index; without I/O."""
        image = self._images.known(seen)
        return None if image is None else RawPixels(image, self._chunks)

    async def look(self, seen: SeenImage, work: Callable[[RawPixels], Result]) -> Result:
        """What `work` makes of the image's raw pixels in a worker thread; nothing is kept.

        Raises `BrokenFile` when they cannot be read, `Busy` when too many wait.
        """
        result: Result = await self._queue.submit(seen.viewer, lambda: self._looked(seen, work))
        return result

    async def look_once(
        self, seen: SeenImage, key: TileKey, work: Callable[[RawPixels], bytes]
    ) -> bytes:
        """As `look`, for bytes that the key names for ever: kept, and made once."""
        near = self._tiles.near.get(key)
        if near is not None:
            count_lookup("memory")
            return near

        async def find_or_make() -> bytes:
            found = await asyncio.to_thread(self._tiles.get, key)
            count_lookup("nowhere" if found is None else "disk")
            if found is not None:
                return found
            made = await self.look(seen, work)
            await asyncio.to_thread(self._tiles.put, key, made)
            return made

        kept: bytes = await self._in_flight.join(key, lambda: asyncio.ensure_future(find_or_make()))
        return kept

    def _looked(self, seen: SeenImage, work: Callable[[RawPixels], Result]) -> Result:
        with self._reading(seen):
            return work(RawPixels(self._images.get(seen), self._chunks))

    def at_once(self, picture: Picture, key: TileKey) -> bytes | None:
        """The encoded picture when it is to be had without waiting: kept in memory, or as a stored
        tile whose bytes the system holds. Costs microseconds, so the event loop may ask.
        """
        image = self._images.known(picture.seen) if picture.may_be_stored else None
        if image is not None:
            # no dearer than a copy, and no copy is pushed out by it
            region = picture.plane_region(0, picture.planes[0])
            stored = stored_jpeg(image, region, picture.finish.quality, at_once=True)
            if stored is not None:
                count_lookup("image")
                return stored
        near = self._tiles.near.get(key)
        if near is not None:
            count_lookup("memory")
        return near

    async def develop(self, picture: Picture, key: TileKey) -> bytes:
        """The encoded picture, from a cache or made anew.

        Raises `BrokenFile` when its pixels cannot be read, `Busy` when too many wait.
        """
        near = self._tiles.near.get(key)
        if near is not None:
            count_lookup("memory")
            return near
        tile: bytes = await self._in_flight.join(
            key, lambda: asyncio.ensure_future(self._find_or_make(picture, key))
        )
        return tile

    async def _find_or_make(self, picture: Picture, key: TileKey) -> bytes:
        # the disk is asked outside the queue: a tile that another process made waits for nobody
        if not picture.may_be_stored and self._tiles.has(key):
            found = await asyncio.to_thread(self._tiles.get, key)
            if found is not None:
                count_lookup("disk")
                return found
        made: bytes = await self._queue.submit(
            picture.seen.viewer, lambda: self._make(picture, key)
        )
        return made

    def _make(self, picture: Picture, key: TileKey) -> bytes:
        stored = self._stored(picture) if picture.may_be_stored else None
        if stored is not None:
            # reading it again costs no more than a look into the disk's cache
            count_lookup("image")
            self._tiles.near.put(key, stored)
            return stored
        count_lookup("nowhere")
        tile = self.render(picture)
        self._tiles.put(key, tile)
        return tile

    def _stored(self, picture: Picture) -> bytes | None:
        """The tile as it lies in the file, when that is the answer; raises `BrokenFile`."""
        with self._reading(picture.seen), timed("read"):
            image = self._images.get(picture.seen)
            region = picture.plane_region(0, picture.planes[0])
            return stored_jpeg(image, region, picture.finish.quality)

    def render(self, picture: Picture) -> bytes:
        """Read, render and encode, in the calling thread; raises `BrokenFile`."""
        pixels = self.paint(picture)
        with timed("encode"):
            return encode(pixels, picture.finish.format, picture.finish.quality)

    def paint(self, picture: Picture) -> NDArray[np.uint8]:
        """Read and render in the calling thread: RGBX (Y, X, 4); raises `BrokenFile`."""
        tables = self._tables.get(picture)
        with self._reading(picture.seen), timed("read"):
            image = self._images.get(picture.seen)
            planes = [self._read(image, picture, c) for c in tables.channels]
        with timed("render"):
            size = (picture.region.height, picture.region.width)
            return finish_pixels(render_with(tables, planes, size=size), picture.finish)

    @contextmanager
    def _reading(self, seen: SeenImage) -> Iterator[None]:
        """Log what cannot be read, and open the image anew next time."""
        try:
            yield
        except Unreadable as error:
            self._images.forget(seen)
            log.warning("tile.unreadable", image_id=seen.id, reason=error.message)
            raise

    def _read(self, image: OpenImage, picture: Picture, channel: int) -> NDArray[np.generic]:
        def plane(z: int) -> NDArray[np.generic]:
            return read_region(image, picture.plane_region(channel, z), self._chunks)

        if picture.projection is None:
            return plane(picture.planes[0])
        if not picture.planes:
            import numpy as np

            dtype = image.source.pixel_type.numpy_name
            return np.zeros((picture.region.height, picture.region.width), dtype)
        planes = (plane(z) for z in picture.planes)
        return project(planes, picture.projection, compat=picture.shown.compat)


class _TableCache:
    """Render tables by settings and pixel type, within a number of bytes: they cost more to make
    than a tile.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used = 0
        self._tables: OrderedDict[tuple[str, str], RenderTables] = OrderedDict()
        self._lock = Lock()

    def get(self, picture: Picture) -> RenderTables:
        key = (picture.seen.pixel_type, picture.shown.digest)
        with self._lock:
            found = self._tables.get(key)
            if found is not None:
                self._tables.move_to_end(key)
                return found
        made = render_tables(picture.settings, picture.seen.pixel_type)
        with self._lock:
            if key not in self._tables:
                self._tables[key] = made
                self._used += made.nbytes
            while self._used > self._limit and len(self._tables) > 1:
                _, dropped = self._tables.popitem(last=False)
                self._used -= dropped.nbytes
        return made


def _in_thread(work: Callable[[], Any]) -> asyncio.Future[Any]:
    return asyncio.ensure_future(asyncio.to_thread(work))
