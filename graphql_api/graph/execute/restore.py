"""Carry out a restore: what comes back loses its mark, as if it had never been deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql_api.graph.execute.rows import IN_STATES, change, note

if TYPE_CHECKING:
    from graphql_api.graph.execute.rows import Execution


def execute_restore(work: Execution) -> list[str]:
    """Do what the plan says; nothing is created."""
    note(work, IN_STATES, "RESTORE")
    change(work, IN_STATES, {"trash_id": None})
    return []
