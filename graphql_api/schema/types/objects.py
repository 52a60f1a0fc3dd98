"""The interfaces Node and Owned: an id, and what every owned object carries."""

from __future__ import annotations

import strawberry

from graphql_api.compiler.declare import Identity, ToOne, column, planned
from graphql_api.schema.scalars import DateTime
from graphql_api.schema.types.connections import Connection
from graphql_api.schema.types.history import history_field
from graphql_api.schema.types.references import LazyGroup, LazyHistoryEntry, LazyUser
from graphql_api.schema.types.rights import FLAGS, DenialReason, ViewerCan, denials


@strawberry.interface(description="An object with an id.")
class Node:
    """An object with an id."""

    id: strawberry.ID = planned(Identity(), "Class and number, such as Image:42.")


@strawberry.interface(description="An object that somebody owns, in a group.")
class Owned:
    """An object that somebody owns, in a group."""

    owner: LazyUser = planned(ToOne("User", "owner_id", always=True), "To whom it belongs.")
    group: LazyGroup = planned(ToOne("Group", "group_id", always=True), "In which group it lies.")
    created_at: DateTime = column("created_at", "When it was made or imported.")
    updated_at: DateTime = column("updated_at", "When it was last changed.")
    version: int = column("version", "Rises with each change; updates take it as expectedVersion.")
    history: Connection[LazyHistoryEntry] = history_field()
    viewer_can: ViewerCan = planned(FLAGS, "What the caller may do with it.")
    viewer_cannot: list[DenialReason] = denials()
