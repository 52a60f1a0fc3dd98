"""Relay connections: pages of objects with cursors, and the link through which each was reached.

The planner builds them; these classes only declare what can be asked.
"""

from __future__ import annotations

from enum import Enum
from typing import Generic, TypeVar

import strawberry

from graphql_api.compiler.declare import (
    Count,
    Identity,
    ToOne,
    argument,
    column,
    planned,
    with_arguments,
)
from graphql_api.schema.scalars import DateTime
from graphql_api.schema.types.references import LazyUser
from graphql_api.schema.types.rights import FLAGS, DenialReason, ViewerCan, denials

NodeType = TypeVar("NodeType")


@strawberry.enum(description="In which direction an order runs.")
class OrderDirection(Enum):
    """In which direction an order runs."""

    ASC = strawberry.enum_value("asc", description="Smallest, first or earliest first.")
    DESC = strawberry.enum_value("desc", description="Largest, last or latest first.")


@strawberry.enum(description="Where objects without a value stand in an order.")
class Nulls(Enum):
    """Where objects without a value stand."""

    FIRST = strawberry.enum_value("first", description="Before all others.")
    LAST = strawberry.enum_value("last", description="After all others.")


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """Where a page stands in its list."""

    has_next_page: bool = strawberry.field(description="Whether objects follow this page.")
    has_previous_page: bool = strawberry.field(description="Whether objects precede this page.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first object.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last object.")


@strawberry.type(description="A link between two objects; it has an owner of its own.")
class Link:
    """A link between two objects."""

    id: strawberry.ID = planned(Identity(), "Its id, such as DatasetImageLink:7.")
    owner: LazyUser = planned(ToOne("User", "owner_id", always=True), "Who made the link.")
    created_at: DateTime = column("created_at", "When it was made.")
    viewer_can: ViewerCan = planned(FLAGS, "What the caller may do with the link.")
    viewer_cannot: list[DenialReason] = denials()


@strawberry.type(description="An object in a list.")
class Edge(Generic[NodeType]):
    """An object in a list."""

    cursor: str = strawberry.field(description="Its place, for `after` and `before`.")
    node: NodeType = strawberry.field(description="The object.")
    link: Link | None = strawberry.field(
        description=(
            "The link through which it stands in this list: the caller's own, else the oldest. "
            "Null where the list does not come from links."
        )
    )


@strawberry.type(description="One page of a list.")
class Connection(Generic[NodeType]):
    """One page of a list."""

    edges: list[Edge[NodeType]] = strawberry.field(description="The objects with their places.")
    nodes: list[NodeType] = strawberry.field(description="The objects.")
    page_info: PageInfo = strawberry.field(description="Where this page stands in the list.")

    total_count: int = with_arguments(
        planned(Count(), "How many objects the list has; costs a statement of its own."),
        argument("max", int | None, "Stop counting here: counting many rows costs time."),
    )
