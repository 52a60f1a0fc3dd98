"""Change the fields of containers, plates, their parts and images.

Every class has its own columns; each is checked by what it holds. What is left out stays, null
takes a value away where a thing can be without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from graphql_api.editing.changing import differs, hold, require_version, write_change
from graphql_api.editing.links import open_event, refusal
from graphql_api.editing.quantities import Quantity, checked_quantity
from graphql_api.editing.targets import find_target
from graphql_api.editing.texts import valid_description, valid_name
from graphql_api.editing.written_dates import acquired_at
from shared.auth.creation import may_refer, require_same_group
from shared.auth.epoch import bump_epoch
from shared.database import lock_groups
from shared.errors import Conflict, Invalid
from shared.models import sort_key
from shared.models.containers import Folder
from shared.models.screening import NAMINGS
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from graphql_api.editing.targets import Target
    from shared.auth.principal import Principal
    from shared.database import Database

MAX_MOMENT = 2**62
MAX_DATE = 40
Columns = dict[str, Any]
Check = Callable[[str, Any], Columns]


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """New values of one object, by column; what is not in `values` stays, None is null."""

    class_name: str
    id: str
    values: Mapping[str, Any] = field(default_factory=dict)
    expected_version: int | None = None


def update_object(database: Database, principal: Principal, change: ObjectChange) -> ObjectRef:
    """Change an object; answers it.

    Raises `NotFound`, `Denied`, `Conflict` for a stale version, or `Invalid` naming the field; then
    nothing has changed.
    """
    given = dict(change.values)
    moves = PARENT in given
    parent = given.pop(PARENT, None)
    values = checked_values(change.class_name, given)
    with database.write() as connection:
        if moves:  # two folders must not be put into each other at once
            first = find_target(connection, principal, change.id, [change.class_name], path=("id",))
            lock_groups(connection, [first.group_id], exclusively=True)
        held = hold(connection, principal, change.id, [change.class_name])
        require_version(held, change.expected_version)
        if moves:
            values[FOLDER_COLUMN] = _new_parent(connection, principal, held.target, parent)
        if differs(held, values):
            event_id = open_event(connection, principal, f"update{change.class_name}")
            write_change(connection, held, event_id, values)
            if moves:
                bump_epoch(connection)
        return held.target.ref


def checked_values(class_name: str, values: Mapping[str, Any]) -> Columns:
    """Columns for what was given; raises `Invalid`."""
    found: Columns = {}
    for name, value in values.items():
        found |= CHECKS[class_name][name](name, value)
    return found


def printed(name: str) -> str:
    """A column as GraphQL prints it."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _name(name: str, value: str | None) -> Columns:
    if value is None:
        raise Invalid(
            "A name cannot be taken away.", hint="Leave name out to keep it.", path=(name,)
        )
    text = valid_name(value)
    return {"name": text, "name_key": sort_key(text)}


def _optional_name(name: str, value: str | None) -> Columns:
    return {"name": None, "name_key": None} if value is None else _name(name, value)


def _text(name: str, value: str | None) -> Columns:
    return {name: valid_description(value, (printed(name),))}


def _naming(name: str, value: str | None) -> Columns:
    if value not in NAMINGS:
        raise Invalid("Rows and columns are named by letter or number.", path=(printed(name),))
    return {name: value}


def _count(name: str, value: int | None) -> Columns:
    if value is not None and value < 0:
        raise Invalid("The number is below 0.", path=(printed(name),))
    return {name: value}


def _plain(name: str, value: Any) -> Columns:
    return {name: value}


def _moment(name: str, value: int | None) -> Columns:
    if value is not None and not -MAX_MOMENT < value < MAX_MOMENT:
        raise Invalid("The moment is too far away.", path=(printed(name),))
    return {name: value}


def _flag(name: str, value: bool | None) -> Columns:
    if value is None:
        raise Invalid("It is either so or not.", hint="Leave it out to keep it.",
                      path=(printed(name),))  # fmt: skip
    return {name: value}


def _written_date(name: str, value: str | None) -> Columns:
    """As it is written, beside the moment by which images are ordered."""
    if value is None:
        return {name: None, "acquired_at": None}
    text = value.strip()
    moment = acquired_at(text)
    if moment is None or not text[:4].isdecimal() or len(text) > MAX_DATE:
        raise Invalid(
            f"{text[:40]!r} is no date.",
            hint="Write 2026-01-31, 2026-01-31T12:00:00 or 2026-01-31T12:00:00+01:00.",
            path=(printed(name),),
        )
    return {name: text, "acquired_at": moment}


def _length(name: str, value: Quantity | None) -> Columns:
    return checked_quantity(name, value, (printed(name),))


PARENT = "parent"
FOLDER_COLUMN = "parent_folder_id"
_NAMED: Mapping[str, Check] = {"name": _name, "description": _text}
CHECKS: Mapping[str, Mapping[str, Check]] = {
    "Project": _NAMED,
    "Dataset": _NAMED,
    "Folder": _NAMED,
    "Image": {**_NAMED, "acquisition_date": _written_date, "is_archived": _flag},
    "Screen": {
        **_NAMED, "type": _text, "protocol_identifier": _text, "protocol_description": _text,
        "reagent_set_identifier": _text, "reagent_set_description": _text,
    },
    "Plate": {
        **_NAMED, "row_naming_convention": _naming, "column_naming_convention": _naming,
        "well_origin_x": _length, "well_origin_y": _length, "default_sample": _count,
        "status": _text, "external_identifier": _text,
    },
    "PlateAcquisition": {
        "name": _optional_name, "description": _text, "start_time": _moment, "end_time": _moment,
    },
    "Well": {
        "status": _text, "type": _text, "color": _plain, "external_description": _text,
        "external_identifier": _text,
    },
    "WellSample": {"position_x": _length, "position_y": _length, "timepoint": _moment},
    "Reagent": {"name": _optional_name, "description": _text, "reagent_identifier": _text},
}  # fmt: skip
"""By class: what can be changed, and how it is checked."""


def _new_parent(
    connection: Connection, principal: Principal, folder: Target, text: str | None
) -> int | None:
    """The folder into which another goes; raises `Conflict` for one that lies within it."""
    if text is None:
        return None
    parent = find_target(connection, principal, text, ["Folder"], path=(PARENT,))
    require_same_group(folder.group_id, parent.facts)
    if not may_refer(principal, "Folder", folder.owner_id, parent.facts):
        raise refusal(principal, parent)
    table: Any = Folder.__table__
    above = select(table.c.id, table.c.parent_folder_id).where(table.c.id == parent.ref.id).cte(
        recursive=True
    )  # fmt: skip
    above = above.union(
        select(table.c.id, table.c.parent_folder_id).where(table.c.id == above.c.parent_folder_id)
    )
    if connection.scalar(select(above.c.id).where(above.c.id == folder.ref.id)) is not None:
        raise Conflict(
            f"{parent.ref} lies within {folder.ref}.",
            hint="A folder cannot go into itself.",
            path=(PARENT,),
            target=str(parent.ref),
        )
    return parent.ref.id
