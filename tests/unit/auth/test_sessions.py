"""Login, expiry, logout and sudo, on a clock that the tests move."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from sqlalchemy import Connection, delete, select, update

from shared import clock
from shared.auth.epoch import EpochWatch, VerdictCache, read_epoch
from shared.auth.passwords import hash_password
from shared.auth.sessions import (
    LoggedIn,
    authenticate,
    authenticate_id,
    close_sessions_of,
    log_in,
    log_out,
)
from shared.auth.sudo import open_sudo_session
from shared.auth.tokens import create_token, revoke_token
from shared.database import Database, counted_statements
from shared.errors import Busy, Conflict, Denied, Invalid, NotFound, Unauthenticated
from shared.models.live import SessionTouch
from shared.models.people import (
    AccessToken,
    Group,
    GroupPermissions,
    Membership,
    Privilege,
    Session,
    WithheldPrivilege,
)
from shared.settings import Settings
from tests.support.people import make_group, make_user

PASSWORD = "correct horse"
HASH = hash_password(PASSWORD)
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def time() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def ada(database: Database, time: time_machine.Traveller) -> int:
    with database.write() as connection:
        return make_user(connection, "ada", password_hash=HASH)


def enter(database: Database, settings: Settings, login: str = "ada") -> LoggedIn:
    return log_in(database, settings, login, PASSWORD, address="10.0.0.1", user_agent="test")


def refused(database: Database, settings: Settings, login: str, password: str) -> str:
    with pytest.raises(Unauthenticated) as caught:
        log_in(database, settings, login, password, address="10.0.0.1")
    return str(caught.value)


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


def leave(connection: Connection, user: int, group: str) -> None:
    ids = select(Group.id).where(Group.name == group)
    connection.execute(
        delete(Membership).where(Membership.user_id == user, Membership.group_id.in_(ids))
    )


# --- sudo


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


def sudo(database: Database, settings: Settings, login: str, target: int) -> LoggedIn:
    who = authenticate(database, settings, enter(database, settings, login).token)
    return open_sudo_session(database, settings, who, target, address="10.0.0.9")


def test_an_administrator_acts_as_anybody_with_both_names_in_the_session(
    database: Database, settings: Settings, people: dict[str, int]
) -> None:
    opened = sudo(database, settings, "admin", people["ada"])
    who = authenticate(database, settings, opened.token)
    assert (who.user_id, who.sudoer_id) == (people["ada"], people["admin"])
    assert (who.is_admin, who.privileges) == (False, frozenset())


def test_a_restricted_administrator_gains_nothing_by_acting_as_a_full_one(
    database: Database, settings: Settings, people: dict[str, int]
) -> None:
    opened = sudo(database, settings, "organizer", people["admin"])
    who = authenticate(database, settings, opened.token)
    assert who.privileges == frozenset(Privilege) - {Privilege.CHOWN}


def test_a_leader_acts_as_members_of_his_groups_only(
    database: Database, settings: Settings, people: dict[str, int]
) -> None:
    opened = sudo(database, settings, "leader", people["ada"])
    assert authenticate(database, settings, opened.token).user_id == people["ada"]
    with pytest.raises(Denied):
        sudo(database, settings, "leader", people["stranger"])
    with pytest.raises(NotFound):
        sudo(database, settings, "leader", people["admin"])
    with pytest.raises(Denied):
        sudo(database, settings, "ada", people["leader"])


def test_nobody_sudoes_to_himself_from_a_sudo_or_to_an_inactive_account(
    database: Database, settings: Settings, people: dict[str, int]
) -> None:
    with pytest.raises(Invalid):
        sudo(database, settings, "admin", people["admin"])
    with pytest.raises(Conflict):
        sudo(database, settings, "admin", people["gone"])
    with pytest.raises(NotFound):
        sudo(database, settings, "admin", 999_999)
    opened = sudo(database, settings, "organizer", people["admin"])
    nested = authenticate(database, settings, opened.token)
    with pytest.raises(Denied):
        open_sudo_session(database, settings, nested, people["ada"])


def test_a_sudo_session_ends_with_the_sudoers_session(
    database: Database, settings: Settings, people: dict[str, int]
) -> None:
    who = authenticate(database, settings, enter(database, settings, "admin").token)
    opened = open_sudo_session(database, settings, who, people["ada"])
    own = enter(database, settings)
    log_out(database, who)
    with pytest.raises(Unauthenticated):
        authenticate(database, settings, opened.token)
    assert authenticate(database, settings, own.token).user_id


def test_a_sudo_session_never_outlives_the_sudoers(
    database: Database,
    settings: Settings,
    people: dict[str, int],
    time: time_machine.Traveller,
) -> None:
    first = enter(database, settings, "admin")
    for _ in range(24):
        time.shift(6 * 3600)
        who = authenticate(database, settings, first.token)
    opened = open_sudo_session(database, settings, who, people["ada"])
    assert opened.expires_at == first.expires_at


def test_using_a_sudo_session_keeps_the_sudoers_awake(
    database: Database,
    settings: Settings,
    people: dict[str, int],
    time: time_machine.Traveller,
) -> None:
    opened = sudo(database, settings, "admin", people["ada"])
    for _ in range(4):
        time.shift(6 * 3600)
        with counted_statements() as count:
            authenticate(database, settings, opened.token)
        assert len(count) == 3


@pytest.mark.parametrize("loss", ["privilege", "account", "closed"])
def test_a_sudo_session_ends_when_its_ground_is_gone(
    database: Database, settings: Settings, people: dict[str, int], loss: str
) -> None:
    opened = sudo(database, settings, "admin", people["ada"])
    with database.write() as connection:
        if loss == "privilege":
            connection.execute(
                WithheldPrivilege.__table__.insert().values(  # type: ignore[attr-defined]
                    user_id=people["admin"], privilege="Sudo"
                )
            )
        elif loss == "account":
            leave(connection, people["admin"], "user")
        else:
            close_sessions_of(connection, people["admin"])
    with pytest.raises(Unauthenticated):
        authenticate(database, settings, opened.token)


def test_a_leader_who_loses_the_group_loses_the_sudo(
    database: Database, settings: Settings, people: dict[str, int]
) -> None:
    opened = sudo(database, settings, "leader", people["ada"])
    with database.write() as connection:
        connection.execute(
            update(Membership).where(Membership.user_id == people["leader"]).values(is_owner=False)
        )
    with pytest.raises(Unauthenticated):
        authenticate(database, settings, opened.token)


# --- access tokens


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
