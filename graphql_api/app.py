"""`build_app(settings)`: the only wiring of the API.

Nothing is opened before the lifespan starts; a database that is not migrated, or demo accounts on
an address that others can reach, are refused there with a sentence that says what to do.
"""

from __future__ import annotations

import gc
from contextlib import asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING

import anyio.to_thread
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from graphql_api.context import Services
from graphql_api.login.cookies import is_loopback_host
from graphql_api.login.identity import Identity
from graphql_api.routes.files import file_routes
from graphql_api.routes.graphiql import page_routes
from graphql_api.routes.graphql import graphql_routes
from graphql_api.routes.guard import Guard
from graphql_api.routes.health import health_routes
from graphql_api.routes.live.feed import ActivityFeed
from graphql_api.routes.live.socket import live_routes
from graphql_api.routes.problems import http_problem, internal_problem, tessera_problem
from graphql_api.routes.rois import roi_routes
from graphql_api.routes.uploads import upload_routes
from graphql_api.schema import build_schema
from graphql_api.schema.transport import Transport
from graphql_api.schema.transport_deadline import watch_deadlines
from shared.auth.epoch import EpochWatch
from shared.auth.keys import SecretKeys
from shared.database import open_database
from shared.errors import Conflict, Denied, TesseraError
from shared.migrations import is_current
from shared.models.system import Instance
from shared.storage import LocalStorage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from graphql import GraphQLSchema
    from starlette.routing import BaseRoute

    from graphql_api.settings import ApiSettings
    from shared.database import Database

YOUNG_OBJECTS = 100_000
"""Allocations after which the collector looks at the youngest objects."""


def build_app(settings: ApiSettings) -> Starlette:
    """The API as an ASGI application; its lifespan raises `Conflict` or `Denied` at start."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        services = await anyio.to_thread.run_sync(open_services, settings)
        try:
            app.state.services = services
            app.state.identity = Identity(services)
            app.state.transport = Transport(
                _executable_schema(),
                timeout_s=settings.operation_timeout_s,
            )
            app.state.feed = ActivityFeed(services.database)
            yield
            await app.state.feed.close()
        finally:
            await anyio.to_thread.run_sync(services.database.dispose)

    return Starlette(
        routes=_routes(),
        middleware=[Middleware(Guard, settings=settings)],
        exception_handlers={
            TesseraError: tessera_problem,
            HTTPException: http_problem,
            Exception: internal_problem,
        },
        lifespan=lifespan,
    )


@cache
def _executable_schema() -> GraphQLSchema:
    """The schema, built once per process; graphql-core executes it, not Strawberry."""
    schema = build_schema()._schema
    settle_garbage()
    return schema


def settle_garbage() -> None:
    """Take what lives for ever out of the collector's sight, and let the young generation grow:
    measured, that is worth 1.7x on answers with thousands of objects.
    """
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])


def _routes() -> list[BaseRoute]:
    return [
        *graphql_routes(),
        *live_routes(),
        *upload_routes(),
        *file_routes(),
        *roi_routes(),
        *health_routes(),
        *page_routes(),
    ]


def open_services(settings: ApiSettings) -> Services:
    """Open database, storage and keys; raises `Conflict` or `Denied` when it must not start."""
    database = open_database(settings)
    try:
        instance_id = _checked_instance(database, settings)
        watch_deadlines(database)
        return Services(
            database=database,
            storage=LocalStorage(settings.data_dir),
            settings=settings,
            keys=SecretKeys.load(settings),
            epoch=EpochWatch(database),
            instance_id=instance_id,
        )
    except BaseException:
        database.dispose()
        raise


def _checked_instance(database: Database, settings: ApiSettings) -> str:
    if not is_current(database):
        raise Conflict(
            "The database is not at this version's state.",
            hint="Run `tessera migrate` first, or start everything by `make run`.",
        )
    with database.read() as connection:
        instance = connection.execute(select(Instance.uuid, Instance.demo_state)).one()
    if instance.demo_state is not None:
        refuse_open_demo(settings)
    return str(instance.uuid)


def refuse_open_demo(settings: ApiSettings) -> None:
    """Raises `Denied` when demo accounts, whose password is public, could be reached by others."""
    if not is_loopback_host(settings.api_host):
        raise Denied(
            f"The demo accounts have a public password, so the API does not listen on "
            f"{settings.api_host}.",
            hint="Set TESSERA_API_HOST=127.0.0.1, or start with another data folder without demo.",
        )
