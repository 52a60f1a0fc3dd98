"""Originals that hold a slide's label or macro picture, on which patients' names may stand.

Only few people may see those pictures, so only they may have the file that they stand in. It is
not rewritten for the others: originals are handed out untouched or not at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, exists, or_, select

from shared.errors import Denied
from shared.models.images import FilesetEntry, Image

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import FromClause

    from shared.refs import ObjectRef


WITHHELD = "withheld"
"""Stands for the picture in a copy whose maker may not see the original's label."""


def label_is_withheld(fileset_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether this fileset is such a copy: then its files are for nobody, its owner included."""
    image: Any = Image.__table__.alias()
    kept = or_(image.c.label_file == WITHHELD, image.c.macro_file == WITHHELD)
    return exists(select(image.c.id).where(image.c.fileset_id == fileset_id, kept))


def shows_label(fileset_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the files of this fileset hold a label or macro picture (images in the trash
    count: the files are the same).
    """
    image: Any = Image.__table__.alias()
    kept = or_(image.c.label_file.is_not(None), image.c.macro_file.is_not(None))
    return exists(select(image.c.id).where(image.c.fileset_id == fileset_id, kept))


def in_fileset(
    file: FromClause, holds: Callable[[ColumnElement[Any]], ColumnElement[bool]]
) -> ColumnElement[bool]:
    """Whether an original file is in a fileset of which this holds."""
    entry: Any = FilesetEntry.__table__.alias()
    return exists(
        select(entry.c.id).where(entry.c.original_file_id == file.c.id, holds(entry.c.fileset_id))
    )


def label_withheld(ref: ObjectRef) -> Denied:
    """The error for whoever sees the image but may not see what its file holds beside it."""
    return Denied(
        "The original file holds a picture of the slide's label, which may name a patient.",
        reasons=("NOT_OWNER",),
        hint="Its owner, leaders of the group and administrators may have it; tiles and "
        "region.ome.tif show the image itself.",
        target=str(ref),
    )
