"""One database per file of tests, emptied after each: these tests are many and small."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import delete, select

from shared.database import Database, open_database
from shared.models.containers import Project
from shared.models.images import OriginalFile
from shared.models.live import LoginFailure, SessionTouch
from shared.models.people import (
    AccessToken,
    Group,
    Membership,
    Session,
    User,
    WithheldPrivilege,
)
from shared.models.rois import Roi
from shared.settings import Settings
from tests.support.databases import KINDS, copy_postgres, copy_sqlite, drop_postgres

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
