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
from graphql_api.compiler.scope import Shared
from shared.errors import Invalid
from shared.models.base import sort_key
from shared.refs import parse_ref

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from graphql_api.compiler.scope import Scope

MAX_LISTED = 1_000
MAX_CLAUSES = 100
"""How many conditions one `where` may hold in all: a statement stays of bounded size."""
LOOK_UPS = frozenset({"within", "orphaned", "tag", "keyValue", "annotatedBy"})
"""Fields of filter inputs that look into other tables. They weigh in a document's cost."""
FEW_LOOK_UPS = 2
"""Up to so many are left to the database to plan together, which is best for long lists."""


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


class Conditions:
    """A coerced `where` argument as conditions over any scope of one statement or several.

    What its predicates look up beyond the row is shared by all scopes: written out for each of a
    root list's ranges, a dozen look-ups would cost the database seconds of planning.
    """

    def __init__(self, where: Mapping[str, Any] | None, kind: Any, class_name: str) -> None:
        self._where = where or {}
        self._kind: Any = get_named_type(kind)
        self._class_name = class_name
        self.is_wide = count_look_ups(where) > FEW_LOOK_UPS
        """Whether so many predicates look beyond the row that planning them is what costs."""
        self._shared = Shared(apart=self.is_wide)

    def __call__(self, scope: Scope) -> list[ColumnElement[bool]]:
        """The conditions over the tables of this scope."""
        if not self._where:
            return []
        scope.shared = self._shared
        return [_compile(self._where, self._kind, self._class_name, scope)]


def conditions_of(where: Mapping[str, Any] | None, kind: Any, class_name: str) -> Conditions:
    """The conditions of a coerced `where` argument; checked here, compiled once per scope.

    Raises `Invalid` for NUL in text, lists that are too long and too many conditions.
    """
    _check(where, [0])
    return Conditions(where, kind, class_name)


def count_look_ups(value: Any) -> int:
    """How many predicates of a `where` (or of a part of one, as in variables) look beyond rows."""
    if isinstance(value, list):
        return sum(count_look_ups(item) for item in value)
    if not isinstance(value, dict):
        return 0
    found = 0
    for name, item in value.items():
        found += count_look_ups(item)
        if name == "tag" and isinstance(item, dict):
            wanted = item.get("all")
            found += len(wanted) if isinstance(wanted, list) else 1
        else:
            found += name in LOOK_UPS
    return found


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
