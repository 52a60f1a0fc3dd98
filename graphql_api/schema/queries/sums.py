"""`annotationSummary` and `diskUsage`: about many objects at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import strawberry

from graphql_api.compiler.declare import RootMade, argument, planned, with_arguments
from graphql_api.schema.types.summary import AnnotationSummary
from graphql_api.schema.types.summary_rows import summary_for
from graphql_api.schema.types.usage import DiskUsage, DiskUsageBy, disk_usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql_api.compiler.run import Run


def _summary(run: Run, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return summary_for(run, arguments["targets"])


def _usage(run: Run, arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
    return disk_usage(run, arguments.get("targets"), arguments.get("by"))


@strawberry.type
class SumQueries:
    """Queries of this file."""

    annotation_summary: AnnotationSummary = with_arguments(
        planned(
            RootMade(_summary),
            "What these objects carry: each annotation with how many of them carry it. What the "
            "caller does not see is left out.",
        ),
        argument("targets", list[strawberry.ID], "The objects, at most 1,000."),
    )
    disk_usage: list[DiskUsage] = with_arguments(
        planned(
            RootMade(_usage),
            "What files take: imported and attached ones, each once, the largest sums first.",
        ),
        argument(
            "targets",
            list[strawberry.ID] | None,
            "Containers, images, filesets, files, attachments, people or groups, at most 1,000; "
            "everything that the caller sees unless said.",
        ),
        argument("by", DiskUsageBy | None, "How to divide; one sum unless said."),
    )
