"""What goes wrong inside: masked with an incident id, or given up after the time limit."""

from __future__ import annotations

import time

import pytest
import strawberry
import structlog
from sqlalchemy import text

from graphql_api.context import RequestContext
from graphql_api.schema.transport import Transport
from graphql_api.schema.transport_deadline import watch_deadlines
from graphql_api.schema.transport_request import GraphQLRequest
from shared.auth.keys import SecretKeys, make_secret_file
from shared.database import Database
from shared.errors import Conflict
from shared.models.people import Group
from shared.settings import Settings
from shared.storage import LocalStorage
from tests.support.graphql_client import api_settings
from tests.support.people import make_group, root

Info = strawberry.Info[RequestContext, None]
SLOW = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 999999999)"
    " SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(60)",
}


@strawberry.type
class Query:
    @strawberry.field
    def viewer(self) -> str:
        raise RuntimeError("the password is swordfish")

    @strawberry.field
    def slow(self, info: Info) -> int:
        statement = SLOW[info.context.database.dialect]
        return int(info.context.connection.execute(text(statement)).scalar_one() or 0)

    @strawberry.field
    async def later(self) -> int:
        return 7

    @strawberry.field
    def refused(self) -> int:
        raise Conflict("It has changed since.", hint="Read it again.", target="Image:1")


@strawberry.type
class Mutation:
    @strawberry.field
    def slow_write(self, info: Info) -> int:
        with info.context.database.write() as connection:
            make_group(connection, "half done")
            connection.execute(text(SLOW[info.context.database.dialect]))
        return 1


@pytest.fixture
def context(settings: Settings, database: Database) -> RequestContext:
    from shared.auth.principal import load_principal

    own = api_settings(settings)
    make_secret_file(settings.data_dir)
    watch_deadlines(database)
    with database.read() as connection:
        principal = load_principal(connection, root(connection))
    return RequestContext(
        database=database,
        storage=LocalStorage(settings.data_dir),
        settings=own,
        keys=SecretKeys.load(own),
        principal=principal,
    )


@pytest.fixture
def transport() -> Transport:
    schema = strawberry.Schema(Query, Mutation)._schema
    return Transport(schema, timeout_s=0.5)


async def test_a_fault_is_masked_and_logged_with_its_incident(
    transport: Transport, context: RequestContext
) -> None:
    with structlog.testing.capture_logs() as logs:
        outcome = await transport.run(GraphQLRequest("{viewer}"), context)
    (error,) = outcome.body["errors"]
    assert "swordfish" not in str(outcome.body)
    assert error["extensions"]["code"] == "INTERNAL"
    (entry,) = [log for log in logs if log["event"] == "operation.failed"]
    assert entry["incident_id"] == error["extensions"]["incidentId"]
    assert "swordfish" in str(entry["exc_info"])


async def test_an_outcome_on_purpose_keeps_its_sentence(
    transport: Transport, context: RequestContext
) -> None:
    outcome = await transport.run(GraphQLRequest("{refused}"), context)
    (error,) = outcome.body["errors"]
    assert error["message"] == "It has changed since. Read it again."
    assert error["extensions"] == {"code": "CONFLICT", "target": "Image:1"}


async def test_an_async_resolver_is_awaited(transport: Transport, context: RequestContext) -> None:
    outcome = await transport.run(GraphQLRequest("{later}"), context)
    assert outcome.body["data"] == {"later": 7}


async def test_an_overdue_statement_is_interrupted(
    transport: Transport, context: RequestContext
) -> None:
    started = time.monotonic()
    outcome = await transport.run(GraphQLRequest("{slow}"), context)
    assert time.monotonic() - started < 5
    assert [error["extensions"]["code"] for error in outcome.body["errors"]] == ["TIMEOUT"]
    again = await transport.run(GraphQLRequest("{later}"), context)
    assert again.body["data"] == {"later": 7}


async def test_an_overdue_mutation_is_rolled_back(
    transport: Transport, context: RequestContext, database: Database
) -> None:
    outcome = await transport.run(GraphQLRequest("mutation{slowWrite}"), context)
    assert outcome.body["errors"][0]["extensions"]["code"] == "TIMEOUT"
    with database.write() as connection:
        names = connection.execute(Group.__table__.select()).fetchall()
    assert "half done" not in {row.name for row in names}
