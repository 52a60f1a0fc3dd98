"""The started API, for every test of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio

from tests.support.graphql_client import GraphQLClient, graphql_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from shared.database import Database
    from shared.settings import Settings


@pytest_asyncio.fixture
async def api(settings: Settings, database: Database) -> AsyncIterator[GraphQLClient]:
    """The API over the test's database."""
    async with graphql_client(settings, database) as client:
        yield client
