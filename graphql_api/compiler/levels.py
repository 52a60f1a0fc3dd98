"""The tree of what one selection needs: a level per relation, with its columns and its relations.

Levels are merged (equal field and arguments are fetched once); shapes, which build the answer, are
not, because two selections of one relation may name the same response differently.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from graphql_api.compiler.declare import SOURCES
from graphql_api.compiler.rows import Record, Row
from graphql_api.compiler.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from graphql_api.compiler.run import Run
    from graphql_api.compiler.scope import Source
    from shared.auth.principal import Principal


class Child(Protocol):
    """A relation of a level: fetches for all its records at once, and goes on below."""

    def fetch(self, run: Run, records: Sequence[Record]) -> None:
        """Put what was found into `children` of each record."""


class Level:
    """Rows of one class at one place of the answer. Add columns and children, then fetch."""

    def __init__(
        self, class_name: str, link: type[Any] | None = None, far: str = "child_id"
    ) -> None:
        self.far = far
        self.class_name = class_name
        self.source: Source = SOURCES[class_name][0]
        self.link = link
        self.columns: dict[str, int] = {}
        self.children: dict[Hashable, Child] = {}

    def scope(self, principal: Principal) -> Scope:
        """Fresh aliases of its tables, for one statement."""
        return Scope(principal, self.source, self.link, self.far)

    def need(self, name: str) -> int:
        """Select this column; answers its place in the row."""
        return self.columns.setdefault(name, len(self.columns))

    def child(self, key: Hashable, make: Callable[[], Child]) -> Any:
        """The relation of this name and arguments, made when it is the first of them."""
        found = self.children.get(key)
        if found is None:
            found = self.children[key] = make()
        return found

    def fetch_children(self, run: Run, records: Iterable[Record]) -> None:
        """Fetch everything below these rows."""
        listed = list(records)
        if not listed:
            return
        for child in self.children.values():
            child.fetch(run, listed)


class View:
    """A level as one type sees it: the row itself, or (`prefix` "link.") its link."""

    def __init__(self, level: Level, prefix: str = "", type_name: str | None = None) -> None:
        self.level = level
        self.prefix = prefix
        if prefix and level.link is not None:
            self.class_name = level.link.__name__
        else:
            self.class_name = type_name or level.class_name

    def need(self, name: str) -> int:
        """Select this column of the row or of the link."""
        return self.level.need(self.prefix + name)


class ObjectShape:
    """Builds the answer for rows of one object type."""

    def __init__(self, type_name: str, entries: list[tuple[str, Any]]) -> None:
        self.type_name = type_name
        self.entries = entries

    def build(self, record: Record) -> Row:
        """The finished object."""
        row = Row(self.type_name)
        for name, read in self.entries:
            row[name] = read(record)
        return row


class AbstractShape:
    """Builds the answer for rows whose type a column names."""

    def __init__(self, discriminator: int, shapes: dict[str, ObjectShape]) -> None:
        self.discriminator = discriminator
        self.shapes = shapes

    def build(self, record: Record) -> Row:
        """The finished object, of its own type."""
        return self.shapes[record.row[self.discriminator]].build(record)


Shape = ObjectShape | AbstractShape
