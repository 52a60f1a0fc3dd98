"""Where each kind of file lies: the only place that makes storage names.

Names follow from a uuid that a row carries; two hexadecimal digits spread the folders.
"""

from __future__ import annotations

from uuid import UUID

from shared.errors import Invalid

CHUNK_INDEX = "index.npz"
PYRAMID = "pyramid.ome.zarr"
LABEL = "label.png"
MACRO = "macro.png"


def fileset_folder(uuid: str) -> str:
    """Folder of a fileset's original files."""
    return _spread("files", uuid)


def derived_folder(pixels_uuid: str) -> str:
    """Folder of what is made from an image's files: chunk index, pyramid, metadata."""
    return _spread("derived", pixels_uuid)


def chunk_index(pixels_uuid: str) -> str:
    """The kept index of what lies where in the image's files."""
    return f"{derived_folder(pixels_uuid)}/{CHUNK_INDEX}"


def pyramid(pixels_uuid: str) -> str:
    """The image's derived OME-Zarr."""
    return f"{derived_folder(pixels_uuid)}/{PYRAMID}"


def label(pixels_uuid: str) -> str:
    """A slide's label picture; never served as an ordinary image."""
    return f"{derived_folder(pixels_uuid)}/{LABEL}"


def macro(pixels_uuid: str) -> str:
    """A slide's macro picture; never served as an ordinary image."""
    return f"{derived_folder(pixels_uuid)}/{MACRO}"


def upload_file(uuid: str) -> str:
    """An upload on its way in."""
    return _spread("uploads", uuid)


def attachment(uuid: str) -> str:
    """The bytes of a FileAnnotation."""
    return _spread("attachments", uuid)


def _spread(kind: str, uuid: str) -> str:
    try:
        canonical: str | None = str(UUID(uuid))
    except ValueError:
        canonical = None
    if canonical != uuid:
        raise Invalid(
            f"{uuid[:60]!r} is not a uuid.", hint="Write it in lower case, with four hyphens."
        )
    return f"{kind}/{uuid[:2]}/{uuid}"
