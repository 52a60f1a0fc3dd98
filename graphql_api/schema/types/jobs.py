"""Job: OME's record of an import or script; Namespace: what a namespace of annotations means."""

from __future__ import annotations

import strawberry

from graphql_api.compiler.declare import Linked, column, connection, rows_of
from graphql_api.compiler.scope import Source
from graphql_api.schema.scalars import DateTime
from graphql_api.schema.types.annotatable import Annotatable
from graphql_api.schema.types.connections import Connection
from graphql_api.schema.types.objects import Node, Owned
from graphql_api.schema.types.orders import PlainOrder
from graphql_api.schema.types.references import LazyFileset, LazyOriginalFile
from graphql_api.schema.types.where import FilesetWhere
from graphql_api.schema.types.where_parts import ObjectWhere
from shared.models import jobs
from shared.models.annotations import Namespace as StoredNamespace
from shared.models.links import LINKS


@rows_of(Source(jobs.Job))
@strawberry.type(description="The record of an import or a script run, as OME keeps it.")
class Job(Owned, Node):
    """The record of an import or a script run."""

    kind: str = column("class_name", "What kind of job it was, such as UploadJob.")
    user_name: str = column("user_name", "The login of whoever started it.")
    message: str | None = column("message", "What it said.")
    status: str = column("status", "How it ended.")
    submitted_at: DateTime | None = column("submitted_at", "When it was handed in.")
    started_at: DateTime | None = column("started_at", "When it began.")
    finished_at: DateTime | None = column("finished_at", "When it ended.")
    version_info: str | None = column("version_info", "Which software did it.")
    filesets: Connection[LazyFileset] = connection(
        Linked("Fileset", LINKS["FilesetJobLink"].model, "child_id", "parent_id"),
        "Filesets that it made.",
        where=FilesetWhere,
        order=PlainOrder,
    )
    original_files: Connection[LazyOriginalFile] = connection(
        Linked("OriginalFile", LINKS["JobOriginalFileLink"].model),
        "Files that belong to it, such as its log.",
        where=ObjectWhere,
        order=PlainOrder,
    )


@rows_of(Source(StoredNamespace))
@strawberry.type(description="What a namespace of annotations means.")
class Namespace(Owned, Annotatable, Node):
    """What a namespace of annotations means."""

    name: str = column("name", "The namespace, as annotations have it.")
    display_name: str | None = column("display_name", "Its name for people.")
    description: str | None = column("description", "What it is for.")
    keywords: str | None = column("keywords", "Words to find it by.")
