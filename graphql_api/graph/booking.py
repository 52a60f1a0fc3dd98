"""Begin a graph operation for somebody who waits: small ones end within the request.

First it is planned on a snapshot, so that what is wrong with the request is told at once and books
nothing. Then an Activity is booked, once per idempotency key; a plan of few rows is carried out
here, a larger one by a worker, and so is what does not end in the time of the request. A dry run
is an Activity too, ended when it is booked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphql_api.editing.idempotency import once_answer, recalled
from graphql_api.editing.trash import ended_activity
from graphql_api.graph.handlers import handlers
from graphql_api.graph.operations import plan_operation
from graphql_api.graph.planner.expand import LargePlan
from graphql_api.graph.report import full_report, summary
from graphql_api.graph.request import DRY_RUN
from graphql_api.graph.storing import changed_since, load_plan, no_plan, store_plan
from shared.activities.handlers import HandlerRegistry
from shared.activities.queue import book
from shared.activities.running import run_now
from shared.clock import now
from shared.refs import parse_ref

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from graphql_api.graph.plan import Plan
    from graphql_api.graph.request import OperationRequest
    from shared.auth.principal import Principal
    from shared.database import Database
    from shared.settings import Settings
    from shared.storage import Storage

SMALL_ROWS = 5_000
"""A plan that reaches no more rows is made and carried out while the caller waits."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where operations are booked: what they need of the process, and for whom."""

    database: Database
    storage: Storage
    settings: Settings
    principal: Principal
    ends_at: float | None = None
    """When the one who waits must have his answer, in monotonic seconds."""


@dataclass(frozen=True, slots=True)
class Once:
    """Under which mutation, key and input an operation is booked once."""

    mutation: str
    key: str | None
    given: dict[str, Any]


def begin(desk: Desk, request: OperationRequest, *, dry_run: bool, key: str | None) -> int:
    """Book an operation and carry it out when it is small; answers the Activity's id.

    Raises what is wrong with the request, alone or as a group; then nothing is booked.
    """
    booked = {**request.to_json(), DRY_RUN: dry_run}
    once = Once(request.kind, key, booked)
    before = recalled(desk.database, desk.principal, once.mutation, key, once.given)
    if before is not None:
        return int(before["activity"])
    return _begin(desk, request, booked, once)


def _begin(desk: Desk, request: OperationRequest, booked: dict[str, Any], once: Once) -> int:
    try:
        if booked[DRY_RUN]:
            return _show(desk, request, booked, once)
        with desk.database.planning() as planned:
            plan = plan_operation(planned, desk.principal, request, most=SMALL_ROWS)
            _must_be_as_shown(planned, desk.principal, plan)
    except LargePlan:
        return _book(desk, request, booked, once)
    activity = _book(desk, request, booked, once)
    registry = HandlerRegistry(handlers())
    run_now(
        desk.database, desk.storage, desk.settings, registry, activity, ends_at=desk.ends_at
    )  # fmt: skip
    return activity


def begin_plan(desk: Desk, text: str, *, key: str | None) -> int:
    """Do exactly what a dry run showed: `text` is `Plan:7`; answers the Activity's id.

    Raises `NotFound` for a plan that is not the caller's, and `Conflict` for one that was used, is
    older than a day, or would do something else by now.
    """
    once = Once("execute_plan", key, {"plan": text})
    before = recalled(desk.database, desk.principal, once.mutation, key, once.given)
    if before is not None:
        return int(before["activity"])
    ref = parse_ref(text)
    if ref is None or ref.class_name != "Plan":
        raise no_plan(text)
    with desk.database.read() as connection:
        request, _, _ = load_plan(connection, desk.principal, ref.id)
    return _begin(desk, request, {**request.to_json(), DRY_RUN: False}, once)


def _book(desk: Desk, request: OperationRequest, booked: dict[str, Any], once: Once) -> int:
    principal = desk.principal
    with desk.database.write() as connection:

        def work() -> dict[str, Any]:
            number = book(
                connection,
                kind=request.kind,
                user_id=principal.user_id,
                sudoer_id=principal.sudoer_id,
                session_id=principal.session_id,
                scopes=principal.scopes,
                request=booked,
            )
            return {"activity": number}

        made = once_answer(connection, principal, once.mutation, once.key, once.given, work)
    return int(made["activity"])


def _show(desk: Desk, request: OperationRequest, booked: dict[str, Any], once: Once) -> int:
    """Plan on one snapshot, without locks, and keep the plan as an Activity that has ended."""
    principal, began_at = desk.principal, now()
    with desk.database.planning() as planned:
        plan = plan_operation(planned, principal, request, most=SMALL_ROWS)
        with desk.database.write() as connection:

            def work() -> dict[str, Any]:
                stored = store_plan(planned, connection, plan, principal.user_id)
                report = full_report(connection, stored, summary(plan))
                number = ended_activity(
                    connection, principal, request.kind, booked, report=report, result=(),
                    began_at=began_at,
                )  # fmt: skip
                return {"activity": number}

            made = once_answer(connection, principal, once.mutation, once.key, once.given, work)
    return int(made["activity"])


def _must_be_as_shown(connection: Connection, principal: Principal, plan: Plan) -> None:
    plan_id = plan.request.plan_id
    if plan_id is None:
        return
    _, _, shown = load_plan(connection, principal, plan_id)
    if shown != plan.fingerprint:
        raise changed_since(plan_id)
