"""Alembic migrations of the main database, and `upgrade`, which both services check at start.

Migrations are named by what they do and run up and down on both databases. The live database is not
migrated: it is made again when its shape changes.
"""

from __future__ import annotations

from shared.migrations.running import downgrade, is_current, upgrade

__all__ = ["downgrade", "is_current", "upgrade"]
