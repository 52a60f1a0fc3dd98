"""Run graph operations as Activities, and dry runs within a request.

One write transaction locks the groups, plans, compares with what was shown, changes everything and
ends the Activity; a worker that dies meanwhile leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import update

from graphql_api.graph.execute import (
    change_level,
    change_owner,
    delete,
    duplicate,
    move,
    purge,
    restore,
    undo,
)
from graphql_api.graph.execute.copy_files import copy_files
from graphql_api.graph.execute.rows import Execution
from graphql_api.graph.operations import groups_of, plan_operation
from graphql_api.graph.plan import Plan
from graphql_api.graph.report import full_report, summary
from graphql_api.graph.request import DRY_RUN, OperationRequest
from graphql_api.graph.storing import store_plan, use_plan
from graphql_api.graph.targets import first_error
from shared.auth.epoch import bump_epoch
from shared.database import lock_groups
from shared.errors import Conflict
from shared.journal import begin_event
from shared.models.plans import StoredPlan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from graphql_api.graph.plan import Warned
    from shared.activities.handlers import Handler, Work
    from shared.auth.principal import Principal
    from shared.database import Database

Executor = Callable[[Execution], list[str]]
EXECUTORS: Mapping[str, Executor] = {
    "move_to_group": move.execute_move,
    "change_owner": change_owner.execute_change_of_owner,
    "change_level": change_level.execute_change_of_level,
    "undo": undo.execute_undo,
    "duplicate": duplicate.execute_duplicate,
    "delete": delete.execute_delete,
    "restore": restore.execute_restore,
    "purge": purge.execute_purge,
}


def handlers() -> dict[str, Handler]:
    """The handler of each kind of graph operation."""
    return dict.fromkeys(EXECUTORS, run_operation)


def run_operation(work: Work) -> None:
    """Carry out the operation that the Activity was booked for."""
    request = OperationRequest.from_json(work.request)
    try:
        if work.request.get(DRY_RUN):
            show(work, request)
            return
        # Files are made before the transaction that refers to them, and never while it is open.
        warnings = copy_files(work, request, refuse_blocked) if request.kind == "duplicate" else []
        with work.database.write() as connection, work.interruptible(connection):
            execute(connection, work, request, warnings)
    except ExceptionGroup as several:
        raise first_error(several) from None


def show(work: Work, request: OperationRequest) -> None:
    """Plan on one snapshot, without locks, and end the Activity with the report."""
    with work.database.planning() as planned:
        with work.interruptible(planned):
            plan = plan_operation(planned, work.principal, request)
        with work.database.write() as connection:
            stored = store_plan(planned, connection, plan, work.principal.user_id)
            work.finish(
                connection, report=full_report(connection, stored, summary(plan)), result=[]
            )


def execute(
    connection: Connection, work: Work, request: OperationRequest, warnings: Sequence[Warned] = ()
) -> None:
    """Plan and do everything in one transaction; `warnings` join those of the plan.

    Raises what `plan_operation` raises, and `Conflict` for a plan with blockers or one that
    differs from what was shown.
    """
    _lock(connection, work.principal, request)
    plan = plan_operation(connection, work.principal, request)
    use_plan(connection, work.principal, plan)
    refuse_blocked(plan)
    event_id = begin_event(
        connection,
        user_id=work.principal.user_id,
        sudoer_id=work.principal.sudoer_id,
        session_id=work.principal.session_id,
        activity_id=work.claim.activity_id,
        kind=request.kind,
    )
    stored = store_plan(connection, connection, plan, work.principal.user_id, used=True)
    running = Execution(
        connection, plan, event_id, work.claim.activity_id, work.beat, work.claim.claim
    )
    created = EXECUTORS[request.kind](running)
    if request.kind == "delete" and request.purge:
        _purge_at_once(connection, work, event_id)
    plan = replace(plan, warnings=(*plan.warnings, *warnings))
    told = summary(plan, created)
    if request.kind == "duplicate":
        told["event"] = event_id  # the journal's entries are the pages of copies
        connection.execute(update(StoredPlan).where(StoredPlan.id == stored.id).values(report=told))
    report = full_report(connection, stored, told)
    work.finish(connection, report=report, result=created or list(request.targets))
    bump_epoch(connection)


def _purge_at_once(connection: Connection, work: Work, event_id: int) -> None:
    """Erase what this very Activity has put into the trash."""
    own = OperationRequest("purge", activity=f"Activity:{work.claim.activity_id}")
    plan = plan_operation(connection, work.principal, own)
    purge.execute_purge(Execution(connection, plan, event_id, work.claim.activity_id, work.beat))


def refuse_blocked(plan: Plan) -> None:
    """Raise `Conflict` with the first blockers when the plan has any."""
    if not plan.blocker_count:
        return
    told = " ".join(each.message for each in plan.blockers[:10])
    raise Conflict(
        told,
        hint="Make a dry run: it lists everything in the way, and what to add to the targets.",
        target=plan.blockers[0].object,
    )


def _lock(connection: Connection, principal: Principal, request: OperationRequest) -> None:
    """Lock the groups of the targets and of the destination, so that no link is made meanwhile.

    What is planned after the lock is the truth; should the targets have left their groups before
    it was had, the locks are taken anew for where they are now.
    """
    locked: set[int] = set()
    while True:
        groups = groups_of(connection, principal, request)
        if groups <= locked:
            return
        locked |= groups
        lock_groups(connection, sorted(locked), exclusively=True)
        if connection.dialect.name == "sqlite":
            return


def dry_run(
    database: Database, principal: Principal, request: OperationRequest
) -> tuple[int, dict[str, Any]]:
    """Plan on one snapshot, without locks, and keep the plan: (its id, its report)."""
    with database.planning() as planned:
        plan = plan_operation(planned, principal, request)
        with database.write() as connection:
            stored = store_plan(planned, connection, plan, principal.user_id)
    with database.read() as connection:
        return stored.id, full_report(connection, stored, summary(plan))
