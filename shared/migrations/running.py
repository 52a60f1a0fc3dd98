"""Run the migrations in one transaction, under a lock, so that two processes may start at once.

On SQLite foreign keys are off meanwhile: rebuilding a parent table with them on would silently
delete the rows that refer to it. They are checked before the commit instead.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from shared.database import SQLITE
from shared.errors import Conflict
from shared.migrations.live_tables import make_live_tables, stored_shape, wanted_shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.config import Config
    from sqlalchemy import Connection, Engine

    from shared.database import Database

FOLDER = Path(__file__).parent
_LOCK = 7_350
"""Advisory lock of the migrations."""
_PATIENCE_S = 120
"""How long a second process waits for the first one's migrations."""


def upgrade(database: Database) -> None:
    """Bring the main database to the newest revision and make the live tables.

    Several processes may call it at once: one works, the others wait and find nothing to do.
    Raises `Conflict` when the database is of a newer version of Tessera.
    """
    from alembic import command

    if is_current(database):
        return
    _refuse_newer(database)
    with migrating(database.main) as connection:
        command.upgrade(configuration(connection), "head")
    with migrating(database.live) as connection:
        make_live_tables(connection)


def downgrade(database: Database, revision: str = "base") -> None:
    """Go back to a revision; `base` leaves no table behind but Alembic's own."""
    from alembic import command

    with migrating(database.main) as connection:
        command.downgrade(configuration(connection), revision)


def is_current(database: Database) -> bool:
    """Tell whether both databases have the shape that this version works with."""
    with database.read() as connection:
        if _revisions(connection) != _heads():
            return False
    with database.read_live() as connection:
        return stored_shape(connection) == wanted_shape()


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration; it needs no ini file."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@contextmanager
def migrating(engine: Engine) -> Iterator[Connection]:
    """A transaction in which tables may be rebuilt, one process at a time."""
    with engine.connect() as connection:
        if engine.dialect.name != SQLITE:
            with connection.begin():
                connection.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE_S}s'"))
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
                yield connection
            return
        # Kept out of the pool: no other user of it may see foreign keys switched off.
        connection.detach()
        cursor = connection.connection.cursor()
        cursor.execute("PRAGMA foreign_keys=OFF")  # without effect inside a transaction
        cursor.execute(f"PRAGMA busy_timeout={_PATIENCE_S * 1000}")
        cursor.close()
        connection.execution_options(tessera_begin="EXCLUSIVE")
        with connection.begin():
            yield connection
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise Conflict(
                    f"The migration would leave {len(broken)} references without their target, "
                    f"the first in table {broken[0][0]}.",
                    hint="Nothing was changed; restore a backup or report this.",
                )


def _refuse_newer(database: Database) -> None:
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory(FOLDER).walk_revisions()}
    with database.read() as connection:
        unknown = _revisions(connection) - known
    if unknown:
        raise Conflict(
            f"The database has revision {', '.join(sorted(unknown))}, which this version does "
            "not know.",
            hint="Start the version of Tessera that wrote it, or a newer one.",
        )


def _revisions(connection: Connection) -> set[str]:
    if not inspect(connection).has_table("alembic_version"):
        return set()
    return set(connection.execute(text("SELECT version_num FROM alembic_version")).scalars())


def _heads() -> set[str]:
    from alembic.script import ScriptDirectory

    return set(ScriptDirectory(FOLDER).get_heads())
