"""`pathsTo`: every way to an object, and cursors that really open the page that holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.models.annotations import NS_TAG_SET

if TYPE_CHECKING:
    from tests.support.browsing import World

PATHS = """query ($id: ID!, $size: Int! = 3, $order: PathOrder! = ID) {
  pathsTo(id: $id, pageSize: $size, orderBy: $order) { length
    steps { index cursor object { id ... on Owned { owner { id } group { id } } } } } }"""


def paths(world: World, login: str, ref: str, **options: Any) -> list[list[dict[str, Any]]]:
    found = world.data(login, PATHS, id=ref, **options)["pathsTo"]
    assert all(len(path["steps"]) == path["length"] for path in found)
    return [path["steps"] for path in found]


def ids(path: list[dict[str, Any]]) -> list[str]:
    return [step["object"]["id"] for step in path]


def opened(
    world: World, step: dict[str, Any], holder: str | None, field: str, size: int, order: str
) -> list[str]:
    """The page of the list that a client opens with the step's cursor."""
    ordering = {"ID": "", "NAME": "orderBy: [{field: NAME}],"}[order]
    if holder is not None:
        kind = holder.split(":")[0]
        asked = f"""query ($holder: ID!, $size: Int!, $after: String) {{ node(id: $holder) {{
          ... on {kind} {{ list: {field}({ordering} first: $size, after: $after) {{
            nodes {{ id }} }} }} }} }}"""
        found = world.data("ada", asked, holder=holder, size=size, after=step["cursor"])["node"]
        return [node["id"] for node in found["list"]["nodes"]]
    owner, group = step["object"]["owner"]["id"], step["object"]["group"]["id"]
    orphans = "orphaned: true," if field in {"datasets", "images", "plates"} else ""
    asked = f"""query ($size: Int!, $after: String, $owner: ID!, $group: ID!) {{
      list: {field}(where: {{{orphans} group: $group, owner: $owner}}, {ordering} first: $size,
        after: $after) {{ nodes {{ id }} }} }}"""
    found = world.data(
        "ada", asked, size=size, after=step["cursor"], owner=owner, group=group
    )  # fmt: skip
    return [node["id"] for node in found["list"]["nodes"]]


@pytest.mark.parametrize("order", ["ID", "NAME"])
@pytest.mark.parametrize("size", [1, 3, 50])
def test_cursors_open_the_page_that_holds_the_object(world: World, size: int, order: str) -> None:
    projects = [world.row("Project", "ada", "lab", name=f"p{9 - n}") for n in range(5)]
    datasets = [world.row("Dataset", "ada", "lab", name=f"d{9 - n}") for n in range(7)]
    images = [world.row("Image", "ben", "lab", name=f"i{9 - n}") for n in range(8)]
    for dataset in datasets[:6]:
        world.link("ProjectDatasetLink", projects[2], dataset, "ada", "lab")
    world.link("ProjectDatasetLink", projects[4], datasets[3], "ben", "lab")
    world.link("ProjectDatasetLink", projects[4], datasets[3], "ada", "lab")
    for image in images:
        for dataset in (datasets[3], datasets[6]):
            world.link("DatasetImageLink", dataset, image, "ada", "lab")
    found = paths(world, "ada", f"Image:{images[4]}", size=size, order=order)
    assert sorted(map(ids, found)) == sorted(
        [
            [f"Project:{projects[2]}", f"Dataset:{datasets[3]}", f"Image:{images[4]}"],
            [f"Project:{projects[4]}", f"Dataset:{datasets[3]}", f"Image:{images[4]}"],
            [f"Dataset:{datasets[6]}", f"Image:{images[4]}"],
        ]
    )
    fields = {"Project": "projects", "Dataset": "datasets", "Image": "images"}
    for path in found:
        holder = None
        for step in path:
            name = step["object"]["id"]
            page = opened(world, step, holder, fields[name.split(":")[0]], size, order)
            assert name in page
            assert page.index(name) == step["index"] % size
            assert (step["cursor"] is None) == (step["index"] < size)
            holder = name


def test_a_field_of_a_plate_is_reached_through_well_and_run(world: World) -> None:
    screen = world.row("Screen", "ada", "lab", name="s")
    plate = world.row("Plate", "ada", "lab", name="p")
    world.link("ScreenPlateLink", screen, plate, "ada", "lab")
    run = world.row("PlateAcquisition", "ada", "lab", plate_id=plate)
    well = world.row("Well", "ada", "lab", plate_id=plate, row=0, column=0)
    image = world.row("Image", "ada", "lab", name="i")
    sample = world.row(
        "WellSample", "ada", "lab", well_id=well, image_id=image, plate_acquisition_id=run
    )
    roi = world.row("Roi", "ada", "lab", image_id=image)
    found = [ids(path) for path in paths(world, "ben", f"Roi:{roi}")]
    start, end = [f"Screen:{screen}", f"Plate:{plate}"], [
        f"WellSample:{sample}", f"Image:{image}", f"Roi:{roi}",
    ]  # fmt: skip
    assert sorted(found) == sorted(
        [[*start, f"PlateAcquisition:{run}", *end], [*start, f"Well:{well}", *end]]
    )
    (path,) = paths(world, "ben", f"Run:{run}")
    assert ids(path) == [*start, f"PlateAcquisition:{run}"]


def test_folders_and_tag_sets_are_trees(world: World) -> None:
    top = world.row("Folder", "ada", "lab", name="top")
    middle = world.row("Folder", "ada", "lab", name="middle", parent_folder_id=top)
    low = world.row("Folder", "ada", "lab", name="low", parent_folder_id=middle)
    (path,) = paths(world, "ada", f"Folder:{low}")
    assert ids(path) == [f"Folder:{top}", f"Folder:{middle}", f"Folder:{low}"]
    tag_set = world.row(
        "Annotation", "ada", "lab", class_name="TagAnnotation", namespace=NS_TAG_SET,
        text_value="s", text_key="s",
    )  # fmt: skip
    plain = world.row("Annotation", "ada", "lab", class_name="TagAnnotation", text_value="x")
    tag = world.row(
        "Annotation", "ada", "lab", class_name="TagAnnotation", text_value="t", text_key="t"
    )
    for holder in (tag_set, plain):
        world.link("AnnotationAnnotationLink", holder, tag, "ada", "lab")
    (path,) = paths(world, "ada", f"TagAnnotation:{tag}", size=1, order="NAME")
    assert ids(path) == [f"TagAnnotation:{tag_set}", f"TagAnnotation:{tag}"]
    assert path[1]["index"] == 0


def test_an_orphan_is_its_own_path(world: World) -> None:
    hidden = world.row("Dataset", "dora", "elsewhere", name="hidden")
    image = world.row("Image", "ada", "lab", name="i")
    world.link("DatasetImageLink", hidden, image, "ada", "lab")
    (path,) = paths(world, "ada", f"Image:{image}")
    assert ids(path) == [f"Image:{image}"]
    assert path[0]["index"] == 0


def test_hidden_and_unknown_objects_have_no_path_after_the_same_statements(world: World) -> None:
    image = world.row("Image", "ada", "secret", name="i")
    dataset = world.row("Dataset", "ada", "secret", name="d")
    world.link("DatasetImageLink", dataset, image, "ada", "secret")
    answers = [
        world.ask("ben", PATHS, id=ref)
        for ref in (f"Image:{image}", "Image:98765", "Nonsense:1", "x", "User:1", "PlateGrid:1")
    ]
    assert all(answer.data == {"pathsTo": []} for answer in answers)
    assert {len(answer.statements) for answer in answers} == {1}
    assert len(paths(world, "cleo", f"Image:{image}")) == 1


def test_pages_that_cannot_be_are_refused(world: World) -> None:
    image = world.row("Image", "ada", "lab", name="i")
    for size in (0, -1, 1_001):
        assert world.ask("ada", PATHS, id=f"Image:{image}", size=size).errors
