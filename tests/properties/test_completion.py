"""Finished rows are completed in one go; what hangs on ordinary resolvers is not lost by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql.execution import Executor

from graphql_api.compiler.completion import PlannedExecutor
from shared.models.people import GroupPermissions
from tests.support.browsing import World

if TYPE_CHECKING:
    from shared.database import Database
    from shared.settings import Settings

PAGE = """query ($id: ID!) { node(id: $id) { __typename ... on Dataset {
  kind: __typename name viewerCan { update } createdAt
  images(first: 50) { totalCount pageInfo { hasNextPage } edges { cursor node {
    ...Image again: __typename owner { login } } } } } } }
fragment Image on Image { id name pixels { sizeX } thumbnailUrl }"""


def counting(executor: type[Executor[Any]], calls: list[str]) -> type[Executor[Any]]:
    """The executor, noting each value that it completes the ordinary way."""

    class Counting(executor):  # type: ignore[valid-type, misc]  # mypy wants a name
        def complete_object_value(self, kind: Any, *rest: Any) -> Any:
            calls.append(kind.name)
            return super().complete_object_value(kind, *rest)

    return Counting


def test_a_page_asks_graphql_core_for_nothing_below_its_root(
    database: Database, settings: Settings
) -> None:
    world = World(database, settings)
    world.person("ada")
    world.group("lab", GroupPermissions.READ_ANNOTATE, ("ada",))
    dataset = world.row("Dataset", "ada", "lab", name="d")
    for number in range(20):
        image = world.row("Image", "ada", "lab", name=f"i{number}")
        world.link("DatasetImageLink", dataset, image, "ada", "lab")
    short: list[str] = []
    long: list[str] = []

    by_plan = world.ask(
        "ada", PAGE, executor=counting(PlannedExecutor, short), id=f"Dataset:{dataset}"
    )
    by_core = world.ask("ada", PAGE, executor=counting(Executor, long), id=f"Dataset:{dataset}")

    assert not by_plan.errors
    assert by_plan.data["node"]["images"]["edges"][3]["node"]["name"] == "i3"
    assert list(by_plan.data["node"]) == list(by_core.data["node"])
    assert short == []
    assert len(long) > 20
    assert len(by_plan.statements) == len(by_core.statements)
