"""What a duplicate made, as the laboratory's things."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.lab import Thing

if TYPE_CHECKING:
    from tests.support.lab import Done, Lab


def copies(lab: Lab, done: Done) -> dict[str, Thing]:
    """Originals to copies, of a duplicate that has at most one page of them."""
    assert done.errors == []
    found = {}
    for each in done.report["copies"]:
        name, number = each["copy"].split(":")
        found[each["original"]] = Thing(name, int(number))
    return found


def owner(lab: Lab, thing: Thing) -> str:
    """The letter of whom it belongs to."""
    number = lab.value(thing, "owner_id")
    return next(name for name, each in lab.people.items() if each == number)
