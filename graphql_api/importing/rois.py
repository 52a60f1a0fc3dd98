"""Bring ROIs in from a file: all of them in one transaction, or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from graphql_api.editing.idempotency import once_answer, recalled
from graphql_api.editing.rois import RoiPlace, create_rois, sizes_of
from graphql_api.editing.targets import find_target
from graphql_api.editing.trash import ended_activity
from graphql_api.rois.geojson import read_geojson
from graphql_api.rois.notes import Loss, Note, Notes
from graphql_api.rois.ome_xml_read import read_ome_xml
from shared.errors import Invalid
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from graphql_api.rois.shape import PlaneSizes, RoiData
    from shared.auth.principal import Principal
    from shared.database import Database

KIND = "import_rois"
MAX_BYTES = 64 * 2**20
"""Of a file of ROIs: it is read whole."""


class Format(StrEnum):
    """What a file of ROIs is."""

    GEOJSON = "GEOJSON"
    OME_XML = "OME_XML"


@dataclass(frozen=True, slots=True)
class RoiImport:
    """Where ROIs go, and the file."""

    place: RoiPlace
    content: Callable[[], bytes]
    """Reads the file; called once, outside any transaction."""
    given: Mapping[str, Any]
    """The input as JSON values, by which a repeated request is known."""
    format: Format | None = None


@dataclass(frozen=True, slots=True)
class ImportedRois:
    """What came in, and what the model could not hold."""

    activity: ObjectRef
    roi_count: int
    shape_count: int
    notes: tuple[Note, ...]
    note_count: int


def import_rois(
    database: Database,
    principal: Principal,
    wanted: RoiImport,
    *,
    key: str | None = None,
    first: Callable[[Connection], None] | None = None,
) -> ImportedRois:
    """Make all ROIs of a file; `first` runs within the transaction that makes them.

    Raises `NotFound`, `Denied` naming image, folder or group, or `Invalid` naming the place in the
    file; then nothing was made.
    """
    before = recalled(database, principal, "importRois", key, wanted.given)
    if before is not None:
        return _read(before)
    notes = Notes()
    rois, sizes = _rois(database, principal, wanted, notes)

    def work() -> dict[str, Any]:
        if first is not None:
            first(connection)
        path = ("rois",)
        refs = create_rois(
            connection, principal, wanted.place, rois, "importRois", path, checked_for=sizes
        )
        told = [asdict(note) for note in notes.listed]
        activity = ended_activity(
            connection,
            principal,
            KIND,
            {"targets": [each for each in (wanted.place.image, *wanted.place.folders) if each]},
            report={"notes": told, "noteCount": notes.count},
            result=[str(ref) for ref in refs],
        )
        return {
            "activity": activity,
            "rois": len(refs),
            "shapes": sum(len(roi.shapes) for roi in rois),
            "notes": told,
            "note_count": notes.count,
        }

    with database.write() as connection:
        return _read(once_answer(connection, principal, "importRois", key, wanted.given, work))


def _read(stored: Mapping[str, Any]) -> ImportedRois:
    notes = tuple(Note(each["where"], Loss(each["loss"])) for each in stored["notes"])
    return ImportedRois(
        ObjectRef("Activity", stored["activity"]),
        stored["rois"],
        stored["shapes"],
        notes,
        stored["note_count"],
    )


def _rois(
    database: Database, principal: Principal, wanted: RoiImport, notes: Notes
) -> tuple[list[RoiData], PlaneSizes]:
    """The ROIs of the file, their planes checked against the image; raises `Invalid`."""
    with database.read() as connection:
        image_id = None
        if wanted.place.image is not None:
            image = find_target(
                connection, principal, wanted.place.image, ["Image"], path=("image",)
            )
            image_id = image.ref.id
        sizes = sizes_of(connection, image_id)
    content = wanted.content()
    begin = content[:1000].lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")[:1]
    kind = wanted.format or (Format.OME_XML if begin == b"<" else Format.GEOJSON)
    read = read_ome_xml if kind is Format.OME_XML else read_geojson
    rois = read(content.removeprefix(b"\xef\xbb\xbf"), sizes, notes)
    if not rois:
        raise Invalid("There are no ROIs in the file.", path=("source",))
    return rois, sizes
