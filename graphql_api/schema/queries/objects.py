"""The caller himself, and objects by their ids."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from graphql_api.compiler.errors import PageTooLarge
from graphql_api.compiler.paging import MAX_PAGE
from graphql_api.compiler.planner import fetch_nodes, objects
from graphql_api.context import RequestContext
from graphql_api.schema.types.objects import Node
from graphql_api.schema.types.people import User
from shared.refs import ObjectRef

Info = strawberry.Info[RequestContext, None]
Id = Annotated[strawberry.ID, strawberry.argument(description="Such as Image:42.")]
Ids = Annotated[list[strawberry.ID], strawberry.argument(description="Their ids, at most 1,000.")]


def _viewer(info: Info) -> User | None:
    principal = info.context.principal
    if principal is None:
        return None
    found: list[Any] = fetch_nodes(info, [ObjectRef("User", principal.user_id)])
    viewer: User | None = found[0]
    return viewer


def _node(info: Info, id: Id) -> Node | None:
    found: list[Any] = objects(info._raw_info, [id])  # Strawberry's own way in
    node: Node | None = found[0]
    return node


def _nodes(info: Info, ids: Ids) -> list[Node | None]:
    if len(ids) > MAX_PAGE:
        raise PageTooLarge(
            f"{len(ids)} ids are more than one request may name.",
            hint=f"Give at most {MAX_PAGE}.",
            path=("ids",),
        )
    found: list[Any] = objects(info._raw_info, ids)  # as above
    return found


@strawberry.type
class ObjectQueries:
    """Queries of this file."""

    viewer: User | None = strawberry.field(
        resolver=_viewer, description="The caller; null when nobody is logged in."
    )
    node: Node | None = strawberry.field(
        resolver=_node, description="The object with this id; null when there is none to be seen."
    )
    nodes: list[Node | None] = strawberry.field(
        resolver=_nodes, description="The objects with these ids, in order, null where none is."
    )
