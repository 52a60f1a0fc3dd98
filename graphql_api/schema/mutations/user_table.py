"""`createUsers`: many accounts from a CSV table, all or nothing, with a report of what is wrong."""

from __future__ import annotations

import hashlib

import strawberry

from graphql_api.compiler.planner import fetch_nodes
from graphql_api.context import RequestContext
from graphql_api.editing.idempotency import once
from graphql_api.editing.people.accounts import insert_users
from graphql_api.editing.people.table import (
    Refusal,
    RowsRefused,
    check_table,
    digests_of,
    read_table,
)
from graphql_api.schema.mutations.outcomes import MutationError, attempt, mutation_error
from graphql_api.schema.types.references import LazyUser
from shared.auth.rules_admin import AdminAction, require_administer
from shared.errors import Invalid

Info = strawberry.Info[RequestContext, None]


@strawberry.input(description="Many new accounts.")
class CreateUsersInput:
    """Input of `createUsers`."""

    csv: str = strawberry.field(
        description="A table as CSV with a heading: login, first, middle, last, e-mail, "
        "institution, groups, leads, password. Login, first and last are needed; groups and leads "
        "are names separated by semicolons. At most 1,000 rows, 50 of them with a password."
    )
    dry_run: bool = strawberry.field(default=False, description="Only say what would be refused.")
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="A repeat with the same key and input does nothing and answers the same, for "
        "24 hours.",
    )


@strawberry.type(description="One thing that is wrong with one row.")
class RefusedRow:
    """One thing that is wrong with one row."""

    line: int = strawberry.field(description="The line of the text, from 1; the heading counts.")
    login: str = strawberry.field(description="The login in that row.")
    error: MutationError = strawberry.field(description="What is wrong; `path` names the column.")


@strawberry.type(description="The new accounts, or the rows that stand in the way.")
class CreateUsersPayload:
    """Answer of `createUsers`."""

    users: list[LazyUser] = strawberry.field(
        default_factory=list, description="The accounts, in the order of the rows."
    )
    row_count: int = strawberry.field(default=0, description="How many rows the table has.")
    refused: list[RefusedRow] = strawberry.field(
        default_factory=list, description="Everything that is wrong; nothing is made then."
    )
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was made."
    )


def _create_users(info: Info, input: CreateUsersInput) -> CreateUsersPayload:
    """Make the accounts of a table."""
    context = info.context

    def work() -> CreateUsersPayload:
        principal = context.require_principal()
        require_administer(principal, AdminAction.CREATE_USER)
        rows = read_table(input.csv)
        given = {"csv": hashlib.sha256(input.csv.encode("utf-8", "surrogatepass")).hexdigest()}
        if any(row.cells.get("password") for row in rows):
            given = {"logins": " ".join(row.cells.get("login", "") for row in rows)}
        try:
            if input.dry_run:
                with context.database.read() as connection:
                    check_table(connection, principal, rows)
                return CreateUsersPayload(row_count=len(rows))
            hashes = digests_of(rows)
            with context.database.write() as connection:
                refs = once(
                    connection, principal, "createUsers", input.idempotency_key, given,
                    lambda: insert_users(
                        connection, principal, check_table(connection, principal, rows), hashes
                    ),
                )  # fmt: skip
        except RowsRefused as error:
            return _refused(len(rows), error.refusals)
        context.reload_principal()
        return CreateUsersPayload(users=fetch_nodes(info, refs, "users"), row_count=len(rows))

    return attempt(context, work, lambda errors: CreateUsersPayload(errors=errors))


def _refused(count: int, refusals: list[Refusal]) -> CreateUsersPayload:
    lines = len({each.line for each in refusals})
    told = Invalid(
        f"{lines} of {count} rows are refused.",
        hint="No account was made; put the rows right and send the table again.",
        path=("csv",),
    )
    return CreateUsersPayload(
        row_count=count,
        refused=[
            RefusedRow(line=each.line, login=each.login, error=mutation_error(each.error))
            for each in sorted(refusals, key=lambda each: each.line)
        ],
        errors=[mutation_error(told)],
    )


@strawberry.type
class UserTableMutations:
    """Mutations of this file."""

    create_users: CreateUsersPayload = strawberry.field(
        resolver=_create_users,
        description="Make many accounts from a table, all or none; takes what createUser takes.",
    )
