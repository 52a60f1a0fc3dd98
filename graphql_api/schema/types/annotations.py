"""Annotation: the interface of every class of annotation, and the objects that carry one.

Rows of all classes stand in one table; `class_name` says of which GraphQL type each is.
"""

from __future__ import annotations

from typing import Any

import strawberry

from graphql_api.compiler.declare import Linked, column, connection, rows_of
from graphql_api.compiler.scope import Source
from graphql_api.schema.types.annotatable import Annotatable
from graphql_api.schema.types.annotation_where import AnnotationOrder, AnnotationWhere
from graphql_api.schema.types.connections import Connection
from graphql_api.schema.types.objects import Node, Owned
from graphql_api.schema.types.orders import (
    GroupOrder,
    ImageOrder,
    NamedOrder,
    PlainOrder,
    UserOrder,
    WellOrder,
)
from graphql_api.schema.types.references import (
    LazyAnnotation,
    LazyChannel,
    LazyDataset,
    LazyDetector,
    LazyDichroic,
    LazyFileset,
    LazyFilter,
    LazyFolder,
    LazyGroup,
    LazyImage,
    LazyInstrument,
    LazyLightPath,
    LazyLightSource,
    LazyNamespace,
    LazyObjective,
    LazyOriginalFile,
    LazyPlaneInfo,
    LazyPlate,
    LazyPlateAcquisition,
    LazyProject,
    LazyReagent,
    LazyRoi,
    LazyScreen,
    LazyShape,
    LazyUser,
    LazyWell,
)
from graphql_api.schema.types.where import (
    DatasetWhere,
    FilesetWhere,
    FolderWhere,
    GroupWhere,
    ImageWhere,
    PlateAcquisitionWhere,
    PlateWhere,
    ProjectWhere,
    ScreenWhere,
    UserWhere,
    WellWhere,
)
from graphql_api.schema.types.where_parts import (
    ObjectWhere,
    PartWhere,
    PlaneInfoWhere,
    ReagentWhere,
    RoiWhere,
    ShapeWhere,
)
from shared.models.annotations import Annotation as StoredAnnotation
from shared.models.links import LINKS


def carriers(class_name: str, words: str, where: Any, order: Any = NamedOrder) -> Any:
    """The objects of one class that carry the annotation."""
    link = LINKS[f"{class_name}AnnotationLink"].model
    return connection(
        Linked(class_name, link, "child_id", "parent_id"),
        f"{words} that carry it, as far as the caller sees them.",
        where=where,
        order=order,
    )


ANNOTATIONS = Source(StoredAnnotation)


@rows_of(ANNOTATIONS)
@strawberry.interface(description="A tag, comment, rating, table of pairs, file and so on.")
class Annotation(Owned, Annotatable, Node):
    """What every class of annotation has."""

    namespace: str | None = column("namespace", "What it is for, such as a rating (OME: ns).")
    name: str | None = column("name", "Its name, where it has one.")
    description: str | None = column("description", "What it means.")
    projects: Connection[LazyProject] = carriers("Project", "Projects", ProjectWhere)
    datasets: Connection[LazyDataset] = carriers("Dataset", "Datasets", DatasetWhere)
    folders: Connection[LazyFolder] = carriers("Folder", "Folders", FolderWhere)
    images: Connection[LazyImage] = carriers("Image", "Images", ImageWhere, ImageOrder)
    screens: Connection[LazyScreen] = carriers("Screen", "Screens", ScreenWhere)
    plates: Connection[LazyPlate] = carriers("Plate", "Plates", PlateWhere)
    plate_acquisitions: Connection[LazyPlateAcquisition] = carriers(
        "PlateAcquisition", "Runs", PlateAcquisitionWhere, PlainOrder
    )
    wells: Connection[LazyWell] = carriers("Well", "Wells", WellWhere, WellOrder)
    reagents: Connection[LazyReagent] = carriers("Reagent", "Reagents", ReagentWhere, PlainOrder)
    rois: Connection[LazyRoi] = carriers("Roi", "ROIs", RoiWhere, PlainOrder)
    shapes: Connection[LazyShape] = carriers("Shape", "Shapes", ShapeWhere, PlainOrder)
    channels: Connection[LazyChannel] = carriers("Channel", "Channels", PartWhere, PlainOrder)
    plane_infos: Connection[LazyPlaneInfo] = carriers(
        "PlaneInfo", "Planes", PlaneInfoWhere, PlainOrder
    )
    instruments: Connection[LazyInstrument] = carriers(
        "Instrument", "Instruments", ObjectWhere, PlainOrder
    )
    objectives: Connection[LazyObjective] = carriers(
        "Objective", "Objectives", ObjectWhere, PlainOrder
    )
    detectors: Connection[LazyDetector] = carriers("Detector", "Detectors", ObjectWhere, PlainOrder)
    light_sources: Connection[LazyLightSource] = carriers(
        "LightSource", "Light sources", ObjectWhere, PlainOrder
    )
    filters: Connection[LazyFilter] = carriers("Filter", "Filters", ObjectWhere, PlainOrder)
    dichroics: Connection[LazyDichroic] = carriers(
        "Dichroic", "Dichroic mirrors", ObjectWhere, PlainOrder
    )
    light_paths: Connection[LazyLightPath] = carriers(
        "LightPath", "Light paths", ObjectWhere, PlainOrder
    )
    filesets: Connection[LazyFileset] = carriers("Fileset", "Filesets", FilesetWhere, PlainOrder)
    original_files: Connection[LazyOriginalFile] = carriers(
        "OriginalFile", "Files", ObjectWhere, PlainOrder
    )
    namespaces: Connection[LazyNamespace] = carriers(
        "Namespace", "Namespaces", ObjectWhere, PlainOrder
    )
    users: Connection[LazyUser] = carriers("User", "People", UserWhere, UserOrder)
    groups: Connection[LazyGroup] = carriers("Group", "Groups", GroupWhere, GroupOrder)
    annotated_annotations: Connection[LazyAnnotation] = carriers(
        "Annotation", "Annotations", AnnotationWhere, AnnotationOrder
    )
