"""Documents nobody thought of: answered without a fault, within the rule of statements, and byte
for byte alike on both databases, whoever asks.
"""

from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING, Any

import pytest
from graphql.execution import Executor

from graphql_api.compiler.completion import PlannedExecutor
from shared.database import open_database
from shared.errors import TesseraError
from shared.models.people import GroupPermissions
from shared.settings import Settings
from tests.support.browsing import World, schema
from tests.support.databases import copy_postgres, copy_sqlite, drop_postgres
from tests.support.documents import Writer
from tests.support.profiles import examples
from tests.support.spoiled import spoiling
from tests.support.whole_graph import fill

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GRANT = re.compile(r"/~[^/\"]+|\"signedUntil\": \"[^\"]+\"")
PEOPLE = ("ada", "cleo", "dora", "chief")


def inhabited(settings: Settings) -> tuple[World, dict[str, list[int]]]:
    """The world of the browsing tests, with a graph of everything."""
    world = World(open_database(settings), settings)
    for login in ("ada", "ben", "cleo", "dora"):
        world.person(login)
    world.person("chief", is_admin=True)
    world.group("lab", GroupPermissions.READ_ANNOTATE, ("ada", "ben"))
    world.group("secret", GroupPermissions.PRIVATE, ("ada", "ben"), "cleo")
    world.group("elsewhere", GroupPermissions.READ_WRITE, ("dora",))
    return world, fill(world, rows=4)


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Any]]:
    """The same graph on SQLite and on PostgreSQL."""
    made = []
    name = "generated_documents"
    drop_postgres(name)
    for url in (_sqlite(tmp_path_factory), copy_postgres(name)):
        folder = tmp_path_factory.mktemp("data")
        made.append(inhabited(Settings(data_dir=folder, database_url=url)))
    yield made
    for world, _ in made:
        world.database.dispose()
    drop_postgres(name)


def _sqlite(factory: pytest.TempPathFactory) -> str:
    folder: Path = factory.mktemp("sqlite")
    return copy_sqlite(folder)


def printed(answer: Any) -> str:
    """The answer as text, without what a clock decides."""
    errors = [(error.message, error.path) for error in answer.errors]
    body = {"data": answer.data, "errors": errors}
    return GRANT.sub("", json.dumps(body, ensure_ascii=False))


def test_both_databases_hold_the_same_graph(worlds: list[Any]) -> None:
    assert worlds[0][1] == worlds[1][1]


@pytest.mark.parametrize("part", range(4))
def test_generated_documents_are_answered_alike(worlds: list[Any], part: int) -> None:
    (one, ids), (other, _) = worlds
    for number in range(examples(5)):
        seed = part * 100_000 + number
        chance = random.Random(seed)  # not for secrets
        everything = {
            **ids,
            "User": sorted(one.people.values()),
            "Group": sorted(one.groups.values()),
        }
        writer = Writer(schema()._schema, everything, chance)
        document = writer.document()
        login = PEOPLE[number % len(PEOPLE)]
        answers = [world.ask(login, document) for world in (one, other)]
        for answer in answers:
            faults = [error for error in answer.errors if not _is_meant(error)]
            assert not faults, (seed, document, faults[0], faults[0].original_error)
            assert len(answer.statements) <= writer.statements, (seed, document)
        assert printed(answers[0]) == printed(answers[1]), (seed, document)
        ordinary = one.ask(login, document, executor=Executor)
        assert printed(answers[0]) == printed(ordinary), (seed, document)


@pytest.mark.parametrize("part", range(2))
def test_spoiled_rows_are_told_as_graphql_core_tells_them(worlds: list[Any], part: int) -> None:
    """Nulls, exceptions and values of other kinds, put into what the planner found."""
    one, ids = worlds[0]
    people = {"User": sorted(one.people.values()), "Group": sorted(one.groups.values())}
    told = 0
    for number in range(examples(20)):
        seed = part * 100_000 + number
        document = Writer(schema()._schema, {**ids, **people}, random.Random(seed)).document()
        by_plan, by_core = spoiling(PlannedExecutor, seed), spoiling(Executor, seed)
        short = one.ask("chief", document, executor=by_plan)
        long = one.ask("chief", document, executor=by_core)
        assert printed(short) == printed(long), (seed, document)
        told += bool(long.errors)
    assert told, "nothing was spoiled"


def _is_meant(error: Any) -> bool:
    return isinstance(error.original_error, TesseraError)
