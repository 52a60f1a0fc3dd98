"""Tables as reading statements need them: names and types of columns, without keys or defaults.

An alias of a mapped table copies every column with its foreign keys, which costs more than the
statement itself; of a light table, it is several times cheaper. Both give the same SQL.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Alias, TableClause, column, table


def light_alias(model: type[Any]) -> Alias:
    """A fresh alias of the model's table, for one place of one SELECT."""
    return _light(model).alias()


@cache
def _light(model: type[Any]) -> TableClause:
    mapped: Any = model.__table__  # type: ignore[attr-defined]
    return table(mapped.name, *(column(each.name, each.type) for each in mapped.c))
