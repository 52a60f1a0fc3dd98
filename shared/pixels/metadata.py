"""What a reader says about a file before anything is stored: plain values, no library types.

`InspectedFileset` crosses a process border (inspection runs in a limited child), so everything here
pickles and holds no open file. Lengths are in the file's own unit; wavelengths are in nanometres.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.pixels.source import Dimensions, Level, PixelType


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with the unit's symbol as the file states it (`µm`, `mm`, `s`)."""

    value: float
    unit: str


Cell = str | int | float | bool


@dataclass(frozen=True, slots=True)
class AcquisitionPart:
    """A device or how it was used, by the model's names of columns; ids are the file's own."""

    kind: str
    """The element of OME-XML, such as `Detector` or `LightPath`."""
    file_id: str | None = None
    """Its own id, or that of the device whose settings these are."""
    values: tuple[tuple[str, Cell], ...] = ()
    references: tuple[tuple[str, str], ...] = ()
    """(element, id) of the filters, dichroics and pumps that it names."""


@dataclass(frozen=True, slots=True)
class ImageAcquisition:
    """All devices of an image's instrument, and what belongs to the image alone."""

    devices: tuple[AcquisitionPart, ...] = ()
    environment: AcquisitionPart | None = None
    stage_label: AcquisitionPart | None = None
    objective_settings: AcquisitionPart | None = None
    microscope: AcquisitionPart | None = None
    warnings: tuple[str, ...] = ()
    """What was left out of what the file says."""


@dataclass(frozen=True, slots=True)
class ChannelAcquisition:
    """Which devices a channel used, and how."""

    detector_settings: AcquisitionPart | None = None
    light_settings: AcquisitionPart | None = None
    light_path: AcquisitionPart | None = None
    filter_set: str | None = None


@dataclass(frozen=True, slots=True)
class StoredDisplay:
    """How the file asks a channel to be shown; None means that it does not say."""

    active: bool | None = None
    window_start: float | None = None
    window_end: float | None = None
    lookup_table: str | None = None
    family: str | None = None
    coefficient: float | None = None
    reverse_intensity: bool | None = None


@dataclass(frozen=True, slots=True)
class ChannelMetadata:
    """One channel. `color` is 0xRRGGBBAA; wavelengths are in nm."""

    name: str | None = None
    color: int | None = None
    emission_nm: float | None = None
    excitation_nm: float | None = None
    fluor: str | None = None
    acquisition_mode: str | None = None
    contrast_method: str | None = None
    illumination: str | None = None
    pinhole_size: Quantity | None = None
    nd_filter: float | None = None
    samples_per_pixel: int | None = None
    photometric: str | None = None
    display: StoredDisplay = StoredDisplay()
    acquisition: ChannelAcquisition | None = None


@dataclass(frozen=True, slots=True)
class ObjectiveMetadata:
    """The objective, as far as the file names it."""

    model: str | None = None
    manufacturer: str | None = None
    nominal_magnification: float | None = None
    lens_na: float | None = None
    immersion: str | None = None
    correction: str | None = None
    working_distance: Quantity | None = None


@dataclass(frozen=True, slots=True)
class PlaneMetadata:
    """Timing and stage position of one plane."""

    z: int
    c: int
    t: int
    delta_t: Quantity | None = None
    exposure_time: Quantity | None = None
    position_x: Quantity | None = None
    position_y: Quantity | None = None
    position_z: Quantity | None = None


@dataclass(frozen=True, slots=True)
class InspectedImage:
    """One series of a file: what becomes an Image."""

    series: int
    name: str
    dimensions: Dimensions
    pixel_type: PixelType
    levels: tuple[Level, ...]
    dimension_order: str = "XYZCT"
    significant_bits: int | None = None
    is_rgb: bool = False
    is_tiled: bool = False
    description: str | None = None
    acquisition_date: str | None = None
    """As written in the file; often without a zone."""
    physical_size_x: Quantity | None = None
    physical_size_y: Quantity | None = None
    physical_size_z: Quantity | None = None
    time_increment: Quantity | None = None
    channels: tuple[ChannelMetadata, ...] = ()
    """One for each of `dimensions.size_c`, in order."""
    objective: ObjectiveMetadata | None = None
    microscope_model: str | None = None
    microscope_manufacturer: str | None = None
    acquisition: ImageAcquisition | None = None
    planes: tuple[PlaneMetadata, ...] = ()
    default_z: int | None = None
    default_t: int | None = None
    model: str | None = None
    """`color` or `greyscale` when the file says so."""
    original_metadata: tuple[tuple[str, str], ...] = ()
    """Key-value pairs of this series as the file states them."""


@dataclass(frozen=True, slots=True)
class AssociatedImage:
    """A picture beside the specimen that may show a patient's name: `label` or `macro`.

    `jpeg_or_png` is re-encoded by us; it is kept apart from ordinary images.
    """

    kind: str
    width: int
    height: int
    encoded: bytes
    mime_type: str


@dataclass(frozen=True, slots=True)
class InspectedFileset:
    """Everything one import learns from a file or folder."""

    format: str
    """Name shown to people, such as `OME-TIFF` or `Aperio SVS`."""
    reader: str
    """Entry-point name of the reader that will open it again."""
    used_files: tuple[str, ...]
    """Paths relative to the fileset's folder, `/`-separated, in the reader's order."""
    images: tuple[InspectedImage, ...]
    associated: tuple[AssociatedImage, ...] = ()
    original_metadata: tuple[tuple[str, str], ...] = ()
    """Key-value pairs of the whole file."""
    ome_xml: str | None = None
    warnings: tuple[str, ...] = field(default=())
