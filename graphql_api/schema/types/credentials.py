"""Session and AccessToken: how somebody is logged in, and from where. Only one's own are seen.

The credentials themselves are told once, by the mutation that makes them; only digests are stored.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

import strawberry
from sqlalchemy import ColumnElement, and_, false, select

from graphql_api.compiler.declare import Batched, ToOne, column, planned, rows_of
from graphql_api.compiler.scope import Scope, Source
from graphql_api.editing.people.sessions import own_sessions
from graphql_api.schema.scalars import DateTime
from graphql_api.schema.types.objects import Node
from graphql_api.schema.types.references import LazyUser
from shared.auth import rules
from shared.models import people
from shared.models.live import SessionTouch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql_api.compiler.declare import Values
    from graphql_api.compiler.run import Run


@strawberry.enum(description="What an access token is good for.")
class TokenScope(Enum):
    """What an access token is good for; a session may do everything that its user may."""

    READ = strawberry.enum_value("read", description="See and download.")
    WRITE = strawberry.enum_value("write", description="Change data; includes seeing them.")
    IMPORT = strawberry.enum_value(
        "import", description="Make containers and bring images; includes seeing data."
    )
    ADMIN = strawberry.enum_value(
        "admin", description="Use the privileges of an administrator or leader, and one's account."
    )


def _own_tokens(scope: Scope) -> ColumnElement[bool]:
    """Live tokens of the caller; none under sudo, or by a token without the scope `admin`."""
    principal = scope.principal
    if principal.sudoer_id is not None or not principal.has_scope({rules.Scope.ADMIN}):
        return false()
    columns = scope.table.c
    return and_(columns.user_id == principal.user_id, columns.revoked_at.is_(None))


def _last_used(mark: str) -> Any:
    def function(run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
        """One statement on the live database; what was never used answers null."""
        touch = SessionTouch.__table__
        keys = sorted({f"{mark}{row['id']}" for row in rows})
        with run.context.database.read_live() as connection:
            query = select(touch.c.key, touch.c.touched_at).where(touch.c.key.in_(keys))
            found = {row[0]: row[1] for row in connection.execute(query)}
        return [found.get(f"{mark}{row['id']}") for row in rows]

    return planned(Batched(("id",), function), "When it was last used, to the minute.")


def _is_current(run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[bool]:
    return [row["id"] == run.principal.session_id for row in rows]


def _scopes(words: str) -> list[TokenScope]:
    return [scope for scope in TokenScope if str(scope.value) in words.split()]


@rows_of(
    Source(
        people.Session,
        seen=lambda scope: own_sessions(scope.principal, scope.table),
        has_details=False,
    )
)
@strawberry.type(description="A login that is open.")
class Session(Node):
    """A login that is open."""

    user: LazyUser = planned(ToOne("User", "user_id", always=True), "As whom it acts.")
    sudoer: LazyUser | None = planned(
        ToOne("User", "sudoer_id", always=True), "Who stands behind it, under sudo."
    )
    is_current: bool = planned(Batched(("id",), _is_current), "Whether this request came by it.")
    user_agent: str | None = column("user_agent", "The program that logged in.")
    address: str | None = column("address", "The address from which it logged in.")
    created_at: DateTime = column("created_at", "When it was opened.")
    expires_at: DateTime = column("expires_at", "When it ends in any case.")
    last_used_at: DateTime | None = _last_used("s")
    idle_timeout_seconds: int = column("idle_s", "It ends after so many seconds without a request.")


@rows_of(Source(people.AccessToken, seen=_own_tokens, has_details=False))
@strawberry.type(description="A personal access token, without its text.")
class AccessToken(Node):
    """A personal access token, without its text."""

    name: str = column("name", "What it is for.")
    scopes: list[TokenScope] = column("scopes", "What it is good for.", _scopes)
    created_at: DateTime = column("created_at", "When it was made.")
    expires_at: DateTime | None = column("expires_at", "When it ends; null: when it is revoked.")
    last_used_at: DateTime | None = _last_used("t")
