"""`Image:12`: how an object is named everywhere, parsed and printed in one place.

Ids are positive 64-bit integers. OMERO's spellings `Experimenter`, `ExperimenterGroup` and
`RenderingDef` are understood; what is printed is Tessera's own name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from shared.errors import Invalid

MAX_ID = 2**63 - 1
ALIASES = {
    "Experimenter": "User",
    "ExperimenterGroup": "Group",
    "RenderingDef": "RenderingSettings",
    "Run": "PlateAcquisition",
    "Field": "WellSample",
}
_PATTERN = re.compile(r"([A-Z][A-Za-z]{1,63}):([1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True, order=True)
class ObjectRef:
    """One object, by class name and id."""

    class_name: str
    id: int

    def __str__(self) -> str:
        return f"{self.class_name}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> ObjectRef:
        """Read `Image:12`; raises `Invalid` when the text has another form."""
        found = parse_ref(text)
        if found is None:
            raise Invalid(
                f"{text[:80]!r} is not an object id.",
                hint="An id is a class name, a colon and a number, such as Image:12.",
            )
        return found


def parse_ref(text: str) -> ObjectRef | None:
    """Read `Image:12`, or answer None: queries treat malformed and unknown ids alike."""
    match = _PATTERN.fullmatch(text)
    if match is None:
        return None
    number = int(match[2])
    if number > MAX_ID:
        return None
    return ObjectRef(ALIASES.get(match[1], match[1]), number)
