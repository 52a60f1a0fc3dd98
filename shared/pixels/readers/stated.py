"""What a file states about one image, in whichever dialect, before it is joined with its pixels.

Each dialect (OME-XML, ImageJ, Aperio, vendors) answers a `Stated`; what it leaves None is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.pixels.metadata import (
    ChannelMetadata,
    ImageAcquisition,
    ObjectiveMetadata,
    PlaneMetadata,
    Quantity,
)


@dataclass(frozen=True, slots=True)
class Stated:
    """Metadata as a file states it; `channels` may be shorter than the image's channels."""

    name: str | None = None
    description: str | None = None
    acquisition_date: str | None = None
    physical_size_x: Quantity | None = None
    physical_size_y: Quantity | None = None
    physical_size_z: Quantity | None = None
    time_increment: Quantity | None = None
    channels: tuple[ChannelMetadata, ...] = ()
    objective: ObjectiveMetadata | None = None
    microscope_model: str | None = None
    microscope_manufacturer: str | None = None
    acquisition: ImageAcquisition | None = None
    planes: tuple[PlaneMetadata, ...] = ()
    significant_bits: int | None = None
    model: str | None = None
    original_metadata: tuple[tuple[str, str], ...] = ()
