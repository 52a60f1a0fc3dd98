"""Links are looked up by pairs: the work follows the links, not parents times children."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from graphql_api.editing.links import NewLink, existing_links
from graphql_api.editing.targets import Target
from shared.auth.decide import ObjectFacts
from shared.database import Database, pairs_of
from shared.models.links import LINKS
from shared.models.people import GroupPermissions
from shared.refs import ObjectRef
from shared.settings import Settings
from tests.support.browsing import World

KIND = LINKS["ImageAnnotationLink"]
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def world(database: Database, settings: Settings) -> World:
    found = World(database, settings)
    found.person("ada")
    found.group("lab", GroupPermissions.READ_ANNOTATE, ("ada",))
    return found


def linked(world: World, count: int) -> list[NewLink]:
    """As many images, each with an annotation of its own."""
    user, group = world.people["ada"], world.groups["lab"]
    made = []
    for _ in range(count):
        image = world.row("Image", "ada", "lab")
        note = world.row("Annotation", "ada", "lab", class_name="CommentAnnotation")
        world.link(KIND.name, image, note, "ada", "lab")
        ends = [
            Target(
                ObjectRef(name, number),
                ObjectFacts(name, user, group, GroupPermissions.READ_ANNOTATE),
                1,
            )
            for name, number in (("Image", image), ("CommentAnnotation", note))
        ]
        parent, child = ends
        made.append(NewLink(KIND, parent, child, user))
    return made


def test_pairs_are_a_table_even_when_there_are_none(database: Database) -> None:
    with database.read() as connection:
        for given in ([], [(1, 2)], [(2**40, 3), (3, 2**40), (1, 2)]):
            pairs = pairs_of(connection, given)
            found = connection.execute(select(pairs.c.one, pairs.c.other)).all()
            assert sorted(map(tuple, found)) == sorted(given)


def test_only_links_of_the_pairs_and_their_owner_are_found(world: World) -> None:
    first, second = linked(world, 2)
    crossed = NewLink(KIND, first.parent, second.child, first.owner_id)
    others = NewLink(KIND, first.parent, first.child, first.owner_id + 1)
    with world.database.read() as connection:
        found = existing_links(connection, [first, second, crossed, others])
    assert set(found) == {first, second}


@on_sqlite
def test_work_grows_with_the_links(world: World) -> None:
    wanted = linked(world, 320)
    steps = []
    with world.database.read() as connection:
        raw: Any = connection.connection.dbapi_connection
        for count in (40, 320):
            existing_links(connection, wanted[:count])  # compiled once
            seen: list[int] = []
            raw.set_progress_handler(lambda seen=seen: seen.append(1), 10)
            assert len(existing_links(connection, wanted[:count])) == count
            raw.set_progress_handler(None, 0)
            steps.append(len(seen))
    assert steps[1] < 2 * 8 * steps[0]
