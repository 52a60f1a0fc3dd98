"""What travels: `Record`, a fetched row with what hangs on it, and `Row`, a finished answer.

A `Row` is keyed by response name, so leaves resolve with one look-up; it is never the model.
"""

from __future__ import annotations

from typing import Any


class Record:
    """A fetched row and, by relation, what was fetched for it."""

    __slots__ = ("children", "row")

    def __init__(self, row: Any) -> None:
        self.row = row
        self.children: dict[Any, Any] = {}


class Row(dict[Any, Any]):
    """A finished object: response name to value, and the GraphQL type that it has."""

    __slots__ = ("type_name",)

    def __init__(self, type_name: str) -> None:
        super().__init__()
        self.type_name = type_name


class ByAlias:
    """One object selected several times under different aliases of the same payload field."""

    __slots__ = ("by_alias",)

    def __init__(self, by_alias: dict[Any, Row]) -> None:
        self.by_alias = by_alias

    @property
    def type_name(self) -> str:
        """The type of the object, whichever alias is asked."""
        return next(iter(self.by_alias.values())).type_name
