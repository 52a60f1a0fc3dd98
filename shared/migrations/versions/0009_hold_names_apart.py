"""Hold logins and group names apart that differ only in case or in Unicode form.

Where two such names exist already, the second one has to be renamed first: the error names it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.errors import Conflict

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KEYS = (("user_account", "login_key"), ("user_group", "name_key"))


def upgrade() -> None:
    for table, column in KEYS:
        rows = sa.table(table, sa.column(column))
        twice = op.get_bind().scalar(
            sa.select(rows.c[column]).group_by(rows.c[column]).having(sa.func.count() > 1).limit(1)
        )
        if twice is not None:
            raise Conflict(
                f"Two rows of {table} are called {twice!r}, but for case or letter forms.",
                hint="Rename one of them, then migrate again.",
            )
        op.create_index(f"ux_{table}_{column}", table, [column], unique=True)


def downgrade() -> None:
    for table, column in reversed(KEYS):
        op.drop_index(f"ux_{table}_{column}", table)
