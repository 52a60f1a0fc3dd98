"""What changed, by whom, with before-images: the one log that history, undo and audit read."""

from __future__ import annotations

from shared.journal.read import Change, changes_of_activity, history
from shared.journal.write import Action, begin_event, record, record_selected

__all__ = [
    "Action",
    "Change",
    "begin_event",
    "changes_of_activity",
    "history",
    "record",
    "record_selected",
]
