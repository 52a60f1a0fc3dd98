"""OME-XML of every schema version, read into plain values: images, pixels and where planes lie.

Namespaces are ignored on purpose: the names hardly changed since 2003, and files mix versions. File
names in `TiffData` are kept as data, to be compared with ours; nothing here opens them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.errors import BrokenFile
from shared.pixels.metadata import (
    ChannelMetadata,
    ImageAcquisition,
    ObjectiveMetadata,
    PlaneMetadata,
    Quantity,
)
from shared.pixels.readers.ome_acquisition import image_acquisition
from shared.pixels.readers.ome_channels import channels_of
from shared.pixels.readers.ome_instrument import Instruments, planes_of
from shared.pixels.readers.ome_values import (
    attribute,
    number,
    positive_quantity,
    whole_number,
)
from shared.pixels.xml import child, children, local_name, parse_xml, text_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_AXIS = 2**31 - 1


@dataclass(frozen=True, slots=True)
class TiffData:
    """One `TiffData` element: planes from (c, z, t) on are the pages from `ifd` on."""

    ifd: int
    count: int | None
    """None: all pages that are left."""
    first_z: int
    first_c: int
    first_t: int
    uuid: str | None
    file_name: str | None


@dataclass(frozen=True, slots=True)
class OmeImage:
    """One `Image` with its (first) `Pixels`; sizes are as declared, not as stored."""

    name: str | None
    description: str | None
    acquisition_date: str | None
    dimension_order: str
    size_x: int
    size_y: int
    size_z: int
    size_c: int
    size_t: int
    pixel_type: str | None
    significant_bits: int | None
    physical_size_x: Quantity | None
    physical_size_y: Quantity | None
    physical_size_z: Quantity | None
    time_increment: Quantity | None
    channels: tuple[ChannelMetadata, ...]
    """As declared: one of three samples stands here once."""
    tiff_data: tuple[TiffData, ...]
    planes: tuple[PlaneMetadata, ...]
    objective: ObjectiveMetadata | None
    microscope_model: str | None
    microscope_manufacturer: str | None
    acquisition: ImageAcquisition | None
    original_metadata: tuple[tuple[str, str], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class OmeDocument:
    """A whole OME-XML text."""

    uuid: str | None
    metadata_file: str | None
    """Set when this file only holds planes that another file describes (`BinaryOnly`)."""
    images: tuple[OmeImage, ...]


def is_ome_xml(text: str | None) -> bool:
    """Whether a TIFF's description looks like OME-XML (its end is what the format asks for)."""
    if not text:
        return False
    return text.rstrip("\x00 \r\n\t")[-10:].endswith("OME>")


def parse_ome_xml(text: str, what: str) -> OmeDocument:
    """Read OME-XML. Raises `BrokenFile` when it is hostile, not well-formed or lacks its sizes."""
    root = parse_xml(text, what)
    if local_name(root) != "OME":
        raise BrokenFile(
            f"The {what} starts with {local_name(root)!r} instead of OME.",
            hint="Save the image again with the program that wrote it.",
        )
    binary_only = child(root, "BinaryOnly")
    instruments = Instruments(root)
    return OmeDocument(
        uuid=root.get("UUID"),
        metadata_file=None if binary_only is None else binary_only.get("MetadataFile", ""),
        images=tuple(
            found
            for image in children(root, "Image")
            if (found := _image(image, instruments, what)) is not None
        ),
    )


def _image(image: Element, instruments: Instruments, what: str) -> OmeImage | None:
    pixels = child(image, "Pixels")
    if pixels is None:
        return None
    microscope = instruments.microscope(image)
    return OmeImage(
        name=attribute(image, "Name"),
        description=text_of(child(image, "Description")),
        acquisition_date=text_of(child(image, "AcquisitionDate", "AcquiredDate", "CreationDate")),
        dimension_order=_dimension_order(pixels, what),
        size_x=_size(pixels, "SizeX", what),
        size_y=_size(pixels, "SizeY", what),
        size_z=_size(pixels, "SizeZ", what),
        size_c=_size(pixels, "SizeC", what),
        size_t=_size(pixels, "SizeT", what),
        pixel_type=attribute(pixels, "Type", "PixelType"),
        significant_bits=whole_number(pixels, "SignificantBits"),
        physical_size_x=positive_quantity(pixels, "PhysicalSizeX", "µm"),
        physical_size_y=positive_quantity(pixels, "PhysicalSizeY", "µm"),
        physical_size_z=positive_quantity(pixels, "PhysicalSizeZ", "µm"),
        time_increment=positive_quantity(pixels, "TimeIncrement", "s"),
        channels=channels_of(image, pixels),
        tiff_data=tuple(_tiff_data(data) for data in children(pixels, "TiffData")),
        planes=planes_of(pixels),
        objective=instruments.objective(image),
        microscope_model=attribute(microscope, "Model"),
        microscope_manufacturer=attribute(microscope, "Manufacturer"),
        acquisition=image_acquisition(image, instruments.of(image)),
        original_metadata=_custom_attributes(image),
    )


def _size(pixels: Element, name: str, what: str) -> int:
    value = number(pixels, name)
    if value is None or value != int(value) or not 1 <= value <= MAX_AXIS:
        raise BrokenFile(
            f"The {what} declares {name}={pixels.get(name)!r}.",
            hint="A size is a whole number above zero.",
        )
    return int(value)


def _dimension_order(pixels: Element, what: str) -> str:
    order = attribute(pixels, "DimensionOrder") or "XYZCT"
    if order[:2] != "XY" or sorted(order) != sorted("XYZCT"):
        raise BrokenFile(
            f"The {what} declares DimensionOrder={order!r}.",
            hint="It must be XY followed by Z, C and T in some order.",
        )
    return order


def _tiff_data(data: Element) -> TiffData:
    uuid = child(data, "UUID")
    count = whole_number(data, "PlaneCount", "NumPlanes")
    if count is None and data.get("IFD") is not None:
        count = 1
    return TiffData(
        ifd=whole_number(data, "IFD") or 0,
        count=count,
        first_z=whole_number(data, "FirstZ") or 0,
        first_c=whole_number(data, "FirstC") or 0,
        first_t=whole_number(data, "FirstT") or 0,
        uuid=text_of(uuid),
        file_name=None if uuid is None else uuid.get("FileName"),
    )


def _custom_attributes(image: Element) -> tuple[tuple[str, str], ...]:
    """Key-value pairs that files of 2008 and before keep beside their pixels."""
    custom = child(image, "CustomAttributes")
    if custom is None:
        return ()
    return tuple(
        (entry.get("Name", ""), entry.get("Value", ""))
        for entry in children(custom, "OriginalMetadata")
        if entry.get("Name")
    )
