"""Stop, repeat or put away Activities: whoever asked for one may, and administrators; nobody else
learns of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, select, true, update

from graphql_api.editing.targets import not_found
from shared.activities.queue import request_cancel
from shared.activities.queue import retry as queue_again
from shared.auth.rules import Scope
from shared.clock import now
from shared.database import ids_in
from shared.errors import Conflict, Denied
from shared.models.activities import ENDED, Activity
from shared.refs import ObjectRef, parse_ref

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement

    from shared.auth.principal import Principal
    from shared.database import Database


def cancel(database: Database, principal: Principal, text: str) -> ObjectRef:
    """Cancel a queued Activity at once, or ask the worker of a running one to stop.

    Raises `NotFound`, `Denied` for a token without a writing scope, and `Conflict` when it has
    ended.
    """
    ref = _own(database, principal, text, "cancel")
    request_cancel(database, ref.id)
    return ref


def retry(database: Database, principal: Principal, text: str) -> ObjectRef:
    """Put a failed or cancelled Activity into the queue again, with the rights of then.

    Raises `NotFound`, `Denied` for a token without a writing scope, and `Conflict` for one that
    neither failed nor was cancelled.
    """
    ref = _own(database, principal, text, "retry")
    with database.write() as connection:
        queue_again(connection, ref.id)
    return ref


def dismiss(
    database: Database, principal: Principal, texts: Sequence[str] | None
) -> list[ObjectRef]:
    """Take ended Activities out of the caller's list, all of his own without `texts`.

    Raises a group of `NotFound`, and `Conflict` for one that has not ended.
    """
    table = Activity.__table__
    if texts is None:
        _require_writing(principal, "dismiss", "activities")
        wanted: ColumnElement[bool] = table.c.user_id == principal.user_id
    else:
        refs = [_own(database, principal, text, "dismiss") for text in dict.fromkeys(texts)]
    with database.write() as connection:
        if texts is not None:
            wanted = ids_in(connection, table.c.id, [ref.id for ref in refs])
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


def _own(database: Database, principal: Principal, text: str, verb: str) -> ObjectRef:
    ref = parse_ref(text)
    if ref is None or ref.class_name != "Activity":
        raise not_found(text, ("activity",))
    mine = or_(Activity.user_id == principal.user_id, Activity.sudoer_id == principal.user_id)
    with database.read() as connection:
        seen = connection.scalar(
            select(Activity.id).where(Activity.id == ref.id, true() if principal.is_admin else mine)
        )
    if seen is None:
        raise not_found(text, ("activity",))
    _require_writing(principal, verb, str(ref))
    return ref


def _require_writing(principal: Principal, verb: str, what: str) -> None:
    """Raise `Denied` for an access token that may only read."""
    if not principal.has_scope({Scope.WRITE, Scope.IMPORT}):
        raise Denied(
            f"You may not {verb} {what}.",
            hint="The access token lacks the scope write or import.",
            target=what if ":" in what else None,
        )
