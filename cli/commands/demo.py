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
    from graphql_api.demo.build import build_demo
    from shared.settings import Settings
    from shared.telemetry import set_up_logging

    settings = Settings()
    set_up_logging(settings.log_level, as_json=settings.log_json)
    build_demo(settings, users=50 if full else 3, resume=resume)
