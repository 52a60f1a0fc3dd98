"""Bring a fileset's bytes into the managed repository and digest them, intents first.

Every folder that is made here is announced by a file intent before, so that a crash leaves
nothing. All
decoding happens in limited children.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.pixels.digest import Digest, DigestedImage, PyramidDone
from shared.pixels.index_file import save_index
from shared.pixels.limited import InspectionLimits, run_limited
from shared.pixels.reader import InspectOptions, OpenRequest
from shared.storage.intents import fulfil, intend
from shared.storage.locator import derived_folder, fileset_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphql_api.importing.filesets import PlannedFileset
    from graphql_api.importing.request import ImportRequest
    from shared.database import Database
    from shared.pixels.metadata import InspectedFileset, InspectedImage
    from shared.storage import Storage

INDEX_FILE = "index.npz"
METADATA_FILE = "metadata.json"
GIB = 2**30
DIGEST_LIMITS = InspectionLimits(memory_bytes=6 * GIB, cpu_seconds=3600, wall_seconds=3600)
PYRAMID_LIMITS = InspectionLimits(
    memory_bytes=8 * GIB, cpu_seconds=12 * 3600, wall_seconds=12 * 3600, file_bytes=GIB
)


@dataclass(frozen=True, slots=True)
class GatheredFile:
    """A file in the repository. `name` is relative to the fileset's folder."""

    name: str
    client_path: str
    storage_name: str
    size: int
    sha1: str


@dataclass(frozen=True, slots=True)
class GatheredImage:
    """An image that can be served: its pixels' uuid, where they are read and what they hold."""

    inspected: InspectedImage
    pixels_uuid: str
    digested: DigestedImage
    is_pyramid: bool
    pictures: dict[str, str] = field(default_factory=dict)
    """Storage names of the slide's `label` and `macro`."""


@dataclass(slots=True)
class Gathered:
    """A fileset whose files are all in place, and the intents that announce them."""

    uuid: str
    inspected: InspectedFileset
    files: list[GatheredFile]
    images: list[GatheredImage]
    metadata_name: str


class Gatherer:
    """Gathers filesets for one Activity and remembers what it made."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        activity_id: int,
        request: ImportRequest,
        beat: Callable[[int, int, str], None],
    ) -> None:
        self._database = database
        self._storage = storage
        self._activity_id = activity_id
        self._request = request
        self._beat = beat
        self.intents: list[int] = []
        self.made: list[str] = []

    def gather(self, planned: PlannedFileset) -> Gathered:
        """Copy or link, inspect, index, try and measure; raises `Unreadable` kinds as readers
        do.
        """
        fileset_uuid = str(uuid.uuid4())
        folder = fileset_folder(fileset_uuid)
        self._announce(folder)
        files = self._copy(planned, folder)
        options = InspectOptions(self._request.axes)
        measure = "minmax" not in self._request.skip
        root = self._storage.path(folder)
        names = tuple(file.name for file in files)
        self._beat(0, len(files), "files read")
        digest: Digest = run_limited(
            "shared.pixels.digest:digest_here",
            (str(root), names, options, measure),
            DIGEST_LIMITS,
        )
        self._beat(0, len(digest.images), "images")
        images = [
            self._store(digest, number, folder, options, measure=measure)
            for number in range(len(digest.images))
        ]
        metadata = self._keep_metadata(fileset_uuid, digest.fileset)
        return Gathered(fileset_uuid, digest.fileset, files, images, metadata)

    def discard(self) -> None:
        """Erase everything made so far: the import has failed."""
        for name in self.made:
            self._storage.erase(name)
        with self._database.write() as connection:
            fulfil(connection, self.intents)

    def _announce(self, name: str) -> None:
        self.intents.append(intend(self._database, name, activity_id=self._activity_id))
        self.made.append(name)

    def _copy(self, planned: PlannedFileset, folder: str) -> list[GatheredFile]:
        link = planned.are_uploads or self._request.transfer == "HARD_LINK"
        gathered = []
        total = sum(file.path.stat().st_size for file in planned.files)
        done = 0
        for file in planned.files:
            self._beat(done, total, "bytes copied")
            name = f"{folder}/{file.name}"
            result = self._storage.copy_in(file.path, name, link=link)
            done += result.size
            client_path = file.name if planned.are_uploads else str(file.path)
            gathered.append(GatheredFile(file.name, client_path, name, result.size, result.sha1))
        return gathered

    def _store(
        self, digest: Digest, number: int, folder: str, options: InspectOptions, *, measure: bool
    ) -> GatheredImage:
        """Keep the chunk index of one image, building its pyramid first where it needs one."""
        image, digested = digest.fileset.images[number], digest.images[number]
        pixels_uuid = str(uuid.uuid4())
        derived = derived_folder(pixels_uuid)
        self._announce(derived)
        target = self._storage.path(derived)
        target.mkdir(parents=True)
        is_pyramid = digested.index is None
        if is_pyramid:
            digested = self._pyramid(digest, image, folder, derived, options, measure=measure)
        assert digested.index is not None
        save_index(digested.index, target / INDEX_FILE)
        pictures = {}
        if number == 0:
            for picture in digest.fileset.associated:
                name = f"{derived}/{picture.kind}.{_suffix(picture.mime_type)}"
                with self._storage.open_new(name) as file:
                    file.write(picture.encoded)
                pictures[picture.kind] = name
        self._beat(number + 1, len(digest.images), "images")
        return GatheredImage(image, pixels_uuid, digested, is_pyramid, pictures)

    def _pyramid(
        self,
        digest: Digest,
        image: InspectedImage,
        folder: str,
        derived: str,
        options: InspectOptions,
        *,
        measure: bool,
    ) -> DigestedImage:
        request = OpenRequest(
            digest.fileset.used_files, image.series, options.axes, image.dimensions
        )
        done: PyramidDone = run_limited(
            "shared.pixels.digest:pyramid_here",
            (
                str(self._storage.path(folder)),
                digest.fileset.reader,
                request,
                str(self._storage.path(derived)),
                measure,
            ),
            PYRAMID_LIMITS,
            progress=lambda at, of: self._beat(at, of, "pixels"),
        )
        return DigestedImage(done.index, done.statistics)

    def _keep_metadata(self, fileset_uuid: str, inspected: InspectedFileset) -> str:
        """Write all metadata read from the files, for download; answers the storage name."""
        folder = derived_folder(fileset_uuid)
        self._announce(folder)
        self._storage.path(folder).mkdir(parents=True)
        name = f"{folder}/{METADATA_FILE}"
        content = {
            "format": inspected.format,
            "global": [list(pair) for pair in inspected.original_metadata],
            "series": {
                str(image.series): [list(pair) for pair in image.original_metadata]
                for image in inspected.images
            },
            "ome_xml": inspected.ome_xml,
            "warnings": list(inspected.warnings),
        }
        with self._storage.open_new(name) as file:
            file.write(json.dumps(content, ensure_ascii=False).encode("utf-8", "replace"))
        return name


def _suffix(mime_type: str) -> str:
    return {"image/jpeg": "jpg", "image/png": "png"}.get(mime_type, "bin")
