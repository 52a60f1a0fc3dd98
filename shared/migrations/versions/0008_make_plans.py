"""Make the tables of stored plans of graph operations."""

from __future__ import annotations

import sqlalchemy as sa

from shared.migrations import words as w

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SECTIONS = ("UNLINKED", "LEFT_BEHIND", "DELETED", "BLOCKER", "COPY")


def upgrade() -> None:
    w.make(
        "plan",
        w.id_(),
        w.ref("user_id", "user_account"),
        w.code("kind"),
        w.json("request"),
        w.json("fingerprint"),
        w.json("report"),
        w.whole("created_at"),
        w.whole("expires_at"),
        w.whole("used_at", null=True),
    )
    w.index("ix_plan_user_id", "plan", "user_id", "id")
    w.index("ix_plan_expires_at", "plan", "expires_at")
    w.make(
        "plan_item",
        w.id_(),
        w.ref("plan_id", "plan"),
        w.code("section"),
        w.whole("position"),
        w.words("object"),
        w.words("name", null=True),
        w.words("parent", null=True),
        w.words("child", null=True),
        w.code("stays", null=True),
        w.code("reason", null=True),
        sa.UniqueConstraint("plan_id", "section", "position"),
        w.one_of("section", *SECTIONS, name="section"),
    )


def downgrade() -> None:
    w.drop("plan_item", "plan")
