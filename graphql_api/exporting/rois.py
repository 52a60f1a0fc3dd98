"""ROIs as GeoJSON or OME-XML, a page at a time: memory does not grow with their number.

Only ROIs that the caller sees go out; what the format cannot hold is said at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import and_, select

from graphql_api.rois.geojson import feature_of
from graphql_api.rois.lenient import sound_shape
from graphql_api.rois.notes import Notes
from graphql_api.rois.ome_xml_write import ImageFacts, foot, head, roi_element
from graphql_api.rois.shape import COLUMNS, RoiData, ShapeData
from shared.auth.select import visible
from shared.database import ids_in
from shared.errors import NotFound
from shared.models import MODELS
from shared.models.images import Image, Pixels
from shared.models.links import LINKS
from shared.models.rois import Roi, Shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection

    from shared.auth.principal import Principal
    from shared.database import Database
    from shared.refs import ObjectRef

PAGE = 500
HOLDERS = ("Image", "Folder", "Roi")
ROI: Any = Roi.__table__
SHAPE: Any = Shape.__table__


class RoiFormat(StrEnum):
    """How ROIs are written."""

    GEOJSON = "geojson"
    OME_XML = "ome.xml"


MEDIA_TYPES = {RoiFormat.GEOJSON: "application/geo+json", RoiFormat.OME_XML: "application/xml"}


@dataclass(frozen=True, slots=True)
class RoiExport:
    """ROIs of one image, in one folder, or a single one, for one caller."""

    database: Database
    principal: Principal
    ref: ObjectRef
    format: RoiFormat

    def check(self) -> None:
        """Raise `NotFound` unless the caller sees the object."""
        if self.ref.class_name not in HOLDERS:
            raise _missing(self.ref)
        model: Any = MODELS[self.ref.class_name]
        with self.database.read() as connection:
            found = connection.scalar(
                select(model.id).where(model.id == self.ref.id, visible(self.principal, model))
            )
        if found is None:
            raise _missing(self.ref)

    def parts(self) -> Iterator[bytes]:
        """The document, in parts."""
        notes = Notes()
        if self.format is RoiFormat.GEOJSON:
            yield from self._geojson(notes)
        else:
            yield from self._ome_xml(notes)

    def _geojson(self, notes: Notes) -> Iterator[bytes]:
        yield b'{"type":"FeatureCollection","features":['
        comma = b"\n"
        for page in self._pages(notes):
            features = [feature_of(f"Roi:{number}", roi, notes) for number, roi in page]
            told = [orjson.dumps(each) for each in features if each is not None]
            if told:
                yield comma + b",\n".join(told)
                comma = b",\n"
        left = [
            {"roi": note.where, "reason": str(note.loss), "message": note.message}
            for note in notes.listed
        ]
        end = orjson.dumps({"leftOut": left, "leftOutCount": notes.count})
        yield b"\n]," + end[1:]

    def _ome_xml(self, notes: Notes) -> Iterator[bytes]:
        with self.database.read() as connection:
            image = _facts(connection, self.ref) if self.ref.class_name == "Image" else None
        for text in head(image, self._ids(), notes):
            yield text.encode()
        for page in self._pages(notes):
            yield "".join(roi_element(number, roi, notes) for number, roi in page).encode()
        yield foot(notes).encode()

    def _ids(self) -> Iterator[int]:
        last = 0
        while True:
            with self.database.read() as connection:
                ids = connection.scalars(
                    select(ROI.c.id)
                    .where(self._wanted(), ROI.c.id > last)
                    .order_by(ROI.c.id)
                    .limit(PAGE * 10)
                ).all()
            yield from ids
            if not ids:
                return
            last = ids[-1]

    def _pages(self, notes: Notes) -> Iterator[list[tuple[int, RoiData]]]:
        last = 0
        while True:
            with self.database.read() as connection:
                rows = connection.execute(
                    select(ROI.c.id, ROI.c.name, ROI.c.description)
                    .where(self._wanted(), ROI.c.id > last)
                    .order_by(ROI.c.id)
                    .limit(PAGE)
                ).all()
                shapes = _shapes(connection, [row.id for row in rows])
            if not rows:
                return
            last = rows[-1].id
            yield [
                (row.id, RoiData(_sound(shapes.get(row.id, []), row.id, notes),
                                 row.name, row.description))
                for row in rows
            ]  # fmt: skip

    def _wanted(self) -> ColumnElement[bool]:
        seen = visible(self.principal, Roi)
        if self.ref.class_name == "Image":
            return and_(ROI.c.image_id == self.ref.id, seen)
        if self.ref.class_name == "Roi":
            return and_(ROI.c.id == self.ref.id, seen)
        model: Any = LINKS["FolderRoiLink"].model
        inside = select(model.child_id).where(
            model.parent_id == self.ref.id, visible(self.principal, model)
        )
        return and_(ROI.c.id.in_(inside), seen)


def _shapes(connection: Connection, roi_ids: Sequence[int]) -> dict[int, list[ShapeData]]:
    found: dict[int, list[ShapeData]] = {}
    for row in connection.execute(
        select(SHAPE.c.roi_id, *(SHAPE.c[name] for name in COLUMNS))
        .where(ids_in(connection, SHAPE.c.roi_id, roi_ids))
        .order_by(SHAPE.c.roi_id, SHAPE.c.position, SHAPE.c.id)
    ):
        found.setdefault(row.roi_id, []).append(ShapeData(*row[1:]))
    return found


def _sound(shapes: Sequence[ShapeData], roi_id: int, notes: Notes) -> tuple[ShapeData, ...]:
    kept = (sound_shape(shape, f"Roi:{roi_id}", notes) for shape in shapes)
    return tuple(shape for shape in kept if shape is not None)


def _facts(connection: Connection, ref: ObjectRef) -> ImageFacts | None:
    row = connection.execute(
        select(
            Image.name, Pixels.pixels_type, Pixels.dimension_order, Pixels.size_x, Pixels.size_y,
            Pixels.size_z, Pixels.size_c, Pixels.size_t,
        )
        .join(Pixels, Pixels.image_id == Image.id)
        .where(Image.id == ref.id, Pixels.trash_id.is_(None))
        .order_by(Pixels.position)
        .limit(1)
    ).first()  # fmt: skip
    if row is None:
        return None
    sizes = (row.size_x, row.size_y, row.size_z, row.size_c, row.size_t)
    return ImageFacts(ref.id, row.name, row.pixels_type, row.dimension_order, sizes)


def _missing(ref: ObjectRef) -> NotFound:
    return NotFound("There are no such ROIs.", hint="Or you may not see them.", target=str(ref))
