"""Carry out a change of owner: trash what is cut, give the rest to its new owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql_api.graph.edges import EDGES
from graphql_api.graph.execute.move import detach
from graphql_api.graph.execute.rows import IN_STATES, change, discard, note
from graphql_api.graph.policies.change_owner import Levels, parts_company

if TYPE_CHECKING:
    from graphql_api.graph.execute.rows import Execution


def execute_change_of_owner(work: Execution) -> list[str]:
    """Do what the plan says; nothing is created."""
    recipient = work.plan.facts["recipient"]
    levels = Levels(work.plan.facts["levels"])
    discard(work)
    detach(work, EDGES["Folder.parent_folder_id"], parts_company(levels, recipient))
    note(work, IN_STATES, "CHOWN", before="owner_id")
    change(work, IN_STATES, {"owner_id": recipient})
    return []
