"""TrashEntry: a deletion, and what of it can still be taken back or erased.

An entry is shown to whoever deleted, to owners of what lies in it and to those who may delete it;
each sees of it what concerns him.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import strawberry
from sqlalchemy import ColumnElement, Integer, String, func, literal, or_, select, union_all

from graphql_api.compiler.declare import (
    Batched,
    Column,
    ToOne,
    argument,
    column,
    planned,
    rows_of,
    with_arguments,
)
from graphql_api.compiler.scope import Scope, Source
from graphql_api.schema.scalars import DateTime
from graphql_api.schema.types.references import LazyUser
from shared.auth.rules import Action
from shared.auth.select import allowed
from shared.clock import DAY
from shared.database import ids_in
from shared.models import MODELS, activities

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql_api.compiler.declare import Values
    from graphql_api.compiler.run import Run
    from shared.auth.principal import Principal

SHOWN = (
    "Project", "Screen", "Dataset", "Plate", "Folder", "Image", "PlateAcquisition", "Well",
    "Reagent", "Annotation", "Roi", "ProjectDatasetLink", "DatasetImageLink", "ScreenPlateLink",
    "FolderImageLink", "FolderRoiLink", "ImageAnnotationLink", "DatasetAnnotationLink",
    "ProjectAnnotationLink",
)  # fmt: skip
"""Classes that people look for in the trash, containers first; the rest comes back with them."""
FIRST = 100
MOST = 1_000


@strawberry.type(description="An object in the trash.")
class TrashedObject:
    """An object in the trash."""

    id: strawberry.ID = strawberry.field(description="The object; restore and purge take it.")
    type: str = strawberry.field(description="Its class.")
    name: str | None = strawberry.field(description="Its name or text, where it has one.")
    owner: strawberry.ID = strawberry.field(description="To whom it belongs.")


def _table(name: str) -> Any:
    model: Any = MODELS[name]
    return model.__table__.alias()


def _mine(principal: Principal, row: Any, name: str, deleter: Any) -> ColumnElement[bool]:
    """Trashed rows that concern the caller."""
    me = principal.user_id
    concerned: ColumnElement[bool] = or_(
        row.c.owner_id == me, deleter == me, allowed(principal, Action.DELETE, row, name)
    )
    return concerned


def _seen(scope: Scope) -> ColumnElement[bool]:
    entry = scope.table
    found = []
    for name in SHOWN:
        row = _table(name)
        concerned = _mine(scope.principal, row, name, entry.c.user_id)
        found.append(select(row.c.id).where(row.c.trash_id == entry.c.id, concerned).exists())
    return or_(*found)


def _objects(run: Run, rows: Sequence[Values], arguments: Mapping[str, Any]) -> list[Any]:
    """One statement for all entries of the page; so many objects each."""
    first = arguments.get("first", FIRST)
    first = FIRST if first is None else max(0, min(int(first), MOST))
    entries = {row["id"]: row["user_id"] for row in rows}
    arms = []
    activity = activities.Activity.__table__.alias()
    for place, name in enumerate(SHOWN):
        row = _table(name)
        title = row.c["name"] if "name" in row.c else literal(None, String)
        if name == "Annotation":
            title = func.coalesce(row.c.text_value, row.c["name"])
        kind = row.c.class_name if name == "Annotation" else literal(name, String(64))
        arms.append(
            select(
                row.c.trash_id.label("entry"), literal(place, Integer).label("place"),
                kind.label("kind"), row.c.id, title.label("title"), row.c.owner_id,
            )
            .join(activity, activity.c.id == row.c.trash_id)
            .where(
                ids_in(run.connection, row.c.trash_id, list(entries)),
                _mine(run.principal, row, name, activity.c.user_id),
            )
        )  # fmt: skip
    every = union_all(*arms).subquery()
    rank = func.row_number().over(partition_by=every.c.entry, order_by=[every.c.place, every.c.id])
    ranked = select(*every.c, rank.label("rank")).subquery()
    wanted = select(ranked).where(ranked.c.rank <= first).order_by(ranked.c.entry, ranked.c.rank)
    found: dict[int, list[TrashedObject]] = defaultdict(list)
    for each in run.all(wanted):
        found[each.entry].append(
            TrashedObject(
                id=strawberry.ID(f"{each.kind}:{each.id}"),
                type=each.kind,
                name=each.title,
                owner=strawberry.ID(f"User:{each.owner_id}"),
            )
        )
    return [found[row["id"]] for row in rows]


def _expiry(run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
    kept = run.context.settings.trash_days * DAY
    return [row["finished_at"] + kept for row in rows]


@rows_of(Source(activities.Activity, seen=_seen, has_details=False), class_name="TrashEntry")
@strawberry.type(description="A deletion that can still be taken back.")
class TrashEntry:
    """A deletion that can still be taken back."""

    id: strawberry.ID = planned(
        Column("id", lambda number: f"Activity:{number}"),
        "The deleting activity; restore and purge take it.",
    )
    kind: str = column("kind", "What put it into the trash, such as delete or unlink.")
    deleted_at: DateTime = column("finished_at", "When.")
    deleted_by: LazyUser = planned(ToOne("User", "user_id", always=True), "Who did it.")
    expires_at: DateTime = planned(
        Batched(("finished_at",), _expiry), "When it is erased for good, unless restored."
    )
    objects: list[TrashedObject] = with_arguments(
        planned(
            Batched(("id", "user_id"), _objects),
            "What lies in it and concerns the caller, containers first; parts come back with them.",
        ),
        argument("first", int | None, "At most so many; 100 unless said, 1,000 at most."),
    )
