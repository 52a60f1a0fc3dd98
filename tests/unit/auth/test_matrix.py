"""The matrix of rights, cell by cell: what people in each role may do with others' data.

Written down from OMERO's permission tables by hand; nothing here is derived from our own rules.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.auth.creation import GroupFacts, may_create
from shared.auth.decide import ObjectFacts, decide
from shared.auth.principal import Principal
from shared.auth.rules import Action
from shared.models.people import GroupPermissions, Privilege
from tests.support.principals import ALL_PRIVILEGES, LAB, ME, OTHER, principal

# V view and download, A annotate, L link, E edit, D delete, R remove annotation links of others,
# M move to another group, O change owner, S save own rendering settings, C create under others'
# containers, U duplicate.
MATRIX = """
role                    level           V A L E D R M O S C U
member                  private         - - - - - - - - - - -
member                  read-only       + - - - - - - - + - +
member                  read-annotate   + + - - - - - - + - +
member                  read-write      + + + + + + - - + + +
leader                  private         + - - + + + - + - - +
leader                  read-only       + + + + + + - + + + +
leader                  read-annotate   + + + + + + - + + + +
leader                  read-write      + + + + + + - + + + +
administrator           private         + - - + + + + + - - +
administrator           read-only       + + + + + + + + + + +
administrator           read-annotate   + + + + + + + + + + +
administrator           read-write      + + + + + + + + + + +
no-privilege            private         + - - - - - - - - - -
no-privilege            read-only       + - - - - - - - - - -
no-privilege            read-annotate   + - - - - - - - - - -
no-privilege            read-write      + - - - - - - - - - -
WriteOwned              private         + - - + - - - - - - +
WriteOwned              read-only       + + + + - - - - + + +
WriteOwned              read-annotate   + + + + - - - - + + +
WriteOwned              read-write      + + + + - - - - + + +
DeleteOwned             private         + - - - + + - - - - -
DeleteOwned             read-only       + - - - + + - - - - -
DeleteOwned             read-annotate   + - - - + + - - - - -
DeleteOwned             read-write      + - - - + + - - - - -
Chgrp                   private         + - - - - - + - - - -
Chgrp                   read-only       + - - - - - + - - - -
Chgrp                   read-annotate   + - - - - - + - - - -
Chgrp                   read-write      + - - - - - + - - - -
Chown                   private         + - - - - - - + - - -
Chown                   read-only       + - - - - - - + - - -
Chown                   read-annotate   + - - - - - - + - - -
Chown                   read-write      + - - - - - - + - - -
Sudo                    private         + - - - - - - - - - -
Sudo                    read-write      + - - - - - - - - - -
stranger                private         - - - - - - - - - - -
stranger                read-only       - - - - - - - - - - -
stranger                read-annotate   - - - - - - - - - - -
stranger                read-write      - - - - - - - - - - -
own                     private         + + + + + + + - + + +
own                     read-only       + + + + + + + - + + +
own                     read-annotate   + + + + + + + - + + +
own                     read-write      + + + + + + + - + + +
own-as-leader           private         + + + + + + + + + + +
own-as-administrator    private         + + + + + + + + + + +
"""
LEVELS = {
    "private": GroupPermissions.PRIVATE,
    "read-only": GroupPermissions.READ_ONLY,
    "read-annotate": GroupPermissions.READ_ANNOTATE,
    "read-write": GroupPermissions.READ_WRITE,
}


def cells() -> Iterator[tuple[str, str, str, bool]]:
    header, *lines = MATRIX.strip().splitlines()
    letters = header.split()[2:]
    for line in lines:
        role, level, *marks = line.split()
        for letter, mark in zip(letters, marks, strict=True):
            yield role, level, letter, mark == "+"


def in_role(role: str, level: GroupPermissions) -> Principal:
    lab = (LAB, level)
    match role:
        case "member" | "own":
            return principal(member_of=[lab])
        case "leader" | "own-as-leader":
            return principal(leads=[lab])
        case "administrator":
            return principal(privileges=ALL_PRIVILEGES)
        case "own-as-administrator":
            return principal(member_of=[lab], privileges=ALL_PRIVILEGES)
        case "no-privilege":
            return principal(privileges=[])
        case "stranger":
            return principal(member_of=[(LAB + 1, level)])
        case _:
            return principal(privileges=[Privilege(role)])


def is_allowed(who: Principal, letter: str, level: GroupPermissions, owner: int) -> bool:
    def may(action: Action, class_name: str = "Image") -> bool:
        return decide(who, action, ObjectFacts(class_name, owner, LAB, level)).allowed

    match letter:
        case "V":
            assert may(Action.VIEW) == may(Action.DOWNLOAD)
            return may(Action.VIEW)
        case "R":
            return may(Action.DELETE, "ImageAnnotationLink")
        case "C":
            created = may_create(who, "Dataset", GroupFacts(LAB, level))
            return may(Action.LINK, "Project") and created.allowed
        case _:
            return may(
                {
                    "A": Action.ANNOTATE, "L": Action.LINK, "E": Action.UPDATE, "D": Action.DELETE,
                    "M": Action.MOVE_TO_GROUP, "O": Action.CHANGE_OWNER,
                    "S": Action.SAVE_RENDERING, "U": Action.DUPLICATE,
                }[letter]
            )  # fmt: skip


@pytest.mark.parametrize(("role", "level", "letter", "expected"), list(cells()))
def test_the_matrix_holds_in_every_cell(role: str, level: str, letter: str, expected: bool) -> None:
    permissions = LEVELS[level]
    owner = ME if role.startswith("own") else OTHER
    assert is_allowed(in_role(role, permissions), letter, permissions, owner) is expected


@pytest.mark.parametrize("level", list(GroupPermissions))
def test_a_restricted_administrator_who_is_a_member_also_has_a_members_rights(
    level: GroupPermissions,
) -> None:
    both = principal(member_of=[(LAB, level)], privileges=[])
    member = principal(member_of=[(LAB, level)])
    # What he sees as administrator and may create as member he may also duplicate.
    letters = "ALEDRMOSC" if level is GroupPermissions.PRIVATE else "ALEDRMOSCU"
    for letter in letters:
        assert is_allowed(both, letter, level, OTHER) is is_allowed(member, letter, level, OTHER)


@pytest.mark.parametrize("level", list(GroupPermissions))
def test_a_slides_label_is_for_its_owner_leaders_and_administrators_only(
    level: GroupPermissions,
) -> None:
    image = ObjectFacts("Image", OTHER, LAB, level)
    mine = ObjectFacts("Image", ME, LAB, level)
    member = principal(member_of=[(LAB, level)])
    assert not decide(member, Action.VIEW_LABEL, image)
    assert decide(member, Action.VIEW_LABEL, mine)
    assert decide(principal(leads=[(LAB, level)]), Action.VIEW_LABEL, image)
    assert decide(principal(privileges=[]), Action.VIEW_LABEL, image)
