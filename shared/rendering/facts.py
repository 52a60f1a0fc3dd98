"""What the computed settings of an image depend on, read from its rows in one statement.

Wavelengths are answered in nm whatever unit a row has. A channel's light comes from its logical
channel, which many images may share.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select
from sqlalchemy.orm import aliased

from shared.database import ids_bound, ids_in, ids_value
from shared.models.acquisition import Filter, LightSettings, LightSource
from shared.models.images import Channel, LogicalChannel, Pixels, StatsInfo
from shared.models.links import LINKS
from shared.rendering.defaults import ChannelFacts, ImageFacts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection, ScalarSelect, Select

_NM = {"nm": 1.0, "Å": 0.1, "pm": 1e-3, "µm": 1e3, "μm": 1e3, "um": 1e3, "mm": 1e6, "m": 1e9}


@dataclass(frozen=True, slots=True)
class FileDisplay:
    """How the file asks for a channel to be shown; None where it does not say."""

    active: bool | None
    window_start: float | None
    window_end: float | None
    lookup_table: str | None
    family: str | None
    coefficient: float | None
    reverse_intensity: bool | None


def image_facts(connection: Connection, pixels_id: int) -> ImageFacts | None:
    """The facts of one image's pixels; None when there are no such pixels."""
    return image_facts_of(connection, [pixels_id]).get(pixels_id)


def image_facts_of(connection: Connection, pixels_ids: Iterable[int]) -> dict[int, ImageFacts]:
    """The facts of many pixels by id, in one statement; unknown ids are left out."""
    dialect = connection.dialect.name
    rows: dict[int, list[Any]] = {}
    for row in connection.execute(_statement(dialect), {"pixels": ids_value(dialect, pixels_ids)}):
        rows.setdefault(row.pixels_id, []).append(row)
    return {pixels_id: _facts(found) for pixels_id, found in rows.items()}


def emission_of(
    connection: Connection, pixels_ids: Iterable[int]
) -> dict[int, tuple[float | None, ...]]:
    """The emission wavelengths in nm of each channel of many pixels, in one statement."""
    statement = (
        select(Channel.pixels_id, LogicalChannel.emission_wave, LogicalChannel.emission_wave_unit)
        .join(LogicalChannel, LogicalChannel.id == Channel.logical_channel_id)
        .where(ids_in(connection, Channel.__table__.c.pixels_id, pixels_ids))
        .order_by(Channel.pixels_id, Channel.position)
    )
    found: dict[int, list[float | None]] = {}
    for row in connection.execute(statement):
        nm = _nm(row.emission_wave, row.emission_wave_unit)
        found.setdefault(row.pixels_id, []).append(nm)
    return {pixels_id: tuple(waves) for pixels_id, waves in found.items()}


_LASER = aliased(LightSource)


@cache
def _statement(dialect: str) -> Select[*tuple[Any, ...]]:
    """Made once: with its dozens of columns, building it costs more than running it."""
    return (
        select(*_columns())
        .join(Channel, Channel.pixels_id == Pixels.id)
        .join(LogicalChannel, LogicalChannel.id == Channel.logical_channel_id)
        .outerjoin(StatsInfo, StatsInfo.id == Channel.stats_info_id)
        .outerjoin(LightSettings, LightSettings.id == LogicalChannel.light_source_settings_id)
        .outerjoin(_LASER, _LASER.id == LightSettings.light_source_id)
        .where(ids_bound(dialect, Pixels.__table__.c.id, "pixels"))
        .order_by(Pixels.id, Channel.position)
    )


def _columns() -> tuple[Any, ...]:
    return (
        Pixels.id.label("pixels_id"),
        Pixels.pixels_type,
        Pixels.significant_bits,
        Pixels.is_rgb,
        Pixels.size_z,
        Pixels.size_t,
        Pixels.default_z,
        Pixels.default_t,
        Pixels.display_model,
        LogicalChannel.name,
        Channel.color,
        Channel.lookup_table,
        Channel.display_active,
        Channel.display_start,
        Channel.display_end,
        Channel.display_family,
        Channel.display_coefficient,
        Channel.display_reverse,
        LogicalChannel.emission_wave,
        LogicalChannel.emission_wave_unit,
        LogicalChannel.excitation_wave,
        LogicalChannel.excitation_wave_unit,
        LightSettings.wavelength,
        LightSettings.wavelength_unit,
        _LASER.class_name.label("light_class"),
        _LASER.wavelength.label("laser_wavelength"),
        _LASER.wavelength_unit.label("laser_wavelength_unit"),
        StatsInfo.global_min,
        StatsInfo.global_max,
        _filter("Emission", Filter.cut_in).label("emission_cut_in"),
        _filter("Emission", Filter.cut_in_unit).label("emission_cut_in_unit"),
        _filter("Excitation", Filter.cut_in).label("excitation_cut_in"),
        _filter("Excitation", Filter.cut_in_unit).label("excitation_cut_in_unit"),
    )


def _filter(kind: str, column: Any) -> ScalarSelect[Any]:
    """A column of the first filter of that kind on the channel's light path or in its set."""
    path = LINKS[f"LightPath{kind}FilterLink"].model
    in_set = LINKS[f"FilterSet{kind}FilterLink"].model
    mounted = or_(
        *(
            Filter.id.in_(
                select(link.child_id)
                .where(link.parent_id == holder, link.trash_id.is_(None))
                .correlate(LogicalChannel)
            )
            for link, holder in (
                (path, LogicalChannel.light_path_id),
                (in_set, LogicalChannel.filter_set_id),
            )
        )
    )
    return (
        select(column)
        .where(mounted, Filter.cut_in.is_not(None))
        .order_by(Filter.id)
        .limit(1)
        .correlate(LogicalChannel)
        .scalar_subquery()
    )


def _facts(rows: list[Any]) -> ImageFacts:
    first = rows[0]
    return ImageFacts(
        pixel_type=first.pixels_type,
        channels=tuple(_channel(row) for row in rows),
        significant_bits=first.significant_bits,
        is_rgb=first.is_rgb,
        size_z=first.size_z,
        size_t=first.size_t,
        default_z=first.default_z,
        default_t=first.default_t,
        model=first.display_model,
    )


def _channel(row: Any) -> ChannelFacts:
    laser = _nm(row.wavelength, row.wavelength_unit)
    if laser is None and row.light_class == "Laser":
        laser = _nm(row.laser_wavelength, row.laser_wavelength_unit)
    return ChannelFacts(
        name=row.name,
        color=row.color,
        emission_nm=_nm(row.emission_wave, row.emission_wave_unit),
        emission_filter_cut_in_nm=_nm(row.emission_cut_in, row.emission_cut_in_unit),
        laser_nm=laser,
        excitation_nm=_nm(row.excitation_wave, row.excitation_wave_unit),
        excitation_filter_nm=_nm(row.excitation_cut_in, row.excitation_cut_in_unit),
        minimum=row.global_min,
        maximum=row.global_max,
        lookup_table=row.lookup_table,
        display=FileDisplay(
            row.display_active,
            row.display_start,
            row.display_end,
            None,
            row.display_family,
            row.display_coefficient,
            row.display_reverse,
        ),
    )


def _nm(value: float | None, unit: str | None) -> float | None:
    # an unknown unit says nothing about colour; no unit means OME's default, nm
    factor = _NM.get(unit or "nm")
    return None if value is None or factor is None else value * factor
