"""Locks, snapshots, ids, keys: what must be equal on SQLite and PostgreSQL, and what is not."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select, text

from shared.database import Database, counted_statements, ids_in, lock_groups, open_database
from shared.errors import Busy
from shared.models.base import sort_key
from shared.models.containers import Dataset
from shared.models.people import Group
from shared.settings import Settings
from tests.support.people import make_group, make_row, make_user
from tests.support.profiles import examples

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def impatient(database_url: str, tmp_path: Path) -> Iterator[Database]:
    """The database of the test, opened by somebody who waits for locks only a moment."""
    opened = open_database(
        Settings(data_dir=tmp_path / "data", database_url=database_url, database_lock_timeout_s=0.2)
    )
    yield opened
    opened.dispose()


def lock(database: Database, *groups: int, exclusively: bool) -> None:
    with database.write() as connection:
        lock_groups(connection, groups, exclusively=exclusively)


@POSTGRESQL
def test_a_graph_operation_keeps_links_out_of_its_groups(
    database: Database, impatient: Database
) -> None:
    with database.write() as connection:
        lock_groups(connection, [5, 3], exclusively=True)
        for exclusively in (False, True):
            with pytest.raises(Busy):
                lock(impatient, 3, exclusively=exclusively)
        lock(impatient, 4, exclusively=True)
    lock(impatient, 3, 5, exclusively=True)


@POSTGRESQL
def test_links_are_made_beside_each_other(database: Database, impatient: Database) -> None:
    with database.write() as connection:
        lock_groups(connection, [3])
        lock(impatient, 3, exclusively=False)
        with pytest.raises(Busy):
            lock(impatient, 3, exclusively=True)


@POSTGRESQL
def test_groups_are_locked_in_one_order_whatever_is_asked(database: Database) -> None:
    with database.write() as connection, counted_statements() as count:
        lock_groups(connection, [9, 2, 9, 4], exclusively=True)
        held = connection.execute(
            text(
                "SELECT objid FROM pg_locks "
                "WHERE locktype = 'advisory' AND pid = pg_backend_pid() ORDER BY objid"
            )
        ).scalars()
        assert list(held) == [2, 4, 9]
    assert len(count) == 4


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_on_sqlite_whoever_waits_too_long_for_the_writer_is_told_busy(
    database: Database, impatient: Database
) -> None:
    def write() -> None:
        with impatient.write():
            pass

    with database.write(), pytest.raises(Busy) as caught:
        write()
    assert caught.value.retry_after_s == 1
    write()


def test_a_row_lock_that_is_not_to_be_had_is_busy(database: Database, impatient: Database) -> None:
    def rename() -> None:
        with impatient.write() as connection:
            connection.execute(text("UPDATE user_group SET description = 'x' WHERE id = 1"))

    with database.write() as connection:
        connection.execute(text("UPDATE user_group SET description = 'y' WHERE id = 1"))
        with pytest.raises(Busy):
            rename()


def test_an_id_is_never_given_twice(database: Database) -> None:
    with database.write() as connection:
        user = make_user(connection, "ada")
        group = make_group(connection, "lab", members=[user])
        first = make_row(connection, Dataset, owner=user, group=group)
    with database.write() as connection:
        connection.execute(delete(Dataset).where(Dataset.id == first))
    with database.write() as connection:
        assert make_row(connection, Dataset, owner=user, group=group) > first


def test_a_snapshot_does_not_see_what_is_committed_meanwhile(database: Database) -> None:
    count = select(func.count()).select_from(Group)
    with database.snapshot() as reader:
        before = reader.execute(count).scalar_one()
        with database.write() as connection:
            make_group(connection, "new")
        assert reader.execute(count).scalar_one() == before
    with database.read() as reader:
        assert reader.execute(count).scalar_one() == before + 1


def test_foreign_keys_hold(database: Database) -> None:
    from sqlalchemy.exc import IntegrityError

    def orphan() -> None:
        with database.write() as connection:
            make_row(connection, Dataset, owner=999, group=999)

    with pytest.raises(IntegrityError):
        orphan()


def test_ids_in_takes_any_number_of_ids_as_one_value(database: Database) -> None:
    with database.write() as connection:
        groups = [make_group(connection, f"g{number}") for number in range(5)]
    column = Group.__table__.c.id
    with database.read() as connection, counted_statements() as count:
        for wanted in (groups[1:3], [*groups, *range(10_000, 50_000)], []):
            query = select(column).where(ids_in(connection, column, wanted)).order_by(column)
            found = list(connection.execute(query).scalars())
            assert found == [group for group in groups if group in wanted]
    assert len(set(count.statements)) == 1


def test_statements_are_counted_in_the_context_and_in_its_threads_only(
    database: Database,
) -> None:
    def ask() -> None:
        with database.read() as connection:
            connection.execute(text("SELECT 1"))

    with counted_statements() as outer:
        ask()
        with counted_statements() as inner:
            ask()
        stranger = threading.Thread(target=ask)
        stranger.start()
        stranger.join()
    ask()
    assert inner.statements == ["SELECT 1"]
    assert outer.statements == ["SELECT 1"]


@settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    names=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8),
        min_size=2,
        max_size=12,
        unique_by=sort_key,
    ).map(lambda names: [f"n {name}" for name in names])  # no group of this name is there already
)
def test_names_are_ordered_alike_by_both_databases_and_by_python(
    database: Database, names: list[str]
) -> None:
    """By code points: UTF-8 compared bytewise gives the order that Python gives to text."""
    with database.write() as connection:
        connection.execute(delete(Group).where(Group.name.like("n:%")))
        rows = [
            {
                "name": f"n:{number}", "name_key": sort_key(name), "permissions": "rw----",
                "created_at": 0, "updated_at": 0,
            }
            for number, name in enumerate(names)
        ]  # fmt: skip
        connection.execute(insert(Group), rows)
        query = select(Group.name_key).where(Group.name.like("n:%")).order_by(Group.name_key)
        found = list(connection.execute(query).scalars())
    assert found == sorted(sort_key(name) for name in names)


@given(name=st.text(max_size=30))
def test_a_sort_key_is_its_own_sort_key(name: str) -> None:
    key = sort_key(name)
    assert sort_key(key) == key
    assert sort_key(name.upper()) == sort_key(name.upper().casefold())


@pytest.mark.parametrize(
    ("left", "right"), [("STRASSE", "straße"), ("ﬁle", "FILE"), ("µm", "μM"), ("Å", "å")]
)
def test_names_that_people_take_for_equal_have_one_key(left: str, right: str) -> None:
    assert sort_key(left) == sort_key(right)
