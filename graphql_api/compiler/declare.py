"""How a type declares its fields: each is a column, a batched function, a relation, or ordinary.

A declaration stands in the field's metadata and is found again through the executable schema. A
field without one keeps its ordinary Strawberry resolver and gets the finished `Row` as its parent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument

from graphql_api.compiler.scope import Source

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from strawberry.types.field import StrawberryField

    from graphql_api.compiler.run import Run
    from graphql_api.compiler.scope import Scope

PLAN = "tessera.plan"
FILTER = "tessera.filter"
T = TypeVar("T", bound=type)

Values = Mapping[str, Any]
"""One parent row, by the names that the field needs."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the row, perhaps converted."""

    source: str
    convert: Callable[[Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """The object's id in its printed form, such as `Image:42`."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many objects a connection has."""


@dataclass(frozen=True, slots=True)
class Batched:
    """A function over all rows at once: `function(run, rows, arguments)` answers one value each."""

    needs: tuple[str, ...]
    function: Callable[[Run, Sequence[Values], Mapping[str, Any]], Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Derived:
    """Rows made by a function: one mapping (or None) per parent, or with `many` a list of them."""

    needs: tuple[str, ...]
    function: Callable[[Run, Sequence[Values], Mapping[str, Any]], Sequence[Any]]
    many: bool = False


@dataclass(frozen=True, slots=True)
class RootMade:
    """Rows that a function makes for a field of the query root: a list of them, or one."""

    function: Callable[[Run, Mapping[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class ToOne:
    """The row of `class_name` whose `remote` equals our `key`.

    With `always`, it is named even where it would not be listed, as owners and groups are.
    """

    class_name: str
    key: str
    remote: str = "id"
    always: bool = False
    order: str = "id"
    """Which of several is the one: the first by this column."""


Narrow = Callable[["Scope", Mapping[str, Any]], "list[ColumnElement[bool]]"]
"""Conditions that follow from a connection's arguments beside the usual ones."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """Rows of `class_name` whose `column` holds our id, as a connection."""

    class_name: str
    column: str
    narrow: Narrow | None = None
    key: str = "id"
    """Which column of ours is meant, where it is not the id."""


@dataclass(frozen=True, slots=True)
class Parts:
    """All rows of `class_name` whose `column` holds our `key`, in the order of `order`: a list."""

    class_name: str
    column: str
    order: tuple[str, ...]
    key: str = "id"


@dataclass(frozen=True, slots=True)
class Linked:
    """Rows of `class_name` at the other end of a link table, as a connection."""

    class_name: str
    link: type[Any]
    near: str = "parent_id"
    far: str = "child_id"
    seen: Callable[[Scope], ColumnElement[bool]] | None = None
    """Which links count, for link tables without details; None: live links, one edge each child."""
    narrow: Narrow | None = None


@dataclass(frozen=True, slots=True)
class RootList:
    """All visible rows of `class_name`, as a connection of the query root."""

    class_name: str
    only: Callable[[Scope], ColumnElement[bool]] | None = None
    narrow: Narrow | None = None


@dataclass(frozen=True, slots=True)
class PerClass:
    """A plan that depends on the class of the row: `make("Image")` answers the plan."""

    make: Callable[[str], Plan]


@dataclass(frozen=True, slots=True)
class References:
    """Objects of any class that a JSON column lists by their ids, such as ["Image:42"].

    With `one`, the field is the first of them, or null when it is not seen.
    """

    source: str
    one: bool = False


Plan = (
    References
    | PerClass
    | RootMade
    | Column
    | Identity
    | Count
    | Batched
    | Derived
    | ToOne
    | Foreign
    | Parts
    | Linked
    | RootList
)

SOURCES: dict[str, tuple[Source, str]] = {}
"""By class name: where its rows come from, and its GraphQL type."""


CLASSES: dict[str, str] = {}
"""Subclasses that share the rows of another: `TagAnnotation` is an `Annotation`."""
TYPE_NAMES: dict[str, str] = {}
"""Stored classes whose GraphQL type has another name, such as the shape Path."""


def type_name_of(class_name: str) -> str:
    """The GraphQL type of a stored class."""
    return TYPE_NAMES.get(class_name, class_name)


def class_name_of(type_name: str) -> str:
    """The stored class of a GraphQL type, as it stands in ids."""
    return next((name for name, kind in TYPE_NAMES.items() if kind == type_name), type_name)


def rows_of(source: Source, *, class_name: str | None = None) -> Callable[[T], T]:
    """Class decorator: the rows of this GraphQL type come from `source`."""

    def declared(kind: T) -> T:
        SOURCES[class_name or kind.__name__] = (source, kind.__name__)
        return kind

    return declared


def made(kind: T) -> T:
    """Class decorator: functions make the rows of this GraphQL type; no table holds them."""
    SOURCES[kind.__name__] = (Source(None), kind.__name__)
    return kind


def planned(plan: Plan, description: str, **options: Any) -> Any:
    """A field with this plan."""
    return strawberry.field(description=description, metadata={PLAN: plan}, **options)


def column(source: str, description: str, convert: Callable[[Any], Any] | None = None) -> Any:
    """A field that is a column."""
    return planned(Column(source, convert), description)


def argument(name: str, kind: Any, description: str, default: Any = strawberry.UNSET) -> Any:
    """An argument of a planned field; `name` as printed."""
    return StrawberryArgument(
        name, name, StrawberryAnnotation(kind), description=description, default=default
    )


def connection(
    plan: Foreign | Linked | RootList | PerClass,
    description: str,
    *,
    where: Any,
    order: Any,
    more: Sequence[StrawberryArgument] = (),
) -> Any:
    """A connection field with the usual arguments, for these filter and order inputs.

    `more` are arguments of its own, which the plan's `narrow` reads.
    """
    field: StrawberryField = planned(plan, description)
    field.arguments = [
        *more,
        argument("first", int | None, "How many from the start; 50 unless said, at most 1,000."),
        argument("after", str | None, "Only what comes after this cursor."),
        argument("last", int | None, "How many from the end, at most 1,000."),
        argument("before", str | None, "Only what comes before this cursor."),
        argument("where", where | None, "Only what matches."),
        argument("orderBy", list[order] | None, "Order; the id decides what is left equal."),
    ]
    return field


def with_arguments(field: Any, *arguments: Any) -> Any:
    """The field, taking these arguments."""
    field.arguments = list(arguments)
    return field
