"""Plans and their execution send as many statements for ten images as for three hundred."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.database import counted_statements
from tests.support.lab import Lab
from tests.support.statements import without_pulses

if TYPE_CHECKING:
    from shared.database import Database
    from shared.settings import Settings
    from shared.storage import LocalStorage
    from tests.support.lab import Thing

MOST_FOR_A_DRY_RUN = 30


@pytest.fixture
def lab(database: Database, storage: LocalStorage, settings: Settings) -> Lab:
    return Lab(database, storage, settings).open()


def full_dataset(lab: Lab, group: int, images: int) -> Thing:
    dataset = lab.row("Dataset", "A", group)
    for number in range(images):
        image = lab.image("A", group)
        lab.link(dataset, image, "A")
        if number % 2:
            lab.annotate(image, "CommentAnnotation", "A")
    return dataset


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_statements_do_not_depend_on_the_number_of_objects(lab: Lab) -> None:
    g1, g2 = lab.group("g1", "rwra--", "A"), lab.group("g2", "rwra--", "A")
    counts: dict[str, list[int]] = {name: [] for name in ("dry", "move", "give", "copy", "delete")}
    for images in (10, 300):
        dataset = full_dataset(lab, g1, images)
        with counted_statements() as dry:
            shown = lab.plan("A", "move_to_group", dataset, group=f"Group:{g2}")
        with counted_statements() as move:
            lab.run("A", "move_to_group", dataset, group=f"Group:{g2}")
        with counted_statements() as give:
            lab.run("R", "change_owner", dataset, owner=f"User:{lab.people['B']}")
        with counted_statements() as copy:
            lab.run("R", "duplicate", dataset, name_prefix="Copy of ")
        with counted_statements() as gone:
            lab.run("R", "delete", dataset)
        for name, count in (
            ("dry", dry), ("move", move), ("give", give), ("copy", copy), ("delete", gone)
        ):  # fmt: skip
            counts[name].append(without_pulses(count))
        assert next(each for each in shown["included"] if each["type"] == "Image")["count"] == (
            images
        )

    for name, (few, many) in counts.items():
        assert few == many, name


def test_a_dry_run_of_a_dataset_takes_few_statements(lab: Lab) -> None:
    """Asked for by the mutation: planned, kept and told; with others' tags, a project above, and
    what instruments hang on the images.
    """
    from graphql_api.graph.booking import Desk, begin
    from graphql_api.graph.request import OperationRequest

    g1, g2 = lab.group("g1", "rwra--", "AB"), lab.group("g2", "rwra--", "A")
    dataset, project = full_dataset(lab, g1, 50), lab.row("Project", "A", g1)
    lab.link(project, dataset, "A")
    for _ in range(5):
        image = lab.image("A", g1, instrument=lab.row("Instrument", "A", g1),
                          fileset=lab.fileset("A", g1))  # fmt: skip
        lab.link(dataset, image, "A")
        lab.roi(image, "A")
        lab.annotate(image, "TagAnnotation", "B")
    request = OperationRequest("move_to_group", (str(dataset),), group=f"Group:{g2}")
    desk = Desk(lab.database, lab.storage, lab.settings, lab.principal("A"))

    with counted_statements() as count:
        begin(desk, request, dry_run=True, key=None)

    assert len(count) < MOST_FOR_A_DRY_RUN, count.statements
