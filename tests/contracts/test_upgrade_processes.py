"""Migrations as processes run them: several at once, and Alembic's own command line."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from sqlalchemy import text

from shared.database import open_database
from tests.support.public_data import PROJECT

if TYPE_CHECKING:
    from shared.settings import Settings

PROCESS = """
import sys
from pathlib import Path
from shared.database import open_database
from shared.migrations import is_current, upgrade
from shared.settings import Settings
database = open_database(Settings(data_dir=Path(sys.argv[1]), database_url=sys.argv[2]))
upgrade(database)
assert is_current(database)
"""


def test_several_processes_may_upgrade_at_once(empty_settings: Settings) -> None:
    arguments = [str(empty_settings.data_dir), empty_settings.database_url]
    processes = [
        subprocess.Popen([sys.executable, "-c", PROCESS, *arguments], stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    failures = [process.communicate(timeout=60)[1].decode() for process in processes]
    assert failures == ["", "", ""]


def test_alembic_itself_finds_the_migrations(empty_settings: Settings) -> None:
    environment = {
        **os.environ,
        "TESSERA_DATA_DIR": str(empty_settings.data_dir),
        "TESSERA_DATABASE_URL": empty_settings.database_url,
    }
    for arguments in (["upgrade", "head"], ["check"]):
        subprocess.run(
            [sys.executable, "-m", "alembic", *arguments],
            env=environment,
            check=True,
            capture_output=True,
            timeout=60,
        )
    database = open_database(empty_settings)
    with database.read() as connection:
        version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    database.dispose()
    files = (PROJECT / "shared/migrations/versions").glob("[0-9]*.py")
    assert version == max(path.name.partition("_")[0] for path in files)
