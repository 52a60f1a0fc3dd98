"""Who is asking: a user with groups, privileges and, for tokens, scopes, as of now.

A principal is never kept past a change of rights (`epoch`). Under sudo its privileges are those of
the impersonated user *and* of the sudoer; a token without the scope `admin` carries none.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, func, select

from shared.auth.rules import Scope
from shared.errors import NotFound, Unauthenticated
from shared.models.people import (
    GUEST_GROUP,
    SPECIAL_GROUPS,
    SYSTEM_GROUP,
    USER_GROUP,
    Group,
    GroupPermissions,
    Membership,
    Privilege,
    User,
    WithheldPrivilege,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection

ROOT_LOGIN = "root"
"""The administrator from whom no privilege can be withheld."""
ENDED = "This session has ended."
_HINT = "Log in again."


@dataclass(frozen=True, slots=True)
class Principal:
    """A user as one request sees him."""

    user_id: int
    login: str
    session_id: int | None
    token_id: int | None
    sudoer_id: int | None
    is_admin: bool
    privileges: frozenset[Privilege]
    memberships: Mapping[int, bool]
    """Group id to whether he leads it; without `system`, `user` and `guest`."""
    levels: Mapping[int, GroupPermissions]
    """The level of each of those groups."""
    default_group_id: int | None
    scopes: frozenset[str] | None
    """Words of `Scope`; None for a session, which may do everything."""
    is_guest: bool = False
    expires_at: int | None = None
    """When the session or token ends in any case, in microseconds; no grant outlives it."""

    @property
    def standing(self) -> Hashable:
        """Everything on which rights depend, and nothing else: what was worked out for one
        principal holds for another with an equal standing.
        """
        return (
            self.user_id, self.is_admin, self.is_guest, self.privileges, self.scopes,
            tuple(self.memberships.items()), tuple(self.levels.items()),
        )  # fmt: skip

    def may(self, privilege: Privilege) -> bool:
        """Whether he enjoys an administrator's privilege."""
        return privilege in self.privileges

    def leads(self, group_id: int) -> bool:
        """Whether he leads the group (OME: group owner)."""
        return self.memberships.get(group_id, False)

    def is_member(self, group_id: int) -> bool:
        """Whether he belongs to the group."""
        return group_id in self.memberships

    def has_scope(self, scopes: Iterable[str]) -> bool:
        """Whether one of these scopes is his; always so for a session."""
        return self.scopes is None or not self.scopes.isdisjoint(scopes)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the tables say about one user, before sudo and scopes are applied."""

    user_id: int
    login: str
    special: frozenset[str]
    withheld: frozenset[str]
    memberships: Mapping[int, bool] = field(default_factory=dict)
    levels: Mapping[int, GroupPermissions] = field(default_factory=dict)

    @property
    def is_active(self) -> bool:
        """Membership of `user` is what allows login."""
        return USER_GROUP in self.special

    @property
    def is_admin(self) -> bool:
        """An administrator, restricted or not."""
        return SYSTEM_GROUP in self.special

    @property
    def privileges(self) -> frozenset[Privilege]:
        """What is not withheld; nothing for anybody but administrators."""
        if not self.is_admin:
            return frozenset()
        withheld = frozenset() if self.login == ROOT_LOGIN else self.withheld
        return frozenset(Privilege) - {Privilege(word) for word in withheld}


def standing_query() -> Select[Any]:
    """One row per user and membership, in the order of his groups; filter it by `User.id`."""
    withheld = (
        select(func.aggregate_strings(WithheldPrivilege.privilege, " "))
        .where(WithheldPrivilege.user_id == User.id)
        .scalar_subquery()
    )
    return (
        select(
            User.id.label("person_id"),
            User.login,
            withheld.label("withheld"),
            Group.id.label("member_of"),
            Group.name.label("group_name"),
            Group.permissions,
            Membership.is_owner,
        )
        .outerjoin(Membership, Membership.user_id == User.id)
        .outerjoin(Group, Group.id == Membership.group_id)
        .order_by(User.id, Membership.position, Membership.id)
    )


def read_standings(rows: Sequence[Any]) -> dict[int, Standing]:
    """Gather rows of `standing_query` by user."""
    found: dict[int, Standing] = {}
    for user_id in dict.fromkeys(row.person_id for row in rows):
        own = [row for row in rows if row.person_id == user_id]
        groups = [row for row in own if row.member_of is not None]
        data = [row for row in groups if row.group_name not in SPECIAL_GROUPS]
        found[user_id] = Standing(
            user_id,
            own[0].login,
            frozenset(row.group_name for row in groups) & frozenset(SPECIAL_GROUPS),
            frozenset((own[0].withheld or "").split()),
            MappingProxyType({row.member_of: bool(row.is_owner) for row in data}),
            MappingProxyType({row.member_of: GroupPermissions(row.permissions) for row in data}),
        )
    return found


def may_sudo(sudoer: Standing | Principal, target: Standing) -> bool:
    """Whether `sudoer` may act as `target`: by the privilege, or as leader of a group of his."""
    if Privilege.SUDO in sudoer.privileges:
        return True
    return any(leads and group in target.memberships for group, leads in sudoer.memberships.items())


def principal_of(
    user: Standing,
    sudoer: Standing | None = None,
    *,
    session_id: int | None = None,
    token_id: int | None = None,
    scopes: frozenset[str] | None = None,
    expires_at: int | None = None,
) -> Principal:
    """Apply sudo and scopes to a standing; raises `Unauthenticated` when either is not active,
    or when the sudoer may not (or no longer) act as this user.
    """
    if not user.is_active:
        raise Unauthenticated(ENDED, hint=_HINT)
    is_admin, privileges = user.is_admin, user.privileges
    if sudoer is not None:
        if not (sudoer.is_active and may_sudo(sudoer, user)):
            raise Unauthenticated(ENDED, hint=_HINT)
        is_admin = is_admin and sudoer.is_admin
        privileges = privileges & sudoer.privileges
    if scopes is not None and Scope.ADMIN not in scopes:
        is_admin, privileges = False, frozenset()
    return Principal(
        user_id=user.user_id,
        login=user.login,
        session_id=session_id,
        token_id=token_id,
        sudoer_id=sudoer.user_id if sudoer else None,
        is_admin=is_admin,
        privileges=privileges,
        memberships=user.memberships,
        levels=user.levels,
        default_group_id=next(iter(user.memberships), None),
        scopes=scopes,
        is_guest=GUEST_GROUP in user.special,
        expires_at=expires_at,
    )


def load_standings(connection: Connection, user_ids: Iterable[int]) -> dict[int, Standing]:
    """The standings of some users, in one statement; unknown ids are left out."""
    query = standing_query().where(User.id.in_(sorted(set(user_ids))))
    return read_standings(connection.execute(query).all())


def load_principal(
    connection: Connection,
    user_id: int,
    *,
    session_id: int | None = None,
    token_id: int | None = None,
    sudoer_id: int | None = None,
    scopes: frozenset[str] | None = None,
) -> Principal:
    """The user as he stands now, in one statement; privileges are cut down to the sudoer's.

    Raises `NotFound` for an unknown user, `Unauthenticated` for one who may not log in, or when
    the sudoer may no longer act for him.
    """
    people = load_standings(connection, {user_id, sudoer_id or user_id})
    if user_id not in people or (sudoer_id or user_id) not in people:
        raise NotFound("There is no such user.", target=f"User:{user_id}")
    sudoer = people[sudoer_id] if sudoer_id is not None else None
    return principal_of(
        people[user_id], sudoer, session_id=session_id, token_id=token_id, scopes=scopes
    )
