"""`tessera run`: database, API, tile service, worker and demo, in one command and until Ctrl-C."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cli.supervisor import Supervisor
    from shared.settings import Settings

READY_TIMEOUT_S = 900.0
START_TIMEOUT_S = 60.0


def run(
    demo: Annotated[
        bool, typer.Option(help="Fill an empty installation with people and images.")
    ] = True,
) -> None:
    """Start everything here, with demo data on the first start."""
    from cli.startup import read_settings, require_port
    from cli.supervisor import Child, Supervisor
    from graphql_api.settings import ApiSettings
    from tile_service.settings import TileSettings

    settings = read_settings(ApiSettings)
    read_settings(TileSettings)
    require_port("TESSERA_API_PORT", settings.api_host, settings.api_port)
    require_port("TESSERA_TILE_PORT", settings.tile_host, settings.tile_port)
    wants_demo = _prepare(settings, demo=demo)
    children = [
        Child("API", ["serve", "api"]),
        Child("tile service", ["serve", "tiles"]),
        Child("worker", ["worker"]),
    ]
    if wants_demo:
        children.append(Child("demo", ["demo", "--resume"], once=True))
    supervisor = Supervisor(children)
    supervisor.handle_signals()
    started = time.monotonic()
    supervisor.start()
    try:
        if _wait_until_ready(supervisor, settings, wants_demo=wants_demo):
            print(_welcome(settings, time.monotonic() - started), flush=True)
        while not supervisor.stopping.wait(0.5):
            supervisor.watch_once()
    finally:
        print("\nStopping ...", flush=True)
        supervisor.stop()
        print("Stopped. The data are kept; start again with: make run", flush=True)


def _prepare(settings: Settings, *, demo: bool) -> bool:
    """Migrate; make a secret; answer whether the demo is to be made (or finished)."""
    from cli.startup import reached_database, require_folder
    from graphql_api.demo.state import begin_demo
    from shared.auth.keys import SecretKeys, make_secret_file
    from shared.migrations import upgrade

    require_folder(settings.data_dir)
    if not settings.secret_key:
        make_secret_file(settings.data_dir)
    SecretKeys.load(settings)
    with reached_database(settings, is_current=False) as database:
        upgrade(database)
        return demo and begin_demo(database, settings)


def _wait_until_ready(supervisor: Supervisor, settings: Settings, *, wants_demo: bool) -> bool:
    limit = time.monotonic() + (READY_TIMEOUT_S if wants_demo else START_TIMEOUT_S)
    if wants_demo:
        print("Making the demo data (once; about two minutes) ...", flush=True)
    urls = [
        f"http://{_local(settings.api_host)}:{settings.api_port}/readyz",
        f"http://{_local(settings.tile_host)}:{settings.tile_port}/readyz",
    ]
    while not supervisor.stopping.wait(0.25):
        supervisor.watch_once()
        if all(_answers(url) for url in urls):
            return True
        if time.monotonic() > limit:
            print("Tessera is not ready yet; /readyz of each service says why.", file=sys.stderr)
            return False
    return False


def _local(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(  # noqa: S104  # asked where, not bound
        host, f"[{host}]" if ":" in host else host
    )


def _answers(url: str) -> bool:
    import httpx

    try:
        return httpx.get(url, timeout=2.0).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _welcome(settings: Settings, seconds: float) -> str:
    from graphql_api.demo.state import demo_state, welcome
    from shared.database import open_database

    database = open_database(settings)
    try:
        with database.read() as connection:
            return welcome(settings, seconds, has_demo=demo_state(connection) is not None)
    finally:
        database.dispose()
