"""What forbids attaching annotations to objects: rights on both ends, groups, classes, ratings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from graphql_api.editing.annotation_rows import KINDS
from graphql_api.editing.carriers import PEOPLE
from shared.auth.creation import may_refer
from shared.auth.decide import decide, denied
from shared.auth.rules import Action, base_class
from shared.database import ids_in
from shared.errors import Invalid, TesseraError
from shared.models.annotations import NS_RATING, Annotation

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from graphql_api.editing.targets import Target
    from shared.auth.principal import Principal


def require_attachable(
    principal: Principal,
    targets: Sequence[Target],
    annotations: Sequence[Target],
    owner_id: int | None = None,
) -> None:
    """Raise all that forbids attaching every annotation to every target, as one group; the links
    will belong to `owner_id`, else to the caller.
    """
    owner = principal.user_id if owner_id is None else owner_id
    faults: list[TesseraError] = []
    known: dict[Any, bool] = {}
    for end in [*targets, *annotations]:
        if end.ref.class_name in PEOPLE:
            continue  # judged when it was found
        if base_class(end.ref.class_name) not in KINDS:
            faults.append(_not_annotatable(end))
            continue
        if end.facts not in known:
            verdict = may_refer(principal, "ImageAnnotationLink", owner, end.facts)
            known[end.facts] = bool(verdict)
        if not known[end.facts]:
            verdict = decide(principal, Action.ANNOTATE, end.facts)
            faults.append(denied(principal, Action.ANNOTATE, end.facts, verdict, end.ref))
    faults += _misfits(targets, annotations)
    if faults:
        raise ExceptionGroup("refused", faults)


def _misfits(targets: Sequence[Target], annotations: Sequence[Target]) -> list[TesseraError]:
    found: list[TesseraError] = []
    groups = {target.group_id for target in targets}
    for one in annotations:
        found += [
            Invalid(
                f"{one.ref} lies in Group:{one.group_id}, some targets in Group:{group_id}.",
                hint="Links join objects of one group.",
                path=("targets",),
                target=str(one.ref),
            )
            for group_id in sorted(groups - {one.group_id})
        ]
        if any(target.ref == one.ref for target in targets):
            found.append(
                Invalid(
                    f"{one.ref} cannot be attached to itself.",
                    path=("targets",),
                    target=str(one.ref),
                )
            )
    return found


def _not_annotatable(end: Target) -> Invalid:
    return Invalid(
        f"{end.ref} cannot be annotated.",
        hint="Annotate containers, images, wells, files, ROIs, annotations, people or groups.",
        path=("targets",),
        target=str(end.ref),
    )


def refuse_ratings(connection: Connection, annotations: Sequence[Target]) -> None:
    """Raise `Invalid` for a rating: each belongs to one person and one object."""
    ids = [each.ref.id for each in annotations if each.ref.class_name == "LongAnnotation"]
    if not ids:
        return
    table: Any = Annotation.__table__
    ratings = connection.scalars(
        select(table.c.id).where(
            ids_in(connection, table.c.id, ids), table.c.namespace == NS_RATING
        )
    ).all()
    if ratings:
        raise Invalid(
            f"LongAnnotation:{ratings[0]} is a rating.",
            hint="Give `rating` instead.",
            path=("annotations",),
            target=f"LongAnnotation:{ratings[0]}",
        )
