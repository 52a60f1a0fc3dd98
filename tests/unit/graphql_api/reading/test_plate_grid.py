"""A plate's grid: labels, fields per well and run, pictures; one query, constant statements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from graphql_api.schema.types.plate_grid import label_of

if TYPE_CHECKING:
    from tests.support.browsing import World

GRID = """query ($plate: ID!, $run: ID, $field: Int! = 0) { node(id: $plate) { ... on Plate {
  grid(run: $run, field: $field) { rows columns rowLabels columnLabels field fieldCount
    run { label } cells { row column label fieldCount thumbnailUrl(size: 64)
      well { id status viewerCan { update } } wellSample { id positionX { value } }
      image { id name } } } } } }"""


@pytest.mark.parametrize(
    ("index", "convention", "label"),
    [
        (0, "letter", "A"), (25, "letter", "Z"), (26, "letter", "AA"), (701, "letter", "ZZ"),
        (702, "letter", "AAA"), (0, "number", "1"), (11, "number", "12"),
    ],
)  # fmt: skip
def test_labels_follow_the_convention(index: int, convention: str, label: str) -> None:
    assert label_of(index, convention) == label


def plate(world: World, owner: str = "ada", group: str = "lab", **values: Any) -> int:
    return world.row("Plate", owner, group, name="p", **values)


def well(world: World, plate: int, place: tuple[int, int], *runs: int | None) -> list[int]:
    """A well with one field per run given; answers the images."""
    number = world.row("Well", "ada", "lab", plate_id=plate, row=place[0], column=place[1])
    images = []
    for position, run in enumerate(runs):
        image = world.row("Image", "ada", "lab", name=f"{place} {position}")
        world.row("Pixels", "ada", "lab", image_id=image)
        world.row(
            "WellSample", "ada", "lab", well_id=number, image_id=image, position=position,
            plate_acquisition_id=run, position_x=1.5,
        )  # fmt: skip
        images.append(image)
    return images


def test_a_grid_shows_one_field_of_each_well(world: World) -> None:
    number = plate(world, columns=3)
    runs = [world.row("PlateAcquisition", "ada", "lab", plate_id=number) for _ in range(2)]
    first = well(world, number, (0, 0), runs[0], runs[0], runs[1])
    second = well(world, number, (2, 1), runs[0])
    empty = well(world, number, (1, 0))
    assert empty == []
    answer = world.ask("ben", GRID, plate=f"Plate:{number}")
    assert not answer.errors
    grid = answer.data["node"]["grid"]
    assert (grid["rows"], grid["columns"], grid["fieldCount"]) == (3, 3, 3)
    assert (grid["rowLabels"], grid["columnLabels"]) == (["A", "B", "C"], ["1", "2", "3"])
    assert grid["run"] is None
    cells = {cell["label"]: cell for cell in grid["cells"]}
    assert [cell["label"] for cell in grid["cells"]] == ["A1", "B1", "C2"]
    assert cells["A1"]["image"] == {"id": f"Image:{first[0]}", "name": "(0, 0) 0"}
    one = world.data(
        "ben", "query ($id: ID!) { node(id: $id) { ... on Image { thumbnailUrl(size: 64) } } }",
        id=f"Image:{first[0]}",
    )["node"]["thumbnailUrl"]  # fmt: skip
    end = f"/thumbnails/Image:{first[0]}?size=64&v=1-0"
    assert cells["A1"]["thumbnailUrl"].endswith(end)
    assert one.endswith(end)
    assert cells["A1"]["fieldCount"] == 3
    assert cells["A1"]["wellSample"]["positionX"] == {"value": 1.5}
    assert cells["C2"]["image"]["id"] == f"Image:{second[0]}"
    assert cells["B1"] | {"well": None} == {
        "row": 1, "column": 0, "label": "B1", "fieldCount": 0, "thumbnailUrl": None, "well": None,
        "wellSample": None, "image": None,
    }  # fmt: skip
    # plate, extents, cells, wells, samples, images
    assert len(answer.statements) == 6
    for place in range(3, 12):
        well(world, number, (place, 2), runs[0])
    assert len(world.ask("ben", GRID, plate=f"Plate:{number}").statements) == 6


def test_fields_are_counted_within_the_run(world: World) -> None:
    number = plate(world, row_naming_convention="number", column_naming_convention="letter")
    runs = [world.row("PlateAcquisition", "ada", "lab", plate_id=number) for _ in range(2)]
    images = well(world, number, (0, 1), runs[0], runs[1], runs[1])

    def shown(**wanted: Any) -> Any:
        return world.data("ada", GRID, plate=f"Plate:{number}", **wanted)["node"]["grid"]

    grid = shown(run=f"PlateAcquisition:{runs[1]}", field=1)
    assert grid["run"] == {"label": f"Run {runs[1]}"}
    assert (grid["field"], grid["fieldCount"]) == (1, 2)
    (cell,) = grid["cells"]
    assert cell["label"] == "1B"
    assert cell["image"]["id"] == f"Image:{images[2]}"
    assert shown(run=f"Run:{runs[0]}")["cells"][0]["image"]["id"] == f"Image:{images[0]}"
    assert shown(field=2)["cells"][0]["image"]["id"] == f"Image:{images[2]}"
    assert shown(field=3)["cells"][0]["image"] is None
    for unknown in ("PlateAcquisition:98765", "Image:1", "nonsense"):
        grid = shown(run=unknown)
        assert grid["run"] is None
        assert grid["cells"][0]["image"] is None


def test_a_field_that_cannot_be_is_refused(world: World) -> None:
    number = plate(world)
    answer = world.ask("ada", GRID, plate=f"Plate:{number}", field=-1)
    assert "Fields count from 0" in str(answer.errors[0]) or "cannot be -1" in str(answer.errors[0])


def test_images_that_are_hidden_show_no_picture(world: World) -> None:
    number = plate(world)
    cell = world.row("Well", "ada", "lab", plate_id=number, row=0, column=0)
    hidden = world.row("Image", "dora", "elsewhere", name="hidden")
    world.row("Pixels", "dora", "elsewhere", image_id=hidden)
    world.row("WellSample", "ada", "lab", well_id=cell, image_id=hidden, position=0)
    grid = world.data("ada", GRID, plate=f"Plate:{number}")["node"]["grid"]
    assert grid["cells"][0]["image"] is None
    assert grid["cells"][0]["thumbnailUrl"] is None


def test_several_plates_take_no_more_statements(world: World) -> None:
    for _ in range(3):
        well(world, plate(world), (0, 0), None)
    asked = "{ plates { nodes { grid { cells { label image { name } } } } } }"
    answer = world.ask("ada", asked)
    assert [len(node["grid"]["cells"]) for node in answer.data["plates"]["nodes"]] == [1, 1, 1]
    assert len(answer.statements) == 4
