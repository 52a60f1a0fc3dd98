"""Activity: a long-running job, its progress, and what became of it.

Everybody sees his own activities, administrators all. Progress lies in the live database.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from sqlalchemy import ColumnElement, or_, select, true

from graphql_api.compiler.declare import (
    Batched,
    References,
    ToOne,
    argument,
    column,
    planned,
    rows_of,
    with_arguments,
)
from graphql_api.compiler.scope import Scope, Source
from graphql_api.editing.activities import may_steer
from graphql_api.graph.prepare.undoing import KINDS as UNDOABLE
from graphql_api.graph.request import DRY_RUN
from graphql_api.schema.scalars import DateTime
from graphql_api.schema.types.objects import Node
from graphql_api.schema.types.references import LazyUser
from shared import errors
from shared.auth.scopes import may_change
from shared.database import ids_in
from shared.models import activities
from shared.models.live import ActivityPulse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql_api.compiler.declare import Values
    from graphql_api.compiler.run import Run
    from graphql_api.schema.mutations.outcomes import MutationError
    from graphql_api.schema.types.reports import OperationReport

LazyReport = Annotated["OperationReport", strawberry.lazy("graphql_api.schema.types.reports")]
LazyError = Annotated["MutationError", strawberry.lazy("graphql_api.schema.mutations.outcomes")]


@strawberry.enum(description="How far an activity is.")
class ActivityState(Enum):
    """How far an activity is."""

    QUEUED = strawberry.enum_value("QUEUED", description="It waits for a worker.")
    RUNNING = strawberry.enum_value("RUNNING", description="A worker is at it.")
    SUCCEEDED = strawberry.enum_value("SUCCEEDED", description="It did what was asked.")
    FAILED = strawberry.enum_value("FAILED", description="It changed nothing; `errors` says why.")
    CANCELLED = strawberry.enum_value(
        "CANCELLED", description="It was stopped and changed nothing."
    )


@strawberry.type(description="How much of the work is done.")
class Progress:
    """How much of the work is done."""

    done: int = strawberry.field(description="How many units are done.")
    total: int = strawberry.field(description="How many there are; 0 while it is not known.")
    unit: str = strawberry.field(description="What is counted, such as tiles.")


@strawberry.type(description="What the caller may do with an activity.")
class ActivityViewerCan:
    """What the caller may do with an activity."""

    cancel: bool = strawberry.field(description="Stop it.")
    undo: bool = strawberry.field(description="Take back what it did.")


def _seen(scope: Scope) -> ColumnElement[bool]:
    if scope.principal.is_admin:
        return true()
    mine: ColumnElement[bool] = scope.table.c.user_id == scope.principal.user_id
    return or_(mine, scope.table.c.sudoer_id == scope.principal.user_id)


def _progress(run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
    """One statement on the live database; a job that nobody has begun has no progress."""
    pulse = ActivityPulse.__table__
    ids = [row["id"] for row in rows]
    with run.context.database.read_live() as connection:
        wanted = select(pulse.c.activity_id, pulse.c.done, pulse.c.total, pulse.c.unit).where(
            ids_in(connection, pulse.c.activity_id, ids)
        )
        found = {row[0]: row for row in connection.execute(wanted)}
    return [
        Progress(done=found[number].done, total=found[number].total, unit=found[number].unit)
        if number in found
        else None
        for number in ids
    ]


def _viewer_can(run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
    """Who asked for it may stop it and take it back, and so may administrators.

    Whether the data still allow an undo is found out by its dry run.
    """
    principal = run.context.require_principal()
    may_undo = may_change(principal)
    return [
        ActivityViewerCan(
            cancel=row["state"] not in activities.ENDED
            and may_steer(principal, row["kind"], row["user_id"], row["sudoer_id"]),
            undo=may_undo
            and row["state"] == "SUCCEEDED"
            and row["kind"] in UNDOABLE
            and not row["request"].get(DRY_RUN),
        )
        for row in rows
    ]


def _reports(_run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
    """Imports and single cuts end without a report of the graph engine."""
    from graphql_api.schema.types.reports import report_of

    return [
        report_of(row["report"]) if row["report"] and "planId" in row["report"] else None
        for row in rows
    ]


def _dry(_run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
    return [bool(row["request"].get(DRY_RUN)) for row in rows]


def _errors(_run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
    return [[_mutation_error(value) for value in row["errors"] or ()] for row in rows]


def _mutation_error(value: Mapping[str, Any]) -> MutationError:
    """The stored error in the form that mutations answer."""
    from graphql_api.schema.mutations.outcomes import mutation_error

    kind = _families().get(value["code"], errors.Conflict)
    options: dict[str, Any] = {"hint": value.get("hint")}
    if issubclass(kind, errors.Busy):
        options["retry_after_s"] = value.get("retry_after_s") or 1
    else:
        options |= {"path": tuple(value.get("path") or ()), "target": value.get("target")}
    if issubclass(kind, errors.Denied):
        options["reasons"] = tuple(value.get("reasons") or ())
    error: errors.TesseraError = kind(value["message"], **options)
    error.code = value["code"]
    return mutation_error(error)


def _families() -> dict[str, Any]:
    """Classes of `shared.errors` by the codes of theirs and of their subclasses elsewhere."""
    found: dict[str, Any] = {}

    def walk(kind: type[errors.TesseraError], family: type[errors.TesseraError]) -> None:
        family = kind if kind.__module__ == errors.__name__ else family
        found.setdefault(kind.code, family)
        for deeper in kind.__subclasses__():
            walk(deeper, family)

    for kind in errors.TesseraError.__subclasses__():
        walk(kind, errors.Conflict)
    return found


@rows_of(Source(activities.Activity, seen=_seen, has_details=False))
@strawberry.type(description="A long-running job.")
class Activity(Node):
    """A long-running job."""

    kind: str = column("kind", "What it does, such as import.")
    state: ActivityState = column("state", "How far it is.", ActivityState)
    user: LazyUser = planned(ToOne("User", "user_id", always=True), "Who asked for it.")
    progress: Progress | None = planned(
        Batched(("id",), _progress), "How much is done; null before it begins."
    )
    created_at: DateTime = column("created_at", "When it was asked for.")
    started_at: DateTime | None = column("started_at", "When a worker began.")
    finished_at: DateTime | None = column("finished_at", "When it ended.")
    is_dry_run: bool = planned(
        Batched(("request",), _dry), "Whether it only showed what would be done."
    )
    report: LazyReport | None = planned(
        Batched(("report",), _reports), "What a graph operation does or did; null for other jobs."
    )
    errors: list[LazyError] = planned(Batched(("errors",), _errors), "Why it failed.")
    result: list[Node] = with_arguments(
        planned(References("result"), "What it made or changed, as far as the caller sees it."),
        argument("first", int | None, "Only the first so many; at most 1,000."),
    )
    viewer_can: ActivityViewerCan = planned(
        Batched(("state", "kind", "request", "user_id", "sudoer_id"), _viewer_can),
        "What the caller may do with it.",
    )
