"""`createUser`, `createUsers`, `updateUser`, `deactivateUser`, `reactivateUser`, `deleteUser`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import strawberry

from graphql_api.compiler.planner import fetch_nodes
from graphql_api.context import RequestContext
from graphql_api.editing.idempotency import once
from graphql_api.editing.people.accounts import UserChange, digests, insert_users, taken_logins
from graphql_api.editing.people.accounts import update_user as write_user
from graphql_api.editing.people.drafts import NewUser, check_draft
from graphql_api.editing.people.memberships import deactivate, reactivate
from graphql_api.editing.people.removal import delete_user
from graphql_api.editing.places import find_group
from graphql_api.schema.mutations.outcomes import MutationError, attempt
from graphql_api.schema.mutations.update import given_values
from graphql_api.schema.types.people_rights import AdminPrivilege
from graphql_api.schema.types.references import LazyUser
from shared.auth.rules_admin import AdminAction, require_administer
from shared.models.people import Privilege
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from shared.auth.creation import GroupFacts
    from shared.auth.principal import Principal

Info = strawberry.Info[RequestContext, None]
_UNKEPT = frozenset({"password", "idempotency_key"})
_KEY = "A repeat with the same key and input does nothing and answers the same, for 24 hours."


@strawberry.input(description="A new account.")
class CreateUserInput:
    """Input of `createUser`."""

    login: str = strawberry.field(
        description="The name for logging in: visible characters of one script. Logins that "
        "differ only in case are the same."
    )
    first_name: str = strawberry.field(description="First name.")
    last_name: str = strawberry.field(description="Last name.")
    middle_name: str | None = strawberry.field(default=None, description="Middle name.")
    email: str | None = strawberry.field(default=None, description="E-mail address.")
    institution: str | None = strawberry.field(default=None, description="Institution.")
    password: str | None = strawberry.field(
        default=None,
        description="At least 8 characters; without one nobody can log in until it is set.",
    )
    groups: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Groups; the first one is the default group."
    )
    leads: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Groups that the person leads; membership is included."
    )
    administrator: bool = strawberry.field(
        default=False, description="Whether this is an administrator."
    )
    privileges: list[AdminPrivilege] | None = strawberry.field(
        default=None,
        description="What an administrator may do; left out, everything. None that you lack.",
    )
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)


@strawberry.input(description="What is to change in an account; what is left out stays.")
class UpdateUserInput:
    """Input of `updateUser`."""

    id: strawberry.ID = strawberry.field(description="The user.")
    expected_version: int | None = strawberry.field(
        default=None, description="The version that was seen; another one is a Conflict."
    )
    login: str | None = strawberry.field(
        default=strawberry.UNSET, description="A new login; for administrators with ModifyUser."
    )
    first_name: str | None = strawberry.field(
        default=strawberry.UNSET, description="First name; it cannot be emptied."
    )
    middle_name: str | None = strawberry.field(
        default=strawberry.UNSET, description="Middle name, or null."
    )
    last_name: str | None = strawberry.field(
        default=strawberry.UNSET, description="Last name; it cannot be emptied."
    )
    email: str | None = strawberry.field(
        default=strawberry.UNSET, description="E-mail address, or null."
    )
    institution: str | None = strawberry.field(
        default=strawberry.UNSET, description="Institution, or null."
    )


@strawberry.input(description="Whose account.")
class UserInput:
    """Input of `deactivateUser` and `reactivateUser`."""

    user: strawberry.ID = strawberry.field(description="The user.")


@strawberry.input(description="Which account is to go.")
class DeleteUserInput:
    """Input of `deleteUser`."""

    user: strawberry.ID = strawberry.field(description="The user.")
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)


@strawberry.type(description="The account, or why nothing was done.")
class UserPayload:
    """Answer of the mutations of one account."""

    user: LazyUser | None = strawberry.field(default=None, description="The account.")
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was done."
    )


@strawberry.type(description="The account that is gone, or why it is still there.")
class DeleteUserPayload:
    """Answer of `deleteUser`."""

    deleted: strawberry.ID | None = strawberry.field(default=None, description="Its id.")
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why it is still there; `message` counts what it holds."
    )


def _create_user(info: Info, input: CreateUserInput) -> UserPayload:
    """Make one account."""
    context = info.context

    def work() -> UserPayload:
        principal = context.require_principal()
        require_administer(principal, AdminAction.CREATE_USER)
        with context.database.read() as connection:
            new = _new_user(connection, principal, input)
        draft, faults = check_draft(principal, new)
        if draft is None:
            raise ExceptionGroup("refused", faults)
        hashes = digests([draft])

        def make(connection: Connection) -> list[ObjectRef]:
            for fault in taken_logins(connection, [draft]).values():
                raise fault
            return insert_users(connection, principal, [draft], hashes)

        # the password stays out of what is kept of the input, digested or not
        given = {name: str(value) for name, value in asdict(input).items() if name not in _UNKEPT}
        with context.database.write() as connection:
            refs = once(
                connection, principal, "createUser", input.idempotency_key, given,
                lambda: make(connection),
            )  # fmt: skip
        return _answer(info, refs[0])

    return attempt(context, work, lambda found: UserPayload(errors=found))


def _new_user(connection: Connection, principal: Principal, given: CreateUserInput) -> NewUser:
    def groups(texts: list[strawberry.ID], path: str) -> tuple[GroupFacts, ...]:
        return tuple(find_group(connection, principal, str(each), (path,)) for each in texts)

    privileges = None
    if given.administrator:
        chosen = AdminPrivilege if given.privileges is None else given.privileges
        privileges = frozenset(Privilege(str(each.value)) for each in chosen)
    return NewUser(
        login=given.login,
        first_name=given.first_name,
        last_name=given.last_name,
        middle_name=given.middle_name,
        email=given.email,
        institution=given.institution,
        password=given.password,
        groups=groups(given.groups, "groups"),
        leads=groups(given.leads, "leads"),
        privileges=privileges,
    )


def _update_user(info: Info, input: UpdateUserInput) -> UserPayload:
    """Change an account."""
    context = info.context
    names = ("login", "first_name", "middle_name", "last_name", "email", "institution")

    def work() -> UserPayload:
        change = UserChange(str(input.id), given_values(input, *names), input.expected_version)
        ref = write_user(context.database, context.require_principal(), change)
        return _answer(info, ref)

    return attempt(context, work, lambda found: UserPayload(errors=found))


def _deactivate_user(info: Info, input: UserInput) -> UserPayload:
    """Close an account."""
    return _activation(info, input, deactivate)


def _reactivate_user(info: Info, input: UserInput) -> UserPayload:
    """Open an account again."""
    return _activation(info, input, reactivate)


def _activation(info: Info, given: UserInput, change: Callable[..., None]) -> UserPayload:
    context = info.context

    def work() -> UserPayload:
        change(context.database, context.require_principal(), str(given.user))
        return _answer(info, ObjectRef.parse(given.user))

    return attempt(context, work, lambda found: UserPayload(errors=found))


def _delete_user(info: Info, input: DeleteUserInput) -> DeleteUserPayload:
    """Delete an account."""
    context = info.context

    def work() -> DeleteUserPayload:
        principal, text = context.require_principal(), str(input.user)

        def erase(connection: Connection) -> list[ObjectRef]:
            delete_user(connection, principal, text)
            return [ObjectRef.parse(text)]

        with context.database.write() as connection:
            refs = once(
                connection, principal, "deleteUser", input.idempotency_key, {"user": text},
                lambda: erase(connection),
            )  # fmt: skip
        return DeleteUserPayload(deleted=strawberry.ID(str(refs[0])))

    return attempt(context, work, lambda found: DeleteUserPayload(errors=found))


def _answer(info: Info, ref: ObjectRef) -> UserPayload:
    info.context.reload_principal()
    return UserPayload(user=fetch_nodes(info, [ref], "user")[0])


@strawberry.type
class UserMutations:
    """Mutations of this file."""

    create_user: UserPayload = strawberry.field(
        resolver=_create_user,
        description="Make an account, active at once; takes ModifyUser, and for each group the "
        "right to add members.",
    )
    update_user: UserPayload = strawberry.field(
        resolver=_update_user,
        description="Change names, e-mail address and institution of oneself, or of others with "
        "ModifyUser.",
    )
    deactivate_user: UserPayload = strawberry.field(
        resolver=_deactivate_user,
        description="Let nobody log in with the account any more; its sessions end within five "
        "seconds, its data stay.",
    )
    reactivate_user: UserPayload = strawberry.field(
        resolver=_reactivate_user, description="Let the account log in again."
    )
    delete_user: DeleteUserPayload = strawberry.field(
        resolver=_delete_user,
        description="Delete an account that owns nothing and stands in no history; deactivate "
        "others.",
    )
