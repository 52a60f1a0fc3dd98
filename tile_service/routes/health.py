"""`/healthz`, `/readyz` and `/metrics`, for operators; they tell nothing about data."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared.errors import Busy, TesseraError
from shared.models.system import Instance
from tile_service.routes.problems import problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from shared.database import Database
    from tile_service.settings import TileSettings

DEMO_COMPLETE = (None, "complete")


def health_routes(database: Callable[[], Database], settings: TileSettings) -> list[Route]:
    """The routes; `database` answers the one that the lifespan has opened."""

    def unready() -> str | None:
        try:
            with database().read() as connection:
                row = connection.execute(select(Instance.demo_state)).one_or_none()
        except (SQLAlchemyError, TesseraError):
            return "The database does not answer."
        if row is None:
            return "The database has no instance yet: run the migrations."
        if row.demo_state not in DEMO_COMPLETE:
            return "The demo data are being made."
        if not settings.data_dir.is_dir():
            return "The data folder is not reachable."
        return None

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "alive"}, headers={"cache-control": "no-store"})

    async def readyz(_: Request) -> Response:
        reason = await asyncio.to_thread(unready)
        if reason is None:
            return JSONResponse({"status": "ready"}, headers={"cache-control": "no-store"})
        refused = problem(Busy(reason, retry_after_s=2, hint="Wait, or look at its log."))
        return Response(
            refused.body, refused.status, refused.headers, media_type=refused.media_type
        )

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics),
    ]
