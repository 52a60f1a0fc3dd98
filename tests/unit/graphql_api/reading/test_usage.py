"""`diskUsage`: imported and attached files of what is seen, each counted once, in one statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.models.images import FilesetEntry
from tests.support.people import make_part

if TYPE_CHECKING:
    from tests.support.browsing import World

USAGE = """query ($targets: [ID!], $by: DiskUsageBy) { diskUsage(targets: $targets, by: $by) {
  user { login } group { name } type bytes fileCount } }"""


def imported(world: World, owner: str, group: str, *sizes: int) -> tuple[int, list[int]]:
    """A fileset with two images and files of these sizes."""
    fileset = world.row("Fileset", owner, group)
    for position, size in enumerate(sizes):
        file = world.row("OriginalFile", owner, group, name="f", size=size)
        with world.database.write() as connection:
            make_part(
                connection, FilesetEntry, fileset_id=fileset, original_file_id=file,
                position=position, client_path="f",
            )  # fmt: skip
    images = [world.row("Image", owner, group, name=str(n), fileset_id=fileset) for n in range(2)]
    return fileset, images


def attached(world: World, kind: str, target: int, owner: str, group: str, size: int) -> int:
    file = world.row("OriginalFile", owner, group, name="a", size=size)
    note = world.row("Annotation", owner, group, class_name="FileAnnotation", file_id=file)
    world.link(kind, target, note, owner, group)
    return note


def usage(world: World, login: str, targets: list[str] | None = None, by: str | None = None) -> Any:
    answer = world.ask(login, USAGE, targets=targets, by=by)
    assert not answer.errors, answer.errors
    return [
        (
            (row["user"] or row["group"] or {"login": row["type"]}).popitem()[1],
            int(row["bytes"]),
            row["fileCount"],
        )
        for row in answer.data["diskUsage"]
    ]


def test_a_container_takes_what_lies_in_it_at_any_depth(world: World) -> None:
    project = world.row("Project", "ada", "lab", name="p")
    dataset = world.row("Dataset", "ada", "lab", name="d")
    world.link("ProjectDatasetLink", project, dataset, "ada", "lab")
    fileset, images = imported(world, "ada", "lab", 100, 20)
    for image in images:
        world.link("DatasetImageLink", dataset, image, "ada", "lab")
    attached(world, "ImageAnnotationLink", images[0], "ben", "lab", 3)
    note = attached(world, "DatasetAnnotationLink", dataset, "ben", "lab", 5)
    world.link("ProjectAnnotationLink", project, note, "ada", "lab")
    attached(world, "FilesetAnnotationLink", fileset, "ada", "lab", 7)
    imported(world, "ben", "lab", 1_000)
    for target in (f"Project:{project}", f"Dataset:{dataset}"):
        assert usage(world, "ben", [target]) == [(None, 135, 5)]
    assert usage(world, "ben", [f"Project:{project}"], "TYPE") == [
        ("Fileset", 120, 2),
        ("FileAnnotation", 15, 3),
    ]
    assert usage(world, "ben", [f"Project:{project}"], "USER") == [("ada", 127, 3), ("ben", 8, 2)]
    assert usage(world, "ben", [f"Image:{images[1]}"]) == [(None, 127, 3)]
    assert usage(world, "ben", [f"Fileset:{fileset}", f"Image:{images[0]}"]) == [(None, 130, 4)]
    assert usage(world, "ben", [f"FileAnnotation:{note}"]) == [(None, 5, 1)]
    assert usage(world, "ben") == [(None, 1_135, 6)]
    assert usage(world, "ben", [f"User:{world.people['ben']}"]) == [(None, 1_008, 3)]


def test_what_is_hidden_takes_no_room(world: World) -> None:
    dataset = world.row("Dataset", "ada", "secret", name="d")
    _, images = imported(world, "ada", "secret", 50)
    world.link("DatasetImageLink", dataset, images[0], "ada", "secret")
    group = f"Group:{world.groups['secret']}"
    assert usage(world, "cleo", [f"Dataset:{dataset}"], "GROUP") == [("secret", 50, 1)]
    assert usage(world, "cleo", [group]) == [(None, 50, 1)]
    hidden = [
        world.ask("ben", USAGE, targets=[ref], by=by)
        for ref in (f"Dataset:{dataset}", "Dataset:98765", group, "nonsense")
        for by in (None, "USER", "GROUP", "TYPE")
    ]
    assert all(answer.data == {"diskUsage": []} for answer in hidden)
    assert {len(answer.statements) for answer in hidden} == {1}


def test_an_empty_list_of_targets_is_nothing(world: World) -> None:
    imported(world, "ada", "lab", 50)
    assert usage(world, "ada", []) == []
    assert world.ask("ada", USAGE, targets=["Image:1"] * 1_001).errors
