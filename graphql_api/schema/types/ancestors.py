"""What can hold what, upwards: the steps from an object to its containers, compiled to SQL.

Every container on the way must be visible to the caller, the one asked about included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, and_, select

from shared.auth.select import visible
from shared.models import MODELS
from shared.models.links import LINKS

if TYPE_CHECKING:
    from graphql_api.compiler.scope import Scope
    from shared.auth.principal import Principal
    from shared.refs import ObjectRef


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
        link: Any = LINKS[step.link].model.__table__.alias()
        held = and_(link.c.child_id == scope.table.c.id, link.c.parent_id == container.c.id)
        return found.where(held, link.c.trash_id.is_(None)).exists()
    if step.reverse is not None:
        return found.where(container.c[step.reverse] == scope.table.c.id).exists()
    return found.where(container.c.id == scope.table.c[step.column]).exists()


def ids_within(principal: Principal, class_name: str, ref: ObjectRef) -> Select[Any] | None:
    """Ids of all objects of a class that lie in `ref` at any depth; None when none ever can."""
    found = [
        under
        for step in PARENTS.get(class_name, ())
        if (under := _under(principal, class_name, step, ref)) is not None
    ]
    if not found:
        return None
    first, *rest = found
    if not rest:
        return first
    merged = first.union(*rest).subquery()
    return select(merged.c[0])


def _under(
    principal: Principal, class_name: str, step: Step, ref: ObjectRef
) -> Select[Any] | None:
    """Ids of objects that hang by this step on `ref`, or on something that lies in it."""
    if step.class_name == class_name:
        return _tree(principal, class_name, step, ref)
    containers: list[Any] = []
    if step.class_name == ref.class_name:
        containers.append(_itself(principal, ref))
    above = ids_within(principal, step.class_name, ref)
    if above is not None:
        containers.append(_seen(principal, step.class_name, above))
    if not containers:
        return None
    first, *rest = containers
    return _children(class_name, step, first.union(*rest) if rest else first)


def _itself(principal: Principal, ref: ObjectRef) -> Select[Any]:
    container: Any = MODELS[ref.class_name].__table__.alias()
    return select(container.c.id).where(container.c.id == ref.id, visible(principal, container))


def _seen(principal: Principal, class_name: str, ids: Any) -> Select[Any]:
    table: Any = MODELS[class_name].__table__.alias()
    return select(table.c.id).where(table.c.id.in_(ids), visible(principal, table))


def _children(class_name: str, step: Step, containers: Any) -> Select[Any]:
    if step.link is not None:
        link: Any = LINKS[step.link].model.__table__.alias()
        return select(link.c.child_id).where(
            link.c.trash_id.is_(None), link.c.parent_id.in_(containers)
        )
    if step.reverse is not None:
        container: Any = MODELS[step.class_name].__table__.alias()
        return select(container.c[step.reverse]).where(
            container.c.id.in_(containers), container.c[step.reverse].is_not(None)
        )
    table: Any = MODELS[class_name].__table__.alias()
    return select(table.c.id).where(table.c[step.column].in_(containers))


def _tree(principal: Principal, class_name: str, step: Step, ref: ObjectRef) -> Select[Any] | None:
    """Descendants in a tree of one class, such as folders in folders."""
    if ref.class_name != class_name:
        return None
    below = _itself(principal, ref).cte(recursive=True)
    table: Any = MODELS[class_name].__table__.alias()
    deeper = select(table.c.id).where(
        table.c[step.column] == below.c.id, visible(principal, table)
    )
    below = below.union(deeper)
    return select(below.c.id).where(below.c.id != ref.id)
