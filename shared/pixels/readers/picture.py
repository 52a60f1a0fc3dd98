"""PNG and JPEG: one picture, one Image, its samples as channels.

Declared sizes are checked before anything is decoded, and a picture is decoded once at inspection,
so that a truncated one is refused then. Dots per inch are no physical size; EXIF orientation is
noted and not applied.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shared.errors import BrokenFile, Invalid, Unsupported
from shared.pixels.beneath import Folder
from shared.pixels.chunk_headers import DeclaredSize, declared_size
from shared.pixels.chunk_index import ChunkShape, Codec, ImageIndex, LevelIndex, TableLocator
from shared.pixels.metadata import ChannelMetadata, InspectedFileset, InspectedImage
from shared.pixels.reader import Priority
from shared.pixels.readers.picture_source import (
    PictureSource,
    acquisition_date,
    notes,
    opened,
    samples_of,
)
from shared.pixels.source import Dimensions, Level, PixelType

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.ImageFile import ImageFile

    from shared.pixels.reader import InspectOptions, OpenRequest
    from shared.pixels.source import PixelSource

MAX_PICTURE_PX = 2**28
MAX_HEADER_BYTES = 2**20
IN_PLACE_PX = 2048 * 2048
_MAGIC = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg"}
_CHANNELS = {
    1: (("Grey", 0xFFFFFFFF),),
    2: (("Grey", 0xFFFFFFFF), ("Alpha", 0xFFFFFFFF)),
    3: (("Red", 0xFF0000FF), ("Green", 0x00FF00FF), ("Blue", 0x0000FFFF)),
    4: (
        ("Red", 0xFF0000FF),
        ("Green", 0x00FF00FF),
        ("Blue", 0x0000FFFF),
        ("Alpha", 0xFFFFFFFF),
    ),
}


class PictureReader:
    """Reads one PNG or JPEG file."""

    name = "picture"
    suffixes = (".png", ".jpg", ".jpeg")
    priority = int(Priority.MEDIUM)

    def recognises(self, root: Path, files: tuple[str, ...]) -> bool:
        """Know a single file by its first bytes."""
        if len(files) != 1:
            return False
        try:
            return _kind(_start(root, files[0])) is not None
        except BrokenFile:
            return False

    def inspect(
        self, root: Path, files: tuple[str, ...], options: InspectOptions
    ) -> InspectedFileset:
        """Describe the picture, and decode it once; raises as `Reader.inspect` says."""
        if options.axes is not None:
            raise Invalid("A picture has no axes to name.", hint="Leave them out.", path=("axes",))
        kind, declared = _declared(root, files)
        with opened(root, files[0], kind) as picture:
            samples = samples_of(picture, declared)
            image = replace(
                _described(files[0], picture, declared),
                acquisition_date=acquisition_date(picture),
                original_metadata=notes(picture),
            )
            warnings = _warnings(picture)
        if samples.shape[:2] != declared[:2]:
            raise _broken(files[0], "its data do not have the size that its header declares")
        return InspectedFileset(
            format=kind.upper(),
            reader=self.name,
            used_files=files,
            images=(image,),
            warnings=warnings,
        )

    def open(self, root: Path, request: OpenRequest) -> PixelSource:
        """Open the picture through Pillow; it is decoded whole at the first read."""
        kind, declared = _declared(root, request.used_files)
        with opened(root, request.used_files[0], kind) as picture:
            image = _described(request.used_files[0], picture, declared)
        _require_same(request, image.dimensions)
        return PictureSource(root, request.used_files[0], kind, declared, image)

    def index(self, root: Path, request: OpenRequest) -> ImageIndex | None:
        """Describe the picture as one chunk; None when its samples need converting."""
        import numpy as np

        name = request.used_files[0]
        kind, declared = _declared(root, request.used_files)
        with opened(root, name, kind) as picture:
            image = _described(name, picture, declared)
            is_plain = _is_plain(picture, declared)
        _require_same(request, image.dimensions)
        folder = Folder(root)
        file = folder.open(name, keep=False)
        folder.close()
        if not is_plain or file is None:
            return None
        sizes = image.dimensions
        place = (1, 1, 1, 1, 1)
        locator = TableLocator(
            (name,),
            np.zeros((), np.int32),
            np.zeros(place, np.int64),
            np.full(place, file.size, np.int64),
        )
        photometric = "minisblack" if sizes.size_c == 1 else "ycbcr"
        level = LevelIndex(
            image.levels[0],
            ChunkShape(1, sizes.size_c, 1, sizes.size_y, sizes.size_x),
            "YXC" if sizes.size_c > 1 else "YX",
            "<u2" if image.pixel_type is PixelType.UINT16 else "|u1",
            Codec(kind, photometric=photometric if kind == "jpeg" else ""),
            locator,
        )
        return ImageIndex(sizes, image.pixel_type, (level,))


def _described(name: str, picture: ImageFile, declared: DeclaredSize) -> InspectedImage:
    height, width = declared[:2]
    count, pixel_type = _samples(picture, declared)
    title = name.rpartition("/")[2]
    return InspectedImage(
        series=0,
        name=title,
        dimensions=Dimensions(width, height, 1, count, 1),
        pixel_type=pixel_type,
        levels=(Level(width, height, width, height),),
        dimension_order="XYCZT",
        is_rgb=count >= 3,
        is_tiled=width * height <= IN_PLACE_PX,
        channels=tuple(
            ChannelMetadata(name=label, color=color, samples_per_pixel=1)
            for label, color in _CHANNELS[count]
        ),
    )


def _samples(picture: ImageFile, declared: DeclaredSize) -> tuple[int, PixelType]:
    """Number and type of samples as they are answered (palettes and CMYK become RGB)."""
    if picture.mode == "1":
        return 1, PixelType.BIT
    if declared.bits == 16:
        return declared.components, PixelType.UINT16
    if picture.mode == "P":
        return (4 if "transparency" in picture.info else 3), PixelType.UINT8
    counts = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "CMYK": 3}
    if picture.mode not in counts:
        raise Unsupported(
            f"The picture has the mode {picture.mode}.",
            hint="Grey, RGB, palette and CMYK pictures of 1, 8 or 16 bits can be imported.",
        )
    return counts[picture.mode], PixelType.UINT8


def _is_plain(picture: ImageFile, declared: DeclaredSize) -> bool:
    """Whether the file's samples are the image's: no palette, transparency key or packed bits."""
    if picture.format == "JPEG":
        return picture.mode in {"L", "RGB"}
    is_known = "transparency" not in picture.info and picture.mode not in {"P", "1"}
    return is_known and declared.bits in {8, 16}


def _warnings(picture: ImageFile) -> tuple[str, ...]:
    frames = int(getattr(picture, "n_frames", 1))
    if frames > 1:
        return (f"The picture is animated; only the first of its {frames} frames is imported.",)
    return ()


def _declared(root: Path, files: tuple[str, ...]) -> tuple[str, DeclaredSize]:
    if len(files) != 1:
        raise Unsupported(
            f"A picture is one file, not {len(files)}.", hint="Import each picture by itself."
        )
    start = _start(root, files[0])
    kind = _kind(start)
    try:
        declared = declared_size(kind or "png", start)
    except ValueError as error:
        raise _broken(files[0], str(error)) from error
    if kind is None or declared is None or min(declared.width, declared.height) < 1:
        raise _broken(files[0], "it declares no size")
    if declared.width * declared.height > MAX_PICTURE_PX:
        raise BrokenFile(
            f"The picture {files[0]!r} declares {declared.width} x {declared.height} pixels.",
            hint=f"Pictures may have {MAX_PICTURE_PX} pixels; larger ones belong in a tiled TIFF.",
        )
    return kind, declared


def _start(root: Path, name: str) -> bytes:
    folder = Folder(root)
    try:
        file = folder.open(name, keep=False)
    finally:
        folder.close()
    if file is None:
        raise _broken(name, "it is missing")
    return file.read(0, MAX_HEADER_BYTES)


def _kind(start: bytes) -> str | None:
    return next((kind for magic, kind in _MAGIC.items() if start.startswith(magic)), None)


def _require_same(request: OpenRequest, dimensions: Dimensions) -> None:
    if request.series != 0 or request.dimensions not in {None, dimensions}:
        raise _broken(request.used_files[0], f"it now is {dimensions}")


def _broken(name: str, reason: str) -> BrokenFile:
    return BrokenFile(
        f"The picture {name!r} cannot be read: {reason}.",
        hint="The file is damaged; compare it with its source.",
    )
