"""What a change names may be removed at the same moment: nothing is changed, and it says so."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, func, select

from shared.models.containers import Project
from shared.models.people import Group, Membership
from tests.support.graphql_client import graphql_client

if TYPE_CHECKING:
    from shared.database import Database
    from shared.settings import Settings
    from tests.support.lab import Lab

CREATE = """mutation M($input: CreateProjectInput!) { createProject(input: $input) {
  project { id } errors { code message } } }"""


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_group_that_is_removed_while_somebody_creates_in_it(
    settings: Settings, database: Database, lab: Lab
) -> None:
    """SQLite has one writer at a time, so that the one who comes second finds no group."""
    group = lab.group("g", "rwra--", "A")
    async with graphql_client(settings, database) as api:
        with database.write() as removing:
            removing.execute(delete(Membership).where(Membership.group_id == group))
            removing.execute(delete(Group).where(Group.id == group))
            waiting = asyncio.create_task(
                api.data(
                    CREATE, {"input": {"name": "p", "group": f"Group:{group}"}},
                    user=lab.people["A"],
                )
            )  # fmt: skip
            await asyncio.sleep(0.5)
            assert not waiting.done(), "it waits for the one who came first"
        answer: Any = await waiting

    assert answer["project"] is None
    assert [each["code"] for each in answer["errors"]] == ["CONFLICT"]
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(Project)) == 0
