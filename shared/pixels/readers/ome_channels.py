"""Channels of OME-XML, in the form of today and in that of `LogicalChannel` before 2009.

Before 2009 a channel's description stood beside `Pixels`, and one description could cover several
samples by its `ChannelComponent`s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.pixels.metadata import ChannelMetadata
from shared.pixels.readers.ome_acquisition import channel_acquisition
from shared.pixels.readers.ome_values import (
    attribute,
    color,
    number,
    quantity,
    wavelength_nm,
    whole_number,
)
from shared.pixels.xml import children

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def channels_of(image: Element, pixels: Element) -> tuple[ChannelMetadata, ...]:
    """Answer the declared channels in order; empty when the file names none."""
    current = children(pixels, "Channel")
    if current:
        return tuple(_channel(element) for element in current)
    return tuple(
        channel
        for element in children(image, "LogicalChannel")
        for channel in [_channel(element)] * max(1, len(_components(element)))
    )


def _components(element: Element) -> list[Element]:
    """A `LogicalChannel` of several components describes that many samples, unless it is RGB."""
    if (whole_number(element, "SamplesPerPixel") or 1) > 1:
        return []
    return children(element, "ChannelComponent")


def _channel(element: Element) -> ChannelMetadata:
    return ChannelMetadata(
        name=attribute(element, "Name"),
        color=color(element),
        emission_nm=wavelength_nm(element, "EmissionWavelength", "EmWave"),
        excitation_nm=wavelength_nm(element, "ExcitationWavelength", "ExWave"),
        fluor=attribute(element, "Fluor"),
        acquisition_mode=attribute(element, "AcquisitionMode", "Mode"),
        contrast_method=attribute(element, "ContrastMethod"),
        illumination=attribute(element, "IlluminationType"),
        pinhole_size=quantity(element, "PinholeSize", "µm", "PinHoleSize"),
        nd_filter=number(element, "NDFilter", "NdFilter"),
        samples_per_pixel=whole_number(element, "SamplesPerPixel"),
        photometric=attribute(element, "PhotometricInterpretation"),
        acquisition=channel_acquisition(element),
    )
