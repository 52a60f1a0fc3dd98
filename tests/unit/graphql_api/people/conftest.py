"""An office of people, for every test of administration."""

from __future__ import annotations

import pytest

from tests.support.administration import Office
from tests.support.graphql_client import GraphQLClient


@pytest.fixture
def office(api: GraphQLClient) -> Office:
    """Its people are in the test's database."""
    return Office(api).open()
