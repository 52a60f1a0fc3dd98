"""Writing rows for a user in a group, with the details and journal that every write has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from shared.clock import now
from shared.journal.write import begin_event, record
from shared.models.base import Base, sort_key
from shared.models.links import link_between

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(slots=True)
class Rows:
    """Inserts rows that belong to one user and lie in one group."""

    connection: Connection
    owner: int
    group: int
    event: int
    at: int

    @classmethod
    def of(cls, connection: Connection, owner: int, group: int) -> Rows:
        """Begin to write as `owner` in `group`."""
        event = begin_event(connection, user_id=owner, kind="demo")
        return cls(connection, owner, group, event, now())

    def add(self, model: type[Base], /, **values: Any) -> int:
        """Insert one row and answer its id. A name brings its sort key."""
        for name in ("name", "text_value"):
            key = {"name": "name_key", "text_value": "text_key"}[name]
            if key in model.__table__.columns and isinstance(values.get(name), str):
                values.setdefault(key, sort_key(values[name]))
        if "owner_id" in model.__table__.columns:
            values |= {
                "owner_id": self.owner,
                "group_id": self.group,
                "creation_event_id": self.event,
                "update_event_id": self.event,
            }
        for column in ("created_at", "updated_at"):
            if column in model.__table__.columns:
                values.setdefault(column, self.at)
        inserted = self.connection.execute(insert(model).values(**values)).inserted_primary_key
        assert inserted is not None
        row_id = int(inserted[0])
        record(self.connection, self.event, model.__name__, "INSERT", [row_id], group_id=self.group)
        return row_id

    def link(self, parent: tuple[str, int], child: tuple[str, int]) -> int:
        """Link two objects, each given by class name and id."""
        kind = link_between(parent[0], child[0])
        assert kind is not None, (parent, child)
        values = {"parent_id": parent[1], "child_id": child[1]}
        model: Any = kind.model
        return self.add(model, **values)

    def find(self, model: Any, name: str) -> int | None:
        """The id of the owner's own live row of that name in this group."""
        found: int | None = self.connection.scalar(
            select(model.id).where(
                model.owner_id == self.owner,
                model.group_id == self.group,
                model.name == name,
                model.trash_id.is_(None),
            )
        )
        return found
