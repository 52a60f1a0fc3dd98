"""The schema as a contract: printed, described, and complete."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType

from graphql_api.compiler.declare import SOURCES
from graphql_api.schema import print_schema
from graphql_api.schema.__main__ import PRINTED
from tests.support.browsing import schema


def test_the_printed_schema_is_up_to_date() -> None:
    found = PRINTED.read_text("utf-8")
    assert found == print_schema(schema()), "Run `python -m graphql_api.schema`."


def test_everything_is_described() -> None:
    missing = []
    for name, kind in schema()._schema.type_map.items():
        if name.startswith("__"):
            continue
        if not kind.description:
            missing.append(name)
        if isinstance(kind, GraphQLEnumType):
            missing += [f"{name}.{v}" for v, value in kind.values.items() if not value.description]
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for field_name, field in kind.fields.items():
                if not field.description:
                    missing.append(f"{name}.{field_name}")
                arguments: dict[str, Any] = getattr(field, "args", {})
                missing += [
                    f"{name}.{field_name}({argument})"
                    for argument, value in arguments.items()
                    if not value.description
                ]
    assert missing == []


def test_every_declared_column_exists() -> None:
    """Each plan's columns can be selected: a typing mistake would else show only when asked."""
    from graphql_api.compiler.declare import Batched, Column, Derived, Parts, ToOne
    from graphql_api.compiler.scope import Scope
    from graphql_api.compiler.shaping import plan_of
    from tests.support.principals import principal

    core = schema()._schema
    for class_name, (source, type_name) in SOURCES.items():
        if source.model is None:  # its rows come from a function
            continue
        kind: Any = core.get_type(type_name)
        scope = Scope(principal(), source)
        for field in kind.fields.values():
            plan = plan_of(field)
            names: tuple[str, ...] = ()
            if isinstance(plan, Column):
                names = (plan.source,)
            elif isinstance(plan, Batched | Derived):
                names = plan.needs
            elif isinstance(plan, ToOne | Parts):
                names = (plan.key,)
            for name in names:
                assert scope.column(name) is not None, (class_name, name)
