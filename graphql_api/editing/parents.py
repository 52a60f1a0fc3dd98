"""Where content hangs: the containers that hold it, and whether any does (semantics 1.4).

Who owns a parent does not matter for being an orphan; which parents are named depends on sight.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, literal, select, union_all

from shared.auth.select import visible
from shared.database import ids_in
from shared.models.annotations import NS_TAG_SET, Annotation
from shared.models.links import LINKS
from shared.models.screening import WellSample
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.auth.principal import Principal

HOLDING = {
    "Dataset": ("ProjectDatasetLink",),
    "Image": ("DatasetImageLink", "FolderImageLink"),
    "Plate": ("ScreenPlateLink",),
    "Roi": ("FolderRoiLink",),
    "TagAnnotation": ("AnnotationAnnotationLink",),
}
"""By class, the links that hang it into containers; a tag hangs in tag sets."""
_NO_HOME = {"FolderImageLink", "FolderRoiLink"}
"""Folders are no containers for the question whether something is orphaned."""


def find_parents(
    connection: Connection, principal: Principal, children: Collection[ObjectRef]
) -> dict[ObjectRef, tuple[ObjectRef, ...]]:
    """The visible containers of each child, in one statement."""
    found: dict[ObjectRef, list[ObjectRef]] = {child: [] for child in sorted(children)}
    arms = []
    for name, ids in _by_class(children).items():
        for link_name in HOLDING.get(name, ()):
            kind = LINKS[link_name]
            model: Any = kind.model
            link, parent = model.__table__.alias(), kind.parent.__table__.alias()
            arm = (
                select(
                    literal(name, String(64)).label("child_class"), link.c.child_id,
                    literal(kind.parent.__name__, String(64)).label("parent_class"),
                    link.c.parent_id,
                )
                .join(parent, parent.c.id == link.c.parent_id)
                .where(
                    ids_in(connection, link.c.child_id, ids),
                    link.c.trash_id.is_(None),
                    visible(principal, parent),
                )
                .distinct()
            )  # fmt: skip
            if kind.parent is Annotation:
                arm = arm.where(parent.c.namespace == NS_TAG_SET)
            arms.append(arm)
    if arms:
        for row in connection.execute(union_all(*arms)):
            above = "TagAnnotation" if row.parent_class == "Annotation" else row.parent_class
            found[ObjectRef(row.child_class, row.child_id)].append(ObjectRef(above, row.parent_id))
    return {child: tuple(sorted(parents)) for child, parents in found.items()}


def find_orphans(connection: Connection, children: Collection[ObjectRef]) -> list[ObjectRef]:
    """Those of the children that no container holds, whoever owns it, in one statement."""
    arms: list[Any] = []
    judged: set[str] = set()
    for name, ids in _by_class(children).items():
        homes = [link for link in HOLDING.get(name, ()) if link not in _NO_HOME]
        if homes:
            judged.add(name)
        arms += [
            _held(connection, name, LINKS[link_name].model, "child_id", ids) for link_name in homes
        ]
        if name == "Image":
            arms.append(_held(connection, name, WellSample, "image_id", ids))
    if not arms:
        return []
    held = {
        ObjectRef(row[0], row[1]) for row in connection.execute(union_all(*arms))
    }  # fmt: skip
    return sorted(ref for ref in children if ref.class_name in judged and ref not in held)


def _held(connection: Connection, name: str, model: Any, column: str, ids: list[int]) -> Any:
    table = model.__table__
    return select(literal(name, String(64)), table.c[column]).where(
        ids_in(connection, table.c[column], ids), table.c.trash_id.is_(None)
    )


def _by_class(children: Collection[ObjectRef]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for ref in children:
        found[ref.class_name].append(ref.id)
    return found
