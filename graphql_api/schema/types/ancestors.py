"""What can hold what, upwards: the steps from an object to its containers, compiled to SQL.

Every container on the way must be visible to the caller, the one asked about included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, and_, select

from shared.auth.select import visible
from shared.models import MODELS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graphql_api.compiler.scope import Scope
    from shared.auth.principal import Principal


@dataclass(frozen=True, slots=True)
class Step:
    """One step upwards, to a container of `class_name`.

    By a link table, by a column of ours (`column`), or by a column of the container (`reverse`).
    """

    class_name: str
    link: str | None = None
    column: str | None = None
    reverse: str | None = None


PARENTS: dict[str, tuple[Step, ...]] = {
    "Dataset": (Step("Project", link="ProjectDatasetLink"),),
    "Image": (
        Step("Dataset", link="DatasetImageLink"),
        Step("Folder", link="FolderImageLink"),
        Step("WellSample", reverse="image_id"),
        Step("Fileset", column="fileset_id"),
    ),
    "Plate": (Step("Screen", link="ScreenPlateLink"),),
    "PlateAcquisition": (Step("Plate", column="plate_id"),),
    "Well": (Step("Plate", column="plate_id"),),
    "WellSample": (
        Step("Well", column="well_id"),
        Step("PlateAcquisition", column="plate_acquisition_id"),
    ),
    "Folder": (Step("Folder", column="parent_folder_id"),),
}


def parent_exists(scope: Scope, step: Step) -> ColumnElement[bool]:
    """Some container that the caller sees holds our row by this step."""
    container: Any = MODELS[step.class_name].__table__.alias()
    found = select(container.c.id).where(visible(scope.principal, container))
    if step.link is not None:
        link: Any = MODELS[step.link].__table__.alias()
        held = and_(link.c.child_id == scope.table.c.id, link.c.parent_id == container.c.id)
        return found.where(held, link.c.trash_id.is_(None)).exists()
    if step.reverse is not None:
        return found.where(container.c[step.reverse] == scope.table.c.id).exists()
    return found.where(container.c.id == scope.table.c[step.column]).exists()


@dataclass(frozen=True, slots=True)
class Holders:
    """Containers of one class, by their numbers."""

    class_name: str
    ids: tuple[int, ...]


def ids_within(principal: Principal, class_name: str, holders: Holders) -> Any | None:
    """Ids of all objects of a class that lie in these at any depth; None when none ever can."""
    if class_name == holders.class_name:
        return _below(principal, holders) if _tree_step(class_name) is not None else None
    found = [
        _along(principal, class_name, path, holders)
        for path in _paths(class_name, holders.class_name)
    ]
    if not found:
        return None
    first, *rest = found
    return first.union(*rest) if rest else first


def _paths(class_name: str, target: str) -> Iterator[tuple[Step, ...]]:
    """All chains of steps from a class up to another."""
    for step in PARENTS.get(class_name, ()):
        if step.class_name == class_name:
            continue
        if step.class_name == target:
            yield (step,)
        for rest in _paths(step.class_name, target):
            yield (step, *rest)


def _along(
    principal: Principal, class_name: str, path: tuple[Step, ...], holders: Holders
) -> Select[Any]:
    """Ids of objects that hang on these by this chain: flat joins, which SQLite parses."""
    own: Any = MODELS[class_name].__table__.alias()
    clause, below = own, own
    conditions: list[ColumnElement[bool]] = []
    for step in path:
        container: Any = MODELS[step.class_name].__table__.alias()
        if step.link is not None:
            link: Any = MODELS[step.link].__table__.alias()
            clause = clause.join(link, link.c.child_id == below.c.id)
            clause = clause.join(container, container.c.id == link.c.parent_id)
            conditions.append(link.c.trash_id.is_(None))
        elif step.reverse is not None:
            clause = clause.join(container, container.c[step.reverse] == below.c.id)
        else:
            clause = clause.join(container, container.c.id == below.c[step.column])
        conditions.append(visible(principal, container))
        below = container
    if _tree_step(holders.class_name) is None:
        conditions.append(below.c.id.in_(holders.ids))
    else:
        conditions.append(below.c.id.in_(_below(principal, holders, itself=True)))
    return select(own.c.id).select_from(clause).where(*conditions)


def _tree_step(class_name: str) -> Step | None:
    steps = PARENTS.get(class_name, ())
    return next((step for step in steps if step.class_name == class_name), None)


def _below(principal: Principal, holders: Holders, *, itself: bool = False) -> Select[Any]:
    """Descendants in a tree of one class, such as folders in folders."""
    step = _tree_step(holders.class_name)
    assert step is not None
    top: Any = MODELS[holders.class_name].__table__.alias()
    tops = select(top.c.id).where(top.c.id.in_(holders.ids), visible(principal, top))
    tree = tops.cte(recursive=True)
    table: Any = MODELS[holders.class_name].__table__.alias()
    deeper = select(table.c.id).where(table.c[step.column] == tree.c.id, visible(principal, table))
    tree = tree.union(deeper)
    return select(tree.c.id) if itself else select(tree.c.id).where(tree.c.id.not_in(holders.ids))
