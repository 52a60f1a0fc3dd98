"""Handlers that the worker runs: imports, and in time the graph operations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql_api.importing.run import run_import

if TYPE_CHECKING:
    from shared.activities.handlers import Handler


def handlers() -> dict[str, Handler]:
    """Our own handlers by the kind of Activity."""
    return {"import": run_import}
