"""The migrated schema is the one that the models declare, on both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import inspect, text

from shared.database import Database, open_database
from shared.errors import Conflict
from shared.migrations import downgrade, is_current, upgrade
from shared.migrations.live_tables import MARK
from shared.models import Base
from shared.models.live import LiveBase
from shared.settings import Settings
from tests.support.schemas import described

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def empty(empty_settings: Settings) -> Iterator[Database]:
    opened = open_database(empty_settings)
    yield opened
    opened.dispose()


def schema(database: Database) -> set[str]:
    """The schema of the main database, without the live tables that PostgreSQL keeps in it."""
    with database.read() as connection:
        lines = described(connection)
    live = (MARK, *LiveBase.metadata.tables)
    return {line for line in lines if not any(name in line for name in live)}


def test_the_migrated_schema_is_that_of_the_models(empty: Database) -> None:
    with empty.write() as connection:
        Base.metadata.create_all(connection)
    declared = schema(empty)
    with empty.write() as connection:
        Base.metadata.drop_all(connection)
    assert schema(empty) == set()

    upgrade(empty)
    assert schema(empty) == declared


def test_the_comparison_sees_what_alembic_does_not(database: Database) -> None:
    lines = "\n".join(schema(database))

    assert "ix_image_group_name_key" in lines
    assert "trash_id IS NULL" in lines
    assert "ck_user_group_permissions" in lines
    assert ("AUTOINCREMENT" if database.dialect == "sqlite" else "COLLATE C") in lines


def test_migrations_run_down_one_by_one_and_up_again(empty: Database) -> None:
    upgrade(empty)
    before = schema(empty)

    for revision in ("0006", "0005", "0004", "0003", "0002", "0001"):
        downgrade(empty, revision)
    with empty.read() as connection:
        names = set(inspect(connection).get_table_names())
    assert {"user_account", "activity", "journal_entry"} <= names
    assert names.isdisjoint({"image", "dataset", "instrument"})
    downgrade(empty)
    assert schema(empty) == set()
    assert not is_current(empty)

    upgrade(empty)
    assert schema(empty) == before


def test_the_first_migration_makes_the_built_in_groups_and_accounts(database: Database) -> None:
    with database.read() as connection:
        members = connection.execute(
            text(
                "SELECT u.login, g.name, u.password_hash FROM membership m "
                "JOIN user_account u ON u.id = m.user_id JOIN user_group g ON g.id = m.group_id "
                "ORDER BY u.login, m.position"
            )
        ).all()
        epoch = connection.execute(text("SELECT id, value FROM rights_epoch")).all()
        instance = connection.execute(text("SELECT uuid FROM instance")).scalar_one()
    assert [tuple(row) for row in members] == [
        ("guest", "guest", None),
        ("root", "system", None),
        ("root", "user", None),
    ]
    assert [tuple(row) for row in epoch] == [(1, 1)]
    assert len(instance) == 36


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    before = schema(database)
    upgrade(database)
    assert schema(database) == before


def test_live_tables_are_unlogged_and_made_again_when_their_shape_changes(
    database: Database,
) -> None:
    with database.write_live() as connection:
        connection.execute(text("DROP TABLE login_failure"))
        connection.execute(text("CREATE TABLE login_failure (other INTEGER)"))
        connection.execute(text("UPDATE live_shape SET shape = 'old'"))
    assert not is_current(database)

    upgrade(database)

    assert is_current(database)
    with database.read_live() as connection:
        columns = {column["name"] for column in inspect(connection).get_columns("login_failure")}
        lines = described(connection)
    assert columns == {"id", "key", "at"}
    if database.dialect == "postgresql":
        assert "table: activity_pulse u" in lines
        assert "table: image p" in lines


def test_a_database_of_a_newer_version_is_refused(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Conflict, match="9999"):
        upgrade(database)


def test_a_migration_that_leaves_a_dangling_reference_is_rolled_back(tmp_path: Path) -> None:
    from shared.migrations.running import migrating

    database = open_database(Settings(data_dir=tmp_path))
    upgrade(database)
    with (
        pytest.raises(Conflict, match="membership"),
        migrating(database.main) as connection,
    ):
        connection.execute(text("DELETE FROM user_account WHERE login = 'root'"))
    with database.read() as connection:
        count = connection.execute(text("SELECT count(*) FROM user_account")).scalar_one()
    assert count == 2
    database.dispose()
