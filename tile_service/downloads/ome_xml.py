"""OME-XML written from an image's rows, for files that brought none of their own.

Words that the schema does not know are written as `Other`, and a unit that it does not know takes
its number along: a wrong unit would be worse than none.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from enum import Enum

    from tile_service.downloads.rows import ImageRows

_FORBIDDEN = dict.fromkeys(
    [*range(9), 11, 12, *range(14, 32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF], "\ufffd"
)
"""Characters that XML 1.0 cannot hold."""


def ome_xml(rows: ImageRows) -> bytes:
    """The image as a document of OME 2016-06, valid against its schema, in UTF-8."""
    from ome_types import model, to_xml

    image = model.Image(
        id=f"Image:{rows.image.id}",
        name=_text(rows.image.name),
        description=_text(rows.image.description),
        acquisition_date=_moment(rows.image.acquired_at),
        pixels=_pixels(rows),
    )
    document = model.OME(creator="Tessera", images=[image])
    if rows.instrument is not None:
        document.instruments = [_instrument(rows)]
        image.instrument_ref = model.InstrumentRef(id=f"Instrument:{rows.instrument.id}")
        image.objective_settings = _objective_settings(rows)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + to_xml(document, indent=2).encode()


def _pixels(rows: ImageRows) -> Any:
    from ome_types import model

    pixels = rows.pixels
    return model.Pixels(
        id=f"Pixels:{pixels.id}",
        dimension_order=pixels.dimension_order,
        type=pixels.pixels_type,
        significant_bits=_counted(pixels.significant_bits),
        size_x=pixels.size_x,
        size_y=pixels.size_y,
        size_z=pixels.size_z,
        size_c=pixels.size_c,
        size_t=pixels.size_t,
        channels=[
            _channel(f"Channel:{pixels.id}:{number}", channel)
            for number, channel in enumerate(rows.channels)
        ],
        planes=[_plane(plane) for plane in rows.planes],
        metadata_only=model.MetadataOnly(),
        **_quantity(pixels, "physical_size_x", model.UnitsLength, above=0.0),
        **_quantity(pixels, "physical_size_y", model.UnitsLength, above=0.0),
        **_quantity(pixels, "physical_size_z", model.UnitsLength, above=0.0),
        **_quantity(pixels, "time_increment", model.UnitsTime),
    )


def _channel(number: str, row: Any) -> Any:
    from ome_types import model

    color = {} if row.color is None else {"color": _signed(row.color)}
    return model.Channel(
        id=number,
        name=_text(row.name),
        samples_per_pixel=1,
        fluor=_text(row.fluor),
        acquisition_mode=_word(model.Channel_AcquisitionMode, row.mode),
        contrast_method=_word(model.Channel_ContrastMethod, row.contrast_method),
        illumination_type=_word(model.Channel_IlluminationType, row.illumination),
        nd_filter=_number(row.nd_filter, least=0.0, most=1.0),
        **_quantity(row, "pin_hole_size", model.UnitsLength, to="pinhole_size"),
        **_quantity(row, "excitation_wave", model.UnitsLength, 0.0, "excitation_wavelength"),
        **_quantity(row, "emission_wave", model.UnitsLength, 0.0, "emission_wavelength"),
        **color,
    )


def _plane(row: Any) -> Any:
    from ome_types import model

    return model.Plane(
        the_z=row.the_z,
        the_c=row.the_c,
        the_t=row.the_t,
        **_quantity(row, "delta_t", model.UnitsTime),
        **_quantity(row, "exposure_time", model.UnitsTime),
        **_quantity(row, "position_x", model.UnitsLength),
        **_quantity(row, "position_y", model.UnitsLength),
        **_quantity(row, "position_z", model.UnitsLength),
    )


def _instrument(rows: ImageRows) -> Any:
    from ome_types import model

    row = rows.instrument
    return model.Instrument(
        id=f"Instrument:{row.id}",
        microscope=model.Microscope(
            type=_word(model.Microscope_Type, row.microscope_type),
            manufacturer=_text(row.microscope_manufacturer),
            model=_text(row.microscope_model),
            serial_number=_text(row.microscope_serial_number),
            lot_number=_text(row.microscope_lot_number),
        ),
        objectives=[
            model.Objective(
                id=f"Objective:{each.id}",
                manufacturer=_text(each.manufacturer),
                model=_text(each.model),
                serial_number=_text(each.serial_number),
                lot_number=_text(each.lot_number),
                immersion=_word(model.Objective_Immersion, each.immersion),
                correction=_word(model.Objective_Correction, each.correction),
                lens_na=_number(each.lens_na),
                nominal_magnification=_number(each.nominal_magnification),
                calibrated_magnification=_number(each.calibrated_magnification),
                iris=each.has_iris,
                **_quantity(each, "working_distance", model.UnitsLength),
            )
            for each in rows.objectives
        ],
    )


def _objective_settings(rows: ImageRows) -> Any:
    from ome_types import model

    row = rows.objective_settings
    if row is None or row.objective_id not in {each.id for each in rows.objectives}:
        return None
    return model.ObjectiveSettings(
        id=f"Objective:{row.objective_id}",
        correction_collar=_number(row.correction_collar),
        medium=_word(model.ObjectiveSettings_Medium, row.medium),
        refractive_index=_number(row.refractive_index),
    )


def _quantity(
    row: Any, column: str, units: type[Enum], above: float | None = None, to: str = ""
) -> dict[str, Any]:
    """Number and unit as the schema's two attributes, or nothing."""
    value = _number(getattr(row, column))
    if value is None or (above is not None and value <= above):
        return {}
    unit = getattr(row, f"{column}_unit")
    name = to or column
    if unit is None:
        return {name: value}  # the schema's own default
    try:
        return {name: value, f"{name}_unit": units(unit.replace("μ", "µ"))}
    except ValueError:
        return {}


def _number(value: float | None, least: float = -math.inf, most: float = math.inf) -> float | None:
    if value is None or not math.isfinite(value) or not least <= value <= most:
        return None
    return value


def _counted(value: int | None) -> int | None:
    return value if value and value > 0 else None


def _word(words: type[Enum], text: str | None) -> Any:
    if not text:
        return None
    try:
        return words(text)
    except ValueError:
        return getattr(words, "OTHER", None)


def _text(text: str | None) -> str | None:
    return None if text is None else text.translate(_FORBIDDEN)


def _moment(micros: int | None) -> datetime | None:
    if micros is None:
        return None
    try:
        return datetime.fromtimestamp(micros // 1_000_000, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _signed(color: int) -> int:
    return color - 2**32 if color >= 2**31 else color
