"""Stop, repeat or put away Activities: whoever asked for one may; administrators stop anybody's,
and repeat it where they may act for who asked. Nobody else learns of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, select, true, update

from graphql_api.editing.targets import not_found
from shared.activities.queue import request_cancel
from shared.activities.queue import retry as queue_again
from shared.auth.principal import load_standings, may_sudo
from shared.auth.scopes import IMPORTING, WRITING, must_change
from shared.clock import now
from shared.database import ids_in
from shared.errors import Conflict, Denied
from shared.models.activities import ENDED, Activity
from shared.refs import ObjectRef, parse_ref

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from sqlalchemy import ColumnElement

    from shared.auth.principal import Principal
    from shared.auth.rules import Scope
    from shared.database import Database


def steering(kind: str) -> frozenset[Scope]:
    """Scopes of a token of which one suffices to stop or repeat a job of this kind."""
    return IMPORTING if kind == "import" else WRITING


def cancel(database: Database, principal: Principal, text: str) -> ObjectRef:
    """Cancel a queued Activity at once, or ask the worker of a running one to stop.

    Raises `NotFound`, `Denied` for a token without the scope, and `Conflict` when it has ended.
    """
    row = _seen(database, principal, text)
    must_change(principal, f"cancel Activity:{row.id}", scopes=steering(row.kind),
                target=f"Activity:{row.id}")  # fmt: skip
    request_cancel(database, row.id)
    return ObjectRef("Activity", row.id)


def retry(database: Database, principal: Principal, text: str) -> ObjectRef:
    """Put a failed or cancelled Activity into the queue again, as if the caller asked for it now:
    it has no more rights than the caller's credential.

    Raises `NotFound`, `Denied` for a token without the scope and for an administrator who may not
    act for who asked, and `Conflict` for one that neither failed nor was cancelled.
    """
    row = _seen(database, principal, text)
    target = f"Activity:{row.id}"
    must_change(principal, f"retry {target}", scopes=steering(row.kind), target=target)
    sudoer_id = principal.sudoer_id
    if row.user_id != principal.user_id:
        sudoer_id = principal.user_id
        with database.read() as connection:
            asker = load_standings(connection, {row.user_id})[row.user_id]
        if principal.sudoer_id is not None or not may_sudo(principal, asker):
            raise Denied(
                f"You may not retry {target}.",
                reasons=("NOT_OWNER",),
                hint="Whoever asked for it may, or somebody who may act for him by sudo.",
                target=target,
            )
    with database.write() as connection:
        queue_again(
            connection,
            row.id,
            sudoer_id=sudoer_id,
            session_id=principal.session_id,
            scopes=principal.scopes,
        )
    return ObjectRef("Activity", row.id)


def dismiss(
    database: Database, principal: Principal, texts: Sequence[str] | None
) -> list[ObjectRef]:
    """Take ended Activities out of the caller's list, all of his own without `texts`.

    Raises a group of `NotFound`, `Denied` for one that somebody else asked for (it would vanish
    from his list), and `Conflict` for one that has not ended.
    """
    must_change(principal, "dismiss activities", scopes=IMPORTING)
    table = Activity.__table__
    if texts is None:
        wanted: ColumnElement[bool] = table.c.user_id == principal.user_id
    else:
        rows = [_seen(database, principal, text) for text in dict.fromkeys(texts)]
        for row in rows:
            if principal.user_id not in {row.user_id, row.sudoer_id}:
                raise Denied(
                    f"You may not dismiss Activity:{row.id}.",
                    reasons=("NOT_OWNER",),
                    hint="Only whoever asked for it takes it out of his list.",
                    target=f"Activity:{row.id}",
                )
    with database.write() as connection:
        if texts is not None:
            wanted = ids_in(connection, table.c.id, [row.id for row in rows])
            busy = connection.scalar(
                select(table.c.id).where(wanted, table.c.state.not_in(ENDED)).limit(1)
            )
            if busy is not None:
                raise Conflict(
                    f"Activity:{busy} has not ended.",
                    hint="Cancel it, or wait for its end.",
                    target=f"Activity:{busy}",
                )
        gone = (
            update(Activity)
            .where(wanted, table.c.state.in_(ENDED), table.c.dismissed_at.is_(None))
            .values(dismissed_at=now())
            .returning(table.c.id)
        )
        return [ObjectRef("Activity", number) for number in sorted(connection.scalars(gone))]


def _seen(database: Database, principal: Principal, text: str) -> Any:
    """The Activity's id, kind and who asked for it, as far as the caller may learn of it."""
    ref = parse_ref(text)
    if ref is None or ref.class_name != "Activity":
        raise not_found(text, ("activity",))
    mine = or_(Activity.user_id == principal.user_id, Activity.sudoer_id == principal.user_id)
    columns = select(Activity.id, Activity.kind, Activity.user_id, Activity.sudoer_id)
    with database.read() as connection:
        row = connection.execute(
            columns.where(Activity.id == ref.id, true() if principal.is_admin else mine)
        ).one_or_none()
    if row is None:
        raise not_found(text, ("activity",))
    return row
