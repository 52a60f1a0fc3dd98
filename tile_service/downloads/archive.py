"""Several files as one zip that is written while it is sent: no temporary file, little memory.

Nothing is compressed: image files are so already. A zip that is cut off has no directory at its
end, so no program takes it for whole.
"""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from shared.download_names import safe_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.storage import Storage
    from tile_service.downloads.files import StoredFile

PART_BYTES = 2**20
_FIXED_DATE = (1980, 1, 1, 0, 0, 0)


class _Sink(io.RawIOBase):
    """Takes what the zip writer writes, until it is drained; cannot seek, so nothing is patched."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._parts.append(bytes(data))
        return len(data)

    def drain(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def zip_parts(storage: Storage, files: tuple[StoredFile, ...]) -> Iterator[bytes]:
    """The archive in parts of about 1 MiB; raises `NotFound` when a file is gone."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for file, name in zip(files, safe_paths(each.name for each in files), strict=True):
            entry = zipfile.ZipInfo(name, _FIXED_DATE)
            entry.external_attr = 0o644 << 16
            entry.file_size = file.size
            with (
                storage.open_to_read(file.storage_name) as source,
                archive.open(entry, "w", force_zip64=True) as target,
            ):
                while part := source.read(PART_BYTES):
                    target.write(part)
                    yield sink.drain()
    yield sink.drain()
