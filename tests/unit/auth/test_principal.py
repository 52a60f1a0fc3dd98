"""Loading a principal: groups, privileges, sudo, scopes, in one statement."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from shared.auth.principal import load_principal
from shared.database import Database, counted_statements
from shared.errors import NotFound, Unauthenticated
from shared.models.people import (
    Group,
    GroupPermissions,
    Membership,
    Privilege,
    User,
    WithheldPrivilege,
)
from tests.support.people import make_group, make_user, root
from tests.support.principals import LAB
from tests.support.principals import principal as by_hand

ALL = frozenset(Privilege)


def test_a_principal_knows_its_groups_and_which_it_leads(database: Database) -> None:
    with database.write() as connection:
        ada = make_user(connection, "ada")
        first = make_group(connection, "first", GroupPermissions.READ_WRITE, members=[ada])
        second = make_group(connection, "second", owners=[ada])
        with counted_statements() as count:
            who = load_principal(connection, ada, session_id=4)
    assert len(count) == 1
    assert (who.user_id, who.login, who.session_id, who.is_admin) == (ada, "ada", 4, False)
    assert dict(who.memberships) == {first: False, second: True}
    assert dict(who.levels) == {
        first: GroupPermissions.READ_WRITE, second: GroupPermissions.PRIVATE
    }  # fmt: skip
    assert who.default_group_id == first
    assert who.privileges == frozenset()
    assert who.leads(second)
    assert not who.leads(first)


def test_the_default_group_is_the_first_by_position(database: Database) -> None:
    with database.write() as connection:
        ada = make_user(connection, "ada")
        make_group(connection, "first", members=[ada])
        second = make_group(connection, "second", members=[ada])
        for position, name in enumerate(("second", "first", "user")):
            connection.execute(
                update(Membership)
                .where(
                    Membership.user_id == ada,
                    Membership.group_id.in_(select(Group.id).where(Group.name == name)),
                )
                .values(position=position)
            )
        assert load_principal(connection, ada).default_group_id == second


def test_privileges_are_all_but_the_withheld_and_only_for_administrators(
    database: Database,
) -> None:
    with database.write() as connection:
        full = make_user(connection, "full", is_admin=True)
        some = make_user(
            connection, "some", is_admin=True, withheld=[Privilege.SUDO, Privilege.CHOWN]
        )
        none = make_user(connection, "none", withheld=[Privilege.SUDO])
        top = root(connection)
        connection.execute(insert(WithheldPrivilege).values(user_id=top, privilege="Sudo"))
        assert load_principal(connection, full).privileges == ALL
        assert load_principal(connection, some).privileges == ALL - {"Sudo", "Chown"}
        assert load_principal(connection, none).privileges == frozenset()
        assert load_principal(connection, top).privileges == ALL


def test_an_inactive_user_is_no_principal_and_an_unknown_one_is_not_found(
    database: Database,
) -> None:
    with database.write() as connection:
        gone = make_user(connection, "gone", is_active=False)
        with pytest.raises(Unauthenticated):
            load_principal(connection, gone)
        with pytest.raises(NotFound):
            load_principal(connection, 999_999)


def test_sudo_never_gains_a_privilege(database: Database) -> None:
    with database.write() as connection:
        full = make_user(connection, "full", is_admin=True)
        organizer = make_user(connection, "organizer", is_admin=True, withheld=[Privilege.CHOWN])
        ada = make_user(connection, "ada")
        make_group(connection, "lab", members=[ada])
        as_full = load_principal(connection, full, sudoer_id=organizer)
        as_ada = load_principal(connection, ada, sudoer_id=full)
    assert as_full.privileges == ALL - {"Chown"}
    assert as_full.is_admin
    assert (as_full.user_id, as_full.sudoer_id) == (full, organizer)
    assert as_ada.privileges == frozenset()
    assert not as_ada.is_admin


def test_a_leader_who_acts_as_an_administrator_is_none(database: Database) -> None:
    with database.write() as connection:
        admin = make_user(connection, "admin", is_admin=True)
        leader = make_user(connection, "leader")
        lab = make_group(connection, "lab", members=[admin], owners=[leader])
        who = load_principal(connection, admin, sudoer_id=leader)
        assert (who.is_admin, who.privileges) == (False, frozenset())
        connection.execute(
            delete(Membership).where(Membership.user_id == admin, Membership.group_id == lab)
        )
        with pytest.raises(Unauthenticated):
            load_principal(connection, admin, sudoer_id=leader)


def test_a_token_carries_privileges_only_with_the_scope_admin(database: Database) -> None:
    with database.write() as connection:
        full = make_user(connection, "full", is_admin=True)
        plain = load_principal(connection, full, token_id=1, scopes=frozenset({"read", "write"}))
        admin = load_principal(connection, full, token_id=1, scopes=frozenset({"admin"}))
    assert (plain.is_admin, plain.privileges) == (False, frozenset())
    assert (admin.is_admin, admin.privileges) == (True, ALL)


def test_a_user_without_any_group_is_known_but_not_active(database: Database) -> None:
    with database.write() as connection:
        ada = make_user(connection, "ada")
        connection.execute(delete(Membership).where(Membership.user_id == ada))
        assert connection.scalar(select(User.login).where(User.id == ada)) == "ada"
        with pytest.raises(Unauthenticated):
            load_principal(connection, ada)


def test_a_standing_tells_apart_all_on_which_rights_depend() -> None:
    """What a process keeps by standing must never serve somebody with other rights."""
    one = by_hand(member_of=[(LAB, GroupPermissions.READ_ONLY)])
    other: dict[str, Any] = {
        "user_id": 99, "is_admin": True, "privileges": frozenset(Privilege),
        "memberships": {LAB: True}, "levels": {LAB: GroupPermissions.PRIVATE},
        "scopes": frozenset({"read"}), "is_guest": True,
        "login": "else", "session_id": 99, "token_id": 99, "sudoer_id": 99,
        "default_group_id": 99, "expires_at": 99,
    }  # fmt: skip
    assert set(other) == {each.name for each in fields(one)}
    without_weight = {
        name
        for name, value in other.items()
        if replace(one, **{name: value}).standing == one.standing
    }
    assert without_weight == {
        "login", "session_id", "token_id", "sudoer_id", "default_group_id", "expires_at"
    }  # fmt: skip
