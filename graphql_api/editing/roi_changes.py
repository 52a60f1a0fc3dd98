"""Change a ROI and its shapes, or put ROIs into the trash.

Shapes are parts of their ROI: they take its rights and its version, and what they were stands in
the journal under their own ids.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, select, update

from graphql_api.editing.changing import Held, hold, hold_targets, require_version, write_change
from graphql_api.editing.detaching import CutLink, detach
from graphql_api.editing.links import open_event
from graphql_api.editing.rois import FOLDER_LINK, MAX_ROIS, insert_shapes, roi_name, sizes_of
from graphql_api.editing.targets import Target, not_found
from graphql_api.editing.texts import valid_description
from graphql_api.editing.trash import discard, ended_activity
from graphql_api.rois.check import checked_shape
from graphql_api.rois.shape import COLUMNS, PlaneSizes, RoiData, ShapeData, columns_of
from shared.auth.decide import decide, denied
from shared.auth.epoch import bump_epoch
from shared.auth.rules import Action
from shared.database import ids_in
from shared.errors import Invalid
from shared.journal import record
from shared.models import sort_key
from shared.models.links import LINKS
from shared.models.rois import Roi, Shape
from shared.refs import ObjectRef, parse_ref

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from shared.auth.principal import Principal

SHAPES: Any = Shape.__table__


@dataclass(frozen=True, slots=True)
class RoiChange:
    """What is to change in one ROI; what is not in `texts` stays."""

    id: str
    expected_version: int | None = None
    texts: Mapping[str, str | None] = field(default_factory=dict)
    add: tuple[ShapeData, ...] = ()
    """New shapes, behind those that are there."""
    change: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    """Ids of shapes with columns that are to change; None empties one."""
    remove: tuple[str, ...] = ()
    instead: tuple[ShapeData, ...] | None = None
    """All shapes, in place of those that are there."""


def update_roi(connection: Connection, principal: Principal, change: RoiChange) -> ObjectRef:
    """Change a ROI, as part of the caller's write transaction; answers it.

    Raises `NotFound`, `Denied`, `Conflict` for a stale version, or `Invalid` naming the shape; then
    nothing has changed.
    """
    if change.instead is not None and (change.add or change.change or change.remove):
        raise Invalid(
            "Shapes are either replaced or changed.",
            hint="Give shapes, or addShapes, changeShapes and removeShapes.",
            path=("shapes",),
        )
    held = hold(connection, principal, change.id, ["Roi"])
    require_version(held, change.expected_version)
    plan = _planned(connection, held, change)
    values = _texts(change.texts)
    if not (plan.removed or plan.changed or plan.added) and all(
        held.row._mapping[name] == value for name, value in values.items()
    ):
        return held.target.ref
    event_id = open_event(connection, principal, "updateRoi")
    _write(connection, principal, held, plan, event_id)
    more = {"shapes": [*plan.order]} if plan.removed or plan.changed or plan.added else None
    write_change(connection, held, event_id, values, more=more)
    bump_epoch(connection)
    return held.target.ref


def delete_rois(
    connection: Connection, principal: Principal, targets: Sequence[str]
) -> list[ObjectRef]:
    """Put ROIs into the trash, out of all their folders, as part of the caller's write
    transaction; answers the Activity, then the ROIs.

    Raises `NotFound`, `Denied` naming each that may not be deleted, or `Invalid`; then nothing was
    done.
    """
    if not targets or len(targets) > MAX_ROIS:
        raise Invalid(f"Name 1 to {MAX_ROIS} ROIs.", path=("targets",))
    found = hold_targets(connection, principal, targets, ["Roi"])
    faults = [
        denied(principal, Action.DELETE, each.facts, verdict, each.ref)
        for each in found
        if not (verdict := decide(principal, Action.DELETE, each.facts))
    ]
    if faults:
        raise ExceptionGroup("refused", faults)
    event_id = open_event(connection, principal, "deleteRoi")
    refs = [each.ref for each in found]
    request = {"targets": [str(ref) for ref in refs]}
    activity = ended_activity(connection, principal, "delete", request)
    _cut(connection, principal, event_id, activity, found)
    discard(connection, event_id, activity, Roi.__table__, _by_group("Roi", found))
    bump_epoch(connection)
    return [ObjectRef("Activity", activity), *refs]


def _cut(
    connection: Connection,
    principal: Principal,
    event_id: int,
    activity: int,
    found: Sequence[Target],
) -> None:
    """Trash the links to folders and annotations, and what lives by those only."""
    ids = [each.ref.id for each in found]
    folder_link: Any = LINKS[FOLDER_LINK].model
    table = folder_link.__table__
    going: dict[tuple[str, int], list[int]] = defaultdict(list)
    for row in connection.execute(
        select(table.c.id, table.c.group_id).where(
            ids_in(connection, table.c.child_id, ids), table.c.trash_id.is_(None)
        )
    ):
        going[FOLDER_LINK, row.group_id].append(row.id)
    discard(connection, event_id, activity, table, going)
    note_link: Any = LINKS["RoiAnnotationLink"].model
    table = note_link.__table__
    cut = [
        CutLink(ObjectRef("RoiAnnotationLink", row.id), row.group_id, row.child_id)
        for row in connection.execute(
            select(table.c.id, table.c.group_id, table.c.child_id).where(
                ids_in(connection, table.c.parent_id, ids), table.c.trash_id.is_(None)
            )
        )
    ]
    if cut:
        detach(connection, principal, event_id, activity, cut)


def _by_group(name: str, found: Sequence[Target]) -> dict[tuple[str, int], list[int]]:
    groups: dict[tuple[str, int], list[int]] = defaultdict(list)
    for each in found:
        groups[name, each.group_id].append(each.ref.id)
    return groups


@dataclass(slots=True)
class _Plan:
    order: list[int]
    """Ids of the shapes as they were."""
    rows: dict[int, Any]
    removed: list[int] = field(default_factory=list)
    changed: dict[int, ShapeData] = field(default_factory=dict)
    added: tuple[ShapeData, ...] = ()
    first: int = 0


def _planned(connection: Connection, held: Held, change: RoiChange) -> _Plan:
    """What happens to which shape; raises `NotFound` or `Invalid`."""
    if not (change.add or change.change or change.remove or change.instead is not None):
        return _Plan([], {})
    rows = connection.execute(
        select(SHAPES)
        .where(SHAPES.c.roi_id == held.row.id)
        .order_by(SHAPES.c.position, SHAPES.c.id)
    ).all()
    plan = _Plan([row.id for row in rows], {row.id: row for row in rows})
    sizes = sizes_of(connection, held.row.image_id)
    plan.first = max((row.position for row in rows), default=-1) + 1
    new = change.instead if change.instead is not None else change.add
    name = "shapes" if change.instead is not None else "addShapes"
    plan.added = tuple(
        checked_shape(shape, sizes, (name, str(place))) for place, shape in enumerate(new)
    )
    if change.instead is not None:
        plan.removed, plan.first = list(plan.order), 0
        before = tuple(_data(row) for row in rows)
        if before == plan.added:
            return _Plan([], {})
        return plan
    plan.removed = [
        _own(plan, text, ("removeShapes", str(place))) for place, text in enumerate(change.remove)
    ]
    for place, (text, values) in enumerate(change.change):
        path = ("changeShapes", str(place))
        number = _own(plan, text, (*path, "id"))
        if number in plan.removed or number in plan.changed:
            raise Invalid(f"{text[:80]} is named twice.", path=path, target=text[:80])
        changed = _changed(plan.rows[number], values, sizes, path)
        if changed is not None:
            plan.changed[number] = changed
    return plan


def _changed(
    row: Any, values: Mapping[str, Any], sizes: PlaneSizes, path: tuple[str, ...]
) -> ShapeData | None:
    """The shape with new values, or None when they are its own."""
    old = _data(row)
    new = checked_shape(replace(old, **values), sizes, path)
    return None if new == old else new


def _own(plan: _Plan, text: str, path: tuple[str, ...]) -> int:
    ref = parse_ref(text)
    row = None if ref is None else plan.rows.get(ref.id)
    if ref is None or row is None or ref.class_name not in {"Shape", row.class_name}:
        raise not_found(text, path)
    return int(ref.id)


def _data(row: Any) -> ShapeData:
    return ShapeData(**{name: row._mapping[name] for name in COLUMNS})


def _texts(texts: Mapping[str, str | None]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if "name" in texts:
        name = roi_name(texts["name"])
        values |= {"name": name, "name_key": None if name is None else sort_key(name)}
    if "description" in texts:
        values["description"] = valid_description(texts["description"])
    return values


def _write(
    connection: Connection, principal: Principal, held: Held, plan: _Plan, event_id: int
) -> None:
    if plan.removed:
        _remove(connection, principal, held, plan, event_id)
    if plan.changed:
        rows = [{"own_id": number, **columns_of(shape)} for number, shape in plan.changed.items()]
        connection.execute(
            update(SHAPES)
            .where(SHAPES.c.id == bindparam("own_id"))
            .values({name: bindparam(name) for name in COLUMNS}),
            rows,
        )
        before = {}
        for number, shape in plan.changed.items():
            old, new = _json(_data(plan.rows[number])), _json(shape)
            before[number] = {name: old[name] for name in COLUMNS if old[name] != new[name]}
        ids, group_id = sorted(before), held.row.group_id
        record(connection, event_id, "Shape", "UPDATE", ids, group_id=group_id, before=before)
    insert_shapes(connection, {held.row.id: RoiData(plan.added)}, plan.first)


def _remove(
    connection: Connection, principal: Principal, held: Held, plan: _Plan, event_id: int
) -> None:
    """Erase shapes, with the links by which they were annotated."""
    model: Any = LINKS["ShapeAnnotationLink"].model
    table = model.__table__
    cut = [
        CutLink(ObjectRef("ShapeAnnotationLink", row.id), row.group_id, row.child_id)
        for row in connection.execute(
            select(table.c.id, table.c.group_id, table.c.child_id).where(
                ids_in(connection, table.c.parent_id, plan.removed), table.c.trash_id.is_(None)
            )
        )
    ]
    if cut:
        request = {"targets": [str(held.target.ref)]}
        activity = ended_activity(connection, principal, "unannotate", request)
        detach(connection, principal, event_id, activity, cut)
    connection.execute(delete(table).where(ids_in(connection, table.c.parent_id, plan.removed)))
    connection.execute(delete(SHAPES).where(ids_in(connection, SHAPES.c.id, plan.removed)))
    record(
        connection, event_id, "Shape", "DELETE", sorted(plan.removed),
        group_id=held.row.group_id,
        before={number: _json(_data(plan.rows[number])) for number in plan.removed},
    )  # fmt: skip


def _json(shape: ShapeData) -> dict[str, Any]:
    """A shape as JSON values; the bits of a mask in Base64."""
    values = columns_of(shape)
    if shape.mask_bytes is not None:
        values["mask_bytes"] = base64.b64encode(shape.mask_bytes).decode()
    return values
