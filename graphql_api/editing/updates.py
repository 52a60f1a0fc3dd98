"""Rename and describe containers, plates and images."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graphql_api.editing.changing import differs, hold, require_version, write_change
from graphql_api.editing.links import open_event
from graphql_api.editing.texts import valid_description, valid_name
from shared.errors import Invalid
from shared.models import sort_key
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.auth.principal import Principal
    from shared.database import Database


@dataclass(frozen=True, slots=True)
class TextChange:
    """New texts of one object. What is not in `texts` stays; None is the value null."""

    class_name: str
    id: str
    texts: Mapping[str, str | None] = field(default_factory=dict)
    """`name` and `description`."""
    expected_version: int | None = None


def update_texts(database: Database, principal: Principal, change: TextChange) -> ObjectRef:
    """Change name or description; answers the object.

    Raises `NotFound`, `Denied`, `Conflict` for a stale version, or `Invalid`; then nothing has
    changed.
    """
    values = checked_texts(change.texts)
    with database.write() as connection:
        held = hold(connection, principal, change.id, [change.class_name])
        require_version(held, change.expected_version)
        if differs(held, values):
            event_id = open_event(connection, principal, f"update{change.class_name}")
            write_change(connection, held, event_id, values)
        return held.target.ref


def checked_texts(texts: Mapping[str, str | None]) -> dict[str, Any]:
    """Columns for a name and a description; raises `Invalid`."""
    values: dict[str, Any] = {}
    if "name" in texts:
        if texts["name"] is None:
            raise Invalid(
                "A name cannot be taken away.", hint="Leave name out to keep it.", path=("name",)
            )
        name = valid_name(texts["name"])
        values |= {"name": name, "name_key": sort_key(name)}
    if "description" in texts:
        values["description"] = valid_description(texts["description"])
    return values
