"""Puts the planner behind an executable schema: trivial resolvers for everything it answers.

Strawberry's own wrappers cost several times more per field than the look-up that is needed, so
fields without a resolver of their own get one of the two look-ups here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import GraphQLInterfaceType, GraphQLObjectType

from graphql_api.compiler.declare import RootList, RootMade
from graphql_api.compiler.planner import root_list, root_made
from graphql_api.compiler.rows import ByAlias, Row
from graphql_api.compiler.shaping import plan_of

if TYPE_CHECKING:
    from graphql import GraphQLField, GraphQLResolveInfo, GraphQLSchema


def install_planner(schema: GraphQLSchema) -> None:
    """Replace resolvers of all planned fields and plain attributes; call once per schema."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLInterfaceType):
            kind.resolve_type = _type_name(kind.resolve_type)
        elif isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for field in kind.fields.values():
                _install(field)
            if any(plan_of(field) is not None for field in kind.fields.values()):
                kind.is_type_of = None  # its values are rows, which name their type themselves


def _install(field: GraphQLField) -> None:
    plan = plan_of(field)
    definition = field.extensions.get("strawberry-definition")
    if isinstance(plan, RootList):
        field.resolve = _root(plan)
    elif isinstance(plan, RootMade):
        field.resolve = _made(plan)
    elif plan is not None:
        field.resolve = _by_response_name
    elif definition is not None and definition.is_basic_field:
        field.resolve = _attribute(definition.python_name)


def _by_response_name(source: Any, info: GraphQLResolveInfo[Any], **_arguments: Any) -> Any:
    return source[info.path.key]


def _root(plan: RootList) -> Any:
    def resolve(_source: Any, info: GraphQLResolveInfo[Any], **_arguments: Any) -> Row:
        return root_list(plan, info)

    return resolve


def _made(plan: RootMade) -> Any:
    def resolve(_source: Any, info: GraphQLResolveInfo[Any], **_arguments: Any) -> Any:
        return root_made(plan, info)

    return resolve


def _attribute(name: str) -> Any:
    """A plain attribute, or the entry of a finished row (connections, edges, page info)."""

    def resolve(source: Any, info: GraphQLResolveInfo[Any], **_arguments: Any) -> Any:
        if type(source) is Row:
            return source[info.path.key]
        value = getattr(source, name)
        if type(value) is ByAlias:
            return value.by_alias[info.path.key]
        if type(value) is list and value and type(value[0]) is ByAlias:
            return [item.by_alias[info.path.key] for item in value]
        return value

    return resolve


def _type_name(ordinary: Any) -> Any:
    def resolve(value: Any, info: GraphQLResolveInfo[Any], kind: Any) -> Any:
        if isinstance(value, Row | ByAlias):
            return value.type_name
        return ordinary(value, info, kind)

    return resolve
