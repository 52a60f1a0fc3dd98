"""End sessions of one's own. Under sudo only the session itself is one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, false, or_, select

from graphql_api.editing.targets import not_found
from shared import clock
from shared.auth.rules import Scope
from shared.auth.sessions import close_sessions
from shared.models.people import Session
from shared.refs import parse_ref

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from sqlalchemy import ColumnElement

    from shared.auth.principal import Principal
    from shared.database import Database


def own_sessions(principal: Principal, table: Any) -> ColumnElement[bool]:
    """Open sessions of the principal, and those in which he acts for others.

    A sudo session sees itself alone, and an access token none without the scope `admin`.
    """
    columns = table.c if hasattr(table, "c") else table
    is_open = and_(columns.closed_at.is_(None), columns.expires_at > clock.now())
    if not principal.has_scope({Scope.ADMIN}):
        return false()
    if principal.sudoer_id is not None:
        return and_(is_open, columns.id == principal.session_id)
    mine = or_(columns.user_id == principal.user_id, columns.sudoer_id == principal.user_id)
    return and_(is_open, mine)


def end_sessions(
    database: Database, principal: Principal, texts: Sequence[str] | None
) -> list[str]:
    """Close sessions of one's own, None being all but the one that asks; answers their ids.

    Raises a group of `NotFound`, one for each that is not there or not one's own.
    """
    with database.write() as connection:
        query = select(Session.id).where(own_sessions(principal, Session)).order_by(Session.id)
        own = list(connection.scalars(query))
        if texts is None:
            chosen = [number for number in own if number != principal.session_id]
        else:
            refs = {text: parse_ref(text) for text in dict.fromkeys(texts)}
            chosen, missing = [], []
            for text, ref in refs.items():
                if ref is None or ref.class_name != "Session" or ref.id not in own:
                    missing.append(not_found(text, ("sessions",)))
                else:
                    chosen.append(ref.id)
            if missing:
                raise ExceptionGroup("not found", missing)
        if chosen:
            close_sessions(connection, chosen)
        return [f"Session:{number}" for number in chosen]
