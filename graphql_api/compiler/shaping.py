"""Turns a selection into levels to fetch and shapes that build the answer from them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from graphql import GraphQLObjectType, get_named_type

from graphql_api.compiler.connections import ConnectionChild, ConnectionShape
from graphql_api.compiler.declare import (
    CLASSES,
    PLAN,
    SOURCES,
    Batched,
    Column,
    Derived,
    Foreign,
    Identity,
    Linked,
    Parts,
    PerClass,
    References,
    RootList,
    ToOne,
    class_name_of,
)
from graphql_api.compiler.errors import PageTooLarge
from graphql_api.compiler.filters import conditions_of
from graphql_api.compiler.levels import AbstractShape, Level, ObjectShape, View
from graphql_api.compiler.paging import MAX_PAGE, page_size, read_page
from graphql_api.compiler.relations import (
    BatchedChild,
    DerivedChild,
    PartsChild,
    ReferencesChild,
    ToOneChild,
)
from graphql_api.compiler.selection import concrete_types
from shared.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from graphql import FieldNode, GraphQLField
    from sqlalchemy import ColumnElement

    from graphql_api.compiler.declare import Plan
    from graphql_api.compiler.levels import Shape
    from graphql_api.compiler.scope import Scope
    from graphql_api.compiler.selection import Document

DISCRIMINATOR = "class_name"


def plan_of(field: GraphQLField) -> Plan | Any | None:
    """The declaration of a field, or None for one with an ordinary resolver."""
    definition = field.extensions.get("strawberry-definition")
    return None if definition is None else definition.metadata.get(PLAN)


class Shaper:
    """Shapes the selections of one operation."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def shape(self, level: Level, kind: Any, nodes: Sequence[FieldNode], prefix: str = "") -> Shape:
        """What these field nodes select of the level's rows."""
        if isinstance(kind, GraphQLObjectType):
            return self.object_shape(level, kind, nodes, prefix)
        place = level.need(DISCRIMINATOR)
        shapes = {
            class_name_of(concrete.name): self.object_shape(level, concrete, nodes, prefix)
            for concrete in concrete_types(self.document.schema, kind)
        }
        return AbstractShape(place, shapes)

    def object_shape(
        self, level: Level, kind: GraphQLObjectType, nodes: Sequence[FieldNode], prefix: str = ""
    ) -> ObjectShape:
        """The same, of one object type."""
        is_own = kind.name == SOURCES[level.class_name][1] or bool(prefix)
        view = View(level, prefix, None if is_own else class_name_of(kind.name))
        entries = []
        for name, selected in self.document.fields(kind, nodes).items():
            field = kind.fields.get(selected[0].name.value)
            plan = None if field is None else plan_of(field)
            if field is not None and plan is not None:
                entries.append((name, self._reader(view, field, plan, selected)))
        return ObjectShape(kind.name, entries)

    def _reader(
        self, view: View, field: GraphQLField, plan: Any, nodes: Sequence[FieldNode]
    ) -> Callable[[Any], Any]:
        if isinstance(plan, Column):
            return _column_reader(view, plan)
        if isinstance(plan, Identity):
            place, class_name = view.need("id"), view.class_name
            return lambda record: _identity(class_name, record.row[place])
        arguments = self.document.arguments(field, nodes[0])
        name = nodes[0].name.value
        key = (view.prefix, name, _canonical(arguments))
        if isinstance(plan, PerClass):
            plan = plan.make(view.level.class_name if not view.prefix else view.class_name)
        if isinstance(plan, Foreign | Linked):
            child = self.connection(view, key, field, plan, arguments)
            shape = self.connection_shape(child, field, nodes)
            return lambda record: shape.build(record.children[key])
        if isinstance(plan, Batched):
            view.level.child(key, lambda: BatchedChild(plan, view, key, arguments))
            return lambda record: record.children[key]
        if isinstance(plan, References):
            return self._references(view, field, plan, nodes, key, arguments)
        return self._row_reader(view, field, plan, nodes, key, arguments)

    def _row_reader(
        self,
        view: View,
        field: GraphQLField,
        plan: ToOne | Parts | Derived,
        nodes: Sequence[FieldNode],
        key: Any,
        arguments: dict[str, Any],
    ) -> Callable[[Any], Any]:
        kind = get_named_type(field.type)

        def make() -> Any:
            if isinstance(plan, ToOne):
                return ToOneChild(plan, view, key)
            if isinstance(plan, Parts):
                return PartsChild(plan, view, key)
            return DerivedChild(plan, view, key, arguments, kind.name)

        child = view.level.child(key, make)
        shape = self.shape(child.level, kind, nodes)
        many = isinstance(plan, Parts) or (isinstance(plan, Derived) and plan.many)
        if many:
            return lambda record: [shape.build(found) for found in record.children[key]]

        def one(record: Any) -> Any:
            found = record.children[key]
            return None if found is None else shape.build(found)

        return one

    def _references(
        self,
        view: View,
        field: GraphQLField,
        plan: References,
        nodes: Sequence[FieldNode],
        key: Any,
        arguments: dict[str, Any],
    ) -> Callable[[Any], Any]:
        first = page_size(arguments.get("first"), None, otherwise=MAX_PAGE)
        child = view.level.child(key, lambda: ReferencesChild(plan, view, key, first))
        possible = concrete_types(self.document.schema, get_named_type(field.type))
        shapes: dict[str, Shape] = {}
        for name in {CLASSES.get(found, found) for found in map(_class_of, possible)}:
            if name in SOURCES:
                level = child.levels.setdefault(name, Level(name))
                rows = self.document.schema.get_type(SOURCES[name][1])
                shapes[name] = self.shape(level, rows, nodes)

        def listed(record: Any) -> list[Any]:
            return [shapes[name].build(one) for name, one in record.children[key]]

        return (lambda record: next(iter(listed(record)), None)) if plan.one else listed

    def connection(
        self,
        view: View | None,
        key: Any,
        field: GraphQLField,
        plan: Foreign | Linked | RootList,
        arguments: dict[str, Any],
    ) -> ConnectionChild:
        """The list behind a connection field; raises `Invalid` for arguments that contradict."""
        source = SOURCES[plan.class_name][0]
        owner = "Query" if view is None else view.level.class_name
        page = read_page(source, arguments, f"{owner}.{key[1]}")
        where = arguments.get("where")
        kind = field.args["where"].type if "where" in field.args else None
        filtered = conditions_of(where, kind, plan.class_name)

        def conditions(scope: Scope) -> list[ColumnElement[bool]]:
            more = [] if plan.narrow is None else plan.narrow(scope, arguments)
            return [*filtered(scope), *more]

        def make() -> ConnectionChild:
            return ConnectionChild(plan, view, key, page, conditions, merged=not filtered.is_wide)

        found: ConnectionChild = make() if view is None else view.level.child(key, make)
        return found

    def connection_shape(
        self, child: ConnectionChild, field: GraphQLField, nodes: Sequence[FieldNode]
    ) -> ConnectionShape:
        """What is selected of a connection."""
        kind: Any = get_named_type(field.type)
        shape = ConnectionShape(kind.name, child)
        for name, selected in self.document.fields(kind, nodes).items():
            field_name = selected[0].name.value
            if field_name == "__typename":
                continue
            inner: Any = get_named_type(kind.fields[field_name].type)
            if field_name == "totalCount":
                arguments = self.document.arguments(kind.fields[field_name], selected[0])
                shape.add_count(name, _at_most(arguments.get("max")))
            elif field_name == "nodes":
                shape.add_nodes(name, self.shape(child.level, inner, selected))
            elif field_name == "edges":
                shape.add_edges(name, inner.name, self._edge(child, inner, selected))
            else:
                asked = self.document.fields(inner, selected)
                shape.add_page_info(name, [(key, n[0].name.value) for key, n in asked.items()])
        return shape

    def _edge(
        self, child: ConnectionChild, kind: GraphQLObjectType, nodes: Sequence[FieldNode]
    ) -> list[tuple[str, Any]]:
        entries: list[tuple[str, Any]] = []
        for name, selected in self.document.fields(kind, nodes).items():
            field_name = selected[0].name.value
            if field_name == "cursor":
                entries.append((name, child.cursor))
            elif field_name == "node":
                inner = get_named_type(kind.fields["node"].type)
                entries.append((name, self.shape(child.level, inner, selected).build))
            elif field_name == "link":
                entries.append((name, self._link(child, kind, selected)))
        return entries

    def _link(
        self, child: ConnectionChild, kind: GraphQLObjectType, nodes: Sequence[FieldNode]
    ) -> Callable[[Any], Any]:
        if not isinstance(child.plan, Linked) or child.plan.seen is not None:
            return lambda _record: None
        inner = get_named_type(kind.fields["link"].type)
        return self.shape(child.level, inner, nodes, "link.").build


def _column_reader(view: View, plan: Column) -> Callable[[Any], Any]:
    place, convert = view.need(plan.source), plan.convert
    if convert is None:
        return lambda record: record.row[place]

    def converted(record: Any) -> Any:
        value = record.row[place]
        return None if value is None else convert(value)

    return converted


def _class_of(kind: GraphQLObjectType) -> str:
    return class_name_of(kind.name)


def _identity(class_name: str, number: int | None) -> str | None:
    return None if number is None else f"{class_name}:{number}"


def _canonical(arguments: dict[str, Any]) -> str:
    return json.dumps(arguments, default=str, sort_keys=True)


def _at_most(most: int | None) -> int | None:
    if most is None:
        return None
    if most < 0:
        raise Invalid(f"max cannot be {most}.", hint="Give 0 or more.", path=("max",))
    if most > 2**31 - 1:
        raise PageTooLarge("max is too large.", path=("max",))
    return most
