"""Keep plans, so that what was shown can be executed once, within a day, by its maker."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, literal, select, update

from graphql_api.graph.planner.items import select_items
from graphql_api.graph.report import PAGE, PlanRow, Stored, summary
from graphql_api.graph.request import OperationRequest
from shared.clock import DAY, now
from shared.errors import Conflict, NotFound
from shared.models.plans import PlanItem, StoredPlan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from graphql_api.graph.plan import Plan
    from shared.auth.principal import Principal

BATCH = 2_000
_FIELDS = ("object", "name", "parent", "child", "stays", "reason")


def store_plan(
    planned: Connection,
    connection: Connection,
    plan: Plan,
    user_id: int,
    *,
    created: Sequence[str] = (),
    used: bool = False,
) -> Stored:
    """Keep a plan whose rows stand in `planned`'s tables, by way of `connection`.

    The two are one connection where the plan is executed at once. Rows pass in batches, so memory
    is bounded.
    """
    moment = now()
    statement = (
        insert(StoredPlan)
        .values(
            user_id=user_id, kind=plan.request.kind, request=plan.request.to_json(),
            fingerprint=plan.fingerprint, report=summary(plan, created), created_at=moment,
            expires_at=moment + DAY, used_at=moment if used else None,
        )
        .returning(StoredPlan.id)
    )  # fmt: skip
    plan_id = int(connection.execute(statement).scalar_one())
    return Stored(plan_id, _store_items(planned, connection, plan, plan_id))


def _store_items(
    planned: Connection, connection: Connection, plan: Plan, plan_id: int
) -> list[PlanRow] | None:
    """Keep the rows that people read; answers the first of each section as far as they passed
    through here, None when the database copied them.
    """
    query = select_items(plan)
    if query is None:
        return []
    if planned is connection:
        found = query.subquery()
        place = func.row_number().over(
            partition_by=found.c.section, order_by=[found.c.cls, found.c.id, found.c.parent]
        )
        source = select(
            literal(plan_id), found.c.section, place, *(found.c[name] for name in _FIELDS)
        )
        names = ["plan_id", "section", "position", *_FIELDS]
        connection.execute(insert(PlanItem).from_select(names, source))
        return None
    places: dict[str, int] = {}
    first: list[PlanRow] = []
    result = planned.execute(query, execution_options={"yield_per": BATCH})
    for rows in result.partitions(BATCH):
        values = []
        for row in rows:
            places[row.section] = places.get(row.section, 0) + 1
            fields = {name: row._mapping[name] for name in _FIELDS}
            where: dict[str, Any] = {"section": row.section, "position": places[row.section]}
            values.append({"plan_id": plan_id, **where, **fields})
            if places[row.section] <= PAGE:
                first.append(PlanRow(**where, **fields))
        connection.execute(insert(PlanItem), values)
    return first


def load_plan(
    connection: Connection, principal: Principal, plan_id: int
) -> tuple[OperationRequest, dict[str, Any], list[Any]]:
    """A plan's request, its summary and its fingerprint; its maker's alone.

    Raises `NotFound`, and `Conflict` when it was used or is older than a day.
    """
    row = connection.execute(
        select(StoredPlan.__table__).where(
            StoredPlan.id == plan_id, StoredPlan.user_id == principal.user_id
        )
    ).one_or_none()
    if row is None:
        raise no_plan(f"Plan:{plan_id}")
    if row.used_at is not None or row.expires_at <= now():
        raise Conflict(
            f"Plan:{plan_id} was used or is older than a day.",
            hint="Make a new dry run.",
            target=f"Plan:{plan_id}",
        )
    request = replace(OperationRequest.from_json(row.request), plan_id=plan_id)
    return request, row.report, row.fingerprint


def use_plan(connection: Connection, principal: Principal, plan: Plan) -> None:
    """Mark the plan that the request names as used; raises `Conflict` when the graph has changed
    since it was shown.
    """
    plan_id = plan.request.plan_id
    if plan_id is None:
        return
    _, _, shown = load_plan(connection, principal, plan_id)
    if shown != plan.fingerprint:
        raise changed_since(plan_id)
    connection.execute(update(StoredPlan).where(StoredPlan.id == plan_id).values(used_at=now()))


def no_plan(text: str) -> NotFound:
    """The error for a plan that is not there, or somebody else's."""
    shown = text[:80]
    return NotFound(
        f"There is no {shown}.", hint="Make a new dry run.", target=shown, path=("planId",)
    )


def changed_since(plan_id: int) -> Conflict:
    """The error for a plan that would do something else by now."""
    return Conflict(
        "What was shown is no longer what would be done: the data have changed since.",
        hint="Make a new dry run and look at it.",
        target=f"Plan:{plan_id}",
    )


def forget_plans(connection: Connection, older_than: int) -> int:
    """Erase plans that expired before a moment; answers how many."""
    old = select(StoredPlan.id).where(StoredPlan.expires_at < older_than)
    connection.execute(delete(PlanItem).where(PlanItem.plan_id.in_(old)))
    return connection.execute(delete(StoredPlan).where(StoredPlan.expires_at < older_than)).rowcount
