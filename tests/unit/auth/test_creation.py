"""Creating, referring and owning while working for others (semantics of OMERO's link rights)."""

from __future__ import annotations

import pytest

from shared.auth.creation import (
    GroupFacts,
    default_owner,
    link_owner,
    may_create,
    may_refer,
    require_same_group,
)
from shared.auth.decide import ObjectFacts
from shared.auth.principal import Principal
from shared.auth.rules import FileLocation
from shared.errors import Invalid
from shared.models.people import GroupPermissions, Privilege
from tests.support.principals import ALL_PRIVILEGES, LAB, ME, OTHER, THIRD, principal

P = GroupPermissions
LEVELS = {"private": P.PRIVATE, "ro": P.READ_ONLY, "ra": P.READ_ANNOTATE, "rw": P.READ_WRITE}


def person(role: str, level: GroupPermissions) -> Principal:
    lab = (LAB, level)
    match role:
        case "member":
            return principal(member_of=[lab])
        case "leader":
            return principal(leads=[lab])
        case "administrator":
            return principal(privileges=ALL_PRIVILEGES)
        case "no-privilege":
            return principal(privileges=[])
        case "WriteOwned":
            return principal(privileges=[Privilege.WRITE_OWNED])
        case _:
            return principal()


# Who may make a dataset: for himself, for somebody else (2.4, points 1 and 2).
@pytest.mark.parametrize(
    ("role", "own", "others"),
    [
        ("member", True, False),
        ("leader", True, False),
        ("administrator", True, True),
        ("WriteOwned", True, True),
        ("no-privilege", False, False),
        ("stranger", False, False),
    ],
)
@pytest.mark.parametrize("level", list(P))
def test_who_may_create_and_for_whom(
    role: str, own: bool, others: bool, level: GroupPermissions
) -> None:
    who, group = person(role, level), GroupFacts(LAB, level)
    assert may_create(who, "Dataset", group).allowed is own
    assert may_create(who, "Dataset", group, ME).allowed is own
    assert may_create(who, "Dataset", group, OTHER).allowed is others


def test_files_are_made_for_others_by_the_privilege_of_their_place() -> None:
    group = GroupFacts(LAB, P.READ_ONLY)
    for location, privilege in (
        (FileLocation.MANAGED, Privilege.WRITE_MANAGED_REPO),
        (FileLocation.SCRIPTS, Privilege.WRITE_SCRIPT_REPO),
        (FileLocation.ELSEWHERE, Privilege.WRITE_FILE),
    ):
        holders = {
            one
            for one in Privilege
            if may_create(principal(privileges=[one]), "OriginalFile", group, OTHER, location)
        }
        assert holders == {privilege}


# Rights demanded on what is referred to, for a new object of one's own (2.4, points 3, 4 and 6).
REFERENCES = """
role           new object           private ro ra rw
member         ImageAnnotationLink  -       -  +  +
member         Roi                  -       -  +  +
member         DatasetImageLink     -       -  -  +
member         WellSample           -       -  -  +
member         RenderingDef         -       +  +  +
member         Thumbnail            -       +  +  +
leader         ImageAnnotationLink  -       +  +  +
leader         DatasetImageLink     -       +  +  +
leader         RenderingDef         -       +  +  +
administrator  ImageAnnotationLink  -       +  +  +
administrator  DatasetImageLink     -       +  +  +
administrator  RenderingDef         -       +  +  +
WriteOwned     DatasetImageLink     -       +  +  +
no-privilege   ImageAnnotationLink  -       -  -  -
no-privilege   DatasetImageLink     -       -  -  -
stranger       DatasetImageLink     -       -  -  -
"""


def reference_cells() -> list[tuple[str, str, str, bool]]:
    _, *lines = REFERENCES.strip().splitlines()
    found = []
    for line in lines:
        role, new, *marks = line.split()
        found += [(role, new, at, m == "+") for at, m in zip(LEVELS, marks, strict=True)]
    return found


@pytest.mark.parametrize(("role", "new", "level", "expected"), reference_cells())
def test_what_a_new_object_of_ones_own_may_refer_to(
    role: str, new: str, level: str, expected: bool
) -> None:
    permissions = LEVELS[level]
    others = ObjectFacts("Image", OTHER, LAB, permissions)
    assert may_refer(person(role, permissions), new, ME, others).allowed is expected
    mine = ObjectFacts("Image", ME, LAB, permissions)
    assert may_refer(person(role, permissions), new, ME, mine).allowed


@pytest.mark.parametrize(
    ("role", "allowed"),
    [("administrator", True), ("WriteOwned", True), ("no-privilege", False), ("leader", False)],
)
def test_in_a_private_group_only_writers_for_others_refer_and_only_for_the_owner(
    role: str, allowed: bool
) -> None:
    image = ObjectFacts("Image", OTHER, LAB, P.PRIVATE)
    who = person(role, P.PRIVATE)
    assert may_refer(who, "DatasetImageLink", OTHER, image).allowed is allowed
    assert not may_refer(who, "DatasetImageLink", THIRD, image)


def test_files_of_the_user_group_are_referred_to_from_anywhere() -> None:
    script = ObjectFacts("OriginalFile", OTHER, 1, P.READ_ONLY)
    image = ObjectFacts("Image", OTHER, 1, P.READ_ONLY)
    who = person("member", P.PRIVATE)
    assert may_refer(who, "JobOriginalFileLink", ME, script, user_group_id=1)
    assert not may_refer(who, "JobOriginalFileLink", ME, script)
    assert not may_refer(who, "DatasetImageLink", ME, image, user_group_id=1)
    require_same_group(LAB, script, user_group_id=1)
    with pytest.raises(Invalid, match=r"Group:10 and Group:1 "):
        require_same_group(LAB, image, user_group_id=1)


# To whom a link between container and content belongs (2.5): actor, level, owner of the
# container, owner of the content, owner of the link.
@pytest.mark.parametrize(
    ("role", "level", "parent", "child", "owner"),
    [
        ("member", P.READ_WRITE, OTHER, OTHER, ME),
        ("member", P.READ_WRITE, ME, OTHER, ME),
        ("leader", P.READ_ONLY, OTHER, OTHER, ME),
        ("administrator", P.READ_ONLY, OTHER, OTHER, OTHER),
        ("administrator", P.READ_ONLY, THIRD, OTHER, OTHER),
        ("administrator", P.READ_ONLY, ME, OTHER, OTHER),
        ("administrator", P.READ_ONLY, OTHER, ME, ME),
        ("WriteOwned", P.READ_ANNOTATE, THIRD, OTHER, OTHER),
        ("no-privilege", P.READ_WRITE, OTHER, OTHER, ME),
        ("administrator", P.PRIVATE, OTHER, OTHER, OTHER),
        ("administrator", P.PRIVATE, THIRD, OTHER, ME),
        ("administrator", P.PRIVATE, ME, OTHER, ME),
        ("leader", P.PRIVATE, OTHER, OTHER, ME),
    ],
)
def test_whose_a_new_link_is(
    role: str, level: GroupPermissions, parent: int, child: int, owner: int
) -> None:
    assert link_owner(person(role, level), GroupFacts(LAB, level), parent, child) == owner


def test_a_group_may_ask_that_leaders_links_follow_the_content() -> None:
    group = GroupFacts(LAB, P.READ_ONLY, link_owner_follows_content=True)
    assert link_owner(person("leader", P.READ_ONLY), group, OTHER, OTHER) == OTHER
    assert link_owner(person("member", P.READ_ONLY), group, OTHER, OTHER) == ME
    private = GroupFacts(LAB, P.PRIVATE, link_owner_follows_content=True)
    assert link_owner(person("leader", P.PRIVATE), private, OTHER, OTHER) == ME


@pytest.mark.parametrize(
    ("role", "level", "parent", "owner"),
    [
        ("administrator", P.READ_ONLY, OTHER, OTHER),
        ("WriteOwned", P.READ_WRITE, OTHER, OTHER),
        ("administrator", P.READ_ONLY, None, ME),
        ("administrator", P.PRIVATE, OTHER, ME),
        ("no-privilege", P.READ_ONLY, OTHER, ME),
        ("leader", P.READ_ONLY, OTHER, ME),
        ("member", P.READ_WRITE, OTHER, ME),
    ],
)
def test_whose_something_new_is_when_nobody_is_named(
    role: str, level: GroupPermissions, parent: int | None, owner: int
) -> None:
    assert default_owner(person(role, level), GroupFacts(LAB, level), parent) == owner


def test_an_administrator_who_is_a_member_works_for_himself() -> None:
    member = principal(member_of=[(LAB, P.READ_ONLY)], privileges=ALL_PRIVILEGES)
    assert default_owner(member, GroupFacts(LAB, P.READ_ONLY), OTHER) == ME
