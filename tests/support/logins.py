"""Logging in as tests do: one password, one moment, and what a refusal says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, delete, select

from shared.auth.passwords import hash_password
from shared.auth.sessions import LoggedIn, authenticate, log_in
from shared.auth.sudo import open_sudo_session
from shared.database import Database
from shared.errors import Unauthenticated
from shared.models.people import Group, Membership
from shared.settings import Settings

PASSWORD = "correct horse"
HASH = hash_password(PASSWORD)
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def enter(database: Database, settings: Settings, login: str = "ada") -> LoggedIn:
    return log_in(database, settings, login, PASSWORD, address="10.0.0.1", user_agent="test")


def refused(database: Database, settings: Settings, login: str, password: str) -> str:
    with pytest.raises(Unauthenticated) as caught:
        log_in(database, settings, login, password, address="10.0.0.1")
    return str(caught.value)


def leave(connection: Connection, user: int, group: str) -> None:
    ids = select(Group.id).where(Group.name == group)
    connection.execute(
        delete(Membership).where(Membership.user_id == user, Membership.group_id.in_(ids))
    )


def sudo(database: Database, settings: Settings, login: str, target: int) -> LoggedIn:
    who = authenticate(database, settings, enter(database, settings, login).token)
    return open_sudo_session(database, settings, who, target, address="10.0.0.9")
