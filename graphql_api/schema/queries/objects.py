"""The caller himself, and objects by their ids."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from graphql_api.compiler.errors import PageTooLarge
from graphql_api.compiler.paging import MAX_PAGE
from graphql_api.compiler.planner import fetch_nodes, objects
from graphql_api.schema.types.objects import Node
from graphql_api.schema.types.people import User
from shared.refs import ObjectRef

Ids = Annotated[
    list[strawberry.ID], strawberry.argument(description="Their ids, at most 1,000.")
]


@strawberry.type
class ObjectQueries:
    """Queries of this file."""

    @strawberry.field(description="The caller; null when nobody is logged in.")
    def viewer(self, info: strawberry.Info[Any, None]) -> User | None:
        """Whoever asks."""
        principal = info.context.principal
        if principal is None:
            return None
        found: list[Any] = fetch_nodes(info, [ObjectRef("User", principal.user_id)])
        return found[0]  # type: ignore[no-any-return]

    @strawberry.field(description="The object with this id; null when there is none to be seen.")
    def node(
        self,
        info: strawberry.Info[Any, None],
        id: Annotated[strawberry.ID, strawberry.argument(description="Such as Image:42.")],
    ) -> Node | None:
        """One object."""
        found: list[Any] = objects(info._raw_info, [id])  # noqa: SLF001
        return found[0]  # type: ignore[no-any-return]

    @strawberry.field(description="The objects with these ids, in this order, null where none is.")
    def nodes(self, info: strawberry.Info[Any, None], ids: Ids) -> list[Node | None]:
        """Several objects."""
        if len(ids) > MAX_PAGE:
            raise PageTooLarge(
                f"{len(ids)} ids are more than one request may name.",
                hint=f"Give at most {MAX_PAGE}.",
                path=("ids",),
            )
        found: list[Any] = objects(info._raw_info, ids)  # noqa: SLF001
        return found
