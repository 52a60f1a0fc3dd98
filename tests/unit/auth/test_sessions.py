"""Login, expiry and logout, on a clock that the tests move."""

from __future__ import annotations

import pytest
import time_machine
from sqlalchemy import select

from shared import clock
from shared.auth.epoch import EpochWatch, VerdictCache, read_epoch
from shared.auth.sessions import (
    authenticate,
    close_sessions_of,
    log_in,
    log_out,
)
from shared.database import Database, counted_statements
from shared.errors import Busy, Invalid, Unauthenticated
from shared.models.live import SessionTouch
from shared.models.people import (
    Session,
)
from shared.settings import Settings
from tests.support.logins import HASH, PASSWORD, START, enter, leave, refused
from tests.support.people import make_user


def test_a_login_opens_a_session_whose_token_is_stored_nowhere(
    database: Database, settings: Settings, ada: int
) -> None:
    opened = enter(database, settings)
    assert opened.user_id == ada
    assert opened.token.startswith("tes_")
    assert len(opened.token) == 47
    assert opened.expires_at == clock.now() + 7 * clock.DAY
    with database.read() as connection:
        row = connection.execute(select(Session)).one()
    assert opened.token not in str(row)
    assert (row.user_id, row.address, row.user_agent) == (ada, "10.0.0.1", "test")
    who = authenticate(database, settings, opened.token)
    assert (who.user_id, who.session_id) == (ada, opened.session_id)
    assert who.expires_at == opened.expires_at


def test_whatever_is_wrong_the_message_is_one(
    database: Database, settings: Settings, ada: int
) -> None:
    with database.write() as connection:
        make_user(connection, "gone", password_hash=HASH, is_active=False)
        make_user(connection, "keyless")
    answers = {
        refused(database, settings, "ada", "wrong"),
        refused(database, settings, "ADA", PASSWORD),
        refused(database, settings, "nobody", PASSWORD),
        refused(database, settings, "gone", PASSWORD),
        refused(database, settings, "keyless", ""),
        refused(database, settings, "nul\0", PASSWORD),
        refused(database, settings, "half \ud800", "half \ud800"),
    }
    assert len(answers) == 1


@pytest.mark.parametrize(
    "token", ["", "tes_", "tes_" + "A" * 43, "tep_" + "A" * 43, "Bearer x", "tes_" + "é" * 43]
)
def test_other_tokens_are_refused(
    database: Database, settings: Settings, ada: int, token: str
) -> None:
    with pytest.raises(Unauthenticated):
        authenticate(database, settings, token)


def test_too_many_refusals_close_the_account_for_a_while(
    database: Database, settings: Settings, ada: int, time: time_machine.Traveller
) -> None:
    few = settings.model_copy(update={"login_attempts": 3})
    for _ in range(3):
        refused(database, few, "ada", "wrong")
        time.shift(60)
    with pytest.raises(Busy) as caught:
        enter(database, few)
    # The first refusal is three minutes old: twelve of its fifteen are left.
    assert caught.value.retry_after_s == 12 * 60
    with database.write() as connection:
        make_user(connection, "rosalind", password_hash=HASH)
    assert enter(database, few, "rosalind").token
    time.shift(12 * 60)
    assert enter(database, few).token


def test_too_many_refusals_close_the_address_whoever_asks(
    database: Database, settings: Settings, ada: int
) -> None:
    few = settings.model_copy(update={"login_attempts_per_address": 2})
    refused(database, few, "nobody", "x")
    refused(database, few, "somebody", "x")
    with pytest.raises(Busy):
        enter(database, few)
    assert log_in(database, few, "ada", PASSWORD, address="10.0.0.2").token


def test_right_logins_do_not_count(database: Database, settings: Settings, ada: int) -> None:
    few = settings.model_copy(update={"login_attempts": 2})
    for _ in range(3):
        enter(database, few)


def test_an_idle_session_ends_and_one_in_use_lasts_to_its_end(
    database: Database, settings: Settings, ada: int, time: time_machine.Traveller
) -> None:
    used, idle = enter(database, settings), enter(database, settings)
    for _ in range(7 * 4 - 1):
        time.shift(6 * 3600)
        assert authenticate(database, settings, used.token).user_id == ada
    with pytest.raises(Unauthenticated):
        authenticate(database, settings, idle.token)
    time.shift(6 * 3600)
    with pytest.raises(Unauthenticated):
        authenticate(database, settings, used.token)


def test_a_shorter_idle_time_holds_for_open_sessions(
    database: Database, settings: Settings, ada: int, time: time_machine.Traveller
) -> None:
    opened = enter(database, settings)
    time.shift(3600)
    with pytest.raises(Unauthenticated):
        authenticate(database, settings.model_copy(update={"session_idle_s": 3599}), opened.token)
    assert authenticate(database, settings, opened.token).user_id


@pytest.mark.parametrize("seconds", [59, 0, -1, 8 * 3600 + 1])
def test_an_idle_time_out_of_bounds_is_refused(
    database: Database, settings: Settings, ada: int, seconds: int
) -> None:
    with pytest.raises(Invalid, match="cannot be idle"):
        log_in(database, settings, "ada", PASSWORD, idle_s=seconds)


def test_a_session_ends_after_the_idle_time_asked_for(
    database: Database, settings: Settings, ada: int
) -> None:
    with time_machine.travel(START, tick=False) as traveller:
        opened = log_in(database, settings, "ada", PASSWORD, idle_s=120)
        traveller.shift(119)
        assert authenticate(database, settings, opened.token).user_id == ada
        traveller.shift(121)
        with pytest.raises(Unauthenticated):
            authenticate(database, settings, opened.token)


def test_use_is_written_once_a_minute_and_costs_three_statements_at_most(
    database: Database, settings: Settings, ada: int, time: time_machine.Traveller
) -> None:
    opened = enter(database, settings)

    def touched() -> int | None:
        with database.read_live() as connection:
            return connection.scalar(select(SessionTouch.touched_at))

    counts, touches = [], []
    for _ in range(5):
        with counted_statements() as count:
            authenticate(database, settings, opened.token)
        counts.append(len(count))
        touches.append(touched())
        time.shift(30)
    assert counts == [3, 2, 3, 2, 3]
    first = clock.from_datetime(START)
    assert touches == [first + minutes * clock.MINUTE for minutes in (0, 0, 1, 1, 2)]


def test_a_cached_principal_costs_nothing_until_the_epoch_rises(
    database: Database, settings: Settings, ada: int
) -> None:
    ticks = [0.0]
    cache = VerdictCache(EpochWatch(database, clock=lambda: ticks[0]), clock=lambda: ticks[0])
    opened = enter(database, settings)
    who = authenticate(database, settings, opened.token, cache=cache)
    with counted_statements() as count:
        assert authenticate(database, settings, opened.token, cache=cache) is who
    assert len(count) == 0
    log_out(database, who)
    ticks[0] = 1.0
    with pytest.raises(Unauthenticated):
        authenticate(database, settings, opened.token, cache=cache)


def test_a_cached_principal_ends_with_its_session(
    database: Database, settings: Settings, ada: int, time: time_machine.Traveller
) -> None:
    cache = VerdictCache(EpochWatch(database, clock=lambda: 0.0), clock=lambda: 0.0)
    opened = enter(database, settings)
    authenticate(database, settings, opened.token, cache=cache)
    time.shift(7 * 24 * 3600)
    with pytest.raises(Unauthenticated):
        authenticate(database, settings, opened.token, cache=cache)


def test_logging_out_ends_the_session_and_raises_the_epoch(
    database: Database, settings: Settings, ada: int
) -> None:
    opened, other = enter(database, settings), enter(database, settings)
    with database.read() as connection:
        before = read_epoch(connection)
    log_out(database, authenticate(database, settings, opened.token))
    with pytest.raises(Unauthenticated):
        authenticate(database, settings, opened.token)
    assert authenticate(database, settings, other.token).user_id
    with database.read() as connection:
        assert read_epoch(connection) > before


def test_a_change_of_password_can_end_all_sessions_but_one(
    database: Database, settings: Settings, ada: int
) -> None:
    kept, ended = enter(database, settings), enter(database, settings)
    with database.write() as connection:
        close_sessions_of(connection, ada, but=kept.session_id)
    assert authenticate(database, settings, kept.token).user_id
    with pytest.raises(Unauthenticated):
        authenticate(database, settings, ended.token)


def test_a_deactivated_user_is_out_at_once(
    database: Database, settings: Settings, ada: int
) -> None:
    opened = enter(database, settings)
    with database.write() as connection:
        leave(connection, ada, "user")
    with pytest.raises(Unauthenticated):
        authenticate(database, settings, opened.token)
