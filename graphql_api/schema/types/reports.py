"""OperationReport: what a graph operation does, in one form for a dry run and for the real thing.

The summary stands in the Activity; the lists are pages of the stored plan, of which the first 100
rows stand in the Activity too, so that a usual report is read without another statement.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import strawberry

from graphql_api.compiler.planner import objects
from graphql_api.context import RequestContext
from graphql_api.graph.report import PAGE, report_page
from graphql_api.schema.scalars import BigInt
from graphql_api.schema.types.objects import Node
from graphql_api.schema.types.report_parts import (
    Blocker,
    Copy,
    DeletedItem,
    LeftBehind,
    LinkEnd,
    OperationWarning,
    Reason,
    ReasonCount,
    TypeCount,
    UnlinkedItem,
    WarningCode,
)
from shared.refs import ObjectRef

Info = strawberry.Info[RequestContext, None]
FIRST = "How many; at most 1,000."
AFTER = "Only what comes after this cursor."


@strawberry.type(description="What a graph operation does: a dry run and the real thing alike.")
class OperationReport:
    """A report; `stored` is the JSON that the Activity keeps."""

    stored: strawberry.Private[Mapping[str, Any]]
    plan_id: strawberry.ID = strawberry.field(
        description="executePlan does exactly this, once, within 24 hours of a dry run."
    )
    included: list[TypeCount] = strawberry.field(description="What goes along.")
    deleted: list[TypeCount] = strawberry.field(description="What goes to the trash.")
    referenced: list[TypeCount] = strawberry.field(
        description="What copies will share with their originals."
    )
    unlinked_count: list[ReasonCount] = strawberry.field(description="Links that are cut.")
    left_behind_count: list[ReasonCount] = strawberry.field(description="What stays.")
    deleted_count: list[ReasonCount] = strawberry.field(
        description="What is deleted because it cannot come along."
    )
    bytes: BigInt = strawberry.field(description="Bytes of the files that are concerned.")
    warnings: list[OperationWarning] = strawberry.field(
        description="What should be known before going on."
    )
    blocker_count: int = strawberry.field(description="How many things are in the way.")

    @strawberry.field(  # type: ignore[untyped-decorator]  # the overloads answer Any here
        description="The links that are cut, one by one."
    )
    def unlinked(
        self,
        info: Info,
        first: Annotated[int, strawberry.argument(description=FIRST)] = PAGE,
        after: Annotated[str | None, strawberry.argument(description=AFTER)] = None,
    ) -> list[UnlinkedItem]:
        """A page of cut links."""
        return [
            UnlinkedItem(
                cursor=row["cursor"], link=row["link"], link_type=row["linkType"],
                parent=row["parent"], child=row["child"], name=row.get("name"),
                stays_behind=LinkEnd[row["staysBehind"]], reason=_reason(row),
            )
            for row in self._page(info, "unlinked", first, after)
        ]  # fmt: skip

    @strawberry.field(  # type: ignore[untyped-decorator]  # the overloads answer Any here
        description="What was reached and stays, one by one."
    )
    def left_behind(
        self,
        info: Info,
        first: Annotated[int, strawberry.argument(description=FIRST)] = PAGE,
        after: Annotated[str | None, strawberry.argument(description=AFTER)] = None,
    ) -> list[LeftBehind]:
        """A page of what stays."""
        rows = self._page(info, "leftBehind", first, after)
        return [LeftBehind(**_named(row)) for row in rows]

    @strawberry.field(  # type: ignore[untyped-decorator]  # the overloads answer Any here
        description="What is deleted because it cannot come along, one by one."
    )
    def deleted_items(
        self,
        info: Info,
        first: Annotated[int, strawberry.argument(description=FIRST)] = PAGE,
        after: Annotated[str | None, strawberry.argument(description=AFTER)] = None,
    ) -> list[DeletedItem]:
        """A page of what is deleted."""
        rows = self._page(info, "deletedItems", first, after)
        return [DeletedItem(**_named(row)) for row in rows]

    @strawberry.field(  # type: ignore[untyped-decorator]  # the overloads answer Any here
        description="What is in the way, one by one; empty when it can be done."
    )
    def blockers(
        self,
        info: Info,
        first: Annotated[int, strawberry.argument(description=FIRST)] = PAGE,
        after: Annotated[str | None, strawberry.argument(description=AFTER)] = None,
    ) -> list[Blocker]:
        """A page of blockers."""
        return [
            Blocker(
                cursor=row["cursor"], object=row["object"], holder=row["holder"],
                shared=row["shared"], reason=Reason[row["reason"]], message=row["message"],
                suggested_targets=row["suggestedTargets"],
            )
            for row in self._page(info, "blockers", first, after)
        ]  # fmt: skip

    @strawberry.field(  # type: ignore[untyped-decorator]  # the overloads answer Any here
        description="Originals and their copies, of a duplicate."
    )
    def copies(
        self,
        info: Info,
        first: Annotated[int, strawberry.argument(description=FIRST)] = PAGE,
        after: Annotated[str | None, strawberry.argument(description=AFTER)] = None,
    ) -> list[Copy]:
        """A page of copies."""
        return [
            Copy(cursor=row["cursor"], original=row["original"], copy=row["copy"])
            for row in self._page(info, "copies", first, after)
        ]

    @strawberry.field(  # type: ignore[untyped-decorator]  # the overloads answer Any here
        description="Containers and other objects that were made on the way."
    )
    def created(self, info: Info) -> list[Node]:
        """What was created, as far as the caller sees it."""
        found: list[Any] = objects(info._raw_info, self.stored["created"])
        return [row for row in found if row is not None]

    def _page(self, info: Info, field: str, first: int, after: str | None) -> list[dict[str, Any]]:
        kept: list[dict[str, Any]] = self.stored[field]
        if after is None and 0 <= first <= PAGE and (len(kept) >= first or len(kept) < PAGE):
            return kept[:first]
        plan = ObjectRef.parse(self.stored["planId"]).id
        return report_page(info.context.connection, plan, field, first=first, after=after)


def report_of(stored: Mapping[str, Any]) -> OperationReport:
    """The report that an Activity keeps as JSON."""
    return OperationReport(
        stored=stored,
        plan_id=strawberry.ID(stored["planId"]),
        included=_types(stored["included"]),
        deleted=_types(stored["deleted"]),
        referenced=_types(stored["referenced"]),
        unlinked_count=_reasons(stored["unlinkedCount"]),
        left_behind_count=_reasons(stored["leftBehindCount"]),
        deleted_count=_reasons(stored["deletedCount"]),
        bytes=BigInt(stored["bytes"]),
        warnings=[
            OperationWarning(
                code=WarningCode[each["code"]], message=each["message"], targets=each["targets"]
            )
            for each in stored["warnings"]
        ],
        blocker_count=stored["blockerCount"],
    )


def _types(stored: list[dict[str, Any]]) -> list[TypeCount]:
    return [
        TypeCount(type=each["type"], count=each["count"], id_ranges=each["idRanges"])
        for each in stored
    ]


def _reasons(stored: list[dict[str, Any]]) -> list[ReasonCount]:
    return [
        ReasonCount(reason=Reason[each["reason"]], type=each["type"], count=each["count"])
        for each in stored
    ]


def _reason(row: Mapping[str, Any]) -> Reason | None:
    return Reason[row["reason"]] if row["reason"] else None


def _named(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "cursor": row["cursor"], "object": row["object"], "name": row["name"],
        "reason": _reason(row),
    }  # fmt: skip
