"""What a format cannot hold, said rather than dropped in silence."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

MAX_NOTES = 1_000
"""Notes that are told; further ones are only counted."""


class Loss(StrEnum):
    """What was left out or came out otherwise."""

    MASK = "MASK"
    CURVES = "CURVES"
    PATH = "PATH"
    EMPTY = "EMPTY"
    HOLES = "HOLES"
    MEASUREMENTS = "MEASUREMENTS"
    ALTITUDE = "ALTITUDE"
    EDITED = "EDITED"
    STYLE = "STYLE"
    OLD_SHAPE = "OLD_SHAPE"
    CHARACTERS = "CHARACTERS"
    BROKEN = "BROKEN"


SENTENCES: dict[Loss, str] = {
    Loss.MASK: "GeoJSON holds no masks: it was left out.",
    Loss.CURVES: "GeoJSON holds no curves: the path was left out.",
    Loss.PATH: "OME-XML holds no paths any more: it was left out.",
    Loss.EMPTY: "It has no shape: it was left out.",
    Loss.HOLES: "OME's polygons have no holes: it became a Path with the rule EvenOdd.",
    Loss.MEASUREMENTS: "Measurements were left out.",
    Loss.ALTITUDE: "Third and further coordinates were left out.",
    Loss.EDITED: "Its coordinates were edited elsewhere, so they count and its `ome` member not.",
    Loss.STYLE: "A style that OME does not know was left out.",
    Loss.OLD_SHAPE: "A shape of an OME-XML before 2013 was left out; save the file anew.",
    Loss.BROKEN: "A shape makes no sense as it is stored: it was left out.",
    Loss.CHARACTERS: "Characters that XML cannot hold were replaced.",
}


@dataclass(frozen=True, slots=True)
class Note:
    """One loss: where, and what."""

    where: str
    loss: Loss

    @property
    def message(self) -> str:
        """A sentence for the person."""
        return SENTENCES[self.loss]


@dataclass(slots=True)
class Notes:
    """Losses of one reading or writing; each kind once per place."""

    listed: list[Note] = field(default_factory=list)
    count: int = 0
    _last: Note | None = None

    def add(self, where: str, loss: Loss) -> None:
        """Note a loss, unless the last one was the same."""
        note = Note(where, loss)
        if note == self._last:
            return
        self._last = note
        self.count += 1
        if len(self.listed) < MAX_NOTES:
            self.listed.append(note)
