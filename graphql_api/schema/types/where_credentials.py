"""Filter inputs of sessions and access tokens."""

from __future__ import annotations

import strawberry

from graphql_api.compiler.filters import OnColumn, where_field
from graphql_api.schema.types.filters import DateTimeFilter, IDFilter

_ALL, _ANY, _NOT = "All of these hold.", "At least one of these holds.", "This does not hold."


@strawberry.input(description="Which sessions a list holds.")
class SessionWhere:
    """Which sessions a list holds."""

    id: IDFilter | None = where_field(OnColumn("id", class_name="Session"), "By id.")
    created_at: DateTimeFilter | None = where_field(
        OnColumn("created_at"), "By when it was opened."
    )
    and_: list[SessionWhere] | None = strawberry.field(
        description=_ALL, name="and", default=strawberry.UNSET
    )
    or_: list[SessionWhere] | None = strawberry.field(
        description=_ANY, name="or", default=strawberry.UNSET
    )
    not_: SessionWhere | None = strawberry.field(
        description=_NOT, name="not", default=strawberry.UNSET
    )


@strawberry.input(description="Which access tokens a list holds.")
class AccessTokenWhere:
    """Which access tokens a list holds."""

    id: IDFilter | None = where_field(OnColumn("id", class_name="AccessToken"), "By id.")
    created_at: DateTimeFilter | None = where_field(OnColumn("created_at"), "By when it was made.")
    and_: list[AccessTokenWhere] | None = strawberry.field(
        description=_ALL, name="and", default=strawberry.UNSET
    )
    or_: list[AccessTokenWhere] | None = strawberry.field(
        description=_ANY, name="or", default=strawberry.UNSET
    )
    not_: AccessTokenWhere | None = strawberry.field(
        description=_NOT, name="not", default=strawberry.UNSET
    )
