"""Original metadata: in pages and sections, read once for all images of a fileset."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.browsing import World

PAIRS = """query ($id: ID!, $section: MetadataSection, $contains: String, $first: Int,
    $after: String) { node(id: $id) { ... on Image { originalMetadataUrl
  originalMetadataPairs(section: $section, contains: $contains, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } nodes { section key value } } } } }"""


def told(world: World) -> list[int]:
    """A fileset of two images with metadata of all and of each."""
    folder = world.settings.data_dir / "derived"
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "global": [["Maker", "Zeiss"], ["Lens", "Plan 63x"]],
        "series": {"0": [["Stage", "1"]], "1": [["Stage", "2"], ["Straße", "x"]]},
    }
    (folder / "metadata.json").write_text(json.dumps(content))
    fileset = world.row("Fileset", "ada", "lab", metadata_file="derived/metadata.json")
    return [
        world.row("Image", "ada", "lab", name="i", fileset_id=fileset, series=n) for n in range(2)
    ]


def pairs(world: World, image: int, **options: Any) -> Any:
    found = world.data("ben", PAIRS, id=f"Image:{image}", **options)["node"]
    return found["originalMetadataPairs"]


def test_pairs_come_by_section_and_word(world: World) -> None:
    first, second = told(world)
    assert [n["value"] for n in pairs(world, first)["nodes"]] == ["Zeiss", "Plan 63x", "1"]
    assert [n["value"] for n in pairs(world, second, section="SERIES")["nodes"]] == ["2", "x"]
    assert pairs(world, second, contains="STRASSE")["nodes"] == [
        {"section": "SERIES", "key": "Straße", "value": "x"}
    ]
    assert pairs(world, first, section="GLOBAL", contains="plan")["totalCount"] == 1


def test_pairs_come_in_pages(world: World) -> None:
    _, image = told(world)
    page = pairs(world, image, first=3)
    assert page["totalCount"] == 4
    assert page["pageInfo"]["hasNextPage"] is True
    rest = pairs(world, image, first=3, after=page["pageInfo"]["endCursor"])
    assert [node["key"] for node in rest["nodes"]] == ["Straße"]
    assert rest["pageInfo"]["hasNextPage"] is False
    assert world.ask("ben", PAIRS, id=f"Image:{image}", after="x").errors
    assert world.ask("ben", PAIRS, id=f"Image:{image}", first=1_001).errors


def test_images_without_metadata_have_none(world: World) -> None:
    image = world.row("Image", "ada", "lab", name="i")
    assert pairs(world, image)["nodes"] == []
    url = world.data("ben", PAIRS, id=f"Image:{image}")["node"]["originalMetadataUrl"]
    assert url is None
    url = world.data("ben", PAIRS, id=f"Image:{told(world)[0]}")["node"]["originalMetadataUrl"]
    assert url.endswith("/metadata.txt")
