"""Let an intent say from what its file is copied, and for which claim of its Activity."""

from __future__ import annotations

from alembic import op

from shared.migrations import words as w

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("file_intent", w.words("source", null=True))
    op.add_column("file_intent", w.whole("claim", null=True))


def downgrade() -> None:
    op.drop_column("file_intent", "claim")
    op.drop_column("file_intent", "source")
