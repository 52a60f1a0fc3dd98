"""A repeated mutation is answered again, and never done twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from shared.clock import DAY, now
from shared.errors import Busy, Conflict, Invalid
from shared.idempotency import Repeatable, recall, remember
from shared.models.system import Idempotency
from tests.support.people import make_user

if TYPE_CHECKING:
    from shared.database import Database


@pytest.fixture
def asked(database: Database) -> Repeatable:
    with database.write() as connection:
        user = make_user(connection, "ada")
    return Repeatable.of(user, "createProject", "key-1", {"name": "µ", "n": 1})


def test_the_same_key_and_input_recall_the_answer(database: Database, asked: Repeatable) -> None:
    with database.write() as connection:
        assert recall(connection, asked) is None
        remember(connection, asked, {"refs": ["Project:1"]})
    same = Repeatable.of(asked.user_id, "createProject", "key-1", {"n": 1, "name": "µ"})
    with database.write() as connection:
        assert recall(connection, same) == {"refs": ["Project:1"]}


def test_another_input_under_the_same_key_is_a_conflict(
    database: Database, asked: Repeatable
) -> None:
    with database.write() as connection:
        remember(connection, asked, {})
    other = Repeatable.of(asked.user_id, "createProject", "key-1", {"name": "other"})
    with database.read() as connection, pytest.raises(Conflict):
        recall(connection, other)


def test_keys_belong_to_a_user_and_a_mutation(database: Database, asked: Repeatable) -> None:
    with database.write() as connection:
        remember(connection, asked, {})
        grace = make_user(connection, "grace")
    for user, mutation in ((grace, "createProject"), (asked.user_id, "createDataset")):
        other = Repeatable.of(user, mutation, "key-1", {"name": "x"})
        with database.read() as connection:
            assert recall(connection, other) is None


def test_an_effect_that_is_rolled_back_is_not_remembered(
    database: Database, asked: Repeatable
) -> None:
    def fail() -> None:
        with database.write() as connection:
            remember(connection, asked, {})
            raise RuntimeError("the effect fails")

    with pytest.raises(RuntimeError):
        fail()
    with database.read() as connection:
        assert recall(connection, asked) is None


def test_after_a_day_the_key_is_free_again(database: Database, asked: Repeatable) -> None:
    with database.write() as connection:
        remember(connection, asked, {"refs": ["Project:1"]})
        connection.execute(update(Idempotency).values(created_at=now() - DAY))
    with database.write() as connection:
        assert recall(connection, asked) is None
        remember(connection, asked, {"refs": ["Project:2"]})
        assert recall(connection, asked) == {"refs": ["Project:2"]}


def test_two_at_once_are_not_both_done(database: Database, asked: Repeatable) -> None:
    with database.write() as connection:
        remember(connection, asked, {})

    def again() -> None:
        with database.write() as connection:
            remember(connection, asked, {})

    with pytest.raises(Busy):
        again()


@pytest.mark.parametrize("key", ["", "x" * 201, "a\0b"])
def test_a_key_has_a_reasonable_length(key: str) -> None:
    with pytest.raises(Invalid):
        Repeatable.of(1, "createProject", key, {})
