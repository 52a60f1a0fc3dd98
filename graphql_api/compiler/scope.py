"""One table in one statement: its alias, what is joined to it, and who sees which of its rows.

A column name may be `name`, `join.name` (a join that the type declares), `link.name` (the link
through which a list was reached) or one of the type's computed columns.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_

from shared.auth.select import visible
from shared.models.light import light_alias
from shared.models.people import Group

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from sqlalchemy import CTE, ColumnElement, FromClause

    from shared.auth.principal import Principal


@dataclass(frozen=True, slots=True)
class Join:
    """A row joined to the type's own: `model.remote = own.local`; outer, so it may be absent."""

    model: type[Any]
    local: str
    remote: str = "id"
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """Further columns of the joined row that must have these values."""


def seen_as_owned(scope: Scope) -> ColumnElement[bool]:
    """The visibility of every table with details."""
    return visible(scope.principal, scope.table)


@dataclass(frozen=True, slots=True)
class Source:
    """Where the rows of a type come from."""

    model: Any
    """The table's class; None for rows that a function makes."""
    joins: Mapping[str, Join] = field(default_factory=dict)
    computed: Mapping[str, Callable[[Scope], ColumnElement[Any]]] = field(default_factory=dict)
    seen: Callable[[Scope], ColumnElement[bool]] = seen_as_owned
    has_details: bool = True
    """Whether root lists are merged from keyset ranges per group."""

    @property
    def class_name(self) -> str:
        """OME name of the class, as it stands in ids and rules."""
        name: str = self.model.__name__
        return name


DETAILS_JOINS = {"group": Join(Group, "group_id"), "link.group": Join(Group, "group_id")}
"""Joins that every table with details has."""


@dataclass(slots=True)
class Shared:
    """Table expressions that the conditions of several scopes share, by what they find."""

    apart: bool = False
    """Plan each by itself: PostgreSQL would otherwise search all orders of joining all of them."""
    found: dict[Hashable, CTE | None] = field(default_factory=dict)


class Scope:
    """Aliases of one source within one statement; two scopes never share an alias."""

    def __init__(
        self,
        principal: Principal,
        source: Source,
        link: type[Any] | None = None,
        far: str = "child_id",
    ) -> None:
        self.far = far
        self.principal = principal
        self.source = source
        self.table: Any = light_alias(source.model)
        self.link: Any = None if link is None else light_alias(link)
        self.shared = Shared()
        self._joined: dict[str, Any] = {}

    def column(self, name: str) -> ColumnElement[Any]:
        """The expression behind a column name; adds the join that it needs."""
        found: ColumnElement[Any]
        if name in self.source.computed:
            return self.source.computed[name](self)
        join, _, column = name.rpartition(".")
        if not join:
            found = self.table.c[column]
        elif join == "link":
            found = self.link.c[column]
        else:
            found = self.joined(join).c[column]
        return found

    def joined(self, name: str) -> Any:
        """The alias of a declared join; a dotted name joins onto another join."""
        if name not in self._joined:
            parent, _, _ = name.rpartition(".")
            if parent and parent != "link":
                self.joined(parent)
            self._joined[name] = light_alias(self._join(name).model)
        return self._joined[name]

    def seen(self) -> ColumnElement[bool]:
        """Which rows the principal sees."""
        return self.source.seen(self)

    @property
    def row_key(self) -> ColumnElement[Any]:
        """What tells the rows apart: the link's id where there is one, else the table's."""
        found: ColumnElement[Any] = (self.table if self.link is None else self.link).c.id
        return found

    def from_clause(self, start: Any = None, on: ColumnElement[bool] | None = None) -> FromClause:
        """The table with its joins, and with its link where it was reached through one.

        Given `start`, all of it is joined to that, `on` this condition.
        """
        clause: FromClause = self.table if self.link is None else self.link
        if start is not None:
            clause = start.join(clause, on)
        if self.link is not None:
            clause = clause.join(self.table, self.link.c[self.far] == self.table.c.id)
        for name, alias in self._joined.items():
            join = self._join(name)
            parent, _, _ = name.rpartition(".")
            owner = self._joined[parent] if parent and parent != "link" else self.table
            if parent == "link":
                owner = self.link
            more = [alias.c[column] == value for column, value in join.fixed.items()]
            if join.remote != "id":
                more.append(alias.c.trash_id.is_(None))
            met = and_(alias.c[join.remote] == owner.c[join.local], *more)
            clause = clause.outerjoin(alias, met)
        return clause

    def _join(self, name: str) -> Join:
        return self.source.joins.get(name) or DETAILS_JOINS[name]
