"""The lists at the root: people, groups and the containers that everything hangs in."""

from __future__ import annotations

import strawberry

from graphql_api.compiler.declare import RootList, connection
from graphql_api.schema.types.annotatable import ALL_ANNOTATIONS, annotations_of
from graphql_api.schema.types.annotations import Annotation
from graphql_api.schema.types.connections import Connection
from graphql_api.schema.types.containers import Dataset, Folder, Project
from graphql_api.schema.types.files import Fileset
from graphql_api.schema.types.images import Image
from graphql_api.schema.types.jobs import Namespace
from graphql_api.schema.types.orders import (
    GroupOrder,
    ImageOrder,
    NamedOrder,
    PlainOrder,
    UserOrder,
)
from graphql_api.schema.types.people import Group, User
from graphql_api.schema.types.rois import Roi
from graphql_api.schema.types.screening import Plate, Screen
from graphql_api.schema.types.where import (
    DatasetWhere,
    FilesetWhere,
    FolderWhere,
    GroupWhere,
    ImageWhere,
    PlateWhere,
    ProjectWhere,
    ScreenWhere,
    UserWhere,
)
from graphql_api.schema.types.where_parts import ObjectWhere, RoiWhere


@strawberry.type
class TreeQueries:
    """Queries of this file."""

    users: Connection[User] = connection(
        RootList("User"), "People whom the caller sees.", where=UserWhere, order=UserOrder
    )
    groups: Connection[Group] = connection(
        RootList("Group"), "Groups that the caller sees.", where=GroupWhere, order=GroupOrder
    )
    projects: Connection[Project] = connection(
        RootList("Project"), "All visible projects.", where=ProjectWhere, order=NamedOrder
    )
    datasets: Connection[Dataset] = connection(
        RootList("Dataset"), "All visible datasets.", where=DatasetWhere, order=NamedOrder
    )
    images: Connection[Image] = connection(
        RootList("Image"), "All visible images.", where=ImageWhere, order=ImageOrder
    )
    screens: Connection[Screen] = connection(
        RootList("Screen"), "All visible screens.", where=ScreenWhere, order=NamedOrder
    )
    plates: Connection[Plate] = connection(
        RootList("Plate"), "All visible plates.", where=PlateWhere, order=NamedOrder
    )
    folders: Connection[Folder] = connection(
        RootList("Folder"), "All visible folders.", where=FolderWhere, order=NamedOrder
    )
    filesets: Connection[Fileset] = connection(
        RootList("Fileset"), "All visible filesets.", where=FilesetWhere, order=PlainOrder
    )
    annotations: Connection[Annotation] = annotations_of(
        ALL_ANNOTATIONS, "All visible annotations, such as the tags."
    )
    namespaces: Connection[Namespace] = connection(
        RootList("Namespace"), "All visible namespaces.", where=ObjectWhere, order=PlainOrder
    )
    rois: Connection[Roi] = connection(
        RootList("Roi"), "All visible ROIs.", where=RoiWhere, order=PlainOrder
    )
