"""How long does a nested GraphQL page take, against the bare rows and against naive resolvers?

Page 1000 is a project with 20 datasets of 50 images each, with id, name, sizes and owner; page 20
is a dataset with 20 images. *Bare rows* fetches the same columns with the same driver, without
rights, cursors or GraphQL. *Naive* asks the database once per object, as resolvers without
batching do, and builds no answer. Our side loads the caller and measures the cost every time and
writes JSON; documents are kept parsed and the garbage collector is set as in the service.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import insert, select, text

from benchmarks.rounds import Comparison, compare, table
from graphql_api.app import settle_garbage
from graphql_api.schema.transport import Transport
from graphql_api.schema.transport_request import GraphQLRequest
from shared.clock import now
from shared.database import POSTGRESQL
from shared.models.base import sort_key
from shared.models.containers import Dataset
from shared.models.images import Image, Pixels
from shared.models.links import LINKS
from shared.models.people import GroupPermissions, User
from tests.support.browsing import World, schema

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.database import Database
    from shared.settings import Settings

DATASETS, IMAGES = 20, 50
PAGE_1000 = """
query ($id: ID!) { node(id: $id) { ... on Project { name datasets(first: 20) { nodes {
  id name images(first: 50) { nodes { id name owner { login } pixels { sizeX sizeY } } } } } } } }
"""
PAGE_20 = """
query ($id: ID!) {
  node(id: $id) { ... on Dataset { name images(first: 20) { nodes { id name } } } }
}
"""


@dataclass(frozen=True, slots=True)
class ListResult:
    """Comparisons, and how many statements each page took."""

    comparisons: list[tuple[str, Comparison]]
    statements: dict[str, int]


@dataclass(frozen=True, slots=True)
class Tree:
    """A project, its datasets, and the world in which Ada sees them."""

    world: World
    project: int
    datasets: list[int]


def plant(database: Database, settings: Settings, *, datasets: int, images: int) -> Tree:
    """Make a project with datasets and images that all belong to Ada."""
    world = World(database, settings)
    ada = world.person("ada")
    group = world.group("Lab1", GroupPermissions.READ_ANNOTATE, ("ada",))
    project = world.row("Project", "ada", "Lab1", name="Tree")
    made = []
    for number in range(datasets):
        made.append(world.row("Dataset", "ada", "Lab1", name=f"Dataset {number:03}"))
        world.link("ProjectDatasetLink", project, made[-1], "ada", "Lab1")
    with database.write() as connection:
        for dataset in made:
            _fill(connection, dataset, images, ada, group)
        if database.dialect == POSTGRESQL:
            connection.execute(text("ANALYZE"))
    return Tree(world, project, made)


def _fill(connection: Connection, dataset: int, count: int, owner: int, group: int) -> None:
    at = now()
    details = {"owner_id": owner, "group_id": group, "created_at": at, "updated_at": at}
    for number in range(count):
        name = f"image {number:04}"
        row = {**details, "name": name, "name_key": sort_key(name)}
        image = connection.execute(insert(Image).values(**row).returning(Image.id)).scalar_one()
        sizes = {f"size_{axis}": 512 if axis in "xy" else 1 for axis in "xyzct"}
        pixels = {
            **details, **sizes, "image_id": image, "uuid": f"{dataset}-{number}",
            "pixels_type": "uint16", "dimension_order": "XYZCT",
            "level_sizes": json.dumps([[512, 512, 256, 256]]),
        }  # fmt: skip
        connection.execute(insert(Pixels).values(**pixels))
        link = {**details, "parent_id": dataset, "child_id": image}
        connection.execute(insert(LINKS["DatasetImageLink"].model).values(**link))


async def measure(tree: Tree, *, rounds: int) -> ListResult:
    """Compare both pages with both baselines."""
    world, database = tree.world, tree.world.database
    project, first = f"Project:{tree.project}", f"Dataset:{tree.datasets[0]}"
    transport = Transport(schema()._schema, timeout_s=60)

    async def page(document: str, node: str) -> None:
        outcome = await transport.run(GraphQLRequest(document, {"id": node}), world.context("ada"))
        assert "errors" not in outcome.body
        orjson.dumps(outcome.body)

    async def page_1000() -> None:
        await page(PAGE_1000, project)

    async def page_20() -> None:
        await page(PAGE_20, first)

    async def bare_1000() -> None:
        with database.read() as connection:
            _bare(connection, tree.project)

    async def naive_1000() -> None:
        with database.read() as connection:
            _naive(connection, tree.project)

    async def bare_20() -> None:
        with database.read() as connection:
            _images_of(connection, tree.datasets[0], 20)

    kind = database.dialect
    await page_1000()
    settle_garbage()
    return ListResult(
        [
            (f"page 1000, {kind}, bare rows", await compare(page_1000, bare_1000, rounds)),
            (f"page 1000, {kind}, naive resolvers", await compare(page_1000, naive_1000, rounds)),
            (f"page 20, {kind}, bare rows", await compare(page_20, bare_20, rounds)),
        ],
        {
            "page 1000": len(world.ask("ada", PAGE_1000, id=project).statements),
            "page 20": len(world.ask("ada", PAGE_20, id=first).statements),
        },
    )


def _datasets_of(connection: Connection, project: int) -> list[Any]:
    link = _table("ProjectDatasetLink")
    found = select(Dataset.id, Dataset.name).join(link, link.child_id == Dataset.id)
    return list(connection.execute(found.where(link.parent_id == project)).all())


def _table(name: str) -> Any:
    return LINKS[name].model


def _images_of(connection: Connection, dataset: int, count: int) -> list[Any]:
    link = _table("DatasetImageLink")
    found = select(Image.id, Image.name, Image.owner_id).join(link, link.child_id == Image.id)
    return list(connection.execute(found.where(link.parent_id == dataset).limit(count)).all())


def _bare(connection: Connection, project: int) -> list[Any]:
    ids = [row.id for row in _datasets_of(connection, project)]
    link = _table("DatasetImageLink")
    found = (
        select(link.parent_id, Image.id, Image.name, User.login, Pixels.size_x, Pixels.size_y)
        .join(Image, Image.id == link.child_id)
        .join(Pixels, Pixels.image_id == Image.id)
        .join(User, User.id == Image.owner_id)
        .where(link.parent_id.in_(ids))
    )
    return list(connection.execute(found).all())


def _naive(connection: Connection, project: int) -> list[Any]:
    answer = []
    for dataset in _datasets_of(connection, project):
        for image in _images_of(connection, dataset.id, IMAGES):
            sizes = select(Pixels.size_x, Pixels.size_y).where(Pixels.image_id == image.id)
            owner = select(User.login).where(User.id == image.owner_id)
            answer.append(
                (dataset.name, image.name, connection.execute(sizes).one(),
                 connection.execute(owner).one())
            )  # fmt: skip
    return answer


def report(result: ListResult) -> str:
    """The printed form."""
    counts = ", ".join(f"{name}: {count}" for name, count in result.statements.items())
    title = table("Lists", "a GraphQL page against the rows it shows", result.comparisons)
    return f"{title}\nstatements: {counts}"
