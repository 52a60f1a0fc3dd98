"""Handlers that the worker runs: imports and the graph operations."""

from __future__ import annotations

from graphql_api.graph.handlers import handlers as graph_handlers
from graphql_api.importing.run import run_import
from shared.activities.handlers import HandlerRegistry


def handlers() -> HandlerRegistry:
    """Our own handlers by the kind of Activity, and those of installed packages."""
    return HandlerRegistry.load({"import": run_import, **graph_handlers()})
