"""Tables of pairs and files of ROIs: statements follow neither the rows nor the shapes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.database import Database
from shared.models.people import GroupPermissions
from shared.settings import Settings
from tests.support.browsing import World

ROIS = """
mutation($input: ImportRoisInput!) { importRois(input: $input) {
  roiCount errors { __typename path } } }
"""
PAIRS = """
mutation($input: ImportKeyValuesInput!) { importKeyValues(input: $input) {
  objectCount unmatchedCount errors { __typename path } } }
"""


@pytest.fixture
def world(database: Database, settings: Settings) -> World:
    found = World(database, settings)
    found.person("ada")
    found.group("lab", GroupPermissions.READ_ANNOTATE, ("ada",))
    return found


def test_statements_of_an_import_of_rois_follow_its_thousands(world: World) -> None:
    counts = []
    for number in (3, 900, 2_100):
        image = world.row("Image", "ada", "lab")
        world.row("Pixels", "ada", "lab", image_id=image)
        features: list[dict[str, Any]] = [
            {
                "type": "Feature",
                "properties": {},
                "geometry": {
                    "type": "Polygon",
                    "coordinates": [[[n, 0], [n + 9, 0], [n, 9], [n, 0]]],
                },
            }
            for n in range(number)
        ]
        given = {"image": f"Image:{image}", "source": {"text": json.dumps(features)}}
        answer = world.ask("ada", ROIS, input=given)
        assert answer.data["importRois"] == {"roiCount": number, "errors": []}
        counts.append(len(answer.statements))
    assert counts[0] == counts[1]
    assert counts[2] <= counts[0] + 3


def test_statements_of_a_table_do_not_depend_on_its_rows(world: World) -> None:
    counts = []
    for number in (2, 60):
        dataset = world.row("Dataset", "ada", "lab")
        for place in range(number):
            image = world.row("Image", "ada", "lab", name=f"{number}-{place}")
            world.link("DatasetImageLink", dataset, image, "ada", "lab")
        rows = "".join(f"{number}-{place},a,b\n" for place in range(number))
        given = {"within": [f"Dataset:{dataset}"], "source": {"csv": f"Image,k,l\n{rows}"}}
        answer = world.ask("ada", PAIRS, input=given)
        assert answer.data["importKeyValues"]["objectCount"] == number
        counts.append(len(answer.statements))
    assert counts[0] == counts[1]
