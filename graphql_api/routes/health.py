"""Is the process alive, can it serve, and what has it done: `/healthz`, `/readyz`, `/metrics`.

Alive asks nothing of anybody. Ready asks the database, the storage folder, and whether the demo
data, where they are being made, are complete.
"""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING

import anyio.to_thread
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from graphql_api.routes.problems import problem
from shared.errors import TesseraError
from shared.migrations import is_current
from shared.models.system import Instance

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

    from graphql_api.context import Services

BUILDING = "building"


def health_routes() -> list[Route]:
    """The three routes."""
    return [
        Route("/healthz", _healthz),
        Route("/readyz", _readyz),
        Route("/metrics", _metrics),
    ]


def missing(services: Services) -> list[str]:
    """What stands between the service and readiness, as sentences."""
    found = []
    try:
        if not is_current(services.database):
            found.append("The database is not migrated.")
        else:
            with services.database.read() as connection:
                state = connection.scalar(select(Instance.demo_state))
            if state == BUILDING:
                found.append("The demo data are still being made.")
    except (SQLAlchemyError, TesseraError):
        found.append("The database does not answer.")
    if not _is_writable(services.settings.data_dir):
        found.append("The data folder cannot be written.")
    return found


def _is_writable(folder: Path) -> bool:
    probe = folder / f".ready-{uuid.uuid4().hex}"
    try:
        with open(probe, "xb"):  # noqa: PTH123  # `Path.open` says no more
            pass
        os.unlink(probe)  # noqa: PTH108
    except OSError:
        return False
    return True


async def _healthz(_request: Request) -> Response:
    return JSONResponse({"status": "alive"}, headers={"Cache-Control": "no-store"})


async def _readyz(request: Request) -> Response:
    found = await anyio.to_thread.run_sync(missing, request.app.state.services)
    if found:
        response = problem(503, " ".join(found), code="busy", hint="Wait, or look at its log.")
        response.headers["Retry-After"] = "2"
    else:
        response = JSONResponse({"status": "ready"})
    response.headers["Cache-Control"] = "no-store"
    return response


async def _metrics(_request: Request) -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
