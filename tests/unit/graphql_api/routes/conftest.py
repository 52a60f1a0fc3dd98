"""Somebody to upload with."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.database import Database
from shared.settings import Settings
from tests.support.graphql_client import graphql_client
from tests.support.people import make_group, make_user
from tests.support.sender import MAX, QUOTA, Sender


@pytest.fixture
async def sender(database: Database, settings: Settings) -> AsyncIterator[Sender]:
    with database.write() as connection:
        user = make_user(connection, "ada")
        make_group(connection, "lab", "rwra--", members=[user])
    async with graphql_client(
        settings, database, upload_max_bytes=MAX, upload_quota_bytes=QUOTA
    ) as api:
        yield Sender(api, user)
