"""Roi: regions that people draw on an image, each of one or more shapes."""

from __future__ import annotations

import strawberry

from graphql_api.compiler.declare import (
    Foreign,
    Linked,
    ToOne,
    column,
    connection,
    planned,
    rows_of,
)
from graphql_api.compiler.scope import Source
from graphql_api.schema.types.annotatable import Annotatable
from graphql_api.schema.types.connections import Connection
from graphql_api.schema.types.objects import Node, Owned
from graphql_api.schema.types.orders import NamedOrder, ShapeOrder
from graphql_api.schema.types.references import (
    LazyFolder,
    LazyImage,
    LazyOriginalFile,
    LazyShape,
)
from graphql_api.schema.types.where import FolderWhere
from graphql_api.schema.types.where_parts import ShapeWhere
from shared.models import rois
from shared.models.links import LINKS


@rows_of(Source(rois.Roi))
@strawberry.type(description="A region of interest, made of shapes.")
class Roi(Owned, Annotatable, Node):
    """A region of interest, made of shapes."""

    name: str | None = column("name", "Its name, where it has one.")
    description: str | None = column("description", "What it marks.")
    image: LazyImage | None = planned(
        ToOne("Image", "image_id"), "The image on which it is drawn; null when only in folders."
    )
    source: LazyOriginalFile | None = planned(
        ToOne("OriginalFile", "source_file_id"), "The file from which it was read."
    )
    shapes: Connection[LazyShape] = connection(
        Foreign("Shape", "roi_id"), "Its shapes.", where=ShapeWhere, order=ShapeOrder
    )
    folders: Connection[LazyFolder] = connection(
        Linked("Folder", LINKS["FolderRoiLink"].model, "child_id", "parent_id"),
        "Folders that hold it.",
        where=FolderWhere,
        order=NamedOrder,
    )
