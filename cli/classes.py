"""OME's classes as reports order them and as operations may start from them.

Reports list classes by their full OME name, whose package comes first: annotations before core.
"""

from __future__ import annotations

PACKAGES: dict[str, tuple[str, ...]] = {
    "acquisition": (
        "Arc", "Detector", "DetectorSettings", "Dichroic", "Experiment", "Filament", "Filter",
        "FilterSet", "FilterSetEmissionFilterLink", "FilterSetExcitationFilterLink",
        "GenericExcitationSource", "ImagingEnvironment", "Instrument", "Laser",
        "LightEmittingDiode", "LightPath", "LightPathEmissionFilterLink",
        "LightPathExcitationFilterLink", "LightSettings", "LightSource", "MicrobeamManipulation",
        "Microscope", "Objective", "ObjectiveSettings", "OTF", "StageLabel", "TransmittanceRange",
    ),
    "annotations": (
        "Annotation", "AnnotationAnnotationLink", "BasicAnnotation", "BooleanAnnotation",
        "ChannelAnnotationLink", "CommentAnnotation", "DatasetAnnotationLink",
        "DetectorAnnotationLink", "DichroicAnnotationLink", "DoubleAnnotation",
        "ExperimenterAnnotationLink", "ExperimenterGroupAnnotationLink", "FileAnnotation",
        "FilesetAnnotationLink", "FilterAnnotationLink", "FolderAnnotationLink",
        "IAnnotationLink", "ImageAnnotationLink", "InstrumentAnnotationLink",
        "LightPathAnnotationLink", "LightSourceAnnotationLink", "ListAnnotation",
        "LongAnnotation", "MapAnnotation", "NamespaceAnnotationLink", "NumericAnnotation",
        "ObjectiveAnnotationLink", "OriginalFileAnnotationLink", "PlaneInfoAnnotationLink",
        "PlateAcquisitionAnnotationLink", "PlateAnnotationLink", "ProjectAnnotationLink",
        "ReagentAnnotationLink", "RoiAnnotationLink", "ScreenAnnotationLink",
        "SessionAnnotationLink", "ShapeAnnotationLink", "TagAnnotation", "TermAnnotation",
        "TextAnnotation", "TimestampAnnotation", "TypeAnnotation", "WellAnnotationLink",
        "XmlAnnotation",
    ),
    "containers": (
        "Dataset", "DatasetImageLink", "Folder", "FolderImageLink", "FolderRoiLink", "Project",
        "ProjectDatasetLink",
    ),
    "core": (
        "Channel", "Image", "LogicalChannel", "OriginalFile", "Pixels", "PixelsOriginalFileMap",
        "PlaneInfo",
    ),
    "display": (
        "ChannelBinding", "CodomainMapContext", "ProjectionDef", "QuantumDef", "RenderingDef",
        "Thumbnail",
    ),
    "fs": ("Fileset", "FilesetEntry", "FilesetJobLink"),
    "jobs": ("Job", "JobOriginalFileLink"),
    "meta": ("Experimenter", "ExperimenterGroup", "ExternalInfo", "Namespace"),
    "roi": ("Roi", "Shape", "AffineTransform"),
    "screen": (
        "Plate", "PlateAcquisition", "Reagent", "Screen", "ScreenPlateLink", "Well",
        "WellReagentLink", "WellSample",
    ),
    "stats": ("StatsInfo",),
}  # fmt: skip
_PACKAGE = {name: package for package, names in PACKAGES.items() for name in names}
KNOWN = frozenset(_PACKAGE) | {"RenderingSettings", "User", "Group", "Run", "Field"}

CHGRP = (
    "Annotation", "Dataset", "Experiment", "Fileset", "Folder", "Image", "Instrument", "Job",
    "OriginalFile", "Plate", "Project", "RenderingDef", "Roi", "Screen", "Thumbnail",
)  # fmt: skip
CHOWN = tuple(sorted({
    *CHGRP, "DatasetImageLink", "FolderImageLink", "FolderRoiLink", "IAnnotationLink",
    "JobOriginalFileLink", "ProjectDatasetLink", "Reagent", "ScreenPlateLink", "WellReagentLink",
}))  # fmt: skip
DELETE = tuple(sorted({
    *CHOWN, "DetectorSettings", "FilesetJobLink", "FilterSetEmissionFilterLink",
    "FilterSetExcitationFilterLink", "ImagingEnvironment", "LightPathEmissionFilterLink",
    "LightPathExcitationFilterLink", "LightSettings", "LogicalChannel", "MicrobeamManipulation",
    "ObjectiveSettings", "PixelsOriginalFileMap", "PlateAcquisition", "StageLabel", "StatsInfo",
    "Well", "WellSample",
}))  # fmt: skip
DUPLICATE = (
    "Annotation", "Dataset", "Experiment", "Fileset", "Folder", "Image", "Instrument", "Job",
    "LogicalChannel", "OriginalFile", "Plate", "Project", "Roi", "Screen", "StatsInfo",
)  # fmt: skip
"""What can stand by itself: parts and links are copied with what holds them."""


def full_name(class_name: str) -> str:
    """The name by which reports are ordered, such as `ome.model.core.Image`."""
    return f"ome.model.{_PACKAGE.get(class_name, 'core')}.{class_name}"
