"""`importRois`: ROIs out of a GeoJSON or OME-XML file."""

from __future__ import annotations

from enum import Enum
from typing import Any

import strawberry

from graphql_api.compiler.planner import fetch_nodes
from graphql_api.context import RequestContext
from graphql_api.editing.rois import RoiPlace
from graphql_api.importing.consumed import consume, read_upload
from graphql_api.importing.rois import MAX_BYTES, Format, RoiImport, import_rois
from graphql_api.rois.notes import SENTENCES, Loss
from graphql_api.schema.mutations.outcomes import MutationError, attempt
from graphql_api.schema.transport_deadline import extend_deadline
from graphql_api.schema.types.references import LazyActivity

Info = strawberry.Info[RequestContext, None]


def _loss(loss: Loss) -> Any:
    return strawberry.enum_value(str(loss), description=SENTENCES[loss])


MORE_TIME_S = 60.0
"""For a whole file of ROIs."""


@strawberry.enum(description="What a format or the model could not hold.")
class RoiLoss(Enum):
    """Losses."""

    MASK = _loss(Loss.MASK)
    CURVES = _loss(Loss.CURVES)
    PATH = _loss(Loss.PATH)
    EMPTY = _loss(Loss.EMPTY)
    HOLES = _loss(Loss.HOLES)
    MEASUREMENTS = _loss(Loss.MEASUREMENTS)
    ALTITUDE = _loss(Loss.ALTITUDE)
    EDITED = _loss(Loss.EDITED)
    STYLE = _loss(Loss.STYLE)
    OLD_SHAPE = _loss(Loss.OLD_SHAPE)
    CHARACTERS = _loss(Loss.CHARACTERS)
    BROKEN = _loss(Loss.BROKEN)


@strawberry.enum(description="What a file of ROIs is.")
class RoiImportFormat(Enum):
    """Formats of files of ROIs."""

    GEOJSON = strawberry.enum_value("GEOJSON", description="GeoJSON, as QuPath writes it too.")
    OME_XML = strawberry.enum_value("OME_XML", description="OME-XML, of any schema since 2013.")


@strawberry.input(description="Where the file is: exactly one of the two.", one_of=True)
class RoiSource:
    """A file of ROIs."""

    text: strawberry.Maybe[str] = strawberry.field(description="The file itself, as text.")
    upload: strawberry.Maybe[strawberry.ID] = strawberry.field(
        description="A finished upload of the caller; it is used up."
    )


@strawberry.input(description="A file of ROIs, and where they go.")
class ImportRoisInput:
    """Input of `importRois`."""

    source: RoiSource = strawberry.field(description="The file, of at most 64 MiB.")
    format: RoiImportFormat | None = strawberry.field(
        default=None, description="What it is; told by its first character when left out."
    )
    image: strawberry.ID | None = strawberry.field(
        default=None, description="On which image; without one, name folders."
    )
    folders: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Folders that hold them."
    )
    group: strawberry.ID | None = strawberry.field(
        default=None, description="In which group; that of the image or the folders."
    )
    owner: strawberry.ID | None = strawberry.field(
        default=None, description="For whom, where the caller may write for others."
    )
    idempotency_key: str | None = strawberry.field(
        default=None, description="The same key within 24 hours imports once."
    )


@strawberry.type(description="Something of a file that did not come in as it was.")
class RoiNote:
    """One note."""

    where: str = strawberry.field(description="Its place in the file.")
    loss: RoiLoss = strawberry.field(description="What became of it.")
    message: str = strawberry.field(description="The same as a sentence.")


@strawberry.type(description="What came in, or why nothing did.")
class ImportRoisPayload:
    """Answer of `importRois`."""

    activity: LazyActivity | None = strawberry.field(
        default=None, description="The import, which has ended; its result is the ROIs."
    )
    roi_count: int = strawberry.field(default=0, description="How many ROIs were made.")
    shape_count: int = strawberry.field(default=0, description="How many shapes they have.")
    notes: list[RoiNote] = strawberry.field(
        default_factory=list, description="What the model could not hold; the first 1,000."
    )
    note_count: int = strawberry.field(default=0, description="How many notes there are in all.")
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was made."
    )


def _import_rois(info: Info, input: ImportRoisInput) -> ImportRoisPayload:
    """Import ROIs."""
    context = info.context
    upload = str(input.source.upload.value) if input.source.upload else None
    text = input.source.text.value if input.source.text else ""

    def content() -> bytes:
        if upload is None:
            return text.encode("utf-8", "replace")
        principal = context.require_principal()
        path = ("source", "upload")
        return read_upload(context.database, context.storage, principal, upload, MAX_BYTES, path)

    def work() -> ImportRoisPayload:
        extend_deadline(MORE_TIME_S)
        principal = context.require_principal()
        folders = tuple(str(each) for each in input.folders)
        kind = None if input.format is None else Format(str(input.format.value))
        place = RoiPlace(input.image, folders, input.group, input.owner)
        given = {
            "upload": upload,
            "text": text,
            "format": None if kind is None else str(kind),
            "image": input.image,
            "folders": list(folders),
            "group": input.group,
            "owner": input.owner,
        }
        done = import_rois(
            context.database,
            principal,
            RoiImport(place, content, given, kind),
            key=input.idempotency_key,
            first=None if upload is None else lambda each: consume(each, principal, upload),
        )
        context.renew()
        (activity,) = fetch_nodes(info, [done.activity], "activity")
        notes = [
            RoiNote(where=note.where, loss=RoiLoss(note.loss.value), message=note.message)
            for note in done.notes
        ]
        return ImportRoisPayload(
            activity=activity,
            roi_count=done.roi_count,
            shape_count=done.shape_count,
            notes=notes,
            note_count=done.note_count,
        )

    return attempt(context, work, lambda found: ImportRoisPayload(errors=found))


@strawberry.type
class ImportRoiMutations:
    """Mutations of this file."""

    import_rois: ImportRoisPayload = strawberry.field(
        resolver=_import_rois, description="Make ROIs of a GeoJSON or OME-XML file."
    )
