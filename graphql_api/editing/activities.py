"""Stop an Activity: whoever asked for it may, and administrators; nobody else learns of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, select, true

from graphql_api.editing.targets import not_found
from shared.activities.queue import request_cancel
from shared.auth.rules import Scope
from shared.errors import Denied
from shared.models.activities import Activity
from shared.refs import ObjectRef, parse_ref

if TYPE_CHECKING:
    from shared.auth.principal import Principal
    from shared.database import Database


def cancel(database: Database, principal: Principal, text: str) -> ObjectRef:
    """Cancel a queued Activity at once, or ask the worker of a running one to stop.

    Raises `NotFound`, `Denied` for a token without a writing scope, and `Conflict` when it has
    ended.
    """
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
    if not principal.has_scope({Scope.WRITE, Scope.IMPORT}):
        raise Denied(
            f"You may not cancel {ref}.",
            hint="The access token lacks the scope write or import.",
            target=str(ref),
        )
    request_cancel(database, ref.id)
    return ref
