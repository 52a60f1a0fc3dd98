"""DiskUsage: what files take, those imported and those attached; each file counts once.

Of a container, what lies in it at any depth counts; of a fileset, all its files, though only some
of its images be meant, because they can only go together.
"""

from __future__ import annotations

from collections import defaultdict
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any

import strawberry
from sqlalchemy import ColumnElement, Select, func, literal, or_, select, union_all

from graphql_api.compiler.declare import CLASSES, ToOne, column, made, planned
from graphql_api.compiler.errors import PageTooLarge
from graphql_api.compiler.paging import MAX_PAGE
from graphql_api.schema.scalars import BigInt
from graphql_api.schema.types.ancestors import Holders, ids_within
from graphql_api.schema.types.references import LazyGroup, LazyUser
from shared.auth.select import visible
from shared.models import MODELS
from shared.models import images as stored
from shared.models.annotations import Annotation as StoredAnnotation
from shared.refs import parse_ref

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from graphql_api.compiler.run import Run

IMPORTED, ATTACHED = "Fileset", "FileAnnotation"
HOLDING = (
    "Project", "Dataset", "Folder", "Image", "Screen", "Plate", "PlateAcquisition", "Well",
)  # fmt: skip
"""Classes whose attachments count with what holds them."""


@strawberry.enum(description="By what disk usage is divided.")
class DiskUsageBy(Enum):
    """By what disk usage is divided."""

    USER = strawberry.enum_value("USER", description="By the owner of the files.")
    GROUP = strawberry.enum_value("GROUP", description="By the group of the files.")
    TYPE = strawberry.enum_value(
        "TYPE", description="By what the files are: imported (Fileset), attached (FileAnnotation)."
    )


@made
@strawberry.type(description="What some files take.")
class DiskUsage:
    """What some files take."""

    user: LazyUser | None = planned(
        ToOne("User", "owner_id", always=True), "Whose files these are; null unless by USER."
    )
    group: LazyGroup | None = planned(
        ToOne("Group", "group_id", always=True), "In which group they lie; null unless by GROUP."
    )
    type: str | None = column(
        "type", "Fileset for imported files, FileAnnotation for attached ones; null unless by TYPE."
    )
    bytes: BigInt = column("bytes", "Their size in bytes.")
    file_count: int = column("file_count", "How many files they are.")


def disk_usage(
    run: Run, texts: Sequence[str] | None, by: DiskUsageBy | None
) -> list[dict[str, Any]]:
    """Rows of `DiskUsage`, the largest first; one statement whatever is asked."""
    if texts is not None and len(texts) > MAX_PAGE:
        raise PageTooLarge(
            f"{len(texts)} objects are more than one request may name.",
            hint=f"Give at most {MAX_PAGE}.",
            path=("targets",),
        )
    file = stored.OriginalFile.__table__.alias()
    kinds = (_everything if texts is None else _of_targets)(run, texts or ())
    rows = union_all(*kinds).subquery()
    once = select(rows.c.file_id, func.max(rows.c.type).label("type")).group_by(rows.c.file_id)
    named = once.subquery()
    keys: list[Any] = {
        None: [],
        DiskUsageBy.USER: [file.c.owner_id],
        DiskUsageBy.GROUP: [file.c.group_id],
        DiskUsageBy.TYPE: [named.c.type],
    }[by]
    size, count = func.sum(file.c.size).label("bytes"), func.count().label("file_count")
    statement = (
        select(*keys, size, count)
        .select_from(named.join(file, file.c.id == named.c.file_id))
        .where(visible(run.principal, file))
        .group_by(*keys)
        .order_by(size.desc(), *keys)
    )
    return [
        {**row._mapping, "bytes": int(row.bytes)}  # SQLAlchemy's own name
        for row in run.all(statement)
        if row.file_count
    ]


def _everything(run: Run, _texts: Sequence[str]) -> list[Select[Any]]:
    fileset, note = stored.Fileset.__table__.alias(), StoredAnnotation.__table__.alias()
    return [_imported(run, visible(run.principal, fileset), fileset), _attached(run, note)]


def _imported(run: Run, wanted: ColumnElement[bool], fileset: Any) -> Select[Any]:
    entry = stored.FilesetEntry.__table__.alias()
    return (
        select(entry.c.original_file_id.label("file_id"), literal(IMPORTED).label("type"))
        .join(fileset, fileset.c.id == entry.c.fileset_id)
        .where(visible(run.principal, fileset), wanted)
    )


def _attached(run: Run, note: Any, *wanted: ColumnElement[bool]) -> Select[Any]:
    return select(note.c.file_id.label("file_id"), literal(ATTACHED).label("type")).where(
        note.c.file_id.is_not(None), visible(run.principal, note), *wanted
    )


def _of_targets(run: Run, texts: Sequence[str]) -> list[Select[Any]]:
    """Statements for files of each class of targets; what is hidden adds nothing."""
    by_class: dict[str, set[int]] = defaultdict(set)
    for ref in map(parse_ref, texts):
        if ref is not None:
            by_class[CLASSES.get(ref.class_name, ref.class_name)].add(ref.id)
    found: list[Select[Any]] = []
    for class_name, ids in sorted(by_class.items()):
        holders = Holders(class_name, tuple(sorted(ids)))
        if class_name in {"User", "Group"}:
            found += _of_people(run, holders)
        elif class_name == "OriginalFile":
            file = stored.OriginalFile.__table__.alias()
            found.append(
                select(file.c.id.label("file_id"), literal(class_name).label("type")).where(
                    file.c.id.in_(holders.ids)
                )
            )
        elif class_name == "Annotation":
            note = StoredAnnotation.__table__.alias()
            found.append(_attached(run, note, note.c.id.in_(holders.ids)))
        elif class_name == "Fileset" or class_name in HOLDING:
            found += _within(run, holders)
    nothing = select(literal(0).label("file_id"), literal(IMPORTED).label("type"))
    return [*found, nothing.where(literal(1) == 0)]


def _of_people(run: Run, holders: Holders) -> list[Select[Any]]:
    name = "owner_id" if holders.class_name == "User" else "group_id"
    fileset, note = stored.Fileset.__table__.alias(), StoredAnnotation.__table__.alias()
    return [
        _imported(run, fileset.c[name].in_(holders.ids), fileset),
        _attached(run, note, note.c[name].in_(holders.ids)),
    ]


def _within(run: Run, holders: Holders) -> list[Select[Any]]:
    """Files of images in the holders, and what is attached to the holders or anything in them."""
    fileset, image = stored.Fileset.__table__.alias(), stored.Image.__table__.alias()
    if holders.class_name == "Fileset":
        used: Any = holders.ids
    else:
        used = select(image.c.fileset_id).where(
            _among(run, "Image", image, holders), visible(run.principal, image)
        )
    found = [
        _imported(run, fileset.c.id.in_(used), fileset),
        _on(run, "Fileset", lambda own: own.c.id.in_(used)),
    ]
    reached = [
        class_name
        for class_name in HOLDING
        if class_name == holders.class_name
        or ids_within(run.principal, class_name, holders) is not None
    ]
    return found + [
        _on(run, class_name, partial(_among, run, class_name, holders=holders))
        for class_name in reached
    ]


def _on(run: Run, class_name: str, which: Callable[[Any], ColumnElement[bool]]) -> Select[Any]:
    """What is attached to visible objects of a class."""
    link: Any = MODELS[f"{class_name}AnnotationLink"].__table__.alias()
    own: Any = MODELS[class_name].__table__.alias()
    note = StoredAnnotation.__table__.alias()
    carried = (
        select(link.c.child_id)
        .join(own, own.c.id == link.c.parent_id)
        .where(link.c.trash_id.is_(None), visible(run.principal, own), which(own))
    )
    return _attached(run, note, note.c.id.in_(carried))


def _among(run: Run, class_name: str, table: Any, holders: Holders) -> ColumnElement[bool]:
    """Is one of the holders, or lies in one."""
    found: list[ColumnElement[bool]] = []
    if class_name == holders.class_name:
        found.append(table.c.id.in_(holders.ids))
    inside = ids_within(run.principal, class_name, holders)
    if inside is not None:
        found.append(table.c.id.in_(select(inside.c.id)))
    return or_(*found)
