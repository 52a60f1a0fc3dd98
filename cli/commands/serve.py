"""`tessera serve api`, `serve tiles`, `worker` and `migrate`: the processes of an installation.

Each reads its settings from `TESSERA_*`; the services are imported inside the commands only.
"""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from types import FrameType

    from starlette.applications import Starlette

    from tile_service.app import TileApp

app = typer.Typer(help="Run one of the two services.", no_args_is_help=True)
GRACE_S = 10
"""How long a stopping service waits for answers under way."""
WEBSOCKET_MESSAGE_BYTES = 2**20


@app.command("api")
def api() -> None:
    """Run the GraphQL API."""
    from shared.settings import Settings

    settings = Settings()
    _serve(
        "cli.commands.serve:api_app", settings.api_host, settings.api_port, settings.log_level, 1
    )


@app.command("tiles")
def tiles(
    workers: Annotated[int, typer.Option(help="Processes; 0 means one for each core.")] = 0,
) -> None:
    """Run the tile service."""
    from shared.settings import Settings

    settings = Settings()
    count = workers or os.cpu_count() or 1
    _serve(
        "cli.commands.serve:tile_app",
        settings.tile_host,
        settings.tile_port,
        settings.log_level,
        count,
    )


def api_app() -> Starlette:
    """The API with the environment's settings: what each server process calls."""
    from graphql_api.app import build_app
    from graphql_api.settings import ApiSettings
    from shared.telemetry import set_up_logging

    settings = ApiSettings()
    set_up_logging(settings.log_level, as_json=settings.log_json)
    return build_app(settings)


def tile_app() -> TileApp:
    """The tile service with the environment's settings: what each server process calls."""
    from shared.telemetry import set_up_logging
    from tile_service.app import build_app
    from tile_service.settings import TileSettings

    settings = TileSettings()
    set_up_logging(settings.log_level, as_json=settings.log_json)
    return build_app(settings)


def worker() -> None:
    """Run the worker that imports files and carries out graph operations."""
    from graphql_api.activities import handlers
    from shared.activities.worker import run_worker
    from shared.database import open_database
    from shared.settings import Settings
    from shared.storage.local import LocalStorage
    from shared.telemetry import set_up_logging

    settings = Settings()
    set_up_logging(settings.log_level, as_json=settings.log_json)
    stop = threading.Event()

    def _stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    database = open_database(settings)
    try:
        run_worker(database, LocalStorage(settings.data_dir), settings, handlers(), stop)
    finally:
        database.dispose()


def migrate() -> None:
    """Bring the database to the newest schema."""
    from shared.database import open_database
    from shared.migrations import upgrade
    from shared.settings import Settings

    database = open_database(Settings())
    try:
        upgrade(database)
    finally:
        database.dispose()
    print("The database is current.")


def _serve(factory: str, host: str, port: int, level: str, workers: int) -> None:
    import uvicorn

    options: dict[str, Any] = {
        "factory": True,
        "host": host,
        "port": port,
        "log_level": "warning" if level.upper() != "DEBUG" else "debug",
        "access_log": False,
        "proxy_headers": False,
        "server_header": False,
        "timeout_graceful_shutdown": GRACE_S,
        "ws_max_size": WEBSOCKET_MESSAGE_BYTES,
        "ws_per_message_deflate": False,  # a small message must not become a large one
    }
    if workers > 1:
        options["workers"] = workers
    # Uvicorn stops in order on SIGTERM and then raises it again: without this the process would
    # look killed to whoever supervises it.
    signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    uvicorn.run(factory, **options)
