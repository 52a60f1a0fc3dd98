"""What Alembic runs: on the connection it is given, else on the database of the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic import context

from shared.database import open_database
from shared.migrations.live_tables import MARK
from shared.migrations.running import migrating
from shared.models import Base
from shared.models.live import LiveBase
from shared.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

NOT_OURS = {MARK, *LiveBase.metadata.tables}


def is_migrated(_thing: object, name: str | None, kind: str, *_rest: Any) -> bool:
    return not (kind == "table" and name in NOT_OURS)


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        include_object=is_migrated,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    database = open_database(Settings())
    with migrating(database.main) as own:
        run(own)
    database.dispose()
