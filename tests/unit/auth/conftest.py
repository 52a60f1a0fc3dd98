"""One database per file of tests, emptied after each: these tests are many and small."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from sqlalchemy import delete, select

from shared.database import Database, open_database
from shared.models.containers import Project
from shared.models.images import OriginalFile
from shared.models.live import LoginFailure, SessionTouch
from shared.models.people import (
    AccessToken,
    Group,
    GroupPermissions,
    Membership,
    Privilege,
    Session,
    User,
    WithheldPrivilege,
)
from shared.models.rois import Roi
from shared.settings import Settings
from tests.support.databases import KINDS, copy_postgres, copy_sqlite, drop_postgres
from tests.support.logins import HASH, START
from tests.support.people import make_group, make_user

EMPTIED = (AccessToken, Session, WithheldPrivilege, Project, OriginalFile, Roi)
KEPT = (Membership, Group, User)
"""Of these the rows of the first migration stay."""


@pytest.fixture(scope="module", params=KINDS)
def settings(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    folder = tmp_path_factory.mktemp("auth")
    if request.param == "sqlite":
        yield Settings(data_dir=folder, database_url=copy_sqlite(folder))
        return
    name = f"test_{os.getpid()}_{folder.name}_{request.module.__name__.rpartition('.')[2]}"
    yield Settings(data_dir=folder, database_url=copy_postgres(name))
    drop_postgres(name)


@pytest.fixture(scope="module")
def installation(settings: Settings) -> Iterator[tuple[Database, dict[Any, list[int]]]]:
    opened = open_database(settings)
    with opened.read() as connection:
        first = {model: list(connection.scalars(select(model.id))) for model in KEPT}
    yield opened, first
    opened.dispose()


@pytest.fixture
def database(installation: tuple[Database, dict[Any, list[int]]]) -> Iterator[Database]:
    opened, first = installation
    yield opened
    with opened.write() as connection:
        for model in EMPTIED:
            connection.execute(delete(model))
        for model, ids in first.items():
            connection.execute(delete(model).where(model.id.not_in(ids)))
    with opened.write_live() as connection:
        connection.execute(delete(LoginFailure))
        connection.execute(delete(SessionTouch))


@pytest.fixture
def time() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def ada(database: Database, time: time_machine.Traveller) -> int:
    with database.write() as connection:
        return make_user(connection, "ada", password_hash=HASH)


@pytest.fixture
def people(database: Database, ada: int) -> dict[str, int]:
    with database.write() as connection:
        names = {
            "ada": ada,
            "admin": make_user(connection, "admin", password_hash=HASH, is_admin=True),
            "organizer": make_user(
                connection,
                "organizer",
                password_hash=HASH,
                is_admin=True,
                withheld=[Privilege.CHOWN],
            ),
            "leader": make_user(connection, "leader", password_hash=HASH),
            "stranger": make_user(connection, "stranger"),
            "gone": make_user(connection, "gone", is_active=False),
        }
        make_group(
            connection, "lab", GroupPermissions.PRIVATE, members=[ada], owners=[names["leader"]]
        )
        make_group(
            connection,
            "open",
            GroupPermissions.READ_ONLY,
            members=[ada, names["leader"], names["stranger"]],
        )
    return names
