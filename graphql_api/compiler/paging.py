"""Pages of a connection: what was asked, in which total order, and the condition of a keyset.

The id is always the last term and follows the direction of the term before it, so that one index
serves. NULLs stand where `nulls` says, last by default, on both databases alike.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, false, or_, tuple_

from graphql_api.compiler.cursors import read_cursor
from graphql_api.compiler.errors import PageTooLarge
from shared.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphql_api.compiler.scope import Scope, Source

DEFAULT_PAGE = 50
MAX_PAGE = 1_000
MAX_TERMS = 5
PAGE_ARGUMENTS = frozenset({"first", "last", "after", "before"})


@dataclass(frozen=True, slots=True)
class Term:
    """One column of an order."""

    column: str
    descending: bool = False
    nullable: bool = False
    nulls_first: bool = False

    def reversed(self) -> Term:
        """The same term read from the other end."""
        return Term(self.column, not self.descending, self.nullable, not self.nulls_first)

    def expression(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """What stands in ORDER BY."""
        ordered = column.desc() if self.descending else column.asc()
        if not self.nullable:
            return ordered
        return ordered.nulls_first() if self.nulls_first else ordered.nulls_last()


@dataclass(frozen=True, slots=True)
class Page:
    """One page: how many rows, from which end, and between which cursors."""

    terms: tuple[Term, ...]
    fingerprint: str
    size: int
    backward: bool
    after: tuple[Any, ...] | None
    before: tuple[Any, ...] | None

    @property
    def sql_terms(self) -> tuple[Term, ...]:
        """The order in which rows are read: reversed for a page from the end."""
        if self.backward:
            return tuple(term.reversed() for term in self.terms)
        return self.terms

    def order(self, columns: Sequence[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
        """ORDER BY over the columns of the terms."""
        return [
            term.expression(column) for term, column in zip(self.sql_terms, columns, strict=True)
        ]

    def conditions(self, scope: Scope) -> list[ColumnElement[bool]]:
        """Rows between the cursors."""
        found = []
        columns = [scope.column(term.column) for term in self.terms]
        if self.after is not None:
            found.append(_beyond(self.terms, columns, self.after))
        if self.before is not None:
            turned = tuple(term.reversed() for term in self.terms)
            found.append(_beyond(turned, columns, self.before))
        return found


def read_page(source: Source, arguments: dict[str, Any], field_name: str) -> Page:
    """The page that a connection's arguments ask for.

    Raises `PageTooLarge`, `CursorMismatch`, or `Invalid` for first and last that contradict.
    """
    first, last = arguments.get("first"), arguments.get("last")
    size, backward = page_size(first, last), last is not None
    terms = _terms(source, arguments.get("orderBy") or [])
    rest = {
        name: value
        for name, value in arguments.items()
        if value is not None and name not in PAGE_ARGUMENTS
    }
    fingerprint = json.dumps([field_name, rest], default=str, sort_keys=True, ensure_ascii=False)
    table: Any = source.model.__table__
    columns = [table.c[term.column] for term in terms]
    cursors = [
        None if text is None else read_cursor(text, fingerprint, columns)
        for text in (arguments.get("after"), arguments.get("before"))
    ]
    return Page(terms, fingerprint, size, backward, cursors[0], cursors[1])


def page_size(first: int | None, last: int | None, *, otherwise: int = DEFAULT_PAGE) -> int:
    """How many objects are asked for; raises `PageTooLarge` or `Invalid` (both, negative)."""
    if first is not None and last is not None:
        raise Invalid(
            "A page has either first or last, not both.",
            hint="Give first to read forward, last to read from the end.",
            path=("last",),
        )
    name = "first" if last is None else "last"
    size = last if last is not None else first
    size = otherwise if size is None else size
    if size < 0:
        raise Invalid(f"{name} cannot be {size}.", hint="Give 0 or more.", path=(name,))
    if size > MAX_PAGE:
        raise PageTooLarge(
            f"{name}: {size} is more than one page holds.",
            hint=f"Ask for at most {MAX_PAGE} and go on with the cursor.",
            path=(name,),
        )
    return size


def _terms(source: Source, order_by: list[dict[str, Any]]) -> tuple[Term, ...]:
    if len(order_by) > MAX_TERMS:
        raise Invalid(
            f"orderBy has {len(order_by)} terms.",
            hint=f"Give at most {MAX_TERMS}.",
            path=("orderBy",),
        )
    table: Any = source.model.__table__
    terms: dict[str, Term] = {}
    for item in order_by:
        name = item["field"].value
        descending = item["direction"].value == "desc"
        nulls_first = item["nulls"].value == "first"
        terms.setdefault(name, Term(name, descending, table.c[name].nullable, nulls_first))
        if name == "id":
            break
    if "id" not in terms:
        last = next(reversed(terms.values())) if terms else None
        terms["id"] = Term("id", descending=last is not None and last.descending)
    return tuple(terms.values())


def _beyond(
    terms: tuple[Term, ...], columns: list[ColumnElement[Any]], values: tuple[Any, ...]
) -> ColumnElement[bool]:
    """Rows that come after `values` in this order."""
    plain = len({term.descending for term in terms}) == 1
    if plain and len(terms) > 1 and not any(term.nullable for term in terms):
        row, bound = tuple_(*columns), tuple_(*values)
        beyond: ColumnElement[bool] = row < bound if terms[0].descending else row > bound
        return beyond
    found: ColumnElement[bool] = false()
    for term, column, value in reversed(list(zip(terms, columns, values, strict=True))):
        equal = column.is_(None) if value is None else column == value
        found = or_(_after(term, column, value), and_(equal, found))
    return found


def _after(term: Term, column: ColumnElement[Any], value: Any) -> ColumnElement[bool]:
    if value is None:
        return column.is_not(None) if term.nulls_first else false()
    further: ColumnElement[bool] = column < value if term.descending else column > value
    if term.nullable and not term.nulls_first:
        return or_(further, column.is_(None))
    return further
