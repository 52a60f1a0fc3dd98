"""Channels of an import: logical channels shared by the images of a fileset, statistics, planes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from shared.models.images import Channel, LogicalChannel, PlaneInfo, StatsInfo
from shared.pixels.metadata import ChannelMetadata, StoredDisplay

if TYPE_CHECKING:
    from graphql_api.importing.gather import GatheredImage
    from graphql_api.importing.register import Registrar
    from graphql_api.importing.register_acquisition import Devices
    from shared.pixels.metadata import PlaneMetadata, Quantity

NAME_LENGTH = 255


class ChannelRows:
    """Writes channels; two images whose n-th channels say the same share its logical channel."""

    def __init__(self, rows: Registrar) -> None:
        self._rows = rows
        self._logical: dict[tuple[int, int, ChannelMetadata], int] = {}

    def add(self, pixels: int, image: GatheredImage, devices: Devices | None) -> None:
        """Write the channels and planes of one image."""
        inspected = image.inspected
        statistics = image.digested.statistics
        for position in range(inspected.dimensions.size_c):
            stated = (
                inspected.channels[position]
                if position < len(inspected.channels)
                else ChannelMetadata()
            )
            stats = None
            if statistics is not None:
                found = statistics[position]
                stats = self._rows.add(
                    StatsInfo,
                    global_min=found.minimum,
                    global_max=found.maximum,
                    is_approximate=found.is_approximate,
                )
            self._rows.add(
                Channel,
                owned=False,
                pixels_id=pixels,
                position=position,
                logical_channel_id=self._logical_channel(position, stated, devices),
                stats_info_id=stats,
                color=stated.color,
                lookup_table=stated.display.lookup_table,
                display_active=stated.display.active,
                display_start=stated.display.window_start,
                display_end=stated.display.window_end,
                display_family=stated.display.family,
                display_coefficient=stated.display.coefficient,
                display_reverse=stated.display.reverse_intensity,
            )
        self._add_planes(pixels, inspected.planes)

    def _logical_channel(
        self, position: int, stated: ChannelMetadata, devices: Devices | None
    ) -> int:
        # The file's ids of devices mean something else with another instrument.
        instrument = 0 if devices is None else devices.instrument
        key = (position, instrument, replace(stated, color=None, display=StoredDisplay()))
        if key not in self._logical:
            self._logical[key] = self._rows.add(
                LogicalChannel,
                name=(stated.name or "").replace("\0", "")[:NAME_LENGTH] or None,
                fluor=stated.fluor,
                contrast_method=stated.contrast_method,
                illumination=stated.illumination,
                mode=stated.acquisition_mode,
                nd_filter=stated.nd_filter,
                samples_per_pixel=stated.samples_per_pixel,
                photometric_interpretation=stated.photometric,
                **(
                    {}
                    if devices is None or stated.acquisition is None
                    else devices.used_by(stated.acquisition)
                ),
                **_columns("emission_wave", stated.emission_nm),
                **_columns("excitation_wave", stated.excitation_nm),
                **_quantity("pin_hole_size", stated.pinhole_size),
            )
        return self._logical[key]

    def _add_planes(self, pixels: int, planes: tuple[PlaneMetadata, ...]) -> None:
        rows: dict[tuple[int, int, int], dict[str, Any]] = {}
        for plane in planes:
            rows[plane.t, plane.c, plane.z] = {
                "pixels_id": pixels,
                "the_z": plane.z,
                "the_c": plane.c,
                "the_t": plane.t,
                **_quantity("delta_t", plane.delta_t),
                **_quantity("exposure_time", plane.exposure_time),
                **_quantity("position_x", plane.position_x),
                **_quantity("position_y", plane.position_y),
                **_quantity("position_z", plane.position_z),
            }
        if rows:
            self._rows.connection.execute(insert(PlaneInfo), list(rows.values()))


def _columns(column: str, nanometres: float | None) -> dict[str, Any]:
    unit = None if nanometres is None else "nm"
    return {column: nanometres, f"{column}_unit": unit}


def _quantity(column: str, quantity: Quantity | None) -> dict[str, Any]:
    if quantity is None:
        return {column: None, f"{column}_unit": None}
    return {column: quantity.value, f"{column}_unit": quantity.unit}
