"""Laying out OME-TIFF: `TiffData` says which page is which plane, and which file holds it.

A set over several files is refused: the names that it mentions are never opened. A file that was
renamed still counts as itself, by its UUID or because it is the only file that is mentioned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.errors import Invalid, Unsupported
from shared.pixels.readers.ome_xml import OmeDocument, OmeImage, TiffData, parse_ome_xml
from shared.pixels.readers.tiff_file import broken
from shared.pixels.readers.tiff_images import (
    MAX_PLANES,
    TiffContents,
    TiffImage,
    TiffLevel,
    smaller_levels,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tifffile import TiffFile, TiffPage

MIN_STORED_SHARE = 64
"""At least one plane in so many must be stored, or the declared sizes are not believed."""


def images_from_ome(tif: TiffFile, name: str, ome_xml: str, axes: str | None) -> TiffContents:
    """Lay out the images that OME-XML declares.

    Raises `Unsupported` for a set over several files, `BrokenFile` when the declared sizes
    contradict the pages, `Invalid` when axes are given: this file names its own.
    """
    document = parse_ome_xml(ome_xml, f"OME-XML of {name!r}")
    _refuse_several_files(document, name)
    if axes is not None:
        raise Invalid(
            f"{name!r} names its axes in OME-XML, so they cannot be given as {axes!r}.",
            hint="Leave the axes out for this file.",
            path=("axes",),
        )
    tif.pages.cache = True
    tif.pages.useframes = False
    only = len(document.images) == 1
    contents = TiffContents()
    for image in document.images:
        laid_out = _image(tif, name, image, only=only)
        if laid_out is not None:
            contents.images.append(laid_out)
    if not contents.images:
        raise broken(name, "its OME-XML describes no image that is stored in it")
    return contents


def _refuse_several_files(document: OmeDocument, name: str) -> None:
    if document.metadata_file is not None:
        raise Unsupported(
            f"{name!r} is one part of an OME-TIFF set over several files: its description is in "
            f"{document.metadata_file[:200]!r}.",
            hint="Sets over several files cannot be imported yet; save it as a single OME-TIFF.",
        )
    entries = [data for image in document.images for data in image.tiff_data if data.uuid]
    uuids = {data.uuid for data in entries}
    names = {data.file_name for data in entries if data.file_name}
    if len(uuids) > 1 or (uuids and document.uuid and document.uuid not in uuids):
        others = sorted(names - {name})
        raise Unsupported(
            f"{name!r} is one part of an OME-TIFF set over several files: its planes lie in "
            f"{max(len(uuids), len(names))} files, such as {(others or ['another'])[0][:200]!r}.",
            hint="Sets over several files cannot be imported yet; save it as a single OME-TIFF.",
        )


def _image(tif: TiffFile, name: str, ome: OmeImage, *, only: bool) -> TiffImage | None:
    page_count = len(tif.pages)
    entries = ome.tiff_data
    if not entries:
        if not only:
            return None
        entries = (TiffData(0, None, 0, 0, 0, None, None),)
    first = min(max(0, entries[0].ifd), page_count - 1)
    samples = _page(tif, first).samplesperpixel
    if ome.size_c % samples:
        raise broken(
            name, f"its OME-XML declares {ome.size_c} channels, its pages hold {samples} samples"
        )
    sizes = {"Z": ome.size_z, "C": ome.size_c // samples, "T": ome.size_t}
    count = sizes["Z"] * sizes["C"] * sizes["T"]
    if count > MAX_PLANES or count > MIN_STORED_SHARE * page_count:
        raise broken(
            name, f"its OME-XML declares {count:,} planes, and it has {page_count:,} pages"
        )
    numbers = _page_numbers(ome, entries, sizes, page_count)
    stored = numbers[numbers >= 0]
    if not len(stored):
        return None
    levels = _levels(tif, name, ome, numbers, int(stored[0]))
    missing = count - len(stored)
    left_out = () if ome.acquisition is None else ome.acquisition.warnings
    warnings = (
        (f"{missing:,} of {count:,} planes are declared but not stored; they read as zero.",)
        if missing
        else ()
    )
    return TiffImage(
        ome.name or "", "ome", ome.dimension_order, levels, ome, (*warnings, *left_out)
    )


def _page_numbers(
    ome: OmeImage, entries: tuple[TiffData, ...], sizes: dict[str, int], page_count: int
) -> NDArray[np.int64]:
    """Answer an array (t, c, z) of page numbers, -1 where no page is named."""
    import numpy as np

    fast = ome.dimension_order[2:]
    numbers = np.full(sizes["Z"] * sizes["C"] * sizes["T"], -1, np.int64)
    for data in entries:
        at = {"Z": data.first_z, "C": data.first_c, "T": data.first_t}
        if any(not 0 <= at[axis] < sizes[axis] for axis in "ZCT") or not 0 <= data.ifd < page_count:
            continue  # ImageJ leaves such entries behind when it crops.
        start = at[fast[0]] + sizes[fast[0]] * (at[fast[1]] + sizes[fast[1]] * at[fast[2]])
        room = min(len(numbers) - start, page_count - data.ifd)
        count = room if data.count is None or data.count < 1 else min(data.count, room)
        numbers[start : start + count] = np.arange(data.ifd, data.ifd + count)
    shaped = numbers.reshape([sizes[axis] for axis in reversed(fast)])
    slow = fast[::-1]
    return shaped.transpose([slow.index(axis) for axis in "TCZ"])


def _page(tif: TiffFile, number: int) -> TiffPage:
    page: TiffPage = tif.pages[number].aspage()
    return page


def _levels(
    tif: TiffFile, name: str, ome: OmeImage, numbers: NDArray[np.int64], first: int
) -> tuple[TiffLevel, ...]:
    import numpy as np

    keyframe = _page(tif, first)
    if (keyframe.imagewidth, keyframe.imagelength) != (ome.size_x, ome.size_y):
        raise broken(
            name,
            f"its OME-XML declares {ome.size_x} x {ome.size_y} pixels, its pages are "
            f"{keyframe.imagewidth} x {keyframe.imagelength}",
        )
    if keyframe.imagedepth > 1:
        raise Unsupported(
            f"{name!r} keeps whole volumes in its pages, beside OME-XML.",
            hint="Save it as OME-TIFF with one page for each plane.",
        )
    planes = np.empty(numbers.shape, object)
    for at, number in np.ndenumerate(numbers):
        if number >= 0:
            planes[at] = _page(tif, int(number))
    levels = [
        _sub_level(tif, planes, number, keyframe) for number in range(len(keyframe.subifds or ()))
    ]
    base = TiffLevel(keyframe, planes)
    return smaller_levels(base, [level for level in levels if level is not None])


def _sub_level(
    tif: TiffFile, planes: NDArray[Any], number: int, keyframe: TiffPage
) -> TiffLevel | None:
    """Read the directories of one smaller resolution; None when some plane lacks it."""
    import numpy as np
    from tifffile import TiffPage

    found = np.empty(planes.shape, object)
    first: TiffPage | None = None
    for at, page in np.ndenumerate(planes):
        if page is None:
            continue
        offsets = page.subifds or ()
        if number >= len(offsets) or not 8 <= offsets[number] < tif.filehandle.size:
            return None
        tif.filehandle.seek(offsets[number])
        sub = TiffPage(tif, (page.index, number + 1))
        found[at] = sub
        if page is keyframe:
            first = sub
    return None if first is None else TiffLevel(first, found)
