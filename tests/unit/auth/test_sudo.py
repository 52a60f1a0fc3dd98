"""Acting as somebody else, with both names and the lesser rights."""

from __future__ import annotations

import pytest
import time_machine
from sqlalchemy import update

from shared.auth.sessions import (
    authenticate,
    close_sessions_of,
    log_out,
)
from shared.auth.sudo import open_sudo_session
from shared.database import Database, counted_statements
from shared.errors import Conflict, Denied, NotFound, Unauthenticated
from shared.models.people import (
    Membership,
    Privilege,
    WithheldPrivilege,
)
from shared.settings import Settings
from tests.support.logins import enter, leave, sudo


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
    with pytest.raises(Denied):
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
