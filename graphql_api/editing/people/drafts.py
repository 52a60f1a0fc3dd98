"""New accounts as they were asked for, checked field by field before anything is written.

A draft names its groups by what was found, not by what was typed; every fault of a row is told at
once, each with the field that is meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphql_api.editing.people.words import (
    valid_email,
    valid_login,
    valid_optional,
    valid_password,
    valid_person_name,
)
from shared.auth.principal import Standing
from shared.auth.rules_admin import (
    AdminAction,
    check_privileges,
    membership_action,
    require_administer,
)
from shared.errors import Invalid, TesseraError
from shared.models.base import sort_key
from shared.models.people import Privilege
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.auth.creation import GroupFacts
    from shared.auth.principal import Principal

NEW_USER = 0
"""Id of somebody who is not there yet."""


@dataclass(frozen=True, slots=True)
class NewUser:
    """An account that is to be made, as it was typed."""

    login: str
    first_name: str | None
    last_name: str | None
    middle_name: str | None = None
    email: str | None = None
    institution: str | None = None
    password: str | None = None
    groups: tuple[GroupFacts, ...] = ()
    leads: tuple[GroupFacts, ...] = ()
    privileges: frozenset[Privilege] | None = None
    """None: no administrator."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A checked account."""

    login: str
    first_name: str
    last_name: str
    middle_name: str | None
    email: str | None
    institution: str | None
    password: str | None
    groups: tuple[tuple[GroupFacts, bool], ...]
    """Each group with whether he leads it; the first is his default group."""
    privileges: frozenset[Privilege] | None

    @property
    def login_key(self) -> str:
        """Logins with equal keys are one."""
        return sort_key(self.login)


def check_draft(principal: Principal, new: NewUser) -> tuple[Draft | None, list[TesseraError]]:
    """The checked account, or everything that is wrong with it."""
    faults: list[TesseraError] = []

    def tried(work: Callable[[], str | None]) -> str | None:
        try:
            return work()
        except Invalid as error:
            faults.append(error)
            return None

    login = tried(lambda: valid_login(new.login))
    first = tried(lambda: valid_person_name(new.first_name, ("firstName",)))
    last = tried(lambda: valid_person_name(new.last_name, ("lastName",)))
    middle = tried(lambda: valid_optional(new.middle_name, ("middleName",)))
    email = tried(lambda: valid_email(new.email))
    institution = tried(lambda: valid_optional(new.institution, ("institution",)))
    password = new.password
    if password is not None:
        given = password
        tried(lambda: valid_password(given))
    groups = _memberships(new)
    faults += _refusals(principal, new, groups)
    if faults or login is None or first is None or last is None:
        return None, faults
    return Draft(
        login, first, last, middle, email, institution, password, groups, new.privileges
    ), []  # fmt: skip


def _memberships(new: NewUser) -> tuple[tuple[GroupFacts, bool], ...]:
    """Groups in the order in which they were named, each once."""
    leads = {group.id for group in new.leads}
    named = {group.id: group for group in (*new.groups, *new.leads)}
    return tuple((group, group.id in leads) for group in named.values())


def _refusals(
    principal: Principal, new: NewUser, groups: tuple[tuple[GroupFacts, bool], ...]
) -> list[TesseraError]:
    """Rights: whoever makes a member of a group must be allowed to add members to it."""
    found: list[TesseraError] = []
    for group, _ in groups:
        if group.is_special:
            found.append(
                Invalid(
                    f"Nobody is put into the group {group.name} by name.",
                    hint="Administrators are made by `administrator`; `user` comes by itself.",
                    path=("groups",),
                    target=f"Group:{group.id}",
                )
            )
            continue
        try:
            ref = ObjectRef("Group", group.id)
            require_administer(principal, membership_action(group), ref, group=group)
        except TesseraError as error:
            found.append(error)
    if new.privileges is not None:
        nobody = Standing(NEW_USER, new.login, frozenset(), frozenset())
        try:
            require_administer(principal, AdminAction.MANAGE_MEMBERSHIP)
            check_privileges(principal, nobody, new.privileges)
        except TesseraError as error:
            error.target = None
            error.path = ("privileges",)
            found.append(error)
    return found
