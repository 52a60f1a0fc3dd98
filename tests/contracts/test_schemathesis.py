"""Schemathesis against the running API: whatever it makes up, no server error and no fault masked.

Each operation of the schema gets a few generated documents by day and many at night, sent by an
administrator who may do everything, and by nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import pytest_asyncio
import schemathesis
from graphql import BooleanValueNode, FloatValueNode, IntValueNode, NullValueNode, StringValueNode
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from schemathesis.graphql import scalar

from graphql_api.schema.__main__ import PRINTED
from shared.auth.sessions import open_session
from shared.clock import MINUTE, now
from tests.support.graphql_client import api_settings
from tests.support.live import served
from tests.support.people import make_group, make_user, root
from tests.support.profiles import examples

if TYPE_CHECKING:
    from graphql_api.settings import ApiSettings
    from shared.database import Database
    from shared.settings import Settings

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

TEXTS = st.text(max_size=20).map(lambda text: StringValueNode(value=text))
scalar(
    "DateTime", st.datetimes().map(lambda at: StringValueNode(value=f"{at.isoformat()}Z")) | TEXTS
)
scalar("BigInt", st.integers(-(2**70), 2**70).map(lambda number: IntValueNode(value=str(number))))
scalar("Color", st.from_regex(r"\A#[0-9A-F]{8}\Z").map(lambda text: StringValueNode(value=text)))
scalar(
    "JSON",
    st.sampled_from(
        [NullValueNode(), BooleanValueNode(value=True), FloatValueNode(value="1e400")]
    ),
)  # fmt: skip


class Place:
    """A served API and whoever may do everything in it."""

    def __init__(self, address: str, database: Database, own: ApiSettings, chief: int) -> None:
        self.address = address
        self.database = database
        self.own = own
        self.chief = chief

    def headers(self) -> dict[str, str]:
        """A session of its own for each operation: some of them end sessions."""
        opened = open_session(self.database, self.own, self.chief, expires_at=now() + 60 * MINUTE)
        return {"Authorization": f"Bearer {opened.token}"}


@pytest_asyncio.fixture
async def place(settings: Settings, database: Database) -> AsyncIterator[Place]:
    with database.write() as connection:
        chief = root(connection)
        make_group(connection, "lab", "rwra--", members=[make_user(connection, "ada"), chief])
    own = api_settings(settings)
    async with served(own) as address:
        yield Place(address, database, own, chief)


def faults(answer: httpx.Response) -> list[Any]:
    """What must never be answered."""
    if answer.status_code >= 500:
        return [answer.status_code, answer.text[:500]]
    errors = answer.json().get("errors") or []
    return [each for each in errors if each["extensions"]["code"] == "INTERNAL"]


def attack(place: Place) -> int:
    """Send generated documents for every operation; answers how many."""
    schema = schemathesis.graphql.from_path(PRINTED)
    with httpx.Client(base_url=place.address, timeout=30) as http:
        return sum(
            tell_all(http, found.ok(), (place.headers(), {}))
            for found in schema.get_all_operations()
            if isinstance(found, Ok)
        )


def tell_all(http: httpx.Client, operation: Any, people: tuple[dict[str, str], ...]) -> int:
    """Send one operation's documents as each of these people."""
    sent = 0

    @settings(
        max_examples=examples(1), deadline=None, database=None, phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy())
    def tell(case: Any) -> None:
        nonlocal sent
        for headers in people:
            answer = http.post("/graphql", json={"query": case.body}, headers=headers)
            assert faults(answer) == [], case.body
            sent += 1

    tell()
    return sent


async def test_no_generated_document_makes_the_server_fail(place: Place) -> None:
    sent = await asyncio.to_thread(attack, place)
    assert sent > 150
