"""Project, Dataset and Folder."""

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
from graphql_api.schema.types.orders import ImageOrder, NamedOrder, PlainOrder
from graphql_api.schema.types.references import (
    LazyDataset,
    LazyFolder,
    LazyImage,
    LazyProject,
    LazyRoi,
)
from graphql_api.schema.types.where import DatasetWhere, FolderWhere, ImageWhere, ProjectWhere
from graphql_api.schema.types.where_parts import RoiWhere
from shared.models import containers
from shared.models.links import LINKS

_NAME = "Its name."
_DESCRIPTION = "What it is about."


@rows_of(Source(containers.Project))
@strawberry.type(description="Holds datasets.")
class Project(Owned, Annotatable, Node):
    """Holds datasets."""

    name: str = column("name", _NAME)
    description: str | None = column("description", _DESCRIPTION)
    datasets: Connection[LazyDataset] = connection(
        Linked("Dataset", LINKS["ProjectDatasetLink"].model),
        "Its datasets.",
        where=DatasetWhere,
        order=NamedOrder,
    )


@rows_of(Source(containers.Dataset))
@strawberry.type(description="Holds images.")
class Dataset(Owned, Annotatable, Node):
    """Holds images."""

    name: str = column("name", _NAME)
    description: str | None = column("description", _DESCRIPTION)
    images: Connection[LazyImage] = connection(
        Linked("Image", LINKS["DatasetImageLink"].model),
        "Its images.",
        where=ImageWhere,
        order=ImageOrder,
    )
    projects: Connection[LazyProject] = connection(
        Linked("Project", LINKS["ProjectDatasetLink"].model, "child_id", "parent_id"),
        "Projects that hold it.",
        where=ProjectWhere,
        order=NamedOrder,
    )


@rows_of(Source(containers.Folder))
@strawberry.type(description="Holds images, ROIs and other folders.")
class Folder(Owned, Annotatable, Node):
    """Holds images, ROIs and other folders."""

    name: str = column("name", _NAME)
    description: str | None = column("description", _DESCRIPTION)
    parent_folder: LazyFolder | None = planned(
        ToOne("Folder", "parent_folder_id"), "The folder in which it lies."
    )
    child_folders: Connection[LazyFolder] = connection(
        Foreign("Folder", "parent_folder_id"),
        "Folders in it.",
        where=FolderWhere,
        order=NamedOrder,
    )
    images: Connection[LazyImage] = connection(
        Linked("Image", LINKS["FolderImageLink"].model),
        "Its images.",
        where=ImageWhere,
        order=ImageOrder,
    )
    rois: Connection[LazyRoi] = connection(
        Linked("Roi", LINKS["FolderRoiLink"].model),
        "Its ROIs.",
        where=RoiWhere,
        order=PlainOrder,
    )
