"""Image, and what its file says beyond the pixels."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

import strawberry

from graphql_api.compiler.declare import (
    Batched,
    Foreign,
    Linked,
    Parts,
    ToOne,
    argument,
    column,
    connection,
    planned,
    rows_of,
    with_arguments,
)
from graphql_api.compiler.scope import Join, Source
from graphql_api.schema.scalars import JSON, DateTime
from graphql_api.schema.types.annotatable import Annotatable
from graphql_api.schema.types.connections import Connection
from graphql_api.schema.types.objects import Node, Owned
from graphql_api.schema.types.orders import NamedOrder, PlainOrder, WellSampleOrder
from graphql_api.schema.types.original_metadata import (
    LazyOriginalMetadata,
    address_field,
    pairs_field,
    whole_field,
)
from graphql_api.schema.types.references import (
    LazyChannel,
    LazyDataset,
    LazyExperiment,
    LazyFileset,
    LazyFolder,
    LazyImagingEnvironment,
    LazyInstrument,
    LazyObjectiveSettings,
    LazyPixels,
    LazyRenderingSettings,
    LazyRoi,
    LazyStageLabel,
    LazyWellSample,
)
from graphql_api.schema.types.rendering import all_settings_field, settings_field
from graphql_api.schema.types.tiles import TILES, TileAccess, thumbnail_field
from graphql_api.schema.types.where import DatasetWhere, FolderWhere, WellSampleWhere
from graphql_api.schema.types.where_parts import RoiWhere
from shared.models import images
from shared.models.links import LINKS
from shared.refs import ObjectRef
from shared.rendering.versions import shown_settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement

    from graphql_api.compiler.declare import Values
    from graphql_api.compiler.run import Run
    from graphql_api.compiler.scope import Scope


def _shown_settings(scope: Scope) -> ColumnElement[str | None]:
    """Which saved settings the caller sees, for the `v=` of addresses."""
    primary = scope.joined("primary")
    return shown_settings(primary.c.id, scope.principal.user_id, scope.table.c.owner_id)


IMAGES = Source(
    images.Image,
    joins={
        "primary": Join(images.Pixels, "id", "image_id", {"position": 0}),
        "fileset": Join(images.Fileset, "fileset_id"),
    },
    computed={"shown_settings": _shown_settings},
)


def _roi_exports(run: Run, rows: Sequence[Values], arguments: Mapping[str, Any]) -> list[Any]:
    base = run.context.settings.api_url
    refs = [ObjectRef("Image", row["id"]) for row in rows]
    suffix = arguments["format"]
    ending = suffix.value if isinstance(suffix, Enum) else suffix
    return [f"{base}/~{run.context.grant_for(ref)}/rois/{ref}.{ending}" for ref in refs]


@strawberry.enum(description="How ROIs are written as a file.")
class RoiFileFormat(Enum):
    """Formats of files of ROIs."""

    GEOJSON = strawberry.enum_value(
        "geojson", description="GeoJSON as QuPath has it; masks are left out."
    )
    OME_XML = strawberry.enum_value("ome.xml", description="OME-XML 2016-06; paths are left out.")


@rows_of(IMAGES)
@strawberry.type(description="A picture of up to five dimensions.")
class Image(Owned, Annotatable, Node):
    """A picture of up to five dimensions."""

    name: str = column("name", "Its name.")
    description: str | None = column("description", "What it shows.")
    acquisition_date: str | None = column(
        "acquisition_date", "When it was taken, as the file writes it; often without a zone."
    )
    acquired_at: DateTime | None = column(
        "acquired_at", "The same as a moment; a guess where the file names no zone."
    )
    imported_at: DateTime = column("created_at", "When it was imported.")
    series: int = column("series", "Its place among the images of its fileset, from 0.")
    is_partial: bool = column("is_partial", "Whether only part of it was imported.")
    is_archived: bool = column("is_archived", "Whether its original files are archived.")
    format: str | None = column("format", "The format of its file.")
    datasets: Connection[LazyDataset] = connection(
        Linked("Dataset", LINKS["DatasetImageLink"].model, "child_id", "parent_id"),
        "Datasets that hold it.",
        where=DatasetWhere,
        order=NamedOrder,
    )
    folders: Connection[LazyFolder] = connection(
        Linked("Folder", LINKS["FolderImageLink"].model, "child_id", "parent_id"),
        "Folders that hold it.",
        where=FolderWhere,
        order=NamedOrder,
    )
    well_samples: Connection[LazyWellSample] = connection(
        Foreign("WellSample", "image_id"),
        "Fields of wells that show it.",
        where=WellSampleWhere,
        order=WellSampleOrder,
    )
    rois: Connection[LazyRoi] = connection(
        Foreign("Roi", "image_id"),
        "Regions drawn on it; `totalCount` counts them.",
        where=RoiWhere,
        order=PlainOrder,
    )
    fileset: LazyFileset | None = planned(
        ToOne("Fileset", "fileset_id"), "The files from which it was read."
    )
    pixels: LazyPixels | None = planned(
        ToOne("Pixels", "id", "image_id", order="position"), "Its sizes and type."
    )
    channels: list[LazyChannel] = planned(
        Parts("Channel", "pixels_id", ("position", "id"), key="primary.id"),
        "Its channels, in order.",
    )
    instrument: LazyInstrument | None = planned(
        ToOne("Instrument", "instrument_id"), "The microscope."
    )
    objective_settings: LazyObjectiveSettings | None = planned(
        ToOne("ObjectiveSettings", "objective_settings_id"), "The objective and how it was used."
    )
    imaging_environment: LazyImagingEnvironment | None = planned(
        ToOne("ImagingEnvironment", "imaging_environment_id"), "Temperature and air around it."
    )
    stage_label: LazyStageLabel | None = planned(
        ToOne("StageLabel", "stage_label_id"), "A named place of the stage."
    )
    experiment: LazyExperiment | None = planned(
        ToOne("Experiment", "experiment_id"), "What it was taken for."
    )
    thumbnail_url: str | None = thumbnail_field()
    tiles: TileAccess | None = planned(
        TILES, "Where its tiles are to be had; null while it has no pixels."
    )
    roi_export_url: str = with_arguments(
        planned(Batched(("id",), _roi_exports), "Signed address of all its ROIs as a file."),
        argument("format", RoiFileFormat, "How they are written.", RoiFileFormat.GEOJSON),
    )
    original_metadata: JSON | None = whole_field()
    original_metadata_pairs: LazyOriginalMetadata = pairs_field()
    original_metadata_url: str | None = address_field()
    rendering_settings: LazyRenderingSettings | None = settings_field()
    all_rendering_settings: list[LazyRenderingSettings] = all_settings_field()
