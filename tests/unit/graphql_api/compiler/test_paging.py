"""Cursors and pages: every order, forward and backward, while rows come and go."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, update

from graphql_api.compiler.errors import CursorMismatch, PageTooLarge
from shared.errors import Invalid
from shared.models import MODELS

if TYPE_CHECKING:
    from tests.support.browsing import World

ORDERS = [
    "[]",
    "[{field: NAME}]",
    "[{field: NAME, direction: DESC}]",
    "[{field: ACQUIRED_AT}]",
    "[{field: ACQUIRED_AT, nulls: FIRST}]",
    "[{field: ACQUIRED_AT, direction: DESC, nulls: FIRST}]",
    "[{field: ACQUIRED_AT, direction: DESC}]",
    "[{field: NAME, direction: DESC}, {field: ACQUIRED_AT}, {field: ID, direction: DESC}]",
]
NAMES = ["b", "B", "a", "ä", "Z", "z", "ß", "ss", "I", "ı"]


def make_images(world: World, count: int) -> tuple[int, list[int]]:
    dataset = world.row("Dataset", "ada", "lab", name="D")
    made = []
    for number in range(count):
        values: dict[str, Any] = {"name": NAMES[number % len(NAMES)]}
        if number % 3:
            values["acquired_at"] = number % 4
        group = "lab" if number % 2 else "secret"
        image = world.row("Image", "ada", group, **values)
        made.append(image)
        if group == "lab":
            world.link("DatasetImageLink", dataset, image, "ada", "lab")
    return dataset, made


def walk(world: World, order: str, backward: bool, disturb: Any) -> list[str]:
    size, edge = ("last", "before") if backward else ("first", "after")
    seen: list[str] = []
    cursor = None
    while True:
        answer = world.data(
            "ada",
            f"query ($c: String) {{ images({size}: 3, {edge}: $c, orderBy: {order}) {{"
            " nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }",
            c=cursor,
        )["images"]
        page = [node["id"] for node in answer["nodes"]]
        seen = page + seen if backward else seen + page
        info = answer["pageInfo"]
        if not info["hasPreviousPage" if backward else "hasNextPage"]:
            return seen
        cursor = info["startCursor" if backward else "endCursor"]
        disturb(seen)


@pytest.mark.parametrize("order", ORDERS)
def test_a_walk_visits_each_surviving_row_once(world: World, order: str) -> None:
    _, made = make_images(world, 14)
    chance = random.Random(order)
    table: Any = MODELS["Image"].__table__
    new: set[str] = set()
    for backward in (False, True):
        gone: set[str] = set()

        def disturb(seen: list[str], gone: set[str] = gone, made: list[int] = made) -> None:
            added = world.row("Image", "ada", "lab", name=chance.choice(NAMES), acquired_at=2)
            new.add(f"Image:{added}")
            alive = [n for n in made if f"Image:{n}" not in seen and f"Image:{n}" not in gone]
            if len(alive) > 4:
                lost = chance.choice(alive)
                gone.add(f"Image:{lost}")
                with world.database.write() as connection:
                    connection.execute(
                        update(table).where(table.c.id == lost).values(name="gone", name_key="gone")
                    )
                    links: Any = MODELS["DatasetImageLink"].__table__
                    connection.execute(delete(links).where(links.c.child_id == lost))
                    connection.execute(delete(table).where(table.c.id == lost))

        seen = walk(world, order, backward, disturb)
        assert len(seen) == len(set(seen))
        survivors = {f"Image:{n}" for n in made} - gone
        assert survivors <= set(seen)
        assert set(seen) <= survivors | new | gone
        made = [n for n in made if f"Image:{n}" not in gone]


def test_forward_and_backward_agree_with_an_independent_sort(world: World) -> None:
    _, made = make_images(world, 14)
    calm = lambda _seen: None  # noqa: E731
    for order in ORDERS:
        assert walk(world, order, False, calm) == walk(world, order, True, calm)
    from shared.models.base import sort_key

    by_name = sorted((sort_key(NAMES[n % len(NAMES)]).encode(), made[n]) for n in range(len(made)))
    assert walk(world, "[{field: NAME}]", False, calm) == [f"Image:{n}" for _, n in by_name]
    nulls_last = sorted(range(14), key=lambda n: (n % 3 == 0, n % 4 if n % 3 else 0, made[n]))
    assert walk(world, "[{field: ACQUIRED_AT}]", False, calm) == [
        f"Image:{made[n]}" for n in nulls_last
    ]


def test_administrators_lists_are_the_same_in_every_order(world: World) -> None:
    make_images(world, 14)
    world.row("Image", "dora", "elsewhere", name="c", acquired_at=1)
    for order in ORDERS:
        document = f"{{ images(orderBy: {order}) {{ nodes {{ id name acquiredAt }} }} }}"
        everything = world.data("chief", document)["images"]["nodes"]
        assert len(everything) == 15
        hers = [node for node in everything if node["name"] != "c"]
        assert hers == world.data("ada", document)["images"]["nodes"], order


def test_twenty_parents_get_two_each(world: World) -> None:
    for _ in range(20):
        dataset = world.row("Dataset", "ada", "lab")
        for _ in range(3):
            image = world.row("Image", "ada", "lab")
            world.link("DatasetImageLink", dataset, image, "ada", "lab")
    answer = world.ask(
        "ben",
        "{ datasets { nodes { images(first: 2) { nodes { id } pageInfo { hasNextPage } }"
        " tail: images(last: 2) { nodes { id } } } } }",
    )
    nodes = answer.data["datasets"]["nodes"]
    assert [len(node["images"]["nodes"]) for node in nodes] == [2] * 20
    assert all(node["images"]["pageInfo"]["hasNextPage"] for node in nodes)
    assert nodes[0]["tail"]["nodes"] == [{"id": "Image:2"}, {"id": "Image:3"}]
    assert len(answer.statements) == 3


def test_pages_under_parents_go_on_from_their_cursor(world: World) -> None:
    dataset, _ = make_images(world, 9)
    document = """query ($id: ID!, $after: String) { node(id: $id) { ... on Dataset {
      images(first: 3, after: $after, orderBy: [{field: NAME}]) {
        edges { cursor node { id } } } } } }"""
    first = world.data("ben", document, id=f"Dataset:{dataset}")["node"]["images"]["edges"]
    rest = world.data("ben", document, id=f"Dataset:{dataset}", after=first[-1]["cursor"])
    assert len({e["node"]["id"] for e in first + rest["node"]["images"]["edges"]}) == 4


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ("first: 1001", PageTooLarge),
        ("last: 1001", PageTooLarge),
        ("first: -1", Invalid),
        ("first: 1, last: 1", Invalid),
        ('after: "nonsense"', CursorMismatch),
        ('after: ""', CursorMismatch),
        ('after: "WzEsMl0"', CursorMismatch),
        ('after: "ä"', CursorMismatch),
        ('where: {name: {eq: "a\\u0000b"}}', Invalid),
    ],
)
def test_wrong_arguments_are_told(world: World, arguments: str, error: type[Exception]) -> None:
    answer = world.ask("ada", f"{{ images({arguments}) {{ nodes {{ id }} }} }}")
    assert type(answer.errors[0].original_error) is error


def test_a_cursor_is_good_only_for_its_own_list(world: World) -> None:
    make_images(world, 4)
    asked = world.data("ada", "{ images(first: 1) { pageInfo { endCursor } } }")
    cursor = asked["images"]["pageInfo"]["endCursor"]
    changed = cursor[:-2] + ("A" if cursor[-2] != "A" else "B") + cursor[-1]
    for field, text in (
        ("images(orderBy: [{field: NAME}], after: $c)", cursor),
        ('images(where: {name: {eq: "a"}}, after: $c)', cursor),
        ("datasets(after: $c)", cursor),
        ("images(after: $c)", changed),
    ):
        document = f"query ($c: String) {{ {field} {{ nodes {{ id }} }} }}"
        answer = world.ask("ada", document, c=text)
        assert type(answer.errors[0].original_error) is CursorMismatch, field
    good = world.ask("ada", "query ($c: String) { images(after: $c) { nodes { id } } }", c=cursor)
    assert len(good.data["images"]["nodes"]) == 3


def test_a_page_of_nothing_still_says_whether_there_is_more(world: World) -> None:
    make_images(world, 2)
    answer = world.data(
        "ada", "{ images(first: 0) { nodes { id } pageInfo { hasNextPage startCursor } } }"
    )
    assert answer["images"] == {"nodes": [], "pageInfo": {"hasNextPage": True, "startCursor": None}}
