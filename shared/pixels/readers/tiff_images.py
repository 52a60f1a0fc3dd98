"""The images in a TIFF: which pages make up which planes of which level, before any pixel is read.

`TiffImage` is what inspection, the chunk index and the reader's own pixel source all start from.
OME series are laid out by our own code (`tiff_ome`), all others from tifffile's series.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any

from shared.errors import Unsupported
from shared.pixels.readers.tiff_axes import OuterAxes, as_tcz, named, overridden, split_positions
from shared.pixels.readers.tiff_file import broken

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray
    from tifffile import TiffFile, TiffPage, TiffPageSeries

    from shared.pixels.readers.ome_xml import OmeImage

MAX_PLANES = 4_000_000
_SLIDE_KINDS = frozenset({"svs", "ndpi", "scn", "bif", "qpi", "philips", "avs"})
_BESIDE = {"label": "label", "macro": "macro"}
_IGNORED = frozenset({"thumbnail", "map", "probability"})


@dataclass(frozen=True, slots=True)
class TiffLevel:
    """One resolution. `planes` has shape (t, c, z): a page, or None for a plane that is not stored.

    With `contiguous_from` the planes are integers instead: the nth plane of raw bytes from there
    on, all described by `keyframe`.
    """

    keyframe: TiffPage
    planes: NDArray[Any]
    contiguous_from: int | None = None


@dataclass(frozen=True, slots=True)
class TiffImage:
    """One image; `levels` from the largest to the smallest, never empty."""

    name: str
    kind: str
    dimension_order: str
    levels: tuple[TiffLevel, ...]
    ome: OmeImage | None = None
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class TiffContents:
    """All images, and the pages that show a slide's label and macro."""

    images: list[TiffImage] = field(default_factory=list)
    beside: dict[str, TiffPage] = field(default_factory=dict)


def images_from_series(tif: TiffFile, name: str, axes: str | None) -> TiffContents:
    """Lay out the series that tifffile finds. Raises `Invalid` when `axes` do not fit."""
    contents = TiffContents()
    for series in _all_series(tif):
        label = series.name.strip().lower()
        if series.kind in _SLIDE_KINDS and contents.images:
            if label in _BESIDE:
                contents.beside.setdefault(_BESIDE[label], series.keyframe)
            if label in _BESIDE or label in _IGNORED:
                continue
        if not series.keyframe.shape or 0 in series.keyframe.shape:
            raise broken(name, "it declares an image of no pixels")
        contents.images.extend(_images(series, name, axes))
    if not contents.images:
        raise broken(name, "it holds no image")
    return contents


def _all_series(tif: TiffFile) -> Iterable[TiffPageSeries]:
    """The file's series with all their axes: since 2026.5 tifffile leaves some out unless asked."""
    found: Any = tif.series
    whole: Iterable[TiffPageSeries] = found(squeeze=False) if callable(found) else found
    return whole


def _images(series: TiffPageSeries, name: str, axes: str | None) -> list[TiffImage]:
    keyframe = series.keyframe
    letters, sizes = _outer(series)
    page_axes = keyframe.axes
    if axes is None:
        outer = named(letters, sizes, page_has_z="Z" in page_axes)
    else:
        outer = overridden(axes, sizes, page_axes)
    levels: list[list[TiffLevel]] = []
    for level in series.levels:
        pages, contiguous = _pages(level, outer, name)
        if pages is None:
            continue
        parts = split_positions(pages, outer)
        levels.append(
            [TiffLevel(level.keyframe, as_tcz(part, rest), contiguous) for part, rest in parts]
        )
    images = []
    rest = OuterAxes(
        "".join(letter for letter in outer.letters if letter not in "PM"), ()
    ).dimension_order
    for position, first in enumerate(levels[0]):
        kept = smaller_levels(first, [level[position] for level in levels[1:]])
        suffix = f" [{position + 1}]" if len(levels[0]) > 1 else ""
        stated = "" if series.kind in _SLIDE_KINDS else series.name.strip("\x00 \r\n")
        images.append(TiffImage(f"{stated}{suffix}".strip(), series.kind, rest, kept))
    return images


def smaller_levels(first: TiffLevel, rest: list[TiffLevel]) -> tuple[TiffLevel, ...]:
    """Keep the levels that are really smaller versions of the first, largest first."""
    kept = [first]
    for level in sorted(rest, key=lambda found: -found.keyframe.imagewidth):
        above = kept[-1].keyframe
        page = level.keyframe
        if (
            page.imagewidth <= above.imagewidth
            and page.imagelength <= above.imagelength
            and (page.imagewidth, page.imagelength) != (above.imagewidth, above.imagelength)
            and level.planes.shape == first.planes.shape
            and page.dtype == first.keyframe.dtype
            and page.samplesperpixel == first.keyframe.samplesperpixel
        ):
            kept.append(level)
    return tuple(kept)


def differing_jpeg_tables(level: TiffLevel) -> NDArray[Any] | None:
    """Answer the JPEG tables by (t, c, z), None when the keyframe's serve for all pages."""
    import numpy as np

    if level.contiguous_from is not None or int(level.keyframe.compression) not in {6, 7, 34892}:
        return None
    tables = np.empty(level.planes.shape, object)
    for at, page in np.ndenumerate(level.planes):
        tables[at] = None if page is None else page.jpegtables
    own = level.keyframe.jpegtables
    stored: list[Any] = [page for page in level.planes.ravel() if page is not None]
    return tables if any(page.jpegtables != own for page in stored) else None


def _outer(series: TiffPageSeries) -> tuple[str, tuple[int, ...]]:
    """Answer letters and sizes of the axes between pages."""
    axes, shape = _whole_shape(series)
    page: tuple[int, ...] = tuple(series.keyframe.shape)
    if shape[-1:] == (1,) and axes.endswith("S") and page[-1:] != (1,):
        shape, axes = shape[:-1], axes[:-1]
    if len(shape) >= len(page) and shape[len(shape) - len(page) :] == page:
        count = len(shape) - len(page)
        return axes[:count], shape[:count]
    # Axes that do not end in the page's own (written by hand): all that is certain is their number.
    return "I", (max(1, prod(shape) // prod(page)),)


def _whole_shape(series: TiffPageSeries) -> tuple[str, tuple[int, ...]]:
    """Answer letters and sizes of all axes, those of size 1 included."""
    if hasattr(series, "get_axes"):  # before tifffile 2026.5
        return series.get_axes(squeeze=False), tuple(series.get_shape(squeeze=False))
    return series.axes, tuple(series.shape)


def _pages(
    series: TiffPageSeries, outer: OuterAxes, name: str
) -> tuple[NDArray[Any] | None, int | None]:
    """Answer the pages in the shape of `outer`, or their numbers when they lie in one piece."""
    import numpy as np

    count = prod(outer.sizes)
    if count > MAX_PLANES:
        raise broken(name, f"it declares {count:,} planes")
    stored: list[Any] = list(series._pages)
    array = np.empty(count, object)
    if len(stored) == count:
        array[:] = stored
        return array.reshape(outer.sizes), None
    page = series.keyframe
    if len(stored) == 1 and page.compression == 1 and page.is_contiguous:
        array[:] = range(count)
        return array.reshape(outer.sizes), int(page.dataoffsets[0])
    if len(stored) == 1 and len(page.parent.pages) >= page.index + count:
        array[:] = [page.parent.pages[page.index + number] for number in range(count)]
        return array.reshape(outer.sizes), None
    if series.levels and series is not series.levels[0]:
        return None, None
    raise Unsupported(
        f"{name!r} declares {count:,} planes and holds {len(stored):,} pages.",
        hint="Export it again as OME-TIFF, one page for each plane.",
    )
