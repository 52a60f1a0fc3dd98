"""Count the statements of work, without the heartbeats that depend on how long it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.database import StatementCount


def without_pulses(count: StatementCount) -> int:
    """How many statements were sent, heartbeats and progress apart."""
    return sum("activity_pulse" not in statement for statement in count.statements)
