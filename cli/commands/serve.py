"""`tessera serve api`, `serve tiles`, `worker` and `migrate`: the processes of an installation.

Each reads its settings from `TESSERA_*`; the services are imported inside the commands only.
"""

from __future__ import annotations

import gc
import os
import signal
import threading
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from types import FrameType

    from starlette.applications import Starlette

    from graphql_api.settings import ApiSettings
    from tile_service.app import TileApp

app = typer.Typer(help="Run one of the two services.", no_args_is_help=True)
GRACE_S = 10
"""How long a stopping service waits for answers under way."""
WEBSOCKET_MESSAGE_BYTES = 2**20


@app.command("api")
def api() -> None:
    """Run the GraphQL API."""
    from cli.startup import read_settings, require_port, require_ready
    from graphql_api.settings import ApiSettings

    settings = read_settings(ApiSettings)
    require_port("TESSERA_API_PORT", settings.api_host, settings.api_port)
    require_ready(settings)
    _refuse_open_demo(settings)
    _serve(
        "cli.commands.serve:api_app", settings.api_host, settings.api_port, settings.log_level, 1
    )


@app.command("tiles")
def tiles(
    workers: Annotated[int, typer.Option(help="Processes; 0 means one for each core.")] = 0,
) -> None:
    """Run the tile service."""
    from cli.startup import read_settings, require_port, require_ready
    from tile_service.settings import TileSettings

    settings = read_settings(TileSettings)
    require_port("TESSERA_TILE_PORT", settings.tile_host, settings.tile_port)
    require_ready(settings)
    count = workers or os.cpu_count() or 1
    _serve(
        "cli.commands.serve:tile_app",
        settings.tile_host,
        settings.tile_port,
        settings.log_level,
        count,
        http="tile_service.lanes:LaneProtocol",
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
    built = build_app(settings)
    # what was imported stays for ever: a collector that walks it again and again costs each tile
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    return built


def worker() -> None:
    """Run the worker that imports files and carries out graph operations."""
    from cli.startup import reached_database, read_settings, require_folder
    from graphql_api.activities import handlers
    from graphql_api.graph.expiry import keep_house
    from shared.activities.worker import run_worker
    from shared.settings import Settings
    from shared.storage.local import LocalStorage
    from shared.telemetry import set_up_logging

    settings = read_settings(Settings)
    set_up_logging(settings.log_level, as_json=settings.log_json)
    require_folder(settings.data_dir)
    stop = threading.Event()

    def _stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    with reached_database(settings) as database:
        storage = LocalStorage(settings.data_dir)
        run_worker(database, storage, settings, handlers(), stop, keep_house(settings))


def migrate() -> None:
    """Bring the database to the newest schema."""
    from cli.startup import reached_database, read_settings
    from shared.migrations import upgrade
    from shared.settings import Settings

    with reached_database(read_settings(Settings), is_current=False) as database:
        upgrade(database)
    print("The database is current.")


def _refuse_open_demo(settings: ApiSettings) -> None:
    """Say here, and not out of the server's start, that demo accounts must not be reachable."""
    from graphql_api.app import open_services

    open_services(settings).database.dispose()


def _serve(
    factory: str, host: str, port: int, level: str, workers: int, *, http: str = "auto"
) -> None:
    import uvicorn

    options: dict[str, Any] = {
        "factory": True,
        "http": http,
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
