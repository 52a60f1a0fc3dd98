"""The schema only grows: what the last release answered is still answered.

`graphql_api/schema/released/` holds the printed schema of each release; the newest is the baseline.
A release adds its file with `python -m graphql_api.schema --release`, which also renews that of a
version that nobody has yet.
"""

from __future__ import annotations

import pytest
from graphql import GraphQLSchema, build_schema
from graphql.utilities import BreakingChangeType, find_breaking_changes

from graphql_api.schema.__main__ import RELEASED, newest_release


def before(text: str) -> GraphQLSchema:
    return build_schema(text)


def test_nothing_that_was_released_has_broken() -> None:
    from graphql_api.schema.__main__ import PRINTED

    old = newest_release().read_text("utf-8")
    new = PRINTED.read_text("utf-8")
    found = find_breaking_changes(before(old), before(new))
    told = [f"{change.type.name}: {change.description}" for change in found]
    assert told == [], "Keep it and mark it @deprecated; only what nobody has yet may break."


def test_the_newest_release_is_found_by_number() -> None:
    numbers = [tuple(map(int, each.stem.split("."))) for each in RELEASED.glob("*.graphql")]
    assert tuple(map(int, newest_release().stem.split("."))) == max(numbers)


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("type Query { a: Int b: Int }", "type Query { a: Int }", "FIELD_REMOVED"),
        ("type Query { a: Int! }", "type Query { a: Int }", "FIELD_CHANGED_KIND"),
        ("type Query { a: Int }", "type Query { a(b: Int!): Int }", "REQUIRED_ARG_ADDED"),
        ("enum E { A B } type Query { a: E }", "enum E { A } type Query { a: E }",
         "VALUE_REMOVED_FROM_ENUM"),
        ("input I { a: Int } type Query { a(i: I): Int }",
         "input I { a: Int b: Int! } type Query { a(i: I): Int }", "REQUIRED_INPUT_FIELD_ADDED"),
    ],
)  # fmt: skip
def test_breaking_changes_are_seen(old: str, new: str, kind: str) -> None:
    (change,) = find_breaking_changes(before(old), before(new))
    assert change.type is BreakingChangeType[kind]
    assert find_breaking_changes(before(new.replace("!", "")), before(new.replace("!", ""))) == []
