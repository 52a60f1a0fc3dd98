"""What comes back from the trash with something restored, and what a purge erases for good."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphql_api.graph.edges import EDGES, Kind, edges_of
from graphql_api.graph.policies.rules import Follow, Hold, Need, Outcome, Policy, Step
from graphql_api.graph.words import Reason, State

_FILESET = EDGES["Image.fileset_id"]
_FIELD = EDGES["WellSample.image_id"]
_HOLDERS = {"Instrument", "Experiment"}


def restore_policy(activities: tuple[int, ...]) -> Policy:
    """Everything below the targets that the same Activities put into the trash."""
    below = edges_of(Kind.CONTAINS, Kind.PART, Kind.REFERS, Kind.ANNOTATES)
    return Policy(
        follows=(*(Follow(edge, _all) for edge in below), Follow(_FILESET, _all, upward=True)),
        holds=(),
        links=_either_end,
        trash=activities,
    )


def purge_policy() -> Policy:
    """The parts of what is purged, and what nothing else refers to any more, trashed or not."""
    shared = [edge for edge in edges_of(Kind.REFERS) if edge is not _FIELD]
    parts = edges_of(Kind.PART)
    holds = [Hold(edge, Reason.SHARED_ELSEWHERE) for edge in shared]
    holds += [Hold(edge, Reason.SHARED_ELSEWHERE, initially=False) for edge in parts]
    return Policy(
        follows=tuple(Follow(edge, _all) for edge in (*parts, *shared)),
        holds=tuple(holds),
        needs=tuple(
            Need(edge, Reason.SHARED_ELSEWHERE) for edge in parts if edge.source in _HOLDERS
        ),
        links=_either_end,
        whatever_state=True,
    )


def _all(_step: Step) -> Sequence[Outcome]:
    return [(None, State.IN, None)]


def _either_end(_ends: Any) -> Sequence[Outcome]:
    return [(None, State.IN, None)]
