"""Types named before they are made: they refer to each other in circles.

Write `Connection[LazyImage]` in a field; import the class itself only where its code is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

if TYPE_CHECKING:
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
    from graphql_api.schema.types.annotation_kinds import FileAnnotation, TagAnnotation
    from graphql_api.schema.types.annotations import Annotation
    from graphql_api.schema.types.channels import LogicalChannel, PlaneInfo
    from graphql_api.schema.types.containers import Dataset, Folder, Project
    from graphql_api.schema.types.files import Fileset, OriginalFile
    from graphql_api.schema.types.history import HistoryEntry
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
    from graphql_api.schema.types.light_sources import LightSource
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
    from graphql_api.schema.types.shapes import Shape

_TYPES = "graphql_api.schema.types."

LazyActivity = Annotated["Activity", strawberry.lazy(_TYPES + "activities")]
LazyUser = Annotated["User", strawberry.lazy(_TYPES + "people")]
LazyGroup = Annotated["Group", strawberry.lazy(_TYPES + "people")]
LazyProject = Annotated["Project", strawberry.lazy(_TYPES + "containers")]
LazyDataset = Annotated["Dataset", strawberry.lazy(_TYPES + "containers")]
LazyFolder = Annotated["Folder", strawberry.lazy(_TYPES + "containers")]
LazyImage = Annotated["Image", strawberry.lazy(_TYPES + "images")]
LazyPixels = Annotated["Pixels", strawberry.lazy(_TYPES + "pixels")]
LazyChannel = Annotated["Channel", strawberry.lazy(_TYPES + "pixels")]
LazyFileset = Annotated["Fileset", strawberry.lazy(_TYPES + "files")]
LazyOriginalFile = Annotated["OriginalFile", strawberry.lazy(_TYPES + "files")]
LazyRenderingSettings = Annotated["RenderingSettings", strawberry.lazy(_TYPES + "rendering")]
LazyScreen = Annotated["Screen", strawberry.lazy(_TYPES + "screening")]
LazyPlate = Annotated["Plate", strawberry.lazy(_TYPES + "screening")]
LazyPlateAcquisition = Annotated["PlateAcquisition", strawberry.lazy(_TYPES + "screening")]
LazyWell = Annotated["Well", strawberry.lazy(_TYPES + "screening")]
LazyWellSample = Annotated["WellSample", strawberry.lazy(_TYPES + "screening")]
LazyReagent = Annotated["Reagent", strawberry.lazy(_TYPES + "screening")]
LazyAnnotation = Annotated["Annotation", strawberry.lazy(_TYPES + "annotations")]
LazyTagAnnotation = Annotated["TagAnnotation", strawberry.lazy(_TYPES + "annotation_kinds")]
LazyFileAnnotation = Annotated["FileAnnotation", strawberry.lazy(_TYPES + "annotation_kinds")]
LazyRoi = Annotated["Roi", strawberry.lazy(_TYPES + "rois")]
LazyShape = Annotated["Shape", strawberry.lazy(_TYPES + "shapes")]
LazyDetectorSettings = Annotated["DetectorSettings", strawberry.lazy(_TYPES + "acquisition")]
LazyExperiment = Annotated["Experiment", strawberry.lazy(_TYPES + "acquisition")]
LazyImagingEnvironment = Annotated["ImagingEnvironment", strawberry.lazy(_TYPES + "acquisition")]
LazyLightSettings = Annotated["LightSettings", strawberry.lazy(_TYPES + "acquisition")]
LazyMicrobeamManipulation = Annotated[
    "MicrobeamManipulation", strawberry.lazy(_TYPES + "acquisition")
]
LazyObjectiveSettings = Annotated["ObjectiveSettings", strawberry.lazy(_TYPES + "acquisition")]
LazyStageLabel = Annotated["StageLabel", strawberry.lazy(_TYPES + "acquisition")]
LazyLogicalChannel = Annotated["LogicalChannel", strawberry.lazy(_TYPES + "channels")]
LazyPlaneInfo = Annotated["PlaneInfo", strawberry.lazy(_TYPES + "channels")]
LazyDetector = Annotated["Detector", strawberry.lazy(_TYPES + "instruments")]
LazyDichroic = Annotated["Dichroic", strawberry.lazy(_TYPES + "instruments")]
LazyFilter = Annotated["Filter", strawberry.lazy(_TYPES + "instruments")]
LazyFilterSet = Annotated["FilterSet", strawberry.lazy(_TYPES + "instruments")]
LazyInstrument = Annotated["Instrument", strawberry.lazy(_TYPES + "instruments")]
LazyLightPath = Annotated["LightPath", strawberry.lazy(_TYPES + "instruments")]
LazyOTF = Annotated["OTF", strawberry.lazy(_TYPES + "instruments")]
LazyObjective = Annotated["Objective", strawberry.lazy(_TYPES + "instruments")]
LazyLightSource = Annotated["LightSource", strawberry.lazy(_TYPES + "light_sources")]
LazyHistoryEntry = Annotated["HistoryEntry", strawberry.lazy(_TYPES + "history")]
LazyJob = Annotated["Job", strawberry.lazy(_TYPES + "jobs")]
LazyNamespace = Annotated["Namespace", strawberry.lazy(_TYPES + "jobs")]
