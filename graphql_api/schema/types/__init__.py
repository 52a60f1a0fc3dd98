"""One file per family of types. Importing this package makes all of them known to the planner.

`NODE_TYPES` are given to the schema by name: some are reached only through an interface.
"""

from __future__ import annotations

from graphql_api.compiler.declare import CLASSES, SOURCES
from graphql_api.compiler.scope import Source
from graphql_api.schema.types.acquisition import (
    DetectorSettings,
    Experiment,
    ImagingEnvironment,
    LightSettings,
    MicrobeamManipulation,
    ObjectiveSettings,
    StageLabel,
)
from graphql_api.schema.types.activities import Activity
from graphql_api.schema.types.annotation_kinds import (
    BooleanAnnotation,
    CommentAnnotation,
    DoubleAnnotation,
    FileAnnotation,
    ListAnnotation,
    LongAnnotation,
    MapAnnotation,
    TagAnnotation,
    TermAnnotation,
    TimestampAnnotation,
    XmlAnnotation,
)
from graphql_api.schema.types.annotations import Annotation
from graphql_api.schema.types.channels import LogicalChannel, PlaneInfo
from graphql_api.schema.types.connections import Link
from graphql_api.schema.types.containers import Dataset, Folder, Project
from graphql_api.schema.types.credentials import AccessToken, Session
from graphql_api.schema.types.files import Fileset, OriginalFile
from graphql_api.schema.types.images import Image
from graphql_api.schema.types.instruments import (
    OTF,
    Detector,
    Dichroic,
    Filter,
    FilterSet,
    Instrument,
    LightPath,
    Objective,
)
from graphql_api.schema.types.jobs import Job, Namespace
from graphql_api.schema.types.light_sources import (
    Arc,
    Filament,
    GenericExcitationSource,
    Laser,
    LightEmittingDiode,
)
from graphql_api.schema.types.people import Group, User
from graphql_api.schema.types.pixels import Channel, Pixels
from graphql_api.schema.types.rendering import RenderingSettings
from graphql_api.schema.types.rois import Roi
from graphql_api.schema.types.screening import (
    Plate,
    PlateAcquisition,
    Reagent,
    Screen,
    Well,
    WellSample,
)
from graphql_api.schema.types.shapes import (
    Ellipse,
    Label,
    Line,
    Mask,
    PathShape,
    Point,
    Polygon,
    Polyline,
    Rectangle,
    Shape,
)
from shared.models.acquisition import LIGHT_SOURCES
from shared.models.annotations import ANNOTATION_CLASSES
from shared.models.links import LINKS
from shared.models.rois import SHAPE_CLASSES

for _name, _kind in LINKS.items():
    SOURCES[_name] = (Source(_kind.model), Link.__name__)

CLASSES.update(
    dict.fromkeys(ANNOTATION_CLASSES, "Annotation")
    | dict.fromkeys(SHAPE_CLASSES, "Shape")
    | dict.fromkeys(LIGHT_SOURCES, "LightSource")
)

NODE_TYPES = (
    BooleanAnnotation, CommentAnnotation, DoubleAnnotation, FileAnnotation, ListAnnotation,
    LongAnnotation, MapAnnotation, TagAnnotation, TermAnnotation, TimestampAnnotation,
    XmlAnnotation, Ellipse, Label, Line, Mask, PathShape, Point, Polygon, Polyline, Rectangle,
    Channel, Job, Namespace, Roi, Reagent, DetectorSettings, Experiment, ImagingEnvironment,
    LightSettings,
    MicrobeamManipulation, ObjectiveSettings, StageLabel, LogicalChannel, PlaneInfo, OTF, Detector,
    Dichroic, Filter, FilterSet, Instrument, LightPath, Objective, Arc, Filament,
    GenericExcitationSource, Laser, LightEmittingDiode,
    AccessToken, Activity, Dataset, Fileset, Folder, Group, Image, OriginalFile, Pixels, Plate,
    PlateAcquisition, Project, Screen, Session, User, Well, WellSample,
)  # fmt: skip

__all__ = [
    "NODE_TYPES",
    "AccessToken",
    "Activity",
    "Annotation",
    "Channel",
    "Dataset",
    "Fileset",
    "Folder",
    "Group",
    "Image",
    "Link",
    "OriginalFile",
    "Pixels",
    "Plate",
    "PlateAcquisition",
    "Project",
    "Reagent",
    "RenderingSettings",
    "Roi",
    "Screen",
    "Session",
    "Shape",
    "User",
    "Well",
    "WellSample",
]
