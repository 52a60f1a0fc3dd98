"""Faults of a start, each told in one sentence with what to do, before anything is made or served.

A process that finds its port taken, its folder read-only or its database away must say so and end:
a traceback of the server's insides tells an operator nothing. What happens later, while it runs, is
the process's own affair (a worker survives a database that is away for a moment).
"""

from __future__ import annotations

import socket
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from shared.errors import Conflict, Invalid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shared.database import Database
    from shared.settings import AuthSettings, DatabaseSettings

S = TypeVar("S", bound="DatabaseSettings")
_SEE = "docs/reference/settings.md lists the settings with their values."


def read_settings(kind: type[S]) -> S:
    """The environment's settings; raises `Invalid` naming each variable that is wrong."""
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    try:
        settings = kind()
    except SettingsError as error:
        raise Invalid(f"A setting cannot be read: {error}.", hint=_SEE) from error
    except ValidationError as error:
        wrong = [
            f"TESSERA_{'_'.join(map(str, item['loc'])).upper()}: {_lower(item['msg'])}"
            for item in error.errors(include_input=False, include_url=False)
        ]
        raise Invalid(f"{'; '.join(wrong)}.", hint=_SEE) from error
    assert settings.main_url
    return settings


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")


def require_folder(folder: Path) -> None:
    """Make the data folder unless it is there; raises `Conflict` when nothing can be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise Conflict(
            f"The data folder {folder} cannot be written: {_reason(error)}.",
            hint="Set TESSERA_DATA_DIR to a folder that this user may write.",
        ) from error


def require_port(variable: str, host: str, port: int) -> None:
    """Raises `Conflict` when this address is taken or cannot be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise Invalid(
            f"{host} is no address of this machine ({_reason(error)}).",
            hint=f"Set {variable.replace('PORT', 'HOST')} to 127.0.0.1, or to one that it has.",
        ) from error
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise Conflict(
            f"{host}:{port} is in use or cannot be had ({_reason(error)}).",
            hint=f"Set {variable} to another port, or stop what runs there.",
        ) from error


@contextmanager
def reached_database(settings: DatabaseSettings, *, is_current: bool = True) -> Iterator[Database]:
    """The database, opened and asked once; closed at the end.

    Raises `Conflict` when it cannot be reached, or (`is_current`) is of another version.
    """
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    from shared.database import open_database
    from shared.migrations import is_current as has_current_schema

    try:
        database = open_database(settings)
    except OSError as error:
        raise _away(settings, _reason(error)) from error
    try:
        try:
            with database.read() as connection:
                connection.execute(text("SELECT 1"))
            current = not is_current or has_current_schema(database)
        except SQLAlchemyError as error:
            raise _away(settings, str(getattr(error, "orig", None) or error)) from error
        if not current:
            raise Conflict(
                "The database is not at this version's state.",
                hint="Run `tessera migrate` first, or start everything by `make run`.",
            )
        yield database
    finally:
        database.dispose()


def require_ready(settings: AuthSettings) -> None:
    """What a service needs before it listens: folder, database and a key that signs."""
    from shared.auth.keys import SecretKeys

    require_folder(settings.data_dir)
    with reached_database(settings):
        SecretKeys.load(settings)


def _away(settings: DatabaseSettings, reason: str) -> Conflict:
    first = next((line.strip() for line in reason.splitlines() if line.strip()), "no reason given")
    if settings.database_url:
        hint = "Check TESSERA_DATABASE_URL, and that the database server runs."
    else:
        hint = f"The file lies in the data folder {settings.data_dir}: check TESSERA_DATA_DIR."
    return Conflict(f"The database cannot be used: {first.rstrip('.')}.", hint=hint)


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
