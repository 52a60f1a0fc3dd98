"""Completes what the planner fetched without asking graphql-core once for each field.

`PlannedExecutor` takes whole trees of finished rows: the selection is compiled once per operation
into functions from values to JSON, one for each type and list of nodes. Whatever does not fit (a
null where none may be, a value of another kind, a field with an ordinary resolver) is left to
graphql-core, from the same rows, which then says what is wrong in its own words. So an answer is
the same either way, and a fault costs no second look into the database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLBoolean,
    GraphQLID,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLString,
    Undefined,
    is_leaf_type,
)
from graphql.execution import Executor

from graphql_api.compiler.rows import ByAlias, Row
from graphql_api.compiler.shaping import plan_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphql import GraphQLField

    Complete = Callable[[Any], Any]

_MIN_INT, _MAX_INT = -(2**31), 2**31 - 1
_EXACT = {GraphQLString.name: str, GraphQLID.name: str, GraphQLBoolean.name: bool}
"""Scalars whose values of this very class are their own JSON."""


class Unfit(Exception):  # never leaves this file
    """The ordinary way must complete this value."""


class PlannedExecutor(Executor[Any]):
    """graphql-core's executor, with a short way for finished rows."""

    def complete_value(  # one argument more than house style: graphql-core's signature
        self,
        return_type: Any,
        field_details_list: Any,
        info: Any,
        path: Any,
        result: Any,
        position_context: Any,
    ) -> Any:
        """As graphql-core's, which does it where the short way cannot."""
        if _is_finished(result):
            complete = self._complete(return_type, field_details_list)
            if complete is not None:
                try:
                    return complete(result)
                except Exception:  # noqa: S110  # the ordinary way tells it, with its path
                    pass
        return super().complete_value(
            return_type, field_details_list, info, path, result, position_context
        )

    def _complete(self, kind: Any, details: Any) -> Complete | None:
        """The compiled selection; None where a part of it needs the ordinary way."""
        known: dict[Any, Any] = self.__dict__.setdefault("_compiled", {})
        key = (kind, id(details))
        if key not in known:
            try:
                known[key] = (details, self._value(kind, details))
            except Unfit:
                known[key] = (details, None)
        found: Complete | None = known[key][1]
        return found

    def _value(self, kind: Any, details: Any) -> Complete:
        """The function that completes values of this type."""
        if isinstance(kind, GraphQLNonNull):
            return self._present(kind.of_type, details)
        present = self._present(kind, details)
        return lambda value: None if value is None else present(value)

    def _present(self, kind: Any, details: Any) -> Complete:
        """The same, of values that are not null."""
        if is_leaf_type(kind):
            return _leaf(kind)
        if isinstance(kind, GraphQLList):
            return _list(self._value(kind.of_type, details))
        if isinstance(kind, GraphQLObjectType):
            return self._object(kind, details)
        return self._abstract(kind, details)

    def _abstract(self, kind: Any, details: Any) -> Complete:
        shapes: dict[str, Complete] = {}

        def complete(row: Any) -> Any:
            name = row.type_name
            found = shapes.get(name)
            if found is None:
                concrete = self.schema.get_type(name)
                if not isinstance(concrete, GraphQLObjectType):
                    raise Unfit
                if not self.schema.is_sub_type(kind, concrete):
                    raise Unfit
                found = shapes[name] = self._object(concrete, details)
            return found(row)

        return complete

    def _object(self, kind: GraphQLObjectType, details: Any) -> Complete:
        if kind.is_type_of is not None:
            raise Unfit
        of_row: list[tuple[str, Complete]] = []
        of_instance: list[tuple[str, str, Complete]] | None = []
        named: list[tuple[int, str]] = []
        for name, nodes in self.collect_subfields(kind, details)[0].items():
            field_name = nodes[0].node.name.value
            if field_name == "__typename":
                named.append((len(of_row) + len(named), name))
                continue
            field = kind.fields.get(field_name)
            if field is None:
                raise Unfit
            complete = self._value(field.type, nodes)
            attribute = _attribute_of(field)
            of_row.append((name, complete))
            if attribute is None:
                of_instance = None
            elif of_instance is not None:
                of_instance.append((name, attribute, complete))
        complete_row = _object(of_row, None if named else of_instance)
        return _with_type_names(complete_row, kind.name, named) if named else complete_row


def _is_finished(result: Any) -> bool:
    if type(result) is Row:
        return True
    return type(result) is list and bool(result) and (type(result[0]) is Row or result[0] is None)


def _attribute_of(field: GraphQLField) -> str | None:
    """The attribute behind a plain field, None for a planned one; raises `Unfit` for a resolver."""
    if plan_of(field) is not None:
        return None
    definition = field.extensions.get("strawberry-definition")
    if definition is None or not definition.is_basic_field:
        raise Unfit
    name: str = definition.python_name
    return name


def _object(
    of_row: list[tuple[str, Complete]], of_instance: list[tuple[str, str, Complete]] | None
) -> Complete:
    def complete(value: Any) -> dict[str, Any]:
        if type(value) is Row:
            return {name: done(value[name]) for name, done in of_row}
        if of_instance is None or isinstance(value, Exception):
            raise Unfit
        return {name: done(_plain(getattr(value, place))) for name, place, done in of_instance}

    return complete


def _with_type_names(complete: Complete, type_name: str, places: list[tuple[int, str]]) -> Complete:
    """The same, with `__typename` where it was asked for, in the order of the document."""

    def named(value: Any) -> dict[str, Any]:
        items = list(complete(value).items())
        for place, name in places:
            items.insert(place, (name, type_name))
        return dict(items)

    return named


def _plain(value: Any) -> Any:
    if type(value) is ByAlias or (type(value) is list and value and type(value[0]) is ByAlias):
        raise Unfit
    return value


def _list(complete: Complete) -> Complete:
    def listed(values: Any) -> list[Any]:
        if type(values) not in {list, tuple}:
            raise Unfit
        return [complete(value) for value in values]

    return listed


def _leaf(kind: Any) -> Complete:
    def ordinary(value: Any) -> Any:
        if value is None or isinstance(value, Exception):
            raise Unfit
        found = kind.coerce_output_value(value)
        if found is None or found is Undefined:
            raise Unfit
        return found

    exact = _EXACT.get(kind.name)
    if exact is not None:
        return lambda value: value if type(value) is exact else ordinary(value)
    if kind.name == GraphQLInt.name:
        return lambda value: (
            value if type(value) is int and _MIN_INT <= value <= _MAX_INT else ordinary(value)
        )
    return ordinary
