"""`pathsTo`: how a tree is opened at an object."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

import strawberry

from graphql_api.compiler.declare import RootMade, argument, planned, with_arguments
from graphql_api.compiler.paging import DEFAULT_PAGE, page_size
from graphql_api.schema.types.paths import Path, paths_to
from shared.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql_api.compiler.run import Run


@strawberry.enum(description="How the lists of a tree are ordered.")
class PathOrder(Enum):
    """How the lists of a tree are ordered."""

    ID = strawberry.enum_value("id", description="By number, as lists are without `orderBy`.")
    NAME = strawberry.enum_value(
        "name",
        description=(
            "By name, as `orderBy: [{field: NAME}]` does (tags: TEXT); lists of what has no name "
            "by number."
        ),
    )


def _paths(run: Run, arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
    size = page_size(arguments["pageSize"], None)
    if size == 0:
        raise Invalid("A page cannot be empty.", hint="Give 1 or more.", path=("pageSize",))
    by_name = arguments["orderBy"] is PathOrder.NAME
    return paths_to(run, arguments["id"], size, by_name=by_name)


@strawberry.type
class PathQueries:
    """Queries of this file."""

    paths_to: list[Path] = with_arguments(
        planned(
            RootMade(_paths),
            "Every way from a root of the tree to an object, at most 1,000; none when there is no "
            "such object to be seen.",
        ),
        argument("id", strawberry.ID, "The object, such as Image:42."),
        argument("pageSize", int, "How long the pages of lists are, 1 to 1,000.", DEFAULT_PAGE),
        argument("orderBy", PathOrder, "How the lists are ordered.", PathOrder.ID),
    )
