"""Who administers groups and users, and the guards that hold for everybody."""

from __future__ import annotations

import pytest

from shared.auth.creation import GroupFacts
from shared.auth.principal import Standing
from shared.auth.rules_admin import (
    AdminAction,
    check_addition,
    check_default_group,
    check_group_change,
    check_privileges,
    check_removal,
    level_action,
    may_administer,
    membership_action,
    require_administer,
)
from shared.errors import Conflict, Denied
from shared.models.people import GroupPermissions, Privilege
from shared.refs import ObjectRef
from tests.support.principals import ALL_PRIVILEGES, LAB, ME, OTHER, principal

P = GroupPermissions
A = AdminAction
LAB_FACTS = GroupFacts(LAB, P.READ_ONLY, "lab")
SYSTEM = GroupFacts(1, P.READ_ONLY, "system")
USERS = GroupFacts(2, P.READ_ONLY, "user")


def standing(
    user_id: int = OTHER,
    *,
    login: str = "ada",
    is_admin: bool = False,
    withheld: frozenset[Privilege] = frozenset(),
    groups: tuple[int, ...] = (LAB,),
) -> Standing:
    special = {"user", "system"} if is_admin else {"user"}
    return Standing(
        user_id,
        login,
        frozenset(special),
        frozenset(one.value for one in withheld),
        dict.fromkeys(groups, False),
        dict.fromkeys(groups, P.READ_ONLY),
    )


# The privilege that suffices, whether a leader may, and whether everybody may for himself.
TABLE = [
    (A.CREATE_GROUP, Privilege.MODIFY_GROUP, False, False),
    (A.MODIFY_GROUP, Privilege.MODIFY_GROUP, False, False),
    (A.DESCRIBE_GROUP, Privilege.MODIFY_GROUP, True, False),
    (A.CHANGE_LEVEL, Privilege.MODIFY_GROUP, True, False),
    (A.RAISE_TO_READ_WRITE, Privilege.MODIFY_GROUP, False, False),
    (A.MANAGE_MEMBERSHIP, Privilege.MODIFY_GROUP_MEMBERSHIP, True, False),
    (A.CREATE_USER, Privilege.MODIFY_USER, False, False),
    (A.MODIFY_USER, Privilege.MODIFY_USER, False, True),
    (A.RENAME_USER, Privilege.MODIFY_USER, False, False),
    (A.SET_PASSWORD, Privilege.MODIFY_USER, False, False),
    (A.ACTIVATE_USER, Privilege.MODIFY_USER, False, False),
    (A.SET_DEFAULT_GROUP, Privilege.MODIFY_USER, False, True),
    (A.SET_PRIVILEGES, Privilege.MODIFY_USER, False, False),
    (A.DELETE_USER, Privilege.MODIFY_USER, False, False),
    (A.DELETE_GROUP, Privilege.MODIFY_GROUP, False, False),
    (A.SUDO, Privilege.SUDO, True, False),
    (A.ANNOTATE_USER, Privilege.MODIFY_USER, False, True),
    (A.ANNOTATE_GROUP, Privilege.MODIFY_GROUP, True, False),
    (A.UPLOAD_LOOKUP_TABLE, Privilege.WRITE_SCRIPT_REPO, False, False),
]


@pytest.mark.parametrize(("action", "privilege", "leader", "oneself"), TABLE)
def test_who_may_administer(
    action: AdminAction, privilege: Privilege, leader: bool, oneself: bool
) -> None:
    holders = {
        one
        for one in Privilege
        if may_administer(principal(privileges=[one]), action, group=LAB_FACTS)
    }
    assert holders == {privilege}
    leads = principal(leads=[(LAB, P.READ_ONLY)])
    assert may_administer(leads, action, group=LAB_FACTS).allowed is leader
    elsewhere = principal(leads=[(LAB + 1, P.READ_ONLY)])
    assert not may_administer(elsewhere, action, group=LAB_FACTS)
    member = principal(member_of=[(LAB, P.READ_WRITE)])
    assert not may_administer(member, action, group=LAB_FACTS)
    assert may_administer(member, action, user=standing(ME)).allowed is oneself


def test_every_administrative_action_is_in_the_table() -> None:
    assert {row[0] for row in TABLE} == set(AdminAction)


def test_a_token_administers_only_with_its_scope() -> None:
    leads = [(LAB, P.READ_ONLY)]
    assert not may_administer(
        principal(leads=leads, scopes=["write"]), A.CHANGE_LEVEL, group=LAB_FACTS
    )
    assert may_administer(principal(leads=leads, scopes=["admin"]), A.CHANGE_LEVEL, group=LAB_FACTS)


def test_a_token_annotates_people_with_the_scope_for_writing() -> None:
    for scope, allowed in (("write", True), ("admin", False), ("read", False)):
        leads = principal(leads=[(LAB, P.READ_ONLY)], scopes=[scope])
        assert may_administer(leads, A.ANNOTATE_GROUP, group=LAB_FACTS).allowed is allowed
        assert may_administer(leads, A.ANNOTATE_USER, user=standing(ME)).allowed is allowed


def test_leaders_may_change_the_level_but_not_open_the_group_for_writing() -> None:
    assert level_action(LAB_FACTS, P.READ_WRITE) is A.RAISE_TO_READ_WRITE
    assert level_action(LAB_FACTS, P.PRIVATE) is A.CHANGE_LEVEL
    already = GroupFacts(LAB, P.READ_WRITE, "lab")
    assert level_action(already, P.READ_WRITE) is A.CHANGE_LEVEL
    with pytest.raises(Denied, match="ModifyGroup") as caught:
        require_administer(
            principal(leads=[(LAB, P.READ_ONLY)]),
            A.RAISE_TO_READ_WRITE,
            ObjectRef("Group", LAB),
            group=LAB_FACTS,
        )
    assert caught.value.target == "Group:10"


def test_activation_is_membership_of_user_and_takes_the_privilege_over_users() -> None:
    assert membership_action(USERS) is A.ACTIVATE_USER
    assert membership_action(LAB_FACTS) is A.MANAGE_MEMBERSHIP
    assert membership_action(SYSTEM) is A.MANAGE_MEMBERSHIP


@pytest.mark.parametrize("name", ["system", "user", "guest"])
def test_special_groups_are_not_changed(name: str) -> None:
    with pytest.raises(Conflict):
        check_group_change(GroupFacts(3, P.READ_ONLY, name))
    check_group_change(LAB_FACTS)


def test_a_user_keeps_a_group_besides_user() -> None:
    admin = principal(privileges=ALL_PRIVILEGES)
    with pytest.raises(Conflict, match="no group"):
        check_removal(admin, LAB_FACTS, standing(groups=(LAB,)))
    check_removal(admin, LAB_FACTS, standing(groups=(LAB, LAB + 1)))
    check_removal(admin, LAB_FACTS, standing(groups=(LAB + 1,)))
    check_removal(admin, LAB_FACTS, standing(is_admin=True, groups=(LAB,)))
    check_removal(admin, SYSTEM, standing(is_admin=True, groups=(LAB,)))
    with pytest.raises(Conflict, match="no group"):
        check_removal(admin, SYSTEM, standing(is_admin=True, groups=()))


def test_nobody_removes_himself_and_root_stays() -> None:
    admin = principal(privileges=ALL_PRIVILEGES)
    for group in (SYSTEM, USERS):
        with pytest.raises(Conflict, match="himself"):
            check_removal(admin, group, standing(ME, is_admin=True))
        with pytest.raises(Conflict, match="root stays"):
            check_removal(admin, group, standing(login="root", is_admin=True))
        check_removal(admin, group, standing(is_admin=True))


def test_a_lesser_administrator_does_not_reach_a_greater_ones_account() -> None:
    organizer = principal(privileges=[Privilege.MODIFY_USER, Privilege.MODIFY_GROUP_MEMBERSHIP])
    full = standing(is_admin=True)
    accounts = (A.MODIFY_USER, A.RENAME_USER, A.SET_PASSWORD, A.ACTIVATE_USER, A.SET_PRIVILEGES)
    for action in (*accounts, A.DELETE_USER):
        assert not may_administer(organizer, action, user=full)
        assert may_administer(organizer, action, user=standing())
    with pytest.raises(Denied):
        check_removal(organizer, SYSTEM, full)
    with pytest.raises(Denied):
        check_addition(organizer, SYSTEM, standing())
    check_addition(organizer, LAB_FACTS, standing())
    restricted = frozenset(Privilege) - {Privilege.MODIFY_USER}
    check_addition(organizer, SYSTEM, standing(withheld=restricted))


def test_nobody_grants_a_privilege_that_he_lacks_or_lifts_his_own_restrictions() -> None:
    organizer = principal(privileges=[Privilege.MODIFY_USER, Privilege.CHGRP])
    nothing = standing(is_admin=True, withheld=frozenset(Privilege))
    check_privileges(organizer, nothing, frozenset({Privilege.CHGRP}))
    with pytest.raises(Denied, match="more than"):
        check_privileges(organizer, nothing, frozenset({Privilege.CHOWN}))
    myself = standing(ME, is_admin=True, withheld=frozenset({Privilege.CHGRP}))
    with pytest.raises(Denied, match="own restrictions"):
        check_privileges(organizer, myself, frozenset(Privilege))
    with pytest.raises(Conflict):
        check_privileges(
            principal(privileges=ALL_PRIVILEGES),
            standing(login="root", is_admin=True),
            frozenset(),
        )


def test_the_default_group_is_one_of_the_users_own() -> None:
    check_default_group(LAB_FACTS, standing())
    for group in (USERS, GroupFacts(LAB + 1, P.READ_ONLY, "other")):
        with pytest.raises(Conflict):
            check_default_group(group, standing())


def test_a_leader_may_act_as_members_of_his_groups_only() -> None:
    leader = principal(leads=[(LAB, P.PRIVATE)])
    assert may_administer(leader, A.SUDO, user=standing(groups=(LAB,)))
    assert not may_administer(leader, A.SUDO, user=standing(groups=(LAB + 1,)))


def test_nobody_else_changes_roots_account() -> None:
    admin = principal(privileges=ALL_PRIVILEGES)
    root = standing(login="root", is_admin=True)
    for action in (A.MODIFY_USER, A.RENAME_USER, A.SET_PASSWORD, A.ACTIVATE_USER, A.DELETE_USER):
        assert not may_administer(admin, action, user=root)
        assert may_administer(admin, action, user=standing(is_admin=True))
    assert may_administer(admin, A.SUDO, user=root)


def test_whoever_acts_as_somebody_changes_no_account_of_his_by_that_alone() -> None:
    sudoed = principal(member_of=[(LAB, P.READ_ONLY)], sudoer_id=OTHER)
    assert not may_administer(sudoed, A.MODIFY_USER, user=standing(ME))
    assert may_administer(sudoed, A.SET_DEFAULT_GROUP, user=standing(ME))
