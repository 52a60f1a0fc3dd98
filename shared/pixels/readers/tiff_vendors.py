"""What the other TIFF dialects state: MetaMorph, FEI, Zeiss LSM, Olympus SIS, Hamamatsu and so on.

tifffile reads the dialect; the few values with a fixed meaning become metadata here.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from shared.pixels.metadata import ChannelMetadata, ObjectiveMetadata, Quantity
from shared.pixels.readers.stated import Stated
from shared.pixels.readers.tiff_tags import date_time, plausible_pixel_sizes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tifffile import TiffFile, TiffPage


def stated_by_vendor(tif: TiffFile, page: TiffPage) -> Stated:
    """Answer what the first known dialect says, else what plain tags say."""
    for dialect, read in _READERS.items():
        if getattr(tif, f"is_{dialect}", False):
            metadata = getattr(tif, f"{dialect}_metadata", None)
            if isinstance(metadata, dict):
                return read(metadata, page)
    size_x, size_y = plausible_pixel_sizes(page)
    magnification = _number(page.tags.valueof(65421)) if tif.is_ndpi else None
    return Stated(
        acquisition_date=date_time(page),
        physical_size_x=size_x,
        physical_size_y=size_y,
        objective=ObjectiveMetadata(nominal_magnification=magnification) if magnification else None,
    )


def _metamorph(metadata: dict[str, Any], page: TiffPage) -> Stated:
    unit = _unit(metadata.get("CalibrationUnits"))
    calibrated = bool(metadata.get("SpatialCalibration"))
    created = metadata.get("CreateTime")
    return Stated(
        name=_text(metadata.get("Name")),
        description=_text((metadata.get("PlaneDescriptions") or [None])[0]),
        acquisition_date=str(created) if created else date_time(page),
        physical_size_x=_size(metadata.get("XCalibration"), unit if calibrated else None),
        physical_size_y=_size(metadata.get("YCalibration"), unit if calibrated else None),
        channels=(
            ChannelMetadata(
                name=_text(metadata.get("Name")), emission_nm=_number(metadata.get("wavelength"))
            ),
        ),
        objective=_metamorph_objective(metadata.get("PlaneProperty")),
    )


def _metamorph_objective(properties: Any) -> ObjectiveMetadata | None:
    if not isinstance(properties, list):
        return None
    values = {str(p.get("name")): p.get("value") for p in properties if isinstance(p, dict)}
    return _objective(values)


def _objective(values: dict[str, Any]) -> ObjectiveMetadata | None:
    """`_MagSetting_` names the objective, such as "20x Plan Fluor ELWD"."""
    model = _text(values.get("_MagSetting_"))
    if model is None:
        return None
    digits = model.lower().partition("x")[0].strip()
    return ObjectiveMetadata(
        model=model, nominal_magnification=_number(digits), lens_na=_number(values.get("_MagNA_"))
    )


def _metaseries(metadata: dict[str, Any], page: TiffPage) -> Stated:
    info = metadata.get("PlaneInfo")
    values: dict[str, Any] = info if isinstance(info, dict) else {}
    unit = _unit(values.get("spatial-calibration-units"))
    calibrated = unit if values.get("spatial-calibration-state") else None
    acquired = values.get("acquisition-time-local")
    return Stated(
        description=_text(metadata.get("Description")),
        acquisition_date=str(acquired) if acquired else date_time(page),
        physical_size_x=_size(values.get("spatial-calibration-x"), calibrated),
        physical_size_y=_size(values.get("spatial-calibration-y"), calibrated),
        channels=(
            ChannelMetadata(
                name=_text(values.get("_IllumSetting_") or values.get("image-name")),
                emission_nm=_number(values.get("wavelength")),
            ),
        ),
        objective=_objective(values),
    )


def _fei(metadata: dict[str, Any], page: TiffPage) -> Stated:
    scan = metadata.get("Scan") or metadata.get("EScan") or {}
    user = metadata.get("User") or {}
    system = metadata.get("System") or {}
    date = " ".join(str(user[key]) for key in ("Date", "Time") if user.get(key))
    return Stated(
        acquisition_date=date or date_time(page),
        physical_size_x=_size(scan.get("PixelWidth"), "m"),
        physical_size_y=_size(scan.get("PixelHeight"), "m"),
        microscope_model=_text(system.get("SystemType")),
        microscope_manufacturer="FEI",
    )


def _lsm(metadata: dict[str, Any], page: TiffPage) -> Stated:
    colors = metadata.get("ChannelColors") or {}
    names = colors.get("ColorNames") or []
    values = colors.get("Colors") or []
    channels = tuple(
        ChannelMetadata(
            name=_text(name), color=_lsm_color(values[at]) if at < len(values) else None
        )
        for at, name in enumerate(names)
    )
    return Stated(
        acquisition_date=date_time(page),
        physical_size_x=_size(metadata.get("VoxelSizeX"), "m"),
        physical_size_y=_size(metadata.get("VoxelSizeY"), "m"),
        physical_size_z=_size(metadata.get("VoxelSizeZ"), "m"),
        time_increment=_size(metadata.get("TimeIntervall"), "s"),
        channels=channels,
        microscope_manufacturer="Zeiss",
    )


def _lsm_color(value: Any) -> int | None:
    try:
        red, green, blue = (int(part) & 0xFF for part in tuple(value)[:3])
    except (TypeError, ValueError):
        return None
    return red << 24 | green << 16 | blue << 8 | 0xFF


def _sis(metadata: dict[str, Any], page: TiffPage) -> Stated:
    magnification = _number(metadata.get("magnification"))
    acquired = metadata.get("datetime")
    return Stated(
        name=_text(metadata.get("name")),
        acquisition_date=str(acquired) if acquired else date_time(page),
        physical_size_x=_size(metadata.get("pixelsizex"), "m"),
        physical_size_y=_size(metadata.get("pixelsizey"), "m"),
        objective=ObjectiveMetadata(nominal_magnification=magnification) if magnification else None,
        microscope_manufacturer="Olympus",
    )


def _tvips(metadata: dict[str, Any], page: TiffPage) -> Stated:
    return Stated(
        acquisition_date=date_time(page),
        physical_size_x=_size(metadata.get("PixelSizeX"), "nm"),
        physical_size_y=_size(metadata.get("PixelSizeY"), "nm"),
        microscope_manufacturer="TVIPS",
    )


_READERS: dict[str, Callable[[dict[str, Any], TiffPage], Stated]] = {
    "stk": _metamorph,
    "metaseries": _metaseries,
    "fei": _fei,
    "lsm": _lsm,
    "sis": _sis,
    "tvips": _tvips,
}


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if isfinite(number) and number > 0 else None


def _size(value: Any, unit: str | None) -> Quantity | None:
    number = _number(value)
    return Quantity(number, unit) if number is not None and unit else None


def _text(value: Any) -> str | None:
    return str(value).replace("\x00", "").strip() or None if value is not None else None


def _unit(value: Any) -> str | None:
    text = str(value or "").replace("\x00", "").strip().lower()
    return {"um": "µm", "µm": "µm", "microns": "µm", "nm": "nm", "mm": "mm"}.get(text)
