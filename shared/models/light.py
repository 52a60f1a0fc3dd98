"""Tables as reading statements need them: names and types of columns, without keys or defaults.

An alias of a mapped table copies every column with its foreign keys, which costs more than the
statement itself; of a light table, it is several times cheaper. Both give the same SQL. Within
`reused_aliases` the aliases of one operation are those of others before it.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from sqlalchemy import TableClause, column, table

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT = 64
"""Aliases of one table that are kept; an operation that needs more makes the others anew."""
_TABLES: dict[Any, TableClause] = {}
_ALIASES: dict[Any, list[Any]] = {}
_taken: ContextVar[dict[Any, int] | None] = ContextVar("aliases_taken", default=None)


@contextmanager
def reused_aliases() -> Iterator[None]:
    """Hand out kept aliases while this lasts, each once: two places of a statement never share
    one.
    """
    token = _taken.set({})
    try:
        yield
    finally:
        _taken.reset(token)


def light_alias(model: type[Any]) -> Any:
    """An alias of the model's table, for one place of one SELECT."""
    taken = _taken.get()
    if taken is None:
        return _fresh(model)
    place = taken.get(model, 0)
    taken[model] = place + 1
    if place >= KEPT:
        return _fresh(model)
    kept = _ALIASES.setdefault(model, [])
    while len(kept) <= place:
        kept.append(_fresh(model))
    return kept[place]


def _fresh(model: type[Any]) -> Any:
    found = _TABLES.get(model)
    if found is None:
        mapped = model.__table__
        columns = (column(each.name, each.type) for each in mapped.c)
        found = _TABLES[model] = table(mapped.name, *columns)
    alias = found.alias()
    assert alias.c is not None  # made here, so that threads do not make them twice
    return alias
