"""What tools ask of the schema is worked out once and then answered from memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from graphql import get_introspection_query

if TYPE_CHECKING:
    from tests.support.graphql_client import GraphQLClient

pytestmark = pytest.mark.asyncio


async def test_answers_about_the_schema_stay_the_same(api: GraphQLClient) -> None:
    first = await api.run(get_introspection_query())
    again = await api.run(get_introspection_query())
    assert "errors" not in first
    assert first == again
    assert len(first["data"]["__schema"]["types"]) > 100


async def test_variables_are_part_of_the_question(api: GraphQLClient) -> None:
    asked = """query ($name: String!, $full: Boolean!) {
      __type(name: $name) { name kind @include(if: $full) } }"""
    image = await api.run(asked, {"name": "Image", "full": True})
    plate = await api.run(asked, {"name": "Plate", "full": False})
    assert image["data"] == {"__type": {"name": "Image", "kind": "OBJECT"}}
    assert plate["data"] == {"__type": {"name": "Plate"}}
    assert (await api.run(asked, {"name": "Image", "full": True}))["data"] == image["data"]
