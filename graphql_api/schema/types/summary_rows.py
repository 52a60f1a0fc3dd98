"""What many objects carry, in sets: the rows behind `AnnotationSummary`.

Targets may be of any annotatable classes; those that the caller does not see do not count. One
statement finds a page of annotations, one more who carries them, whatever the number of objects.
"""

from __future__ import annotations

import base64
import binascii
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, literal, select, union_all

from graphql_api.compiler.declare import (
    CLASSES,
    SOURCES,
)
from graphql_api.compiler.errors import CursorMismatch, PageTooLarge
from graphql_api.compiler.levels import Level
from graphql_api.compiler.paging import MAX_PAGE, page_size
from graphql_api.compiler.scope import Scope
from graphql_api.compiler.statements import rows_by_key
from graphql_api.schema.types.annotatable import (
    RatingSummary,
    of_types,
    summary_of,
)
from graphql_api.schema.types.connections import PageInfo
from shared.database import ids_in
from shared.models import MODELS
from shared.models.annotations import NS_RATING
from shared.models.people import Group as StoredGroup
from shared.refs import ObjectRef, parse_ref

if TYPE_CHECKING:
    from sqlalchemy import Select

    from graphql_api.compiler.declare import Values
    from graphql_api.compiler.run import Run

Targets = Mapping[str, Sequence[int]]
"""Visible objects: their numbers by stored class."""


def summary_for(run: Run, texts: Sequence[str]) -> dict[str, Any]:
    """The row of `AnnotationSummary` for these objects: one statement for each class named."""
    if len(texts) > MAX_PAGE:
        raise PageTooLarge(
            f"{len(texts)} objects are more than one summary is made of.",
            hint=f"Give at most {MAX_PAGE}.",
            path=("targets",),
        )
    named: dict[str, set[ObjectRef]] = defaultdict(set)
    for ref in map(parse_ref, texts):
        if ref is not None:
            class_name = CLASSES.get(ref.class_name, ref.class_name)
            if f"{class_name}AnnotationLink" in MODELS and class_name in SOURCES:
                named[class_name].add(ref)
    targets: dict[str, list[int]] = {}
    classes: dict[ObjectRef, str] = {}
    for class_name, refs in sorted(named.items()):
        targets[class_name] = _seen(run, class_name, refs, classes)
    return {
        "targets": targets,
        "classes": classes,
        "object_count": sum(len(ids) for ids in targets.values()),
    }


def _seen(
    run: Run, class_name: str, refs: Iterable[ObjectRef], classes: dict[ObjectRef, str]
) -> list[int]:
    """Those of one stored class that are there under the class by which they were named."""
    level = Level(class_name)
    level.need("id")
    has_class = "class_name" in SOURCES[class_name][0].model.__table__.c
    place = level.need("class_name") if has_class else None
    found: list[int] = []
    for row in rows_by_key(run, level, "id", sorted({ref.id for ref in refs})):
        number = row.row[0]
        own = class_name if place is None else row.row[place]
        if any(ref.id == number and ref.class_name in {class_name, own} for ref in refs):
            classes[ObjectRef(class_name, number)] = own
            found.append(number)
    return found


def _links(run: Run, targets: Targets, annotation: Scope, *more: str) -> Select[Any] | None:
    """Links of all classes from the targets to annotations: class, parent, child and `more`."""
    found = []
    for class_name, ids in targets.items():
        if not ids:
            continue
        link: Any = MODELS[f"{class_name}AnnotationLink"].__table__.alias()
        found.append(
            select(
                literal(class_name).label("class_name"),
                link.c.parent_id,
                link.c.child_id,
                *(link.c[name] for name in more),
            )
            .join(annotation.table, annotation.table.c.id == link.c.child_id)
            .where(
                ids_in(run.connection, link.c.parent_id, ids),
                link.c.trash_id.is_(None),
                annotation.seen(),
            )
        )
    if not found:
        return None
    rows = union_all(*found).subquery()
    return select(rows)


def _annotation(run: Run) -> Scope:
    return Scope(run.principal, SOURCES["Annotation"][0])


def uses_of(run: Run, rows: Sequence[Values], arguments: Mapping[str, Any]) -> list[Any]:
    """The page of annotations for each summary."""
    size = page_size(arguments.get("first"), None)
    after = _read(arguments.get("after"))
    return [_page(run, row, arguments, size, after) for row in rows]


def _page(
    run: Run, row: Values, arguments: Mapping[str, Any], size: int, after: int
) -> dict[str, Any]:
    found = _counted(run, row["targets"], arguments)
    listed: Sequence[Any] = ()
    if found is not None:
        child = found.selected_columns.child_id
        page = found.where(child > after).order_by(child).limit(size + 1)
        listed = run.all(page)
    shown = listed[:size]
    return {
        "counted": found,
        "targets": row["targets"],
        "classes": row["classes"],
        "uses": [(each[0], each[1]) for each in shown],
        "page_info": PageInfo(
            has_next_page=len(listed) > size,
            has_previous_page=after > 0,
            start_cursor=_written(shown[0][0]) if shown else None,
            end_cursor=_written(shown[-1][0]) if shown else None,
        ),
    }


def _counted(run: Run, targets: Targets, arguments: Mapping[str, Any]) -> Select[Any] | None:
    """Annotation and how many objects carry it; a pair linked twice counts once."""
    annotation = _annotation(run)
    narrowed = _links(run, targets, annotation)
    if narrowed is None:
        return None
    pairs = narrowed.distinct().subquery()
    own = _annotation(run)
    kinds = of_types(own, arguments.get("types"), arguments.get("namespace"))
    child = pairs.c.child_id
    return (
        select(child, func.count().label("objects"))
        .join(own.table, own.table.c.id == child)
        .where(*kinds)
        .group_by(child)
    )


def totals_of(run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
    """How many annotations there are in all."""
    counts = []
    for row in rows:
        found = row["counted"]
        rows_found = None if found is None else found.subquery()
        counts.append(
            0 if rows_found is None else run.all(select(func.count()).select_from(rows_found))[0][0]
        )
    return counts


def nodes_of_page(_run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
    """The annotations of a page."""
    return [
        [
            {
                "annotation_id": number,
                "count": count,
                "targets": row["targets"],
                "classes": row["classes"],
            }
            for number, count in row["uses"]
        ]
        for row in rows
    ]


def carriers_of(run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
    """One statement for the whole page: every link, with owner and rights."""
    if not rows:
        return []
    targets, classes = rows[0]["targets"], rows[0]["classes"]
    links = _links(
        run, targets, _annotation(run), "id", "owner_id", "group_id", "created_at"
    )  # fmt: skip
    found: dict[int, list[dict[str, Any]]] = {row["annotation_id"]: [] for row in rows}
    if links is not None:
        each = links.subquery()
        statement = (
            select(each, StoredGroup.permissions)
            .join(StoredGroup, StoredGroup.id == each.c.group_id)
            .where(ids_in(run.connection, each.c.child_id, sorted(found)))
            .order_by(each.c.child_id, each.c.class_name, each.c.parent_id, each.c.id)
        )
        for row in run.all(statement):
            own = classes[ObjectRef(row.class_name, row.parent_id)]
            found[row.child_id].append(
                {
                    "target": f"{own}:{row.parent_id}",
                    "class_name": f"{row.class_name}AnnotationLink",
                    "id": row.id,
                    "owner_id": row.owner_id,
                    "group_id": row.group_id,
                    "group.permissions": row.permissions,
                    "created_at": row.created_at,
                }
            )
    return [found[row["annotation_id"]] for row in rows]


def link_ids_of(_run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
    """Links in their printed form."""
    return [f"{row['class_name']}:{row['id']}" for row in rows]


def ratings_of(run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
    """All ratings of the targets together."""
    return [_rating(run, row["targets"]) for row in rows]


def _rating(run: Run, targets: Targets) -> RatingSummary:
    links = _links(run, targets, _annotation(run), "owner_id")
    if links is None:
        return summary_of([])
    each, note = links.distinct().subquery(), _annotation(run).table
    statement = (
        select(each.c.class_name, each.c.parent_id, note.c.id, note.c.long_value, note.c.owner_id)
        .join(note, note.c.id == each.c.child_id)
        .where(
            note.c.class_name == "LongAnnotation",
            note.c.namespace == NS_RATING,
            note.c.long_value.is_not(None),
        )
        .distinct()
        .order_by(each.c.class_name, each.c.parent_id, note.c.id)
    )
    me = run.principal.user_id
    return summary_of([(row.long_value, row.owner_id == me) for row in run.all(statement)])


def _written(number: int) -> str:
    return base64.urlsafe_b64encode(f"annotation {number}".encode()).rstrip(b"=").decode()


def _read(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        padded = cursor.encode() + b"=" * (-len(cursor) % 4)
        word, number = base64.b64decode(padded, altchars=b"-_", validate=True).split(b" ")
        if word == b"annotation" and number.isdigit() and len(number) < 19:
            return int(number)
    except (ValueError, binascii.Error):
        pass
    raise CursorMismatch(
        "The cursor does not belong to this list.", hint="Start anew, without `after`."
    )
