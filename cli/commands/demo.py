"""`tessera demo`: people, groups and images to try everything with. Loopback only."""

from __future__ import annotations

from typing import Annotated

import typer


def demo(
    full: Annotated[bool, typer.Option("--full", help="Sets for all fifty users.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", hidden=True, help="Finish what a start began.")
    ] = False,
) -> None:
    """Make the demo data: for user-1 to user-3, or with --full for all fifty."""
    from cli.startup import reached_database, read_settings, require_folder
    from graphql_api.demo.build import build_demo
    from graphql_api.demo.state import begin_demo
    from shared.auth.keys import make_secret_file
    from shared.migrations import upgrade
    from shared.settings import Settings
    from shared.telemetry import set_up_logging

    settings = read_settings(Settings)
    set_up_logging(settings.log_level, as_json=settings.log_json)
    require_folder(settings.data_dir)
    if not settings.secret_key:
        make_secret_file(settings.data_dir)
    with reached_database(settings, is_current=False) as database:
        upgrade(database)
        begin_demo(database, settings)
    build_demo(settings, users=50 if full else 3, resume=resume)
