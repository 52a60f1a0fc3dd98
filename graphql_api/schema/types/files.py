"""Fileset and OriginalFile: what was imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import strawberry
from sqlalchemy import ColumnElement, select

from graphql_api.compiler.declare import (
    Batched,
    Foreign,
    Parts,
    ToOne,
    column,
    connection,
    planned,
    rows_of,
)
from graphql_api.compiler.scope import Scope, Source
from graphql_api.schema.scalars import BigInt
from graphql_api.schema.types.annotatable import Annotatable
from graphql_api.schema.types.connections import Connection
from graphql_api.schema.types.objects import Node, Owned
from graphql_api.schema.types.orders import ImageOrder
from graphql_api.schema.types.references import LazyImage, LazyOriginalFile
from graphql_api.schema.types.rights import FILE_FLAGS, DenialReason, ViewerCan, file_denials
from graphql_api.schema.types.where import ImageWhere
from shared.auth.select import visible
from shared.models import images
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
    return [f"{base}/files/{ObjectRef('OriginalFile', row['id'])}" for row in rows]


@rows_of(Source(images.OriginalFile))
@strawberry.type(description="A stored file, as it was imported.")
class OriginalFile(Owned, Annotatable, Node):
    """A stored file, as it was imported."""

    name: str = column("name", "Its name.")
    path: str = column("path", "Where it lay when it was imported; display only.")
    size: BigInt = column("size", "Its size in bytes.")
    hasher: str | None = column("hasher", "How `hash` was computed, such as SHA1-160.")
    hash: str | None = column("hash", "Its checksum, in hex.")
    mimetype: str | None = column("mimetype", "Its media type.")
    download_url: str = planned(
        Batched(("id",), _downloads),
        "Where its bytes are to be had, with the same session or token.",
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


@rows_of(Source(images.Fileset))
@strawberry.type(description="The files of one import and the images read from them.")
class Fileset(Owned, Annotatable, Node):
    """The files of one import and the images read from them."""

    format: str = column("format", "The format of its files.")
    reader: str = column("reader", "Which reader reads it.")
    files: list[FilesetEntry] = planned(
        Parts("FilesetEntry", "fileset_id", ("position", "id")), "Its files, in order."
    )
    images: Connection[LazyImage] = connection(
        Foreign("Image", "fileset_id"),
        "Images read from it; they can only be moved, deleted or copied together.",
        where=ImageWhere,
        order=ImageOrder,
    )
