"""Users, groups, memberships, privileges, sessions and access tokens.

OME calls them Experimenter and ExperimenterGroup. An administrator is a member of the group
`system`;
membership of `user` is what allows login. A full administrator has no withheld privilege. Names
that differ only in case or Unicode form are one: nobody is `Root` beside `root`.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, Code, Identified, Micros, SortKey, is_one_of, table_args

SYSTEM_GROUP = "system"
USER_GROUP = "user"
GUEST_GROUP = "guest"
SPECIAL_GROUPS = (SYSTEM_GROUP, USER_GROUP, GUEST_GROUP)


class GroupPermissions(StrEnum):
    """A group's level, as OMERO's permission string."""

    PRIVATE = "rw----"
    READ_ONLY = "rwr---"
    READ_ANNOTATE = "rwra--"
    READ_WRITE = "rwrw--"


class Privilege(StrEnum):
    """What an administrator may do; a restricted administrator has some withheld."""

    CHGRP = "Chgrp"
    CHOWN = "Chown"
    WRITE_OWNED = "WriteOwned"
    WRITE_FILE = "WriteFile"
    WRITE_MANAGED_REPO = "WriteManagedRepo"
    WRITE_SCRIPT_REPO = "WriteScriptRepo"
    DELETE_OWNED = "DeleteOwned"
    DELETE_FILE = "DeleteFile"
    DELETE_MANAGED_REPO = "DeleteManagedRepo"
    DELETE_SCRIPT_REPO = "DeleteScriptRepo"
    MODIFY_GROUP = "ModifyGroup"
    MODIFY_GROUP_MEMBERSHIP = "ModifyGroupMembership"
    MODIFY_USER = "ModifyUser"
    SUDO = "Sudo"
    READ_SESSION = "ReadSession"


class User(Identified, Base):
    """A person (OME: Experimenter). `password_hash` null means that no password opens the
    account.
    """

    __tablename__ = "user_account"
    __table_args__ = table_args(
        UniqueConstraint("login"),
        Index("ix_user_account_last_name_key", "last_name_key", "id"),
        Index("ix_user_account_login_key", "login_key", "id"),
        Index("ux_user_account_login_key", "login_key", unique=True),
    )

    login: Mapped[str]
    login_key: Mapped[SortKey]
    first_name: Mapped[str]
    middle_name: Mapped[str | None]
    last_name: Mapped[str]
    last_name_key: Mapped[SortKey]
    institution: Mapped[str | None]
    email: Mapped[str | None]
    is_ldap: Mapped[bool] = mapped_column(default=False)
    password_hash: Mapped[str | None]
    created_at: Mapped[Micros]
    updated_at: Mapped[Micros]
    version: Mapped[int] = mapped_column(default=1)


class Group(Identified, Base):
    """A group of people and the level at which they see each other's data."""

    __tablename__ = "user_group"
    __table_args__ = table_args(
        UniqueConstraint("name"),
        CheckConstraint(is_one_of("permissions", tuple(GroupPermissions)), name="permissions"),
        Index("ix_user_group_name_key", "name_key", "id"),
        Index("ux_user_group_name_key", "name_key", unique=True),
    )

    name: Mapped[str]
    name_key: Mapped[SortKey]
    description: Mapped[str | None]
    is_ldap: Mapped[bool] = mapped_column(default=False)
    permissions: Mapped[Code] = mapped_column(default=GroupPermissions.PRIVATE.value)
    link_owner_follows_content: Mapped[bool] = mapped_column(default=False)
    """Links made by a group owner belong to the owner of the linked content (off: as in OMERO)."""
    created_at: Mapped[Micros]
    updated_at: Mapped[Micros]
    version: Mapped[int] = mapped_column(default=1)


class Membership(Identified, Base):
    """A user in a group; position 0 is the user's default group."""

    __tablename__ = "membership"
    __table_args__ = table_args(
        UniqueConstraint("user_id", "group_id"), Index("ix_membership_group_id", "group_id")
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    group_id: Mapped[int] = mapped_column(ForeignKey("user_group.id"))
    is_owner: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)


class WithheldPrivilege(Base):
    """A privilege that an administrator lacks; without effect on anybody else."""

    __tablename__ = "withheld_privilege"
    __table_args__ = (CheckConstraint(is_one_of("privilege", tuple(Privilege)), name="privilege"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    privilege: Mapped[Code] = mapped_column(primary_key=True)


class Session(Identified, Base):
    """A login. The token itself is never stored, only its SHA-256 in hex.

    When it was last used stands in the live database (`session_touch`).
    """

    __tablename__ = "session"
    __table_args__ = table_args(
        UniqueConstraint("token_hash"),
        Index("ix_session_user_id", "user_id"),
        Index("ix_session_sudoer_session_id", "sudoer_session_id"),
    )

    token_hash: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    sudoer_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    sudoer_session_id: Mapped[int | None] = mapped_column(ForeignKey("session.id"))
    user_agent: Mapped[str | None]
    address: Mapped[str | None]
    created_at: Mapped[Micros]
    expires_at: Mapped[Micros]
    idle_s: Mapped[int]
    closed_at: Mapped[int | None]


class AccessToken(Identified, Base):
    """A personal access token with scopes; stored like a session's."""

    __tablename__ = "access_token"
    __table_args__ = table_args(
        UniqueConstraint("token_hash"), Index("ix_access_token_user_id", "user_id")
    )

    token_hash: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    name: Mapped[str]
    scopes: Mapped[str]
    """Space-separated words."""
    created_at: Mapped[Micros]
    expires_at: Mapped[int | None]
    revoked_at: Mapped[int | None]
