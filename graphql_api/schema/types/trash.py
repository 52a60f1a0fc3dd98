"""TrashEntry: a deletion, and what of it can still be taken back or erased.

An entry is shown to whoever deleted, to owners of what lies in it and to those who may delete it;
each sees of it what concerns him.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import strawberry
from sqlalchemy import ColumnElement, Integer, String, and_, func, literal, or_, select, union_all

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
from graphql_api.compiler.paging import page_size
from graphql_api.compiler.scope import Scope, Source
from graphql_api.schema.scalars import DateTime
from graphql_api.schema.types.references import LazyUser
from shared.auth.rules import Action, base_class
from shared.auth.select import allowed
from shared.clock import DAY
from shared.database import ids_in
from shared.errors import Invalid
from shared.models import MODELS, activities
from shared.models.links import ANNOTATION_LINKS, CONTAINER_LINKS
from shared.refs import parse_ref

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql_api.compiler.declare import Values
    from graphql_api.compiler.run import Run
    from shared.auth.principal import Principal

SHOWN = (
    "Project", "Screen", "Dataset", "Plate", "Folder", "Image", "PlateAcquisition", "Well",
    "WellSample", "Reagent", "Annotation", "Roi", "Fileset", "OriginalFile",
    *(kind.name for kind in (*CONTAINER_LINKS, *ANNOTATION_LINKS)),
)  # fmt: skip
"""Classes that people look for in the trash, containers first; the rest comes back with them."""
FIRST = 100


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


def _contents(run: Run, rows: Sequence[Values]) -> Any:
    """What lies in these entries and concerns the caller, as one subquery."""
    entries = [row["id"] for row in rows]
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
                ids_in(run.connection, row.c.trash_id, entries),
                _mine(run.principal, row, name, activity.c.user_id),
            )
        )  # fmt: skip
    return union_all(*arms).subquery()


def _after(text: str) -> tuple[int, int]:
    """The place of the class and the id behind which to go on; raises `Invalid`."""
    ref = parse_ref(text)
    name = ref and base_class(ref.class_name)
    if ref is None or name is None or (name not in SHOWN and ref.class_name not in SHOWN):
        raise Invalid(
            f"{text[:80]!r} is no object of the trash.",
            hint="Give the id of the last object that was listed.",
            path=("after",),
        )
    return SHOWN.index(ref.class_name if ref.class_name in SHOWN else name), ref.id


def _objects(run: Run, rows: Sequence[Values], arguments: Mapping[str, Any]) -> list[Any]:
    """One statement for all entries of the page; so many objects each."""
    first = page_size(arguments.get("first"), None, otherwise=FIRST)
    every = _contents(run, rows)
    rest: list[Any] = []
    if arguments.get("after") is not None:
        place, number = _after(arguments["after"])
        same = and_(every.c.place == place, every.c.id > number)
        rest = [or_(every.c.place > place, same)]
    rank = func.row_number().over(partition_by=every.c.entry, order_by=[every.c.place, every.c.id])
    ranked = select(*every.c, rank.label("rank")).where(*rest).subquery()
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


def _count(run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
    every = _contents(run, rows)
    number = func.count().label("number")
    counted = run.all(select(every.c.entry, number).group_by(every.c.entry))
    found: dict[int, int] = {each.entry: each.number for each in counted}
    return [found.get(row["id"], 0) for row in rows]


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
        argument("after", strawberry.ID | None, "Only what is listed after this object."),
    )
    object_count: int = planned(Batched(("id",), _count), "How many objects the whole list has.")
