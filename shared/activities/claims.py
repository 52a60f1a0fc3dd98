"""What a worker holds when it runs an Activity, and the ways in which it loses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.errors import TesseraError


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to run an Activity: good as long as the row still carries this number.

    `request` is what was booked; `scopes` those of the access token that asked, None for a session.
    """

    activity_id: int
    kind: str
    claim: int
    attempts: int
    user_id: int
    sudoer_id: int | None
    session_id: int | None
    scopes: frozenset[str] | None
    request: Mapping[str, Any]


class LostClaim(Conflict):
    """Another worker has the Activity by now, or it was ended: nothing may be committed."""

    def __init__(self, activity_id: int) -> None:
        super().__init__(
            f"Activity:{activity_id} is no longer this worker's.",
            hint="Roll back; whoever has it now does the work.",
            target=f"Activity:{activity_id}",
        )


class Cancelled(Conflict):
    """Somebody asked for the Activity to be cancelled."""

    def __init__(self, activity_id: int) -> None:
        super().__init__(
            f"Activity:{activity_id} was cancelled.",
            hint="Nothing was changed; retry it if it is wanted after all.",
            target=f"Activity:{activity_id}",
        )


class Stopping(Conflict):
    """The worker's process is told to stop; the Activity goes back into the queue."""

    def __init__(self, activity_id: int) -> None:
        super().__init__(
            f"The worker of Activity:{activity_id} is stopping.",
            hint="The Activity goes back into the queue.",
            target=f"Activity:{activity_id}",
        )


def error_value(error: TesseraError) -> dict[str, Any]:
    """An error as an Activity keeps it and GraphQL shows it."""
    value: dict[str, Any] = {
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
        "path": list(error.path),
        "target": error.target,
    }
    for name in ("reasons", "retry_after_s"):
        if hasattr(error, name):
            found = getattr(error, name)
            value[name] = list(found) if isinstance(found, tuple) else found
    return value
