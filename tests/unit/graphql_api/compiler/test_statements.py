"""Statements = 1 + distinct relations + one per totalCount, whatever the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.models.people import GroupPermissions

if TYPE_CHECKING:
    from tests.support.browsing import World


def fill(world: World, projects: int, datasets: int, images: int) -> list[int]:
    made = []
    for p in range(projects):
        project = world.row("Project", "ada", "lab", name=f"P{p}")
        made.append(project)
        for d in range(datasets):
            dataset = world.row("Dataset", "ada", "lab", name=f"D{d}")
            world.link("ProjectDatasetLink", project, dataset, "ada", "lab")
            for i in range(images):
                image = world.row("Image", "ada", "lab", name=f"I{i}")
                world.link("DatasetImageLink", dataset, image, "ada", "lab")
                world.row("Pixels", "ada", "lab", image_id=image)
    return made


CHAIN = "{ projects { nodes { name datasets { nodes { name images { nodes { name } } } } } } }"


@pytest.mark.parametrize(
    ("document", "most"),
    [
        ("{ projects { nodes { id name createdAt version } } }", 1),
        ("{ projects { nodes { viewerCan { update } viewerCannot(action: LINK) { code } } } }", 1),
        ("{ projects { nodes { datasets { nodes { name } } } } }", 2),
        (CHAIN, 3),
        ("{ projects { nodes { owner { login } group { name } } } }", 3),
        ("{ projects { totalCount nodes { name } } }", 2),
        ("{ projects { a: totalCount b: totalCount c: totalCount(max: 5) } }", 2),
        (
            """{ projects { nodes { datasets { nodes { id } edges { cursor node { name }
               link { id createdAt viewerCan { delete } } } pageInfo { endCursor } } } } }""",
            2,
        ),
        ("{ images { nodes { tiles { iiifInfoUrl signedUntil } thumbnailUrl } } }", 1),
        ("{ images { nodes { pixels { sizeX channels { name } } } } }", 3),
        ("{ images { nodes { renderingSettings { model channels { color } } } } }", 3),
    ],
)  # fmt: skip
def test_statements_count_relations_never_rows(world: World, document: str, most: int) -> None:
    fill(world, 1, 1, 1)
    few = world.ask("ben", document)
    fill(world, 3, 3, 2)
    many = world.ask("ben", document)
    assert not few.errors
    assert not many.errors
    assert len(few.statements) == len(many.statements) == most


def test_equal_relations_under_several_names_are_fetched_once(world: World) -> None:
    fill(world, 2, 2, 1)
    document = """
      fragment Names on Project { x: datasets(first: 2) { nodes { label: name } } }
      { projects { nodes { ...Names
          x: datasets(first: 2) { nodes { id } }
          y: datasets(first: 2) { nodes { label: id owner { login } } totalCount } } } }
    """
    answer = world.ask("ben", document)
    assert not answer.errors
    first = answer.data["projects"]["nodes"][0]
    assert first["x"]["nodes"][0] == {"label": "D0", "id": "Dataset:1"}
    assert first["y"]["nodes"][0] == {"label": "Dataset:1", "owner": {"login": "ada"}}
    assert first["y"]["totalCount"] == 2
    assert len(answer.statements) == 4


def test_only_the_needed_columns_are_selected(world: World) -> None:
    fill(world, 1, 1, 1)
    answer = world.ask("chief", "{ images { nodes { name } } }")
    (statement,) = answer.statements.statements
    assert "description" not in statement
    assert "created_at" not in statement


def test_skip_include_and_variables_shape_the_statements(world: World) -> None:
    fill(world, 1, 1, 1)
    document = """
      query ($deep: Boolean!, $n: Int = 1) { projects(first: $n) { nodes { name
        datasets @include(if: $deep) { nodes { name } }
        owner @skip(if: true) { login } ... on Project @skip(if: $deep) { id } } } }
    """
    shallow = world.ask("ben", document, deep=False)
    assert shallow.data["projects"]["nodes"] == [{"name": "P0", "id": "Project:1"}]
    assert len(shallow.statements) == 1
    deep = world.ask("ben", document, deep=True)
    assert deep.data["projects"]["nodes"] == [
        {"name": "P0", "datasets": {"nodes": [{"name": "D0"}]}}
    ]
    assert len(deep.statements) == 2


def test_what_look_ups_find_is_written_once_however_many_groups_there_are(world: World) -> None:
    fill(world, 2, 2, 2)
    screen = world.row("Screen", "ada", "lab", name="S")
    look_ups = [
        '{within: "Project:1"}', '{within: "Dataset:2"}', f'{{not: {{within: "Screen:{screen}"}}}}',
        '{orphaned: false}', '{not: {keyValue: {key: "a"}}}',
    ]  # fmt: skip
    for number in (2, 5):
        wanted = ", ".join(look_ups[:number])
        document = f"{{ images(where: {{and: [{wanted}]}}) {{ nodes {{ name }} }} }}"
        for login in ("ben", "chief"):
            answer = world.ask(login, document)
            assert not answer.errors
            assert [node["name"] for node in answer.data["images"]["nodes"]] == ["I0", "I1"]
            (statement,) = answer.statements.statements
            assert statement.count("FROM project ") == 2, "the project, and whether it is seen"
            assert statement.count("FROM screen ") == (2 if number > 2 else 0)
    for n in range(8):
        world.group(f"more {n}", GroupPermissions.READ_ONLY, ("ben",))
    again = world.ask("ben", document)
    (statement,) = again.statements.statements
    assert statement.count("FROM project ") == 2
    assert statement.count("FROM screen ") == 2
    assert statement.count("FROM image ") == 1, "many look-ups: one range, not one for each group"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_sqlite_looks_pages_up_by_rowid(world: World) -> None:
    fill(world, 1, 2, 2)
    answer = world.ask("ben", "{ datasets { nodes { images(first: 1) { nodes { name } } } } }")
    paged = answer.statements.statements[-1]
    with world.database.read() as connection:
        bound = paged.count("?")
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {paged}", (1,) * bound).fetchall()
    steps = "\n".join(row[3] for row in plan)
    assert "SCAN anon_1 VIRTUAL TABLE" in steps.split("\n")[0], steps
    assert "USING INTEGER PRIMARY KEY" in steps, steps
    assert "SCAN dataset_image_link" not in steps, steps
    assert "SCAN image" not in steps, steps
