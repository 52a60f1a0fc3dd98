"""People, groups, sessions, Activities, events, the journal and the machinery's tables."""

from __future__ import annotations

import time
import unicodedata
import uuid

import sqlalchemy as sa
from alembic import op

from shared.migrations import words as w

revision = "0001"
down_revision = None


def upgrade() -> None:
    w.make(
        "external_info",
        w.code("class_name"),
        w.whole("object_id"),
        w.whole("entity_id"),
        w.words("entity_type"),
        w.words("lsid", null=True),
        w.words("uuid", null=True),
        w.id_(),
    )
    w.index("uq_external_info_object", "external_info", "class_name", "object_id", unique=True)
    w.make_plain(
        "instance",
        w.whole("id", primary_key=True, autoincrement=False),
        w.words("uuid"),
        w.whole("created_at"),
        w.code("demo_state", null=True),
        sa.CheckConstraint("id = 1", name="single"),
    )
    w.make_plain(
        "rights_epoch",
        w.whole("id", primary_key=True, autoincrement=False),
        w.whole("value"),
        sa.CheckConstraint("id = 1", name="single"),
    )
    w.make(
        "user_account",
        w.words("login"),
        w.key("login_key"),
        w.words("first_name"),
        w.words("middle_name", null=True),
        w.words("last_name"),
        w.key("last_name_key"),
        w.words("institution", null=True),
        w.words("email", null=True),
        w.flag("is_ldap"),
        w.words("password_hash", null=True),
        w.whole("created_at"),
        w.whole("updated_at"),
        w.whole("version"),
        w.id_(),
        sa.UniqueConstraint("login"),
    )
    w.index("ix_user_account_last_name_key", "user_account", "last_name_key", "id")
    w.index("ix_user_account_login_key", "user_account", "login_key", "id")
    w.make(
        "user_group",
        w.words("name"),
        w.key("name_key"),
        w.words("description", null=True),
        w.flag("is_ldap"),
        w.code("permissions"),
        w.flag("link_owner_follows_content"),
        w.whole("created_at"),
        w.whole("updated_at"),
        w.whole("version"),
        w.id_(),
        w.one_of("permissions", "rw----", "rwr---", "rwra--", "rwrw--", name="permissions"),
        sa.UniqueConstraint("name"),
    )
    w.index("ix_user_group_name_key", "user_group", "name_key", "id")
    w.make(
        "access_token",
        w.words("token_hash"),
        w.ref("user_id", "user_account"),
        w.words("name"),
        w.words("scopes"),
        w.whole("created_at"),
        w.whole("expires_at", null=True),
        w.whole("revoked_at", null=True),
        w.id_(),
        sa.UniqueConstraint("token_hash"),
    )
    w.index("ix_access_token_user_id", "access_token", "user_id")
    w.make_plain(
        "idempotency",
        w.ref("user_id", "user_account", primary_key=True),
        w.code("mutation", primary_key=True),
        w.words("key", primary_key=True),
        w.words("input_hash"),
        w.json("payload"),
        w.whole("created_at"),
    )
    w.index("ix_idempotency_created_at", "idempotency", "created_at")
    w.make(
        "membership",
        w.ref("user_id", "user_account"),
        w.ref("group_id", "user_group"),
        w.flag("is_owner"),
        w.whole("position"),
        w.id_(),
        sa.UniqueConstraint("user_id", "group_id"),
    )
    w.index("ix_membership_group_id", "membership", "group_id")
    w.make(
        "session",
        w.words("token_hash"),
        w.ref("user_id", "user_account"),
        w.ref("sudoer_id", "user_account", null=True),
        w.ref("sudoer_session_id", "session", null=True),
        w.words("user_agent", null=True),
        w.words("address", null=True),
        w.whole("created_at"),
        w.whole("expires_at"),
        w.whole("idle_s"),
        w.whole("closed_at", null=True),
        w.id_(),
        sa.UniqueConstraint("token_hash"),
    )
    w.index("ix_session_sudoer_session_id", "session", "sudoer_session_id")
    w.index("ix_session_user_id", "session", "user_id")
    w.make_plain(
        "withheld_privilege",
        w.ref("user_id", "user_account", primary_key=True),
        w.code("privilege", primary_key=True),
        w.one_of(
            "privilege",
            "Chgrp",
            "Chown",
            "WriteOwned",
            "WriteFile",
            "WriteManagedRepo",
            "WriteScriptRepo",
            "DeleteOwned",
            "DeleteFile",
            "DeleteManagedRepo",
            "DeleteScriptRepo",
            "ModifyGroup",
            "ModifyGroupMembership",
            "ModifyUser",
            "Sudo",
            "ReadSession",
            name="privilege",
        ),
    )
    w.make(
        "activity",
        w.code("kind"),
        w.code("state"),
        w.ref("user_id", "user_account"),
        w.ref("sudoer_id", "user_account", null=True),
        w.ref("session_id", "session", null=True),
        w.words("scopes", null=True),
        w.json("request"),
        w.json("report", null=True),
        w.json("result", null=True),
        w.json("errors", null=True),
        w.whole("claim"),
        w.whole("attempts"),
        w.whole("created_at"),
        w.whole("started_at", null=True),
        w.whole("finished_at", null=True),
        w.whole("dismissed_at", null=True),
        w.id_(),
        w.one_of("state", "QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", name="state"),
    )
    w.index("ix_activity_state", "activity", "state", "id")
    w.index("ix_activity_user_id", "activity", "user_id", "id")
    w.make(
        "event",
        w.whole("at"),
        w.ref("user_id", "user_account", null=True),
        w.ref("sudoer_id", "user_account", null=True),
        w.ref("session_id", "session", null=True),
        w.ref("activity_id", "activity", null=True),
        w.code("kind"),
        w.id_(),
    )
    w.index("ix_event_activity_id", "event", "activity_id")
    w.index("ix_event_user_id", "event", "user_id", "id")
    w.make(
        "file_intent",
        w.code("action"),
        w.words("name"),
        w.ref("activity_id", "activity", null=True),
        w.words("upload_uuid", null=True),
        w.whole("created_at"),
        w.whole("attempts"),
        w.words("failure", null=True),
        w.id_(),
        w.one_of("action", "CREATE", "ERASE", name="action"),
    )
    w.index("ix_file_intent_activity_id", "file_intent", "activity_id")
    w.make(
        "journal_entry",
        w.ref("event_id", "event"),
        w.code("class_name"),
        w.whole("object_id"),
        w.code("action"),
        w.whole("group_id", null=True),
        w.json("before", null=True),
        w.id_(),
        w.one_of(
            "action",
            "INSERT",
            "UPDATE",
            "DELETE",
            "CHGRP",
            "CHOWN",
            "TRASH",
            "RESTORE",
            name="action",
        ),
    )
    w.index("ix_journal_entry_event_id", "journal_entry", "event_id")
    w.index("ix_journal_entry_object", "journal_entry", "class_name", "object_id", "id")
    _seed()


def _seed() -> None:
    """The instance, the special groups, and the accounts root and guest, with no password."""
    connection = op.get_bind()
    now = time.time_ns() // 1000
    names = {"uuid": str(uuid.uuid4()), "now": now}
    connection.execute(
        sa.text("INSERT INTO instance (id, uuid, created_at) VALUES (1, :uuid, :now)"), names
    )
    connection.execute(sa.text("INSERT INTO rights_epoch (id, value) VALUES (1, 1)"))
    groups = {
        name: _insert(
            connection,
            "user_group",
            name=name,
            name_key=_key(name),
            description=text,
            is_ldap=False,
            permissions=permissions,
            link_owner_follows_content=False,
            created_at=now,
            updated_at=now,
            version=1,
        )
        for name, text, permissions in (
            ("system", "Administrators.", "rw----"),
            ("user", "Everybody who may log in.", "rwr---"),
            ("guest", "The account that may create nothing.", "rw----"),
        )
    }
    for login, own in (("root", ("system", "user")), ("guest", ("guest",))):
        user_id = _insert(
            connection,
            "user_account",
            login=login,
            login_key=_key(login),
            first_name=login,
            last_name=login,
            last_name_key=_key(login),
            is_ldap=False,
            created_at=now,
            updated_at=now,
            version=1,
        )
        for position, name in enumerate(own):
            _insert(
                connection,
                "membership",
                user_id=user_id,
                group_id=groups[name],
                is_owner=False,
                position=position,
            )


def _insert(connection: sa.Connection, table: str, **values: object) -> int:
    columns = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    statement = f"INSERT INTO {table} ({columns}) VALUES ({marks}) RETURNING id"  # noqa: S608  # our own words
    return int(connection.execute(sa.text(statement), values).scalar_one())


def _key(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold()
    return unicodedata.normalize("NFKC", folded)


def downgrade() -> None:
    w.drop(
        "journal_entry",
        "file_intent",
        "event",
        "activity",
        "withheld_privilege",
        "session",
        "membership",
        "idempotency",
        "access_token",
        "user_group",
        "user_account",
        "rights_epoch",
        "instance",
        "external_info",
    )
