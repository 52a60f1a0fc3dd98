"""Joining what a TIFF states with what it stores: one `InspectedImage` for each image.

The file's dialect is chosen once: OME-XML before ImageJ before vendors. A channel that stands for
three samples in the file stands here three times, once for each.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shared.pixels.metadata import ChannelMetadata, InspectedImage, PlaneMetadata, StoredDisplay
from shared.pixels.readers.aperio import stated_by_aperio
from shared.pixels.readers.imagej import stated_by_imagej
from shared.pixels.readers.stated import Stated
from shared.pixels.readers.tiff_codecs import is_color, pixel_type, significant_bits
from shared.pixels.readers.tiff_dialects import DIALECTS, SLIDES
from shared.pixels.readers.tiff_index import dimensions_of, level_of
from shared.pixels.readers.tiff_segments import segments_of
from shared.pixels.readers.tiff_tags import lookup_color, tag_pairs
from shared.pixels.readers.tiff_vendors import stated_by_vendor

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage

    from shared.pixels.readers.ome_xml import OmeImage
    from shared.pixels.readers.tiff_images import TiffImage
    from shared.pixels.source import Dimensions

_SAMPLE_COLORS = (0xFF0000FF, 0x00FF00FF, 0x0000FFFF)
_ORIENTATIONS = {
    2: "mirrored",
    3: "turned by 180 degrees",
    4: "flipped",
    5: "transposed",
    6: "turned by 90 degrees clockwise",
    7: "transposed across",
    8: "turned by 90 degrees counter-clockwise",
}


def format_of(tif: TiffFile, images: list[TiffImage]) -> str:
    """Answer the format's name as shown to people."""
    if images[0].ome is not None:
        return "OME-TIFF"
    if images[0].kind in SLIDES:
        return SLIDES[images[0].kind]
    if tif.is_imagej:
        return "ImageJ TIFF"
    for dialect, shown in DIALECTS.items():
        if getattr(tif, f"is_{dialect}", False):
            return shown
    return "TIFF"


def inspected_image(
    tif: TiffFile, image: TiffImage, series: int, name: str, file_size: int
) -> InspectedImage:
    """Describe one image; raises as `segments_of` does when its tables do not fit the file."""
    first = image.levels[0]
    page = first.keyframe
    sizes = dimensions_of(image)
    kind = pixel_type(page, name)
    stated = _stated(tif, image, sizes)
    segments = [segments_of(level, name, file_size) for level in image.levels]
    bits = stated.significant_bits or significant_bits(page)
    return InspectedImage(
        series=series,
        name=_name(name, image, stated, series),
        dimensions=sizes,
        pixel_type=kind,
        levels=tuple(
            level_of(level, found) for level, found in zip(image.levels, segments, strict=True)
        ),
        dimension_order=_dimension_order(image, page),
        significant_bits=bits if bits and 0 < bits <= kind.bits else None,
        is_rgb=is_color(page),
        is_tiled=bool(page.is_tiled),
        description=stated.description,
        acquisition_date=stated.acquisition_date,
        physical_size_x=stated.physical_size_x,
        physical_size_y=stated.physical_size_y,
        physical_size_z=stated.physical_size_z,
        time_increment=stated.time_increment,
        channels=_channels(stated.channels, page, sizes),
        objective=stated.objective,
        microscope_model=stated.microscope_model,
        microscope_manufacturer=stated.microscope_manufacturer,
        acquisition=stated.acquisition,
        planes=_planes(stated.planes, sizes),
        model=stated.model,
        original_metadata=(*stated.original_metadata, *tag_pairs(page)),
    )


def orientation_note(page: TiffPage, name: str) -> str | None:
    """Say so when the file asks to be turned: pixels are kept as they are stored."""
    shown = _ORIENTATIONS.get(page.tags.valueof(274) or 1)
    if shown is None:
        return None
    return f"{name!r} asks to be shown {shown}; it is kept as it is stored."


def _stated(tif: TiffFile, image: TiffImage, sizes: Dimensions) -> Stated:
    page = image.levels[0].keyframe
    if image.ome is not None:
        return _stated_by_ome(image.ome)
    if image.kind == "svs":
        return stated_by_aperio(tif.pages.first.description)
    if image.kind == "imagej" and isinstance(tif.imagej_metadata, dict):
        return stated_by_imagej(tif.imagej_metadata, page, sizes)
    return stated_by_vendor(tif, page)


def _stated_by_ome(ome: OmeImage) -> Stated:
    return Stated(
        name=ome.name,
        description=ome.description,
        acquisition_date=ome.acquisition_date,
        physical_size_x=ome.physical_size_x,
        physical_size_y=ome.physical_size_y,
        physical_size_z=ome.physical_size_z,
        time_increment=ome.time_increment,
        channels=ome.channels,
        objective=ome.objective,
        microscope_model=ome.microscope_model,
        microscope_manufacturer=ome.microscope_manufacturer,
        acquisition=ome.acquisition,
        planes=ome.planes,
        significant_bits=ome.significant_bits,
        original_metadata=ome.original_metadata,
    )


def _name(name: str, image: TiffImage, stated: Stated, series: int) -> str:
    file_name = name.rpartition("/")[2]
    own = (stated.name or "").strip() or image.name
    if own:
        return own
    return file_name if series == 0 else f"{file_name} [{series + 1}]"


def _dimension_order(image: TiffImage, page: TiffPage) -> str:
    """Interleaved and separate samples are the fastest of the outer axes."""
    order = image.dimension_order
    if page.samplesperpixel > 1:
        return "XYC" + order.replace("C", "")[2:]
    return order


def _channels(
    stated: tuple[ChannelMetadata, ...], page: TiffPage, sizes: Dimensions
) -> tuple[ChannelMetadata, ...]:
    samples = page.samplesperpixel
    if len(stated) == sizes.size_c // samples and samples > 1:
        stated = tuple(channel for channel in stated for _ in range(samples))
    listed = list(stated[: sizes.size_c])
    listed += [ChannelMetadata()] * (sizes.size_c - len(listed))
    return tuple(
        _with_colors(channel, page, number % samples) for number, channel in enumerate(listed)
    )


def _with_colors(channel: ChannelMetadata, page: TiffPage, sample: int) -> ChannelMetadata:
    """Add what the photometric interpretation says to what the metadata say."""
    photometric = int(page.photometric)
    if is_color(page):
        color = _SAMPLE_COLORS[sample] if sample < len(_SAMPLE_COLORS) else channel.color
        return replace(
            channel,
            color=color,
            samples_per_pixel=page.samplesperpixel,
            photometric="RGB",
            # A fourth sample is opacity, not light.
            display=replace(channel.display, active=False) if sample > 2 else channel.display,
        )
    if photometric == 0 and channel.display == StoredDisplay():
        return replace(channel, display=StoredDisplay(reverse_intensity=True))
    if photometric == 3 and page.colormap is not None and channel.color is None:
        known = lookup_color(page.colormap >> 8)
        if known is not None:
            return replace(channel, color=known[0], display=known[1])
    return channel


def _planes(stated: tuple[PlaneMetadata, ...], sizes: Dimensions) -> tuple[PlaneMetadata, ...]:
    seen: dict[tuple[int, int, int], PlaneMetadata] = {}
    for plane in stated:
        if (
            0 <= plane.z < sizes.size_z
            and 0 <= plane.c < sizes.size_c
            and 0 <= plane.t < sizes.size_t
        ):
            seen.setdefault((plane.z, plane.c, plane.t), plane)
    return tuple(seen.values())
