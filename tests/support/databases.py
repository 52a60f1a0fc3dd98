"""A fresh, migrated database for each test, on SQLite and on PostgreSQL.

Migrations run once per run and database; tests get copies of the result. PostgreSQL is the server
of `TESSERA_TEST_POSTGRES_URL`, else an embedded one that lives as long as the run.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from shared.database import Database, open_database
from shared.migrations import upgrade
from shared.settings import Settings
from tests.support.postgres import embedded_url, run_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = ("sqlite", "postgresql")
_numbers = itertools.count()


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a fresh, migrated database.

    A test that means one database only says
    `@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)`.
    """
    if request.param == "sqlite":
        yield copy_sqlite(tmp_path / "data")
        return
    name = f"test_{os.getpid()}_{next(_numbers)}"
    yield copy_postgres(name)
    drop_postgres(name)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings of an installation with that database and a data folder of its own."""
    return Settings(data_dir=tmp_path / "data", database_url=database_url)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """That database, opened."""
    opened = open_database(settings)
    yield opened
    opened.dispose()


@pytest.fixture(params=KINDS)
def empty_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a database without tables."""
    name = f"empty_{os.getpid()}_{next(_numbers)}"
    url = empty_postgres(name) if request.param == "postgresql" else ""
    yield Settings(data_dir=tmp_path / "empty", database_url=url)
    if url:
        drop_postgres(name)


def copy_sqlite(folder: Path) -> str:
    """Copy the migrated template into a folder and answer its address."""
    template = _sqlite_template()
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("tessera.db", "live.db"):
        shutil.copyfile(template / name, folder / name)
    return f"sqlite:///{folder / 'tessera.db'}"


def copy_postgres(name: str) -> str:
    """Make a database from the migrated template and answer its address."""
    server, template = _postgres_template()
    _administer(
        server,
        sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
            sql.Identifier(name), sql.Identifier(template)
        ),
    )
    return _renamed(server, name)


def drop_postgres(name: str) -> None:
    """Drop a database, whoever is still connected to it."""
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    _administer(_server_url(), statement)


def empty_postgres(name: str) -> str:
    """Make a database without tables and answer its address."""
    server = _server_url()
    _administer(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return _renamed(server, name)


@cache
def _sqlite_template() -> Path:
    folder = run_folder() / "sqlite"
    with _locked("sqlite"):
        if not (folder / "ready").exists():
            _migrate(Settings(data_dir=folder))
            (folder / "ready").touch()
    return folder


@cache
def _postgres_template() -> tuple[str, str]:
    name = f"template_{run_folder().name.replace('-', '_')}"
    server = _server_url()
    with _locked("template"):
        mark = run_folder() / "template.ready"
        if not mark.exists():
            _administer(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            _migrate(Settings(data_dir=run_folder(), database_url=_renamed(server, name)))
            mark.touch()
    return server, name


@cache
def _server_url() -> str:
    given = os.environ.get("TESSERA_TEST_POSTGRES_URL")
    if given:
        return given
    with _locked("server"):
        return embedded_url(run_folder() / "postgres")


def drop_template() -> None:
    """Drop the template on a server that outlives the run."""
    given = os.environ.get("TESSERA_TEST_POSTGRES_URL")
    if given and (run_folder() / "template.ready").exists():
        _, name = _postgres_template()
        drop_postgres(name)


def _migrate(settings: Settings) -> None:
    database = open_database(settings)
    upgrade(database)
    database.dispose()


def _renamed(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@cache
def _administration(server: str) -> psycopg.Connection[tuple[object, ...]]:
    url = make_url(server).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(url, autocommit=True)


def _administer(server: str, statement: sql.Composed) -> None:
    _administration(server).execute(statement)


@contextmanager
def _locked(name: str) -> Iterator[None]:
    """One test process at a time."""
    with (run_folder() / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
