"""Sets: aliases, Core tables, people, and that nothing leaks out of private groups."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.orm import aliased

from shared.auth.principal import load_principal
from shared.auth.rules import Action
from shared.auth.select import allowed, keyset_ranges, visible, visible_groups, visible_users
from shared.database import Database
from shared.models import MODELS
from shared.models.base import Details
from shared.models.containers import Project
from shared.models.images import OriginalFile
from shared.models.links import LINKS
from shared.models.people import Group, GroupPermissions, User
from shared.models.rois import Roi
from tests.support.people import make_group, make_row, make_user
from tests.support.principals import LAB, principal

P = GroupPermissions


def ids(connection: Connection, column: Any, *conditions: Any) -> set[int]:
    return set(connection.scalars(select(column).where(*conditions)))


def test_a_private_group_leaks_nothing_to_its_members(database: Database) -> None:
    with database.write() as connection:
        ada = make_user(connection, "ada")
        rosalind = make_user(connection, "rosalind")
        stranger = make_user(connection, "stranger")
        leader = make_user(connection, "leader")
        viewer = make_user(connection, "viewer", is_admin=True, withheld=list(_all_privileges()))
        private = make_group(connection, "private", members=[ada, rosalind], owners=[leader])
        hers = make_row(connection, Project, owner=rosalind, group=private)
        adas = make_row(connection, Project, owner=ada, group=private)
        seen = {
            who: ids(connection, Project.id, visible(load_principal(connection, who), Project))
            for who in (ada, rosalind, stranger, leader, viewer)
        }
        people = {
            who: ids(connection, User.id, visible_users(load_principal(connection, who)))
            for who in (ada, leader)
        }
        for action in Action:
            if action is not Action.VIEW:
                mine = ids(
                    connection,
                    Project.id,
                    allowed(load_principal(connection, ada), action, Project),
                )
                assert hers not in mine
    assert seen == {
        ada: {adas}, rosalind: {hers}, stranger: set(), leader: {hers, adas}, viewer: {hers, adas}
    }  # fmt: skip
    assert people == {ada: {ada}, leader: {leader, ada, rosalind}}


def test_closing_a_group_hides_others_data_at_once(database: Database) -> None:
    with database.write() as connection:
        ada, rosalind = make_user(connection, "ada"), make_user(connection, "rosalind")
        group = make_group(connection, "lab", P.READ_WRITE, members=[ada, rosalind])
        hers = make_row(connection, Project, owner=rosalind, group=group)
        before = ids(connection, Project.id, visible(load_principal(connection, ada), Project))
        connection.execute(
            Group.__table__.update().where(Group.id == group).values(permissions=P.PRIVATE.value)  # type: ignore[attr-defined]
        )
        after = ids(connection, Project.id, visible(load_principal(connection, ada), Project))
    assert (before, after) == ({hers}, set())


def test_people_see_each_other_through_shared_groups_that_are_not_private(
    database: Database,
) -> None:
    with database.write() as connection:
        ada, rosalind, marie, emmy = (
            make_user(connection, name) for name in ("ada", "rosalind", "marie", "emmy")
        )
        admin = make_user(connection, "admin", is_admin=True)
        shared = make_group(connection, "shared", P.READ_ONLY, members=[ada, rosalind])
        private = make_group(connection, "private", members=[ada, marie])
        make_group(connection, "other", P.READ_WRITE, members=[emmy])
        who = load_principal(connection, ada)
        assert ids(connection, User.id, visible_users(who)) == {ada, rosalind}
        assert ids(connection, Group.id, visible_groups(who)) == {shared, private}
        other = aliased(User)
        assert ids(connection, other.id, visible_users(who, other)) == {ada, rosalind}
        root = load_principal(connection, admin)
        assert {ada, rosalind, marie, emmy, admin} <= ids(connection, User.id, visible_users(root))
        assert {shared, private} < ids(connection, Group.id, visible_groups(root))
        blind = load_principal(connection, ada, scopes=frozenset())
        assert not ids(connection, User.id, visible_users(blind))
        assert not ids(connection, Group.id, visible_groups(blind))


def test_every_owned_table_can_be_asked_for_every_action(database: Database) -> None:
    owned = [model for model in MODELS.values() if issubclass(model, Details)]
    owned += [kind.model for kind in LINKS.values()]  # type: ignore[misc]
    who = principal(member_of=[(LAB, P.READ_ANNOTATE)], privileges=[])
    with database.read() as connection:
        for model in owned:
            for action in (Action.VIEW, Action.DELETE, Action.ANNOTATE, Action.CHANGE_OWNER):
                connection.execute(select(model.id).where(allowed(who, action, model)))


@pytest.mark.parametrize("form", ["model", "alias", "table", "table alias"])
def test_a_table_may_come_in_any_form(database: Database, form: str) -> None:
    table: Any = {
        "model": OriginalFile,
        "alias": aliased(OriginalFile),
        "table": OriginalFile.__table__,
        "table alias": OriginalFile.__table__.alias("other"),
    }[form]
    columns = table.c if form.startswith("table") else table
    with database.write() as connection:
        admin = make_user(
            connection, "admin", is_admin=True, withheld=_all_privileges() - {"WriteManagedRepo"}
        )
        ada = make_user(connection, "ada")
        group = make_group(connection, "lab", P.READ_ONLY, members=[ada])
        managed = make_row(
            connection, OriginalFile, owner=ada, group=group, name="a", repo="managed"
        )
        make_row(connection, OriginalFile, owner=ada, group=group, name="b")
        who = load_principal(connection, admin)
        assert ids(connection, columns.id, allowed(who, Action.UPDATE, table)) == {managed}


def test_parts_are_asked_for_by_their_parent_and_their_own_name(database: Database) -> None:
    with database.write() as connection:
        ada = make_user(connection, "ada")
        group = make_group(connection, "lab", P.READ_ONLY, members=[ada])
        roi = make_row(connection, Roi, owner=ada, group=group)
        who = load_principal(connection, ada)
        moved = ids(connection, Roi.id, allowed(who, Action.MOVE_TO_GROUP, Roi))
        parts = ids(connection, Roi.id, allowed(who, Action.MOVE_TO_GROUP, Roi, "Shape"))
    assert (moved, parts) == ({roi}, set())


def test_keyset_ranges_name_whole_groups_where_all_is_seen_and_ones_own_elsewhere() -> None:
    who = principal(
        member_of=[(11, P.PRIVATE), (12, P.READ_ONLY)], leads=[(13, P.PRIVATE)], user_id=5
    )
    assert keyset_ranges(who) == [(11, 5), (12, None), (13, None), (None, 5)]
    assert keyset_ranges(principal(privileges=[])) is None
    assert keyset_ranges(principal(scopes=[])) == []


def _all_privileges() -> set[Any]:
    from shared.models.people import Privilege

    return set(Privilege)
