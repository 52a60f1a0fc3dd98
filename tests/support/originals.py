"""Rows of original files behind a served image, and what an import keeps of their metadata."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from shared.models.images import Fileset, FilesetEntry, Image, OriginalFile
from shared.storage.locator import derived_folder, fileset_folder
from tests.support.people import make_part, make_row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from tests.support.served_images import ServedImage
    from tests.support.tile_house import TileHouse


def fileset_of(connection: Connection, image: ServedImage) -> Any:
    """The row of an image's fileset."""
    return connection.execute(
        select(Fileset.__table__)
        .join(Image, Image.fileset_id == Fileset.id)
        .where(Image.id == image.id)
    ).one()


def keep_originals(
    house: TileHouse, image: ServedImage, files: Mapping[str, bytes] | None = None
) -> None:
    """Give the image's fileset its own file, and more files by name."""
    with house.database.write() as connection:
        fileset = fileset_of(connection, image)
        folder = fileset_folder(fileset.uuid)
        names = [image.file.name, *(files or {})]
        for position, name in enumerate(names):
            if position:
                with house.storage.open_new(f"{folder}/{name}") as file:
                    file.write((files or {})[name])
            original = make_row(
                connection, OriginalFile, owner=house.ada, group=house.group,
                name=name.rpartition("/")[2], storage_name=f"{folder}/{name}", repo="managed",
                size=house.storage.size(f"{folder}/{name}"),
            )  # fmt: skip
            make_part(
                connection, FilesetEntry, fileset_id=fileset.id, original_file_id=original,
                position=position, client_path=name,
            )  # fmt: skip


def keep_metadata(house: TileHouse, image: ServedImage, **content: Any) -> str:
    """Write what the importer keeps of a file's metadata; answers its storage name."""
    whole = {
        "format": "OME-TIFF", "global": [], "series": {}, "ome_xml": None, "warnings": [], **content
    }  # fmt: skip
    with house.database.write() as connection:
        fileset = fileset_of(connection, image)
        name = f"{derived_folder(fileset.uuid)}/metadata.json"
        connection.execute(
            update(Fileset).where(Fileset.id == fileset.id).values(metadata_file=name)
        )
    with house.storage.open_new(name) as file:
        file.write(json.dumps(whole).encode())
    return name
