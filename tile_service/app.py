"""`build_app(settings)`: the only wiring of the tile service.

Tile routes are bare ASGI in front of Starlette's router, because they are asked a hundred times
where anything else is asked once. Nothing is opened before the lifespan starts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from starlette.applications import Starlette

from shared.auth.cookies import cookie_name
from shared.auth.keys import SecretKeys
from shared.database import Database, open_database
from shared.errors import Busy, Invalid, NotFound, TesseraError
from shared.models.system import Instance
from shared.storage import LocalStorage
from tile_service.access import Doorkeeper
from tile_service.cache.disk import DiskCache
from tile_service.cache.memory import MemoryCache
from tile_service.cache.tiers import TieredCache
from tile_service.chunks.images import OpenImages
from tile_service.chunks.read import ChunkCache
from tile_service.develop import Darkroom
from tile_service.metrics import answers
from tile_service.rendering.kernel import kernels, use_cache_folder
from tile_service.routes.deepzoom import answer_deep_zoom, ask_deep_zoom
from tile_service.routes.download import answer_download
from tile_service.routes.exchange import Answer, ClientGone, Exchange
from tile_service.routes.health import health_routes
from tile_service.routes.iiif import answer_iiif, ask_iiif
from tile_service.routes.measures import answer_histogram, answer_pixel
from tile_service.routes.pictures import Asked, picture_at_once
from tile_service.routes.problems import incident, problem
from tile_service.routes.thumbnails import answer_thumbnails
from tile_service.routes.tiles import answer_tile, ask_tile
from tile_service.routes.webgateway import WRITING, answer_webgateway, refuse_writing
from tile_service.routes.webgateway.features import answer_features
from tile_service.routes.zarr import zarr_route
from tile_service.settings import TileSettings
from tile_service.work_queue import WorkQueue
from tile_service.zarr.codecs import Format

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

Headers = list[tuple[bytes, bytes]]
Route = Callable[[Exchange, list[str], Darkroom, TileSettings], Awaitable[None]]

ROUTES: dict[str, Route] = {
    "tiles": answer_tile,
    "iiif": answer_iiif,
    "thumbnails": answer_thumbnails,
    "download": answer_download,
    "histogram": answer_histogram,
    "pixel": answer_pixel,
    "dzi": answer_deep_zoom,
    "zarr": zarr_route(Format.V2),
    "zarr5": zarr_route(Format.V3),
    "image": zarr_route(Format.V2, bare_numbers=True),
    "webgateway": answer_webgateway,
    "webclient": answer_webgateway,
}
"""By the first segment of the path."""
AT_ONCE: dict[str, Callable[[Exchange, list[str], TileSettings], Asked | None]] = {
    "tiles": ask_tile,
    "iiif": ask_iiif,
    "dzi": ask_deep_zoom,
}
"""Routes of tiles, which may be answered without waiting."""
OPEN_ROUTES = frozenset({"healthz", "readyz", "metrics"})


@dataclass(slots=True)
class _Open:
    """What the lifespan opens and closes."""

    database: Database
    cookie_name: str
    images: OpenImages
    queue: WorkQueue
    darkroom: Darkroom


class TileApp:
    """The ASGI application: host check, grants, tile routes, then Starlette's router."""

    def __init__(
        self, settings: TileSettings, *, monotonic: Callable[[], float] | None = None
    ) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._open: _Open | None = None
        self._hosts = _hosts(settings)
        self._origins = settings.origins
        self._outside = settings.public_tile_url.rstrip("/")
        self._rest: ASGIApp = Starlette(
            routes=health_routes(self._database, settings), lifespan=lambda _: self.running()
        )

    @property
    def darkroom(self) -> Darkroom:
        """The darkroom that the lifespan has opened."""
        return self._opened().darkroom

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or run the lifespan."""
        if scope["type"] == "lifespan":
            await self._rest(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        opened = self._opened()
        exchange = self._exchange(opened, scope, receive, _counted(send, scope))
        segments = exchange.path.strip("/").split("/")
        route = ROUTES.get(segments[0])
        scope["tessera.route"] = segments[0] if route else "other"
        try:
            self._check_host(exchange)
            if segments[0] in OPEN_ROUTES:
                await self._rest(scope, receive, send)
            elif segments == [""] and exchange.method == "OPTIONS":
                await answer_features(exchange, self._settings)
            elif route is None:
                unknown = NotFound("There is no such address.", hint="Tiles are below /tiles.")
                await exchange.answer(problem(unknown))
            elif exchange.method == "OPTIONS":
                await exchange.answer_preflight()
            elif exchange.method not in {"GET", "HEAD"}:
                if route is answer_webgateway and WRITING.keys() & set(segments[1:2]):
                    await refuse_writing(exchange, segments[1])
                else:
                    await exchange.answer(_not_allowed())
            else:
                # before the address is read: it may name a lookup table uploaded a second ago
                await opened.darkroom.doorkeeper.refresh()
                await route(exchange, segments[1:], opened.darkroom, self._settings)
        except ClientGone:
            return
        except TesseraError as error:
            await exchange.answer(problem(error))
        except Exception as error:  # the edge: nothing may leave as a traceback
            await exchange.answer(incident(error, exchange.path))

    def at_once(self, target: bytes, headers: Headers) -> tuple[int, Headers, bytes] | None:
        """Status, headers and body of a GET when nothing has to be waited for: the viewer's right
        is known and the bytes are in memory. None for everything else, faults included: the
        ordinary way then answers. Never touches a disk or the database.
        """
        path, _, query = target.partition(b"?")
        opened = self._open
        if opened is None or b"%" in path or not path.isascii():
            return None
        text = path.decode("ascii")
        scope = {
            "type": "http", "method": "GET", "path": text, "raw_path": path,
            "query_string": query, "headers": headers, "scheme": "http",
        }  # fmt: skip
        exchange = self._exchange(opened, scope, _nothing, _nothing)
        segments = exchange.path.strip("/").split("/")
        ask = AT_ONCE.get(segments[0])
        if ask is None:
            return None
        try:
            self._check_host(exchange)
            asked = ask(exchange, segments[1:], self._settings)
            found = None if asked is None else picture_at_once(exchange, opened.darkroom, asked)
        except TesseraError:
            return None
        if found is None:
            return None
        answers(segments[0], found.status).inc()
        return found.status, exchange.headers_of(found), found.body

    def _exchange(self, opened: _Open, scope: Scope, receive: Receive, send: Send) -> Exchange:
        return Exchange(
            scope,
            receive,
            send,
            cookie_name=opened.cookie_name,
            origins=self._origins,
            outside=self._outside,
        )

    def _check_host(self, exchange: Exchange) -> None:
        if "*" in self._hosts:
            return
        host = exchange.header("host").lower()
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        if name not in self._hosts:
            raise Invalid(
                "This host is not served here.",
                hint="Name it in TESSERA_ALLOWED_HOSTS.",
                path=("Host",),
            )

    def _database(self) -> Database:
        return self._opened().database

    def _opened(self) -> _Open:
        if self._open is None:
            raise Busy("The tile service is starting.", retry_after_s=1)
        return self._open

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Open everything, and close it at the end: what the server's lifespan does."""
        self._open = opened = await asyncio.to_thread(_open, self._settings, self._monotonic)
        try:
            yield
        finally:
            self._open = None
            await asyncio.to_thread(_close, opened)


def build_app(settings: TileSettings, *, monotonic: Callable[[], float] | None = None) -> TileApp:
    """The tile service as an ASGI application; `monotonic` is the clock of cached verdicts."""
    return TileApp(settings, monotonic=monotonic)


def _open(settings: TileSettings, monotonic: Callable[[], float] | None) -> _Open:
    if kernels.cache_info().currsize == 0:
        use_cache_folder(settings.kernel_cache_dir)
    kernels()
    database = open_database(settings)
    with database.read() as connection:
        instance = connection.scalar(select(Instance.uuid))
    if instance is None:
        raise Invalid("The database is empty.", hint="Run the migrations before the services.")
    keys = SecretKeys.load(settings)
    images = OpenImages(LocalStorage(settings.data_dir), settings.tile_open_images)
    queue = WorkQueue(settings.workers, settings.tile_queue_length)
    clock = {"monotonic": monotonic} if monotonic else {}
    disk = settings.tile_disk_cache_bytes
    tiles = TieredCache(
        MemoryCache(settings.tile_memory_cache_bytes),
        DiskCache(settings.tile_cache_dir, disk) if disk else None,
    )
    darkroom = Darkroom(
        Doorkeeper(database, settings, keys, **clock),
        images,
        tiles,
        ChunkCache(settings.tile_chunk_cache_bytes),
        queue,
    )
    return _Open(database, cookie_name(instance), images, queue, darkroom)


def _close(opened: _Open) -> None:
    opened.queue.close()
    opened.images.close()
    opened.database.dispose()


def _hosts(settings: TileSettings) -> frozenset[str]:
    outside = settings.tile_url.partition("://")[2].partition("/")[0].lower()
    name = outside if outside.endswith("]") else outside.rpartition(":")[0] or outside
    return frozenset({*(host.lower() for host in settings.allowed_hosts), name})


def _not_allowed() -> Answer:
    answer = problem(Invalid("Tiles are only read.", hint="Use GET or HEAD."))
    answer.status = 405
    answer.headers = {**answer.headers, "allow": "GET, HEAD, OPTIONS"}
    return answer


async def _nothing(*_: object) -> Any:
    """In place of receive and send, where neither is used."""


def _counted(send: Send, scope: Scope) -> Send:
    async def counting(message: object) -> None:
        if message["type"] == "http.response.start":  # type: ignore[index]
            answers(scope.get("tessera.route", "other"), message["status"]).inc()  # type: ignore[index]
        await send(message)  # type: ignore[arg-type]

    return counting
