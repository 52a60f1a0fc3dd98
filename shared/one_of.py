"""A column among many numbers, as a condition that knows no connection.

Rules of rights are compiled before anybody knows on which database they run, and list the groups
of the person; in one plan they stand dozens of times. A short list is bound number by number, which
databases plan best; a long one is bound once as a whole, for databases limit the values of a
statement (SQLite: 32,766) and people in hundreds of groups would reach the limit.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Text,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.visitors import InternalTraversal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.sql.compiler import SQLCompiler

SHORT = 100
"""So many numbers are bound one by one."""


def one_of(column: Any, numbers: Iterable[int]) -> ColumnElement[bool]:
    """`column` is one of `numbers`, however many they are."""
    listed = sorted(numbers)
    if len(listed) <= SHORT:
        short: ColumnElement[bool] = column.in_(listed)
        return short
    return _Listed(column, listed)


class _Listed(ColumnElement[bool]):
    """The same condition in the words of either database; a compiled statement is cached."""

    inherit_cache = True
    type = Boolean()
    _traverse_internals = [  # noqa: RUF012 - SQLAlchemy's own protocol
        ("text", InternalTraversal.dp_clauseelement),
        ("array", InternalTraversal.dp_clauseelement),
    ]

    def __init__(self, column: ColumnElement[int], numbers: list[int]) -> None:
        each = func.json_each(bindparam(None, json.dumps(numbers), type_=Text))
        self.text: ColumnElement[bool] = column.in_(select(each.table_valued("value").c.value))
        self.array: ColumnElement[bool] = column == any_(
            bindparam(None, numbers, type_=ARRAY(BigInteger))
        )

    @property
    def _from_objects(self) -> Any:
        return self.array._from_objects

    def self_group(self, against: Any = None) -> Any:  # noqa: ARG002
        return self


@compiles(_Listed)
def _as_array(element: _Listed, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.array, **options)


@compiles(_Listed, "sqlite")
def _as_text(element: _Listed, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.text, **options)
