"""The objects within containers and plates, as a query: nothing is fetched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, Subquery, or_, select, union

from shared.auth.select import visible
from shared.database import ids_in
from shared.errors import Invalid
from shared.models import MODELS
from shared.models.images import Image
from shared.models.links import LINKS
from shared.models.screening import Well, WellSample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from graphql_api.editing.targets import Target
    from shared.auth.principal import Principal

HOLDERS = ("Image", "Dataset", "Project", "Folder", "Plate", "Screen", "Well", "PlateAcquisition")
"""Classes within which there are images; an image is within itself."""


def images_within(
    connection: Connection, principal: Principal, targets: Sequence[Target]
) -> Select[Any]:
    """The ids of the images that the principal sees within these objects, each once.

    Raises `Invalid` for an object that holds none.
    """
    found = _candidates(connection, targets)
    image: Any = Image.__table__
    return select(image.c.id).where(image.c.id.in_(select(found.c[0])), visible(principal, Image))


def image_ids_within(
    connection: Connection, principal: Principal, targets: Sequence[Target], limit: int
) -> list[int]:
    """The same, fetched: at most `limit` ids, in order.

    Two statements instead of one: for containers that were filled a moment ago PostgreSQL knows
    no numbers yet, and goes through a subquery once per image.
    """
    candidates = list(connection.scalars(select(_candidates(connection, targets).c[0])))
    image: Any = Image.__table__
    seen = select(image.c.id).where(
        ids_in(connection, image.c.id, candidates), visible(principal, Image)
    )
    return list(connection.scalars(seen.order_by(image.c.id).limit(limit)))


def _candidates(connection: Connection, targets: Sequence[Target]) -> Subquery:
    """The ids of all images within, whoever sees them; raises `Invalid`."""
    ids: dict[str, list[int]] = defaultdict(list)
    for target in targets:
        if target.ref.class_name not in HOLDERS:
            raise Invalid(
                f"{target.ref} holds no images.",
                hint="Name images, containers, plates or screens.",
                path=("targets",),
                target=str(target.ref),
            )
        ids[target.ref.class_name].append(target.ref.id)
    arms = [_within(connection, name, numbers) for name, numbers in sorted(ids.items())]
    return union(*arms).subquery() if len(arms) > 1 else arms[0].subquery()


CHAINS: Mapping[str, Mapping[str, str]] = {
    "Dataset": {"Project": "ProjectDatasetLink"},
    "Plate": {"Screen": "ScreenPlateLink"},
}
"""By class of the content: the containers that hold it by a link."""


def objects_within(
    connection: Connection, principal: Principal, targets: Sequence[Target], class_name: str
) -> Select[Any]:
    """The ids of the objects of a class that the principal sees within these objects.

    An object is within itself. Raises `Invalid` for one that can hold none of the class.
    """
    if class_name == "Image":
        return images_within(connection, principal, targets)
    table: Any = MODELS[class_name].__table__
    arms = []
    for target in targets:
        if not _holds(target.ref.class_name, class_name):
            raise Invalid(
                f"{target.ref} holds no {class_name}.",
                hint=f"Name objects of that class, or what holds them: {_holders(class_name)}.",
                path=("within",),
                target=str(target.ref),
            )
    for name in dict.fromkeys(target.ref.class_name for target in targets):
        ids = [target.ref.id for target in targets if target.ref.class_name == name]
        if name == class_name:
            arms.append(ids_in(connection, table.c.id, ids))
        elif class_name in CHAINS:
            arms.append(table.c.id.in_(_children(connection, CHAINS[class_name][name], ids)))
        elif name == "Plate":
            arms.append(ids_in(connection, table.c.plate_id, ids))
        else:
            arms.append(table.c.plate_id.in_(_children(connection, "ScreenPlateLink", ids)))
    return select(table.c.id).where(or_(*arms), visible(principal, MODELS[class_name]))


def _holds(holder: str, class_name: str) -> bool:
    return holder == class_name or holder in _holders(class_name).split(" or ")


def _holders(class_name: str) -> str:
    if class_name in CHAINS:
        return " or ".join(CHAINS[class_name])
    return "Plate or Screen" if class_name in {"Well", "PlateAcquisition"} else class_name


def _within(connection: Connection, class_name: str, ids: Sequence[int]) -> Select[Any]:
    if class_name == "Image":
        image: Any = Image.__table__
        return select(image.c.id).where(ids_in(connection, image.c.id, ids))
    if class_name in {"Dataset", "Folder"}:
        return _children(connection, f"{class_name}ImageLink", ids)
    if class_name == "Project":
        return _children(
            connection, "DatasetImageLink", _children(connection, "ProjectDatasetLink", ids)
        )
    field: Any = WellSample.__table__
    found = select(field.c.image_id).where(
        field.c.trash_id.is_(None), field.c.image_id.is_not(None)
    )
    if class_name == "PlateAcquisition":
        return found.where(ids_in(connection, field.c.plate_acquisition_id, ids))
    if class_name == "Well":
        return found.where(ids_in(connection, field.c.well_id, ids))
    well: Any = Well.__table__
    wells = select(well.c.id).where(well.c.trash_id.is_(None))
    if class_name == "Plate":
        wells = wells.where(ids_in(connection, well.c.plate_id, ids))
    else:
        wells = wells.where(well.c.plate_id.in_(_children(connection, "ScreenPlateLink", ids)))
    return found.where(field.c.well_id.in_(wells))


def _children(
    connection: Connection, kind: str, parents: Sequence[int] | Select[Any]
) -> Select[Any]:
    model: Any = LINKS[kind].model
    link = model.__table__
    above = (
        link.c.parent_id.in_(parents)
        if isinstance(parents, Select)
        else ids_in(connection, link.c.parent_id, parents)
    )
    return select(link.c.child_id).where(above, link.c.trash_id.is_(None))
