"""A token that may only read changes nothing by any mutation, those of tomorrow included.

Inputs are made from the schema, so a mutation that lands is tried without being named here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    is_required_input_field,
)

from tests.support.browsing import schema
from tests.support.rights_stage import LEVELS, At, Stage

if TYPE_CHECKING:
    from shared.database import Database
    from shared.settings import Settings

PLAIN: dict[str, Any] = {
    "String": "word", "Int": 1, "Float": 1.0, "Boolean": True, "BigInt": "1", "Color": "#FF0000FF",
    "DateTime": "2030-01-01T00:00:00Z", "JSON": None,
}  # fmt: skip


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    return Stage(database, settings).open()


def sample(kind: Any, at: At, name: str = "") -> Any:
    """A value of an input type: all that is required, and the first of what is one of many."""
    if isinstance(kind, GraphQLNonNull):
        return sample(kind.of_type, at, name)
    if isinstance(kind, GraphQLList):
        return [sample(kind.of_type, at, name)]
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if isinstance(kind, GraphQLInputObjectType):
        fields = kind.fields.items()
        if kind.extensions["strawberry-definition"].is_one_of:
            first, field = next(iter(fields))
            return {first: sample(field.type, at, first)}
        return {
            each: sample(field.type, at, each)
            for each, field in fields
            if is_required_input_field(field) or each in {"targets", "parent", "name"}
        }
    if kind.name == "ID":
        return reference(at, name)
    return PLAIN[kind.name]


def reference(at: At, name: str) -> str:
    """An id that the field may mean, of the person's own: only the token stands in the way."""
    people = {"user": "User", "owner": "User", "owners": "User", "members": "User"}
    if name in people:
        return f"User:{at.stage.people[at.person]}"
    if name == "group":
        return f"Group:{at.stage.groups[at.level]}"
    return at.own("Image" if name in {"image", "id"} else "Dataset")


def test_a_reading_token_changes_nothing(stage: Stage) -> None:
    core = schema()._schema
    at = At(stage, "owner-read-token", LEVELS[-1], "")
    before = stage.digest()
    done = []
    fields: Any = core.mutation_type.fields if core.mutation_type else {}
    for name, field in fields.items():
        given, variables = "", {}
        if "input" in field.args:
            kind = field.args["input"].type
            given = "(input: $input)"
            variables = {"input": sample(kind, at)}
        head = f"($input: {kind})" if given else ""
        answer = stage.ask(
            at.role,
            f"mutation{head} {{ {name}{given} {{ errors {{ __typename }} }} }}",
            **variables,
        )
        if not answer.data[name]["errors"]:
            done.append(name)
    assert done == [], "a token with the scope read did these"
    assert stage.digest() == before
    assert len(fields) > 50
