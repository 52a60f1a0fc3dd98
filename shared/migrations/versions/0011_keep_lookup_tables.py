"""Keep the lookup tables that people upload."""

from __future__ import annotations

import sqlalchemy as sa

from shared.migrations import words as w

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    w.make(
        "lookup_table",
        w.id_(),
        w.words("name"),
        w.key("name_key"),
        w.ref("owner_id", "user_account"),
        w.ref("creation_event_id", "event", null=True),
        w.whole("created_at"),
        w.whole("size"),
        w.blob("colors"),
        sa.UniqueConstraint("name_key"),
    )


def downgrade() -> None:
    w.drop("lookup_table")
