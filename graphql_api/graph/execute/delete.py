"""Carry out a delete: everything goes to the trash of its Activity; a purge erases it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql_api.graph.execute.rows import IN_STATES, TRASHED_STATES, discard

if TYPE_CHECKING:
    from graphql_api.graph.execute.rows import Execution


def execute_delete(work: Execution) -> list[str]:
    """Do what the plan says; nothing is created."""
    discard(work, (*IN_STATES, *TRASHED_STATES))
    return []
