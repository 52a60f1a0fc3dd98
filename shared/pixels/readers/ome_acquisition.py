"""What else OME-XML says of how an image was taken: devices, their settings, the air, the stage.

Values are told by the names of the model's columns. Files are not validated: a value that is not
of its type is left out, and a reference to a device that is nowhere is dropped at registration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.pixels.metadata import AcquisitionPart, ChannelAcquisition, ImageAcquisition
from shared.pixels.readers.ome_values import (
    attribute,
    number,
    positive_quantity,
    quantity,
    whole_number,
)
from shared.pixels.xml import child, children, local_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from xml.etree.ElementTree import Element

    from shared.pixels.metadata import Cell

MAX_INTEGER = 2**31 - 1
LIGHT_SOURCES = ("Arc", "Filament", "Laser", "LightEmittingDiode", "GenericExcitationSource")
MAX_DEVICES = 1_000
"""Of one instrument; what stands after them is left out, with a warning."""
MAX_TEXT = 4_000
"""Characters of a name, model or serial number; the rest is left out, with a warning."""
DEVICES = ("Objective", "Detector", *LIGHT_SOURCES, "Filter", "Dichroic", "FilterSet")
_MAKER = {
    "manufacturer": "Manufacturer",
    "model": "Model",
    "serial_number": "SerialNumber",
    "lot_number": "LotNumber",
}
_TEXTS = {
    "Microscope": {
        "microscope_type": "Type",
        "microscope_serial_number": "SerialNumber",
        "microscope_lot_number": "LotNumber",
    },
    "Objective": {"immersion": "Immersion", "correction": "Correction"},
    "Detector": {"type": "Type"},
    "Arc": {"type": "Type"},
    "Filament": {"type": "Type"},
    "Laser": {"type": "Type", "laser_medium": "LaserMedium", "pulse": "Pulse"},
    "Filter": {"type": "Type", "filter_wheel": "FilterWheel"},
    "DetectorSettings": {"binning": "Binning"},
    "ObjectiveSettings": {"medium": "Medium"},
    "StageLabel": {"name": "Name"},
}
_NUMBERS = {
    "Objective": {"lens_na": "LensNA", "calibrated_magnification": "CalibratedMagnification"},
    "Detector": {
        "gain": "Gain",
        "offset_value": "Offset",
        "zoom": "Zoom",
        "amplification_gain": "AmplificationGain",
    },
    "DetectorSettings": {"gain": "Gain", "offset_value": "Offset", "zoom": "Zoom"},
    "LightSourceSettings": {"attenuation": "Attenuation"},
    "ObjectiveSettings": {
        "correction_collar": "CorrectionCollar",
        "refractive_index": "RefractiveIndex",
    },
    "ImagingEnvironment": {"humidity": "Humidity", "co2_percent": "CO2Percent"},
}
_INTEGERS = {
    "Laser": {"frequency_multiplication": "FrequencyMultiplication"},
    "DetectorSettings": {"integration": "Integration"},
}
_FLAGS = {
    "Objective": {"has_iris": "Iris"},
    "Laser": {"is_tuneable": "Tuneable", "has_pockel_cell": "PockelCell"},
}
_POWER = {"power": ("Power", "mW")}
_QUANTITIES = {
    "Detector": {"voltage": ("Voltage", "V")},
    **dict.fromkeys(LIGHT_SOURCES, _POWER),
    "Laser": {
        **_POWER,
        "wavelength": ("Wavelength", "nm"),
        "repetition_rate": ("RepetitionRate", "Hz"),
    },
    "DetectorSettings": {"voltage": ("Voltage", "V"), "read_out_rate": ("ReadOutRate", "MHz")},
    "LightSourceSettings": {"wavelength": ("Wavelength", "nm")},
    "ImagingEnvironment": {
        "temperature": ("Temperature", "°C"),
        "air_pressure": ("AirPressure", "mbar"),
    },
    "StageLabel": {
        "position_x": ("X", "reference frame"),
        "position_y": ("Y", "reference frame"),
        "position_z": ("Z", "reference frame"),
    },
}
_REFERENCES = ("ExcitationFilterRef", "DichroicRef", "EmissionFilterRef", "Pump")


def image_acquisition(image: Element, instrument: Element | None) -> ImageAcquisition | None:
    """Answer the instrument's devices, and what belongs to the image alone."""
    devices = [] if instrument is None else children(instrument, *DEVICES)
    found = ImageAcquisition(
        devices=tuple(_part(element) for element in devices[:MAX_DEVICES]),
        environment=_stated(child(image, "ImagingEnvironment")),
        stage_label=_stated(child(image, "StageLabel")),
        objective_settings=_stated(child(image, "ObjectiveSettings", "ObjectiveRef")),
        microscope=_stated(child(instrument, "Microscope")),
        warnings=tuple(_left_out(devices)),
    )
    return None if found == ImageAcquisition() else found


def _left_out(devices: Sequence[Element]) -> Iterator[str]:
    if len(devices) > MAX_DEVICES:
        yield (
            f"The instrument has {len(devices):,} devices; the first {MAX_DEVICES:,} were kept, "
            "and settings of the others left out."
        )
    kept = devices[:MAX_DEVICES]
    if any(len(text) > MAX_TEXT for each in kept for text in each.attrib.values()):
        yield f"Texts of devices longer than {MAX_TEXT:,} characters were shortened."


def channel_acquisition(channel: Element) -> ChannelAcquisition | None:
    """Answer which devices a channel used, and how; None when it does not say."""
    filter_set = child(channel, "FilterSetRef")
    found = ChannelAcquisition(
        detector_settings=_stated(child(channel, "DetectorSettings", "DetectorRef")),
        light_settings=_stated(child(channel, "LightSourceSettings", "LightSourceRef")),
        light_path=_stated(child(channel, "LightPath")),
        filter_set=None if filter_set is None else filter_set.get("ID"),
    )
    return None if found == ChannelAcquisition() else found


def _stated(element: Element | None) -> AcquisitionPart | None:
    """A part that says something, or None."""
    if element is None:
        return None
    part = _part(element)
    return part if part.values or part.references or part.file_id else None


def _part(element: Element) -> AcquisitionPart:
    kind = local_name(element)
    if kind.endswith("Ref"):
        kind = f"{kind.removesuffix('Ref')}Settings"
    values: dict[str, Cell | None] = {}
    makers = _MAKER if kind in DEVICES else {}
    for column, name in (makers | _TEXTS.get(kind, {})).items():
        values[column] = _text(element, name)
    for column, name in _NUMBERS.get(kind, {}).items():
        values[column] = number(element, name)
    for column, name in _INTEGERS.get(kind, {}).items():
        whole = whole_number(element, name)
        values[column] = whole if whole is not None and abs(whole) <= MAX_INTEGER else None
    for column, name in _FLAGS.get(kind, {}).items():
        values[column] = {"true": True, "1": True, "false": False, "0": False}.get(
            (attribute(element, name) or "").lower()
        )
    for column, (name, unit) in _QUANTITIES.get(kind, {}).items():
        _put_quantity(values, column, element, name, unit)
    if kind == "Objective":
        values |= _objective(element)
    if kind == "Filter":
        _put_range(values, child(element, "TransmittanceRange"))
    return AcquisitionPart(
        kind=kind,
        file_id=element.get("ID"),
        values=tuple((name, value) for name, value in values.items() if value is not None),
        references=tuple(
            (local_name(each), each.get("ID", "")) for each in children(element, *_REFERENCES)
        ),
    )


def _objective(element: Element) -> dict[str, Cell | None]:
    """What is written in more than one way: zero once stood for an unknown distance."""
    values: dict[str, Cell | None] = {
        "nominal_magnification": number(element, "NominalMagnification", "Magnification")
    }
    distance = positive_quantity(element, "WorkingDistance", "µm")
    if distance is not None:
        values |= {"working_distance": distance.value, "working_distance_unit": distance.unit}
    return values


def _text(element: Element, name: str) -> str | None:
    text = attribute(element, name)
    return None if text is None else text.replace("\0", "")[:MAX_TEXT]


def _put_quantity(
    values: dict[str, Cell | None], column: str, element: Element, name: str, unit: str
) -> None:
    found = quantity(element, name, unit)
    if found is not None:
        values |= {column: found.value, f"{column}_unit": found.unit}


def _put_range(values: dict[str, Cell | None], element: Element | None) -> None:
    """A filter's range of transmittance stands in a child."""
    if element is None:
        return
    _put_quantity(values, "cut_in", element, "CutIn", "nm")
    _put_quantity(values, "cut_out", element, "CutOut", "nm")
    for column, name in (
        ("cut_in_tolerance", "CutInTolerance"),
        ("cut_out_tolerance", "CutOutTolerance"),
        ("transmittance", "Transmittance"),
    ):
        value = number(element, name)
        if value is not None:
            values[column] = value
