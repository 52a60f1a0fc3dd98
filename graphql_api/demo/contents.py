"""What each user of the demo has: containers with the imports that fill them."""

from __future__ import annotations

from dataclasses import dataclass

from graphql_api.demo.sources import STACKS


@dataclass(frozen=True, slots=True)
class Filling:
    """A dataset (or, without one, images laid under a plate) and the files imported into it."""

    group: str
    project: str | None
    dataset: str | None
    files: tuple[str, ...]


def _files(name: str) -> tuple[str, ...]:
    return tuple(stack.file for stack in STACKS[name])


FULL_GROUP = "Lab1"
PLATE_FILE = "plate.ome.tif"
AURORA_DATASET = "Aurora-B siRNA"

FULL_SET = (
    Filling(FULL_GROUP, "Cell cycle", "Mitosis", _files("mitosis")),
    Filling(FULL_GROUP, "Cell cycle", AURORA_DATASET, _files("aurora")),
    Filling(FULL_GROUP, "Pathology", "Biopsies", ("biopsy.ome.tif",)),
    Filling(FULL_GROUP, None, None, (PLATE_FILE,)),
)
SMALL_SETS = tuple(
    filling
    for group in ("read-annotate-group", "read-only-group")
    for filling in (
        Filling(group, "Cells", "Cells at rest", _files("small")),
        Filling(group, "Nuclei", "Nuclei in division", _files("small-two")),
    )
)


def fillings() -> tuple[Filling, ...]:
    """All that one user gets, the full set first."""
    return FULL_SET + SMALL_SETS
