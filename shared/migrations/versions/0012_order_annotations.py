"""Order lists of annotations by text and by time, as containers are by name and time."""

from __future__ import annotations

from alembic import op

from shared.migrations import words as w

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KEYS = ("text_key", "created_at")


def upgrade() -> None:
    for key in KEYS:
        w.live(f"ix_annotation_group_{key}", "annotation", "group_id", key, "id")
        w.live(f"ix_annotation_owner_{key}", "annotation", "group_id", "owner_id", key, "id")


def downgrade() -> None:
    for key in KEYS:
        op.drop_index(f"ix_annotation_owner_{key}", "annotation")
        op.drop_index(f"ix_annotation_group_{key}", "annotation")
