"""Stop, repeat or put away Activities: whoever asked for one may. Administrators see everybody's,
and stop and repeat them where they may act as somebody else (Sudo). Nobody else learns of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select, true, update

from graphql_api.editing.targets import not_found
from shared.activities.queue import request_cancel
from shared.activities.queue import retry as queue_again
from shared.auth.scopes import IMPORTING, WRITING, may_change, must_change
from shared.clock import now
from shared.database import ids_in
from shared.errors import Conflict, Denied
from shared.models.activities import ENDED, Activity
from shared.models.people import Privilege
from shared.refs import ObjectRef, parse_ref

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement

    from shared.auth.principal import Principal
    from shared.auth.rules import Scope
    from shared.database import Database


def steering(kind: str) -> frozenset[Scope]:
    """Scopes of a token of which one suffices to stop or repeat a job of this kind."""
    return IMPORTING if kind == "import" else WRITING


def may_steer(principal: Principal, kind: str, asker_id: int, sudoer_id: int | None) -> bool:
    """Whether somebody who sees an Activity may stop or repeat it."""
    return may_change(principal, steering(kind)) and _is_his(principal, asker_id, sudoer_id)


def _is_his(principal: Principal, asker_id: int, sudoer_id: int | None) -> bool:
    acts_for_others = principal.may(Privilege.SUDO) and principal.sudoer_id is None
    return acts_for_others or principal.user_id in {asker_id, sudoer_id}


def _must_steer(principal: Principal, verb: str, row: Any) -> None:
    target = f"Activity:{row.id}"
    must_change(principal, f"{verb} {target}", scopes=steering(row.kind), target=target)
    if not _is_his(principal, row.user_id, row.sudoer_id):
        raise Denied(
            f"You may not {verb} {target}.",
            reasons=("PRIVILEGE_MISSING",),
            hint="Whoever asked for it may, and administrators with the privilege Sudo.",
            target=target,
        )


def cancel(database: Database, principal: Principal, text: str) -> ObjectRef:
    """Cancel a queued Activity at once, or ask the worker of a running one to stop.

    Raises `NotFound`, `Denied` for a token without the scope and for an administrator who may not
    act for who asked, and `Conflict` when it has ended.
    """
    row = _seen(database, principal, text)
    _must_steer(principal, "cancel", row)
    request_cancel(database, row.id)
    return ObjectRef("Activity", row.id)


def retry(database: Database, principal: Principal, text: str) -> ObjectRef:
    """Put a failed or cancelled Activity into the queue again, as if the caller asked for it now:
    it has no more rights than the caller's credential.

    Raises `NotFound`, `Denied` for a token without the scope and for an administrator who may not
    act for who asked, and `Conflict` for one that neither failed nor was cancelled.
    """
    row = _seen(database, principal, text)
    _must_steer(principal, "retry", row)
    own = row.user_id == principal.user_id
    with database.write() as connection:
        queue_again(
            connection,
            row.id,
            sudoer_id=principal.sudoer_id if own else principal.user_id,
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
