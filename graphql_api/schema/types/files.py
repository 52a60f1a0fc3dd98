"""Fileset and OriginalFile: what was imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import strawberry
from sqlalchemy import ColumnElement, func, select, true

from graphql_api.compiler.declare import (
    Batched,
    Foreign,
    Linked,
    Parts,
    ToOne,
    column,
    connection,
    planned,
    rows_of,
)
from graphql_api.compiler.scope import Scope, Source
from graphql_api.schema.scalars import BigInt, DateTime
from graphql_api.schema.types.annotatable import Annotatable
from graphql_api.schema.types.annotation_where import AnnotationOrder, AnnotationWhere
from graphql_api.schema.types.connections import Connection
from graphql_api.schema.types.objects import Node, Owned
from graphql_api.schema.types.orders import ImageOrder, PlainOrder
from graphql_api.schema.types.references import (
    LazyFileAnnotation,
    LazyFileset,
    LazyImage,
    LazyJob,
    LazyOriginalFile,
)
from graphql_api.schema.types.rights import FILE_FLAGS, DenialReason, ViewerCan, file_denials
from graphql_api.schema.types.where import FilesetWhere, ImageWhere, OwnedWhere
from shared.auth.select import visible
from shared.database import ids_in
from shared.models import images
from shared.models.links import LINKS
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from graphql_api.compiler.declare import Values
    from graphql_api.compiler.run import Run


def _of_seen_fileset(scope: Scope) -> ColumnElement[bool]:
    fileset = images.Fileset.__table__.alias()
    found = select(fileset.c.id).where(
        fileset.c.id == scope.table.c.fileset_id, visible(scope.principal, fileset)
    )
    return found.exists()


def _downloads(run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
    base = run.context.settings.api_url
    refs = [ObjectRef("OriginalFile", row["id"]) for row in rows]
    return [f"{base}/~{run.context.grant_for(ref)}/files/{ref}" for ref in refs]


@rows_of(Source(images.OriginalFile))
@strawberry.type(description="A stored file, as it was imported.")
class OriginalFile(Owned, Annotatable, Node):
    """A stored file, as it was imported."""

    name: str = column("name", "Its name.")
    path: str = column("path", "Where it lay when it was imported; display only.")
    size: BigInt = column("size", "Its size in bytes.")
    repo: str | None = column("repo", "In which store it lies; `managed` for imported files.")
    accessed_at: DateTime | None = column("atime", "When it was last read, where it came from.")
    modified_at: DateTime | None = column("mtime", "When it was last changed, there.")
    changed_at: DateTime | None = column("ctime", "When its entry was last changed, there.")
    hasher: str | None = column("hasher", "How `hash` was computed, such as SHA1-160.")
    hash: str | None = column("hash", "Its checksum, in hex.")
    mimetype: str | None = column("mimetype", "Its media type.")
    filesets: Connection[LazyFileset] = connection(
        Linked(
            "Fileset",
            images.FilesetEntry,
            "original_file_id",
            "fileset_id",
            seen=lambda _scope: true(),
        ),
        "Filesets of which it is part.",
        where=FilesetWhere,
        order=PlainOrder,
    )
    file_annotations: Connection[LazyFileAnnotation] = connection(
        Foreign("Annotation", "file_id"),
        "Annotations that attach it.",
        where=AnnotationWhere,
        order=AnnotationOrder,
    )
    download_url: str = planned(
        Batched(("id",), _downloads),
        "Signed address of its bytes; it lasts at most 12 hours, never longer than the session.",
    )
    viewer_can: ViewerCan = planned(FILE_FLAGS, "What the caller may do with it.")
    viewer_cannot: list[DenialReason] = file_denials()


@rows_of(Source(images.FilesetEntry, seen=_of_seen_fileset, has_details=False))
@strawberry.type(description="A file of a fileset.")
class FilesetEntry:
    """A file of a fileset; it has no owner of its own."""

    client_path: str = column("client_path", "Its path on the importing machine.")
    original_file: LazyOriginalFile | None = planned(
        ToOne("OriginalFile", "original_file_id"), "The stored file."
    )


def _sums(what: str) -> Batched:
    """One statement for all rows: number or bytes of the files of a fileset."""

    def found(run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
        entry, file = images.FilesetEntry.__table__.alias(), images.OriginalFile.__table__.alias()
        value = func.count() if what == "count" else func.sum(file.c.size)
        held = (
            select(entry.c.fileset_id, value)
            .join(file, file.c.id == entry.c.original_file_id)
            .where(ids_in(run.connection, entry.c.fileset_id, sorted({row["id"] for row in rows})))
            .group_by(entry.c.fileset_id)
        )
        sums = {row[0]: int(row[1]) for row in run.all(held)}
        return [sums.get(row["id"], 0) for row in rows]

    return Batched(("id",), found)


@rows_of(Source(images.Fileset))
@strawberry.type(description="The files of one import and the images read from them.")
class Fileset(Owned, Annotatable, Node):
    """The files of one import and the images read from them."""

    format: str = column("format", "The format of its files.")
    reader: str = column("reader", "Which reader reads it.")
    files: list[FilesetEntry] = planned(
        Parts("FilesetEntry", "fileset_id", ("position", "id")), "Its files, in order."
    )
    jobs: Connection[LazyJob] = connection(
        Linked("Job", LINKS["FilesetJobLink"].model),
        "Jobs that made it.",
        where=OwnedWhere,
        order=PlainOrder,
    )
    file_count: int = planned(_sums("count"), "How many files it has.")
    size: BigInt = planned(_sums("size"), "What its files take, in bytes.")
    template_prefix: str = column("template_prefix", "The folder of its import; display only.")
    images: Connection[LazyImage] = connection(
        Foreign("Image", "fileset_id"),
        "Images read from it; they can only be moved, deleted or copied together.",
        where=ImageWhere,
        order=ImageOrder,
    )
