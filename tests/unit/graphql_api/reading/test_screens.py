"""The screens of a browser of images: each is one query, within the limits, in few statements.

The documents are the examples that others start from; what they take does not grow with rows.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.whole_graph import fill

if TYPE_CHECKING:
    from tests.support.browsing import World
    from tests.support.graphql_client import GraphQLClient

SCREENS = Path(__file__).parents[4] / "examples" / "screens"
STATEMENTS = {
    "switcher": 13,
    "tree": 13,
    "images_of_dataset": 9,
    "project": 6,
    "screen": 5,
    "orphaned_images": 2,
    "plate": 8,
    "image_general": 19,
    "image_acquisition": 20,
    "image_viewer": 9,
    "tag_tree": 9,
    "tagged": 6,
    "selection": 12,
    "show": 50,  # an image in folders, datasets and wells: every class of holder with its owner
    "history": 5,
}
"""The most that each screen takes, for the person who sees it with all parts filled."""


def test_every_screen_is_measured() -> None:
    assert {path.stem for path in SCREENS.glob("*.graphql")} == set(STATEMENTS)


@pytest.mark.asyncio
async def test_each_screen_is_one_query_of_few_statements(world: World, api: GraphQLClient) -> None:
    made = fill(world, rows=3)
    ada, lab = world.people["ada"], world.groups["lab"]
    variables: dict[str, Any] = {
        "owner": f"User:{ada}",
        "group": f"Group:{lab}",
        "dataset": f"Dataset:{made['Dataset'][0]}",
        "project": f"Project:{made['Project'][0]}",
        "screen": f"Screen:{made['Screen'][0]}",
        "image": f"Image:{made['Image'][0]}",
        "plate": f"Plate:{made['Plate'][0]}",
        "run": f"PlateAcquisition:{made['PlateAcquisition'][0]}",
        "tag": f"TagAnnotation:{made['Annotation'][0]}",
        "id": f"Image:{made['Image'][0]}",
        "targets": [f"Image:{number}" for number in made["Image"][:3]],
    }
    found: dict[str, int] = {}
    for path in sorted(SCREENS.glob("*.graphql")):
        answer = await api.run(path.read_text(), variables, user=ada)
        assert "errors" not in answer, (path.stem, answer["errors"])
        assert answer["extensions"]["cost"]["actual"] >= 0
        found[path.stem] = answer["extensions"]["statements"]
        assert any(answer["data"].values()), path.stem
    assert {name: count for name, count in found.items() if count > STATEMENTS[name]} == {}
