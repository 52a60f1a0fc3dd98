"""TIFF in all its dialects: OME-TIFF, plain, ImageJ, Aperio SVS and other vendors, BigTIFF.

One file is one fileset: a set over several files is refused, and no name found in a file is opened.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from shared.errors import BrokenFile, Unsupported
from shared.pixels.metadata import InspectedFileset
from shared.pixels.reader import InspectOptions, OpenRequest, Priority
from shared.pixels.readers.tiff_file import is_tiff, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shared.pixels.chunk_index import ImageIndex
    from shared.pixels.readers.tiff_images import TiffContents, TiffImage
    from shared.pixels.source import PixelSource

SUFFIXES = (
    ".ome.tiff", ".ome.tif", ".ome.tf8", ".ome.btf", ".tiff", ".tif", ".tf8", ".btf", ".svs",
    ".ndpi", ".scn", ".bif", ".qptiff", ".stk", ".lsm",
)  # fmt: skip


class TiffReader:
    """The TIFF reader."""

    name = "tiff"
    suffixes = SUFFIXES
    priority = int(Priority.MEDIUM)

    def recognises(self, root: Path, files: tuple[str, ...]) -> bool:
        """Whether the fileset is TIFF files, perhaps with a companion that describes them."""
        return bool(files) and all(_is_companion(name) or is_tiff(root, name) for name in files)

    def inspect(
        self, root: Path, files: tuple[str, ...], options: InspectOptions
    ) -> InspectedFileset:
        """Describe the images of one TIFF.

        Raises `BrokenFile`, `Unsupported` (also for sets over several files), or `Invalid` for axes
        that do not fit.
        """
        from shared.pixels.readers.tiff_associated import associated_images
        from shared.pixels.readers.tiff_codecs import check_decodable
        from shared.pixels.readers.tiff_dialects import dialect_metadata
        from shared.pixels.readers.tiff_metadata import (
            format_of,
            inspected_image,
            orientation_note,
        )
        from shared.pixels.readers.tiff_tags import tag_pairs

        name = _single(files)
        warnings: list[str] = []
        with opened(root, name, warnings) as tif:
            size = tif.filehandle.size
            contents = _contents(tif, name, options.axes)
            for image in contents.images:
                for level in image.levels:
                    check_decodable(level.keyframe, name)
            images = tuple(
                inspected_image(tif, image, series, name, size)
                for series, image in enumerate(contents.images)
            )
            first = tif.pages.first
            note = orientation_note(first, name)
            associated = associated_images(contents.beside, name, warnings)
            return InspectedFileset(
                format=format_of(tif, contents.images),
                reader=self.name,
                used_files=(name,),
                images=images,
                associated=associated,
                original_metadata=(*tag_pairs(first), *dialect_metadata(tif)),
                ome_xml=first.description if contents.images[0].ome is not None else None,
                warnings=(
                    *([note] if note else []),
                    *dict.fromkeys(text for image in contents.images for text in image.warnings),
                    *warnings,
                ),
            )

    def open(self, root: Path, request: OpenRequest) -> PixelSource:
        """Open one image through tifffile's decoders."""
        from shared.pixels.readers.tiff_codecs import check_decodable
        from shared.pixels.readers.tiff_index import index_of
        from shared.pixels.readers.tiff_source import TiffSource

        name = _single(request.used_files)
        with _requested(root, request) as image:
            size = image.levels[0].keyframe.parent.filehandle.size
            if int(image.levels[0].keyframe.compression) == 33003:
                # tifffile leaves Aperio's YCbCr JPEG 2000 unconverted; our own decoder does not.
                index = index_of(image, name, size)
                if index is not None:
                    from shared.pixels.indexed import IndexedSource

                    return IndexedSource(root, index)
            for level in image.levels:
                check_decodable(level.keyframe, name)
            return TiffSource(root, name, image, size)

    def index(self, root: Path, request: OpenRequest) -> ImageIndex | None:
        """Say where each strip and tile lies; None when only tifffile can decode them."""
        from shared.pixels.readers.tiff_index import index_of

        name = _single(request.used_files)
        with _requested(root, request) as image:
            return index_of(image, name, image.levels[0].keyframe.parent.filehandle.size)


@contextmanager
def _requested(root: Path, request: OpenRequest) -> Iterator[TiffImage]:
    from shared.pixels.readers.tiff_index import dimensions_of

    name = _single(request.used_files)
    with opened(root, name) as tif:
        images = _contents(tif, name, request.axes).images
        if not 0 <= request.series < len(images):
            raise BrokenFile(
                f"{name!r} holds {len(images)} images, number {request.series} is asked for.",
                hint="The stored file has changed since it was imported.",
            )
        image = images[request.series]
        if request.dimensions is not None and dimensions_of(image) != request.dimensions:
            raise BrokenFile(
                f"{name!r} is of another size than it was at import.",
                hint="The stored file has changed since it was imported.",
            )
        yield image


def _is_companion(name: str) -> bool:
    return name.lower().endswith(".companion.ome")


def _single(files: tuple[str, ...]) -> str:
    if len(files) != 1:
        raise Unsupported(
            f"These {len(files)} TIFF files would be one image over several files.",
            hint="Sets over several files cannot be imported yet; import single files.",
        )
    if _is_companion(files[0]):
        raise Unsupported(
            f"{files[0]!r} only describes an OME-TIFF set over several files.",
            hint="Sets over several files cannot be imported yet; save it as a single OME-TIFF.",
        )
    return files[0]


def _contents(tif: object, name: str, axes: str | None) -> TiffContents:
    from tifffile import TiffFile

    from shared.pixels.readers.ome_xml import is_ome_xml
    from shared.pixels.readers.tiff_images import images_from_series
    from shared.pixels.readers.tiff_ome import images_from_ome

    assert isinstance(tif, TiffFile)
    description = tif.pages.first.description
    if is_ome_xml(description):
        return images_from_ome(tif, name, description, axes)
    return images_from_series(tif, name, axes)
