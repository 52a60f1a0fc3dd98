"""Personal access tokens: scopes, end, revocation."""

from __future__ import annotations

import pytest
import time_machine
from sqlalchemy import select

from shared import clock
from shared.auth.sessions import (
    authenticate,
    authenticate_id,
    log_out,
)
from shared.auth.tokens import create_token, revoke_token
from shared.database import Database, counted_statements
from shared.errors import Denied, Invalid, NotFound, Unauthenticated
from shared.models.people import (
    AccessToken,
)
from shared.settings import Settings
from tests.support.logins import enter, sudo


def test_a_token_has_scopes_and_an_end_and_does_not_idle(
    database: Database, settings: Settings, ada: int, time: time_machine.Traveller
) -> None:
    who = authenticate(database, settings, enter(database, settings).token)
    end = clock.now() + 30 * clock.DAY
    made = create_token(database, who, "script", ["read", "import"], end)
    assert made.token.startswith("tep_")
    time.shift(29 * 24 * 3600)
    with counted_statements() as count:
        found = authenticate(database, settings, made.token)
    assert len(count) <= 3
    assert (found.user_id, found.session_id, found.token_id) == (ada, None, made.token_id)
    assert found.scopes == frozenset({"read", "import"})
    assert authenticate_id(database, settings, token_id=made.token_id) == found
    with pytest.raises(Invalid):
        log_out(database, found)
    with pytest.raises(Denied):
        create_token(database, found, "another", ["read"])
    time.shift(24 * 3600)
    with pytest.raises(Unauthenticated):
        authenticate(database, settings, made.token)


def test_a_revoked_token_is_refused_and_only_its_owner_revokes_it(
    database: Database, settings: Settings, people: dict[str, int]
) -> None:
    who = authenticate(database, settings, enter(database, settings).token)
    made = create_token(database, who, "script", ["read"])
    admin = authenticate(database, settings, enter(database, settings, "admin").token)
    with pytest.raises(NotFound):
        revoke_token(database, admin, made.token_id)
    revoke_token(database, who, made.token_id)
    with pytest.raises(Unauthenticated):
        authenticate(database, settings, made.token)
    with pytest.raises(NotFound):
        revoke_token(database, who, made.token_id)


def test_bad_tokens_are_not_made(
    database: Database, settings: Settings, people: dict[str, int]
) -> None:
    who = authenticate(database, settings, enter(database, settings).token)
    for name, scopes, end in (
        ("", ["read"], None),
        ("a\0b", ["read"], None),
        ("a", [], None),
        ("a", ["everything"], None),
        ("a", ["read"], clock.now()),
    ):
        with pytest.raises(Invalid):
            create_token(database, who, name, scopes, end)
    sudoed = authenticate(database, settings, sudo(database, settings, "admin", who.user_id).token)
    with pytest.raises(Denied):
        create_token(database, sudoed, "a", ["read"])
    with database.read() as connection:
        assert connection.execute(select(AccessToken)).first() is None
