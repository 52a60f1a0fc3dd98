"""What grows old: trash is erased after its days, plans and reports are forgotten.

Workers call this between their jobs. A deletion is purged in a transaction of its own, under an
event in the name of whoever deleted; nobody's rights are asked, for its time is over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import null, select, union_all, update

from graphql_api.graph.edges import CODES, rows_of
from graphql_api.graph.execute import purge
from graphql_api.graph.execute.rows import Execution
from graphql_api.graph.operations import plan_operation
from graphql_api.graph.request import OperationRequest
from graphql_api.graph.storing import forget_plans
from shared.auth.epoch import bump_epoch
from shared.auth.principal import load_principal
from shared.clock import DAY, now
from shared.database import lock_groups
from shared.journal import begin_event
from shared.models.activities import ENDED, Activity
from shared.storage.intents import sweep
from shared.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.database import Database
    from shared.settings import Settings
    from shared.storage import Storage

REPORTS_KEPT = 90 * DAY
AT_ONCE = 20
"""Deletions erased in one round, so that a worker soon goes back to its jobs."""


def keep_house(settings: Settings) -> Callable[[Database, Storage], None]:
    """What a worker does between its jobs, with these settings."""

    def tidy(database: Database, storage: Storage) -> None:
        if empty_trash(database, before=now() - settings.trash_days * DAY):
            sweep(database, storage)
        forget_reports(database, before=now() - REPORTS_KEPT)

    return tidy


def empty_trash(database: Database, *, before: int) -> int:
    """Erase what was deleted before a moment; answers how many deletions were."""
    held = [select(rows_of(name).c.trash_id).distinct() for name in CODES]
    entries = union_all(*(one.where(one.selected_columns[0].is_not(None)) for one in held))
    found = entries.subquery()
    due = (
        select(Activity.id, Activity.user_id)
        .where(Activity.finished_at <= before, Activity.id.in_(select(found.c[0])))
        .order_by(Activity.id)
        .limit(AT_ONCE)
    )
    with database.read() as connection:
        rows = connection.execute(due).all()
    for row in rows:
        _expire(database, row.id, row.user_id)
    return len(rows)


def _expire(database: Database, activity_id: int, user_id: int) -> None:
    request = OperationRequest("expire", activity=f"Activity:{activity_id}")
    with database.write() as connection:
        principal = load_principal(connection, user_id)
        plan = plan_operation(connection, principal, request)
        lock_groups(connection, sorted(plan.groups), exclusively=True)
        event_id = begin_event(connection, user_id=user_id, kind="expire")
        purge.execute_purge(Execution(connection, plan, event_id, activity_id, lambda *_: None))
        bump_epoch(connection)
    logger(__name__).info("trash.expired", activity_id=activity_id, rows=plan.size)


def forget_reports(database: Database, *, before: int) -> None:
    """Drop expired plans, and the reports of jobs that ended before a moment."""
    table = Activity.__table__
    old = (
        table.c.finished_at <= before,
        table.c.state.in_(ENDED),
        table.c.dismissed_at.is_(None) | table.c.report.is_not(None),
    )
    with database.read() as connection:
        due = connection.execute(select(table.c.id).where(*old).limit(1)).first()
    with database.write() as connection:
        forget_plans(connection, now() - DAY)
        if due is not None:
            connection.execute(
                update(Activity).where(*old).values(report=null(), dismissed_at=now())
            )
