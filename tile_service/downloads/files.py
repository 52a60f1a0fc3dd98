"""The stored files behind an image: its originals, its metadata, its slide's pictures.

Every statement holds the predicate of the right that it needs; who lacks it reads no row, and hears
what he would hear of an image that is not there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from shared.auth.rules import Action
from shared.auth.select import allowed
from shared.auth.slides import WITHHELD, label_is_withheld, label_withheld, shows_label
from shared.errors import BrokenFile, NotFound
from shared.models.images import Fileset, FilesetEntry, Image, OriginalFile
from shared.refs import ObjectRef
from shared.storage.locator import fileset_folder
from tile_service.locate import granted
from tile_service.query import no_image

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from shared.auth.grants import Grant
    from shared.auth.principal import Principal
    from shared.storage import Storage

Question = Callable[["Connection", "Principal", "Grant | None"], Any]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in storage; `name` is relative to its fileset's folder."""

    name: str
    storage_name: str
    size: int
    hash: str | None = None


@dataclass(frozen=True, slots=True)
class Originals:
    """The files that an image was imported from, in the reader's order."""

    image_name: str
    fileset_uuid: str
    files: tuple[StoredFile, ...]


@dataclass(frozen=True, slots=True)
class KeptMetadata:
    """All that the reader found in the files, as it was kept at import."""

    format: str = ""
    of_all: tuple[tuple[str, str], ...] = ()
    of_series: tuple[tuple[str, str], ...] = ()
    ome_xml: str | None = None
    warnings: tuple[str, ...] = field(default=())


def originals_of(image_id: int) -> Question:
    """The question for `Originals`; it raises `NotFound`, and `Denied` for whoever may not see the
    label that stands in them.
    """

    def question(connection: Connection, principal: Principal, grant: Grant | None) -> Originals:
        statement = (
            select(
                Image.name.label("image_name"),
                Fileset.uuid,
                OriginalFile.name,
                OriginalFile.storage_name,
                OriginalFile.size,
                OriginalFile.hash,
                shows_label(Fileset.__table__.c.id).label("shows_label"),
                label_is_withheld(Fileset.__table__.c.id).label("is_withheld"),
                allowed(principal, Action.VIEW_LABEL, Image).label("may_see_label"),
            )
            .join(Fileset, Fileset.id == Image.fileset_id)
            .join(FilesetEntry, FilesetEntry.fileset_id == Fileset.id)
            .join(OriginalFile, OriginalFile.id == FilesetEntry.original_file_id)
            .where(_may(principal, Action.DOWNLOAD, grant, image_id))
            .where(
                Fileset.trash_id.is_(None),
                allowed(principal, Action.DOWNLOAD, OriginalFile),
                OriginalFile.storage_name.is_not(None),
            )
            .order_by(FilesetEntry.position)
        )
        rows = connection.execute(statement).all()
        if not rows:
            raise NotFound(
                "There are no original files for it.", hint="Or you may not download them."
            )
        if rows[0].is_withheld or (rows[0].shows_label and not rows[0].may_see_label):
            raise label_withheld(ObjectRef("Image", image_id))
        folder = f"{fileset_folder(rows[0].uuid)}/"
        files = tuple(
            StoredFile(_inside(row, folder), row.storage_name, row.size, row.hash) for row in rows
        )
        return Originals(rows[0].image_name, rows[0].uuid, files)

    return question


def metadata_of(image_id: int) -> Question:
    """The question for the storage name of what was kept, and the image's series."""

    def question(
        connection: Connection, principal: Principal, grant: Grant | None
    ) -> tuple[str | None, int]:
        row = connection.execute(
            select(Fileset.metadata_file, Image.series)
            .select_from(Image)
            .outerjoin(Fileset, Fileset.id == Image.fileset_id)
            .where(_may(principal, Action.DOWNLOAD, grant, image_id))
        ).one_or_none()
        if row is None:
            raise no_image()
        return row.metadata_file, row.series

    return question


def slide_picture_of(image_id: int, kind: str) -> Question:
    """The question for the storage name of the slide's `label` or `macro`; `NotFound` for all but
    owner, leaders of the group and administrators.
    """

    def question(connection: Connection, principal: Principal, grant: Grant | None) -> str:
        column = Image.label_file if kind == "label" else Image.macro_file
        name = connection.scalar(
            select(column).where(_may(principal, Action.VIEW_LABEL, grant, image_id))
        )
        if name in {None, WITHHELD}:
            raise NotFound(
                f"There is no {kind} picture.", hint="Or you may not see it; few people may."
            )
        return str(name)

    return question


def load_metadata(storage: Storage, name: str | None, series: int) -> KeptMetadata:
    """Read what was kept at import; nothing when nothing was. Raises `BrokenFile`."""
    if name is None:
        return KeptMetadata()
    try:
        with storage.open_to_read(name) as file:
            stored = json.loads(file.read())
        return KeptMetadata(
            format=str(stored["format"]),
            of_all=_pairs(stored["global"]),
            of_series=_pairs(stored["series"].get(str(series), [])),
            ome_xml=stored["ome_xml"],
            warnings=tuple(str(each) for each in stored["warnings"]),
        )
    except (NotFound, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BrokenFile(
            "The metadata that were kept at import cannot be read.",
            hint="They still stand in the original file, which can be downloaded.",
        ) from error


def _pairs(stored: Any) -> tuple[tuple[str, str], ...]:
    return tuple((str(key), str(value)) for key, value in stored)


def _inside(row: Any, folder: str) -> str:
    name: str = row.storage_name
    return name.removeprefix(folder) if name.startswith(folder) else str(row.name)


def _may(
    principal: Principal, action: Action, grant: Grant | None, image_id: int
) -> ColumnElement[bool]:
    found = (Image.id == image_id) & allowed(principal, action, Image)
    return found if grant is None else found & granted(grant)
