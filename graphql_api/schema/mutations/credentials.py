"""`sudo`, `changePassword`, `createToken`, `revokeToken`, `endSessions`.

A credential's text is told once, here, and stored nowhere. Scopes, sudo and expiry are judged at
every request from the rows of that moment, in `shared.auth`.
"""

from __future__ import annotations

import strawberry

from graphql_api.compiler.planner import fetch_nodes
from graphql_api.context import RequestContext
from graphql_api.editing.people.passwords import change_password
from graphql_api.editing.people.sessions import end_sessions
from graphql_api.editing.targets import not_found
from graphql_api.schema.mutations.outcomes import MutationError, attempt
from graphql_api.schema.mutations.users import UserPayload
from graphql_api.schema.scalars import DateTime
from graphql_api.schema.types.credentials import AccessToken, TokenScope
from graphql_api.schema.types.references import LazyUser
from shared.auth.sudo import open_sudo_session
from shared.auth.tokens import create_token, revoke_token
from shared.errors import Invalid
from shared.refs import ObjectRef, parse_ref

Info = strawberry.Info[RequestContext, None]


@strawberry.input(description="As whom to act.")
class SudoInput:
    """Input of `sudo`."""

    user: strawberry.ID = strawberry.field(description="The user.")


@strawberry.type(description="A session as another user, or why there is none.")
class SudoPayload:
    """Answer of `sudo`."""

    token: str | None = strawberry.field(
        default=None, description="To be sent as `Authorization: Bearer`; told this once."
    )
    expires_at: DateTime | None = strawberry.field(
        default=None, description="When it ends at the latest; it ends with your own session."
    )
    idle_timeout_seconds: int | None = strawberry.field(
        default=None, description="It ends after so many seconds without a request."
    )
    user: LazyUser | None = strawberry.field(default=None, description="As whom it acts.")
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why there is none."
    )


@strawberry.input(description="A new password.")
class ChangePasswordInput:
    """Input of `changePassword`."""

    new_password: str = strawberry.field(description="8 to 1,024 characters.")
    old_password: str | None = strawberry.field(
        default=None, description="The one until now; needed for one's own account."
    )
    user: strawberry.ID | None = strawberry.field(
        default=None, description="Whose; the caller's own unless said. Others' take ModifyUser."
    )


@strawberry.input(description="A new access token.")
class CreateTokenInput:
    """Input of `createToken`."""

    name: str = strawberry.field(description="What it is for, in 1 to 200 characters.")
    scopes: list[TokenScope] = strawberry.field(description="What it is good for, one at least.")
    expires_at: DateTime | None = strawberry.field(
        default=None, description="When it ends; left out, when it is revoked."
    )


@strawberry.type(description="A new access token, or why there is none.")
class CreateTokenPayload:
    """Answer of `createToken`."""

    token: str | None = strawberry.field(
        default=None, description="To be sent as `Authorization: Bearer`; told this once."
    )
    access_token: AccessToken | None = strawberry.field(
        default=None, description="The token without its text, as it is listed from now on."
    )
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why there is none."
    )


@strawberry.input(description="Which access token to end.")
class RevokeTokenInput:
    """Input of `revokeToken`."""

    token: strawberry.ID = strawberry.field(description="Its id, such as AccessToken:3.")


@strawberry.type(description="The token that is good for nothing any more, or why it still is.")
class RevokeTokenPayload:
    """Answer of `revokeToken`."""

    revoked: strawberry.ID | None = strawberry.field(default=None, description="Its id.")
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why it still works."
    )


@strawberry.input(description="Which sessions to end.", one_of=True)
class EndSessionsInput:
    """Input of `endSessions`."""

    sessions: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="These of one's own."
    )
    all_others: bool | None = strawberry.field(
        default=strawberry.UNSET, description="true: all of one's own but the one that asks."
    )


@strawberry.type(description="The sessions that are closed, or why they are open.")
class EndSessionsPayload:
    """Answer of `endSessions`."""

    ended: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Ids of the sessions that were closed."
    )
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why they are still open."
    )


def _sudo(info: Info, input: SudoInput) -> SudoPayload:
    """Act as another user."""
    context = info.context

    def work() -> SudoPayload:
        ref = parse_ref(str(input.user))
        if ref is None or ref.class_name != "User":
            raise not_found(str(input.user), ("user",))
        opened = open_sudo_session(
            context.database,
            context.settings,
            context.require_principal(),
            ref.id,
            address=context.caller.address,
            user_agent=context.caller.user_agent,
        )
        context.renew()
        return SudoPayload(
            token=opened.token,
            expires_at=DateTime(opened.expires_at),
            idle_timeout_seconds=opened.idle_s,
            user=fetch_nodes(info, [ref], "user")[0],
        )

    return attempt(context, work, lambda found: SudoPayload(errors=found))


def _change_password(info: Info, input: ChangePasswordInput) -> UserPayload:
    """Set a password."""
    context = info.context

    def work() -> UserPayload:
        ref = change_password(
            context.database,
            context.settings,
            context.require_principal(),
            input.user,
            input.new_password,
            input.old_password,
            address=context.caller.address,
        )
        context.reload_principal()
        return UserPayload(user=fetch_nodes(info, [ref], "user")[0])

    return attempt(context, work, lambda found: UserPayload(errors=found))


def _create_token(info: Info, input: CreateTokenInput) -> CreateTokenPayload:
    """Make an access token."""
    context = info.context

    def work() -> CreateTokenPayload:
        made = create_token(
            context.database,
            context.require_principal(),
            input.name,
            [str(scope.value) for scope in input.scopes],
            input.expires_at,
        )
        context.renew()
        ref = ObjectRef("AccessToken", made.token_id)
        row = fetch_nodes(info, [ref], "accessToken")[0]
        return CreateTokenPayload(token=made.token, access_token=row)

    return attempt(context, work, lambda found: CreateTokenPayload(errors=found))


def _revoke_token(info: Info, input: RevokeTokenInput) -> RevokeTokenPayload:
    """End an access token."""
    context = info.context

    def work() -> RevokeTokenPayload:
        ref = parse_ref(str(input.token))
        if ref is None or ref.class_name != "AccessToken":
            raise not_found(str(input.token), ("token",))
        revoke_token(context.database, context.require_principal(), ref.id)
        return RevokeTokenPayload(revoked=strawberry.ID(str(ref)))

    return attempt(context, work, lambda found: RevokeTokenPayload(errors=found))


def _end_sessions(info: Info, input: EndSessionsInput) -> EndSessionsPayload:
    """Close sessions."""
    context = info.context

    def work() -> EndSessionsPayload:
        principal = context.require_principal()
        texts: list[str] | None = None
        if input.sessions is not strawberry.UNSET:
            texts = [str(each) for each in input.sessions or ()]
        elif not input.all_others:
            raise Invalid("allOthers is true.", hint="Or name the sessions.", path=("allOthers",))
        ended = end_sessions(context.database, principal, texts)
        if f"Session:{principal.session_id}" in ended:
            context.forget_session = True
        return EndSessionsPayload(ended=[strawberry.ID(each) for each in ended])

    return attempt(context, work, lambda found: EndSessionsPayload(errors=found))


@strawberry.type
class CredentialMutations:
    """Mutations of this file."""

    sudo: SudoPayload = strawberry.field(
        resolver=_sudo,
        description="Act as another user: for administrators with Sudo, and for leaders with "
        "members of their groups. Privileges are those of both; both names stand in the history.",
    )
    change_password: UserPayload = strawberry.field(
        resolver=_change_password,
        description="Set a password and end the account's other sessions.",
    )
    create_token: CreateTokenPayload = strawberry.field(
        resolver=_create_token,
        description="Make a personal access token, from a session of one's own.",
    )
    revoke_token: RevokeTokenPayload = strawberry.field(
        resolver=_revoke_token, description="End one of one's own access tokens at once."
    )
    end_sessions: EndSessionsPayload = strawberry.field(
        resolver=_end_sessions, description="Close sessions of one's own, everywhere."
    )
