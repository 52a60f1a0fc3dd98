"""What can hold what, upwards: the steps from an object to its containers, compiled to SQL.

Every container on the way must be visible to the caller, the one asked about included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import CTE, ColumnElement, Select, and_, select

from shared.auth.select import visible
from shared.database import POSTGRESQL
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
        joined = link.join(container, container.c.id == link.c.parent_id)
        held = and_(link.c.child_id == scope.table.c.id, link.c.trash_id.is_(None))
        return found.select_from(joined).where(held).exists()
    if step.reverse is not None:
        return found.where(container.c[step.reverse] == scope.table.c.id).exists()
    return found.where(container.c.id == scope.table.c[step.column]).exists()


@dataclass(frozen=True, slots=True)
class Holders:
    """Containers of one class, by their numbers."""

    class_name: str
    ids: tuple[int, ...]


def ids_within(
    principal: Principal, class_name: str, holders: Holders, *, apart: bool = False
) -> CTE | None:
    """Ids of all objects of a class that lie in these at any depth; None when none ever can.

    A table expression for each step downwards from them. So the database plans a chain of small
    look-ups, each of them once, however many scopes and paths ask for them; flat joins of a dozen
    tables cost it more to plan than to answer. `apart` forbids PostgreSQL to join them again.
    """
    if class_name == holders.class_name:
        return _below(principal, holders) if _tree_step(class_name) is not None else None
    found: dict[tuple[Step, ...], CTE] = {}
    ends = [
        _along(principal, class_name, path, holders, found, apart=apart)
        for path in _paths(class_name, holders.class_name)
    ]
    if not ends:
        return None
    first, *rest = [select(end.c.id) for end in ends]
    return _expression(first.union(*rest), apart=apart) if rest else ends[0]


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
    principal: Principal,
    class_name: str,
    path: tuple[Step, ...],
    holders: Holders,
    found: dict[tuple[Step, ...], CTE],
    *,
    apart: bool,
) -> CTE:
    """Ids of objects of `class_name` that hang on these by this chain of steps upwards.

    `found` keeps the beginnings that chains share. Whether the objects themselves are visible is
    left to whoever uses their ids; the containers on the way must be.
    """
    if path not in found:
        step, *further = path
        above = (
            _along(principal, step.class_name, tuple(further), holders, found, apart=apart)
            if further
            else _top(principal, holders)
        )
        found[path] = _expression(_down(principal, class_name, step, above), apart=apart)
    return found[path]


def _expression(statement: Any, *, apart: bool) -> CTE:
    found: CTE = statement.cte()
    return found.prefix_with("MATERIALIZED", dialect=POSTGRESQL) if apart else found


def _down(principal: Principal, class_name: str, step: Step, above: CTE) -> Select[Any]:
    """One step downwards: ids of the objects that hang on the visible ones of `above`."""
    container: Any = MODELS[step.class_name].__table__.alias()
    holds = and_(container.c.id.in_(select(above.c.id)), visible(principal, container))
    if step.reverse is not None:
        column = container.c[step.reverse]
        return select(column.label("id")).where(holds, column.is_not(None))
    seen = container.c.id
    if step.link is not None:
        link: Any = MODELS[step.link].__table__.alias()
        held = link.c.parent_id.in_(select(seen).where(holds))
        return select(link.c.child_id.label("id")).where(held, link.c.trash_id.is_(None))
    own: Any = MODELS[class_name].__table__.alias()
    return select(own.c.id).where(own.c[step.column].in_(select(seen).where(holds)))


def _top(principal: Principal, holders: Holders) -> CTE:
    """The containers asked about, with what lies below them in a tree of their own class."""
    if _tree_step(holders.class_name) is not None:
        return _below(principal, holders, itself=True)
    table: Any = MODELS[holders.class_name].__table__.alias()
    return select(table.c.id).where(table.c.id.in_(holders.ids)).cte()


def _tree_step(class_name: str) -> Step | None:
    steps = PARENTS.get(class_name, ())
    return next((step for step in steps if step.class_name == class_name), None)


def _below(principal: Principal, holders: Holders, *, itself: bool = False) -> CTE:
    """Descendants in a tree of one class, such as folders in folders."""
    step = _tree_step(holders.class_name)
    assert step is not None
    top: Any = MODELS[holders.class_name].__table__.alias()
    tops = select(top.c.id).where(top.c.id.in_(holders.ids), visible(principal, top))
    tree = tops.cte(recursive=True)
    table: Any = MODELS[holders.class_name].__table__.alias()
    deeper = select(table.c.id).where(table.c[step.column] == tree.c.id, visible(principal, table))
    tree = tree.union(deeper)
    return tree if itself else select(tree.c.id).where(tree.c.id.not_in(holders.ids)).cte()
