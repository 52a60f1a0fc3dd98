"""AnnotationSummary: what many objects carry together, each annotation with how many carry it."""

from __future__ import annotations

import strawberry

from graphql_api.compiler.declare import (
    Batched,
    Derived,
    ToOne,
    argument,
    column,
    made,
    planned,
    with_arguments,
)
from graphql_api.schema.scalars import DateTime
from graphql_api.schema.types.annotatable import NAMESPACE, TYPES, RatingSummary
from graphql_api.schema.types.connections import PageInfo
from graphql_api.schema.types.references import LazyAnnotation, LazyUser
from graphql_api.schema.types.rights import DenialReason, ViewerCan, rights_by_class
from graphql_api.schema.types.summary_rows import (
    carriers_of,
    link_ids_of,
    nodes_of_page,
    ratings_of,
    totals_of,
    uses_of,
)

_CAN, _CANNOT = rights_by_class()


@made
@strawberry.type(description="That one of the objects carries an annotation: the link between.")
class AnnotationUseLink:
    """That one of the objects carries an annotation."""

    target: strawberry.ID = column("target", "The object that carries it.")
    id: strawberry.ID = planned(
        Batched(("id", "class_name"), link_ids_of), "The link, for `unannotate`."
    )
    owner: LazyUser = planned(ToOne("User", "owner_id", always=True), "Who attached it.")
    created_at: DateTime = column("created_at", "When it was attached.")
    viewer_can: ViewerCan = _CAN
    viewer_cannot: list[DenialReason] = _CANNOT


@made
@strawberry.type(description="An annotation that some of the objects carry.")
class AnnotationUse:
    """An annotation that some of the objects carry."""

    annotation: LazyAnnotation | None = planned(
        ToOne("Annotation", "annotation_id"), "The annotation."
    )
    count: int = column("count", "How many of the objects carry it.")
    links: list[AnnotationUseLink] = planned(
        Derived(("annotation_id", "targets", "classes"), carriers_of, many=True),
        "Which of them carry it, and who attached it to each.",
    )


@made
@strawberry.type(description="One page of the annotations that some objects carry.")
class AnnotationUseConnection:
    """One page of the annotations that some objects carry."""

    nodes: list[AnnotationUse] = planned(
        Derived(("uses", "targets", "classes"), nodes_of_page, many=True), "The annotations."
    )
    page_info: PageInfo = column("page_info", "Where this page stands in the list.")
    total_count: int = planned(
        Batched(("counted",), totals_of), "How many annotations there are; a statement of its own."
    )


@made
@strawberry.type(description="What some objects carry together: n of m carry each annotation.")
class AnnotationSummary:
    """What some objects carry together."""

    object_count: int = column("object_count", "How many of the objects the caller sees.")
    rating: RatingSummary = planned(
        Batched(("targets",), ratings_of), "All their ratings together."
    )
    annotations: AnnotationUseConnection = with_arguments(
        planned(
            Derived(("targets", "classes"), uses_of),
            "The annotations that they carry, by number, each with how many carry it.",
        ),
        TYPES,
        NAMESPACE,
        argument("first", int | None, "How many; 50 unless said, at most 1,000."),
        argument("after", str | None, "Only what comes after this cursor."),
    )
