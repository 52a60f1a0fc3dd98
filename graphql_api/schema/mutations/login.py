"""`login` and `logout`.

The token is told once; the transport also makes a cookie of it when the request comes from a
listed origin. Unknown user, wrong password and inactive account get one message at one cost.
"""

from __future__ import annotations

import strawberry

from graphql_api.compiler.planner import fetch_nodes
from graphql_api.context import RequestContext
from graphql_api.schema.mutations.outcomes import MutationError, attempt
from graphql_api.schema.scalars import DateTime
from graphql_api.schema.types.references import LazyUser
from shared.auth.sessions import authenticate, log_in, log_out
from shared.refs import ObjectRef

Info = strawberry.Info[RequestContext, None]


@strawberry.input(description="Who wants to come in.")
class LoginInput:
    """Input of `login`."""

    username: str = strawberry.field(description="The login name.")
    password: str = strawberry.field(description="The password.")
    idle_timeout_seconds: int | None = strawberry.field(
        default=None,
        description="End the session after so many seconds without a request: 60 to what the "
        "server grants, which is the default.",
    )


@strawberry.type(description="A new session, or why there is none.")
class LoginPayload:
    """Answer of `login`."""

    token: str | None = strawberry.field(
        default=None, description="To be sent as `Authorization: Bearer`; told this once."
    )
    expires_at: DateTime | None = strawberry.field(
        default=None, description="When the session ends in any case."
    )
    idle_timeout_seconds: int | None = strawberry.field(
        default=None, description="The session ends after so many seconds without a request."
    )
    user: LazyUser | None = strawberry.field(default=None, description="Who is logged in now.")
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nobody was logged in."
    )


@strawberry.type(description="Whether the session was closed.")
class LogoutPayload:
    """Answer of `logout`."""

    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why the session is still open."
    )


def _login(info: Info, input: LoginInput) -> LoginPayload:
    """Open a session."""
    context = info.context

    def work() -> LoginPayload:
        opened = log_in(
            context.database,
            context.settings,
            input.username,
            input.password,
            address=context.caller.address,
            user_agent=context.caller.user_agent,
            idle_s=input.idle_timeout_seconds,
        )
        context.principal = authenticate(context.database, context.settings, opened.token)
        context.new_session = (opened.token, opened.expires_at)
        context.renew()
        user = fetch_nodes(info, [ObjectRef("User", opened.user_id)], "user")[0]
        return LoginPayload(
            token=opened.token,
            expires_at=DateTime(opened.expires_at),
            idle_timeout_seconds=opened.idle_s,
            user=user,
        )

    return attempt(context, work, lambda found: LoginPayload(errors=found))


def _logout(info: Info) -> LogoutPayload:
    """Close the caller's session everywhere."""
    context = info.context

    def work() -> LogoutPayload:
        log_out(context.database, context.require_principal())
        context.principal = None
        context.forget_session = True
        return LogoutPayload()

    return attempt(context, work, lambda found: LogoutPayload(errors=found))


@strawberry.type
class LoginMutations:
    """Mutations of this file."""

    login: LoginPayload = strawberry.field(
        resolver=_login, description="Log in with user name and password."
    )
    logout: LogoutPayload = strawberry.field(
        resolver=_logout, description="Close the session that this request comes with."
    )
