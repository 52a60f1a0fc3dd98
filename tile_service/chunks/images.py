"""Open images: the chunk index and the files behind it, for the images that were asked for last.

An image's bytes never change under one generation, so an open one is good until it is pushed out.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from shared.errors import BrokenFile, NotFound
from shared.pixels.index_file import load_index
from shared.pixels.indexed import IndexedSource
from shared.storage.locator import chunk_index, derived_folder, fileset_folder

if TYPE_CHECKING:
    from shared.storage import Storage
    from tile_service.seen import SeenImage


@dataclass(frozen=True, slots=True)
class OpenImage:
    """An image whose chunks can be read; `key` names its bytes for ever."""

    key: tuple[str, int]
    source: IndexedSource


class OpenImages:
    """The images opened last, at most `limit` of them. Thread-safe."""

    def __init__(self, storage: Storage, limit: int) -> None:
        self._storage = storage
        self._limit = limit
        self._images: OrderedDict[tuple[str, int], OpenImage] = OrderedDict()
        self._lock = Lock()

    @property
    def storage(self) -> Storage:
        """Where the images' files lie."""
        return self._storage

    def get(self, seen: SeenImage) -> OpenImage:
        """The open image; raises `BrokenFile` when its index or its files are gone."""
        key = (seen.pixels_uuid, seen.generation)
        with self._lock:
            found = self._images.get(key)
            if found is not None:
                self._images.move_to_end(key)
                return found
        try:
            opened = OpenImage(key, self._open(seen))
        except NotFound as error:
            # the image is there: only its files are not
            raise BrokenFile(error.message, hint=error.hint) from error
        with self._lock:
            self._images[key] = opened
            # What is pushed out closes its files when the last tile that reads it lets go.
            while len(self._images) > self._limit:
                self._images.popitem(last=False)
        return opened

    def known(self, seen: SeenImage) -> OpenImage | None:
        """The image when it is open already; without I/O."""
        with self._lock:
            return self._images.get((seen.pixels_uuid, seen.generation))

    def forget(self, seen: SeenImage) -> None:
        """Open the image anew at the next question, since reading it has failed."""
        with self._lock:
            self._images.pop((seen.pixels_uuid, seen.generation), None)

    def close(self) -> None:
        """Close all files."""
        with self._lock:
            images = list(self._images.values())
            self._images.clear()
        for image in images:
            image.source.close()

    def _open(self, seen: SeenImage) -> IndexedSource:
        index = load_index(self._storage.path(chunk_index(seen.pixels_uuid)))
        sizes = [(level.level.width, level.level.height) for level in index.levels]
        if index.dimensions != seen.dimensions or sizes != [
            (level.width, level.height) for level in seen.levels
        ]:
            raise BrokenFile(
                "The chunk index does not fit the image.",
                hint="It is derived data: remove it and let it be built again from the image.",
            )
        root = derived_folder(seen.pixels_uuid)
        if seen.storage == "original":
            if seen.fileset_uuid is None:
                raise BrokenFile(
                    "The image's original files are not there.", hint="Import the image again."
                )
            root = fileset_folder(seen.fileset_uuid)
        return IndexedSource(self._storage.path(root), index, kept_bytes=0)
