"""Run real imports in a test: book them as a person does, and carry them out in this process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from graphql_api.activities import handlers
from graphql_api.importing.booking import WantedImport, book_import
from graphql_api.importing.uploads import Appender, create_upload, find_upload
from shared.activities.running import run_now
from shared.auth.principal import Principal, load_principal
from shared.database import Database
from shared.models import MODELS
from shared.models.activities import Activity
from shared.models.images import Image, Pixels
from shared.pixels.index_file import load_index
from shared.pixels.indexed import IndexedSource
from shared.settings import Settings
from shared.storage import LocalStorage
from shared.storage.locator import chunk_index, derived_folder, fileset_folder
from tests.support.people import make_group, make_user

BOOKKEEPING = {"Activity", "Event", "FileIntent", "Upload", "RightsEpoch", "Idempotency"}
"""Tables that a failed import may change."""


@dataclass(frozen=True)
class Bench:
    """An installation with one person, and a folder from which the server may import."""

    database: Database
    storage: LocalStorage
    settings: Settings
    principal: Principal
    group: int

    def book(self, *paths: Path, **wanted: Any) -> int:
        """Put an import of server paths into the queue."""
        chosen = WantedImport(paths=tuple(str(path) for path in paths), **wanted)
        return book_import(self.database, self.storage, self.settings, self.principal, chosen)

    def run(self, activity: int) -> Any:
        """Carry an import out and answer the Activity's row."""
        assert run_now(self.database, self.storage, self.settings, handlers(), activity)
        return self.activity(activity)

    def activity(self, activity: int) -> Any:
        """The Activity's row."""
        with self.database.read() as connection:
            return connection.execute(select(Activity).where(Activity.id == activity)).one()

    def upload(self, name: str, content: bytes) -> str:
        """A complete upload; answers its uuid."""
        made = create_upload(
            self.database, self.storage, self.settings, self.principal,
            name=name, length=len(content),
        )  # fmt: skip
        found = find_upload(self.database, self.storage, self.principal, made.uuid)
        appender = Appender(self.storage, found)
        appender.append(content)
        appender.close()
        return made.uuid

    def images(self, result: Sequence[str]) -> list[Any]:
        """Rows of the images that an import made, with the columns of their pixels."""
        ids = [int(ref.partition(":")[2]) for ref in result if ref.startswith("Image:")]
        query = (
            select(
                *(c for c in Pixels.__table__.c if c.key not in {"id", "version"}),
                Pixels.id.label("pixels_id"),
                Image.id.label("id"),
                Image.name.label("name"),
                Image.fileset_id.label("fileset_id"),
            )
            .join(Image, Image.id == Pixels.image_id)
            .where(Image.id.in_(ids))
            .order_by(Image.series)
        )
        with self.database.read() as connection:
            return list(connection.execute(query))

    def source(self, image: Any) -> IndexedSource:
        """Open an image as the tile service does: by its stored index."""
        index = load_index(self.storage.path(chunk_index(image.uuid)))
        if image.storage == "pyramid":
            folder = derived_folder(image.uuid)
        else:
            with self.database.read() as connection:
                table = MODELS["Fileset"].__table__
                query = select(table.c.uuid).where(table.c.id == image.fileset_id)
                folder = fileset_folder(str(connection.scalar(query)))
        return IndexedSource(self.storage.path(folder), index)

    def rows(self) -> dict[str, int]:
        """How many rows each table has that a failed import must not touch."""
        with self.database.read() as connection:
            return {
                name: int(connection.scalar(select(func.count()).select_from(model)) or 0)
                for name, model in MODELS.items()
                if name not in BOOKKEEPING
            }

    def files(self) -> list[str]:
        """All stored files but those of the databases."""
        return [name for top in ("files", "derived", "uploads") for name in self.storage.files(top)]


def bench(database: Database, storage: LocalStorage, settings: Settings, root: Path | str) -> Bench:
    """A person in a group, who may import from below `root`."""
    with database.write() as connection:
        user = make_user(connection, "alice")
        group = make_group(connection, "lab", "rwra--", members=[user])
    with database.read() as connection:
        principal = load_principal(connection, user)
    chosen = settings.model_copy(update={"import_roots": str(root)})
    return Bench(database, storage, chosen, principal, group)
