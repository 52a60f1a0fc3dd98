"""`where`: inputs become conditions over one scope, evaluated only over what the caller may see.

Each field of a filter input declares what it means: an operator on a column, or a predicate of its
own. Nothing that is invisible to the caller can decide whether a row matches.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import strawberry
from graphql import GraphQLInputObjectType, get_named_type
from sqlalchemy import ColumnElement, and_, false, not_, or_, true

from graphql_api.compiler.declare import FILTER
from shared.errors import Invalid
from shared.models.base import sort_key
from shared.refs import parse_ref

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from graphql_api.compiler.scope import Scope

    Conditions = Callable[[Scope], list[ColumnElement[bool]]]

MAX_LISTED = 1_000
MAX_CLAUSES = 100
"""How many conditions one `where` may hold in all: a statement stays of bounded size."""


@dataclass(frozen=True, slots=True)
class OnColumn:
    """The operators of a scalar's filter input, on this column."""

    column: str
    is_key: bool = False
    """The column is a sort key: what is compared is folded alike."""
    class_name: str | None = None
    """The filter takes ids of this class; other ids match nothing. `OWN_CLASS` is the list's."""


OWN_CLASS = "*"


@dataclass(frozen=True, slots=True)
class Predicate:
    """A condition of its own: `function(scope, class name, value)`."""

    function: Callable[[Scope, str, Any], ColumnElement[bool]]


def where_field(meaning: OnColumn | Predicate, description: str) -> Any:
    """A field of a filter input with this meaning."""
    return strawberry.field(
        description=description, default=strawberry.UNSET, metadata={FILTER: meaning}
    )


def conditions_of(where: Mapping[str, Any] | None, kind: Any, class_name: str) -> Conditions:
    """The conditions of a coerced `where` argument; checked here, compiled once per scope.

    Raises `Invalid` for NUL in text, lists that are too long and too many conditions.
    """
    if not where:
        return lambda _scope: []
    named: Any = get_named_type(kind)
    _check(where, [0])
    return lambda scope: [_compile(where, named, class_name, scope)]


def _check(value: Any, seen: list[int]) -> None:
    if isinstance(value, str) and "\0" in value:
        raise Invalid(
            "Text must not contain NUL.", hint="Leave the character out.", path=("where",)
        )
    if isinstance(value, list) and len(value) > MAX_LISTED:
        raise Invalid(
            f"A list in where has {len(value)} items.",
            hint=f"Give at most {MAX_LISTED}.",
            path=("where",),
        )
    if isinstance(value, dict):
        seen[0] += len(value)
        if seen[0] > MAX_CLAUSES:
            raise Invalid(
                f"where holds more than {MAX_CLAUSES} conditions.",
                hint="Use `in` for several values, or ask in parts.",
                path=("where",),
            )
    for item in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        _check(item, seen)


def _compile(
    where: Mapping[str, Any], kind: GraphQLInputObjectType, class_name: str, scope: Scope
) -> ColumnElement[bool]:
    found: list[ColumnElement[bool]] = []
    for name, value in where.items():
        if value is None:
            continue
        if name in {"and", "or"}:
            parts = [_compile(part, kind, class_name, scope) for part in value]
            found.append(and_(true(), *parts) if name == "and" else or_(false(), *parts))
        elif name == "not":
            found.append(not_(_compile(value, kind, class_name, scope)))
        else:
            meaning = kind.fields[name].extensions["strawberry-definition"].metadata[FILTER]
            if isinstance(meaning, Predicate):
                found.append(meaning.function(scope, class_name, value))
            else:
                if meaning.class_name == OWN_CLASS:
                    meaning = replace(meaning, class_name=class_name)
                found += _operators(meaning, scope.column(meaning.column), value)
    return and_(true(), *found)


def _operators(
    meaning: OnColumn, column: ColumnElement[Any], operators: Mapping[str, Any]
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for name, value in operators.items():
        if value is None:
            continue
        if name == "isNull":
            found.append(column.is_(None) if value else column.is_not(None))
        elif name == "in":
            wanted = [_operand(meaning, item) for item in value]
            listed = column.in_([item for item in wanted if item is not None])
            found.append(and_(column.is_not(None), listed))
        else:
            found.append(_compare(column, name, _operand(meaning, value)))
    return found


def _compare(column: ColumnElement[Any], name: str, value: Any) -> ColumnElement[bool]:
    """Comparisons never answer NULL, so that `not` means what it says."""
    found: ColumnElement[bool]
    if name == "ne":
        return true() if value is None else or_(column != value, column.is_(None))
    if value is None:
        return false()
    if name == "eq":
        found = column == value
    elif name == "gte":
        found = column >= value
    elif name == "lte":
        found = column <= value
    elif name == "contains":
        found = column.contains(value, autoescape=True)
    else:
        found = column.startswith(value, autoescape=True)
    return and_(column.is_not(None), found)


def _operand(meaning: OnColumn, value: Any) -> Any:
    """What the column is compared with; None for an id that can match nothing."""
    if meaning.class_name is not None:
        ref = parse_ref(value)
        return ref.id if ref is not None and ref.class_name == meaning.class_name else None
    if meaning.is_key:
        return sort_key(value)
    return getattr(value, "value", value)
