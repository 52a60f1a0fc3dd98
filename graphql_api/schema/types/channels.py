"""LogicalChannel: what channels of many images share; and PlaneInfo: what is known of each plane.

Renaming a logical channel renames it everywhere it is shared, as all images of a plate do.
"""

from __future__ import annotations

import strawberry

from graphql_api.compiler.declare import (
    Foreign,
    ToOne,
    column,
    connection,
    planned,
    rows_of,
)
from graphql_api.compiler.scope import Join, Source
from graphql_api.schema.scalars import finite
from graphql_api.schema.types.annotatable import Annotatable
from graphql_api.schema.types.connections import Connection
from graphql_api.schema.types.objects import Node, Owned
from graphql_api.schema.types.orders import PlainOrder
from graphql_api.schema.types.quantities import Duration, Length, duration, length
from graphql_api.schema.types.references import (
    LazyChannel,
    LazyDetectorSettings,
    LazyFilterSet,
    LazyLightPath,
    LazyLightSettings,
    LazyOTF,
    LazyPixels,
)
from graphql_api.schema.types.rights import DenialReason, ViewerCan, part_rights
from graphql_api.schema.types.where_parts import PartWhere
from shared.auth.select import visible
from shared.models import images, people


@rows_of(Source(images.LogicalChannel))
@strawberry.type(description="Name and optics of a channel, perhaps shared by many images.")
class LogicalChannel(Owned, Node):
    """Name and optics of a channel."""

    name: str | None = column("name", "Its name.")
    emission_wave: Length | None = length("emission_wave", "Emission wavelength.", default="nm")
    excitation_wave: Length | None = length(
        "excitation_wave", "Excitation wavelength.", default="nm"
    )
    fluor: str | None = column("fluor", "The fluorophore.")
    contrast_method: str | None = column("contrast_method", "Fluorescence, DIC and so on.")
    illumination: str | None = column("illumination", "Epifluorescence and so on.")
    mode: str | None = column("mode", "How it was taken, such as LaserScanningConfocal.")
    pin_hole_size: Length | None = length("pin_hole_size", "Size of the pinhole.")
    nd_filter: float | None = column("nd_filter", "What the neutral filter lets through.", finite)
    samples_per_pixel: int | None = column("samples_per_pixel", "Samples of each pixel.")
    photometric_interpretation: str | None = column(
        "photometric_interpretation", "What samples mean, such as RGB."
    )
    pockel_cell_setting: int | None = column("pockel_cell_setting", "Setting of the Pockels cell.")
    detector_settings: LazyDetectorSettings | None = planned(
        ToOne("DetectorSettings", "detector_settings_id"), "How the detector was used."
    )
    light_source_settings: LazyLightSettings | None = planned(
        ToOne("LightSettings", "light_source_settings_id"), "How the light source was used."
    )
    filter_set: LazyFilterSet | None = planned(
        ToOne("FilterSet", "filter_set_id"), "The filter set that was used."
    )
    light_path: LazyLightPath | None = planned(
        ToOne("LightPath", "light_path_id"), "Filters and mirror that were used."
    )
    otf: LazyOTF | None = planned(ToOne("OTF", "otf_id"), "The optical transfer function.")
    channels: Connection[LazyChannel] = connection(
        Foreign("Channel", "logical_channel_id"),
        "Channels that share it.",
        where=PartWhere,
        order=PlainOrder,
    )


PLANES = Source(
    images.PlaneInfo,
    joins={
        "pixels": Join(images.Pixels, "pixels_id"),
        "pixels.group": Join(people.Group, "group_id"),
    },
    seen=lambda scope: visible(scope.principal, scope.joined("pixels")),
    has_details=False,
)
_CAN, _CANNOT = part_rights("pixels")


@rows_of(PLANES)
@strawberry.type(description="Timing and stage position of one plane.")
class PlaneInfo(Annotatable, Node):
    """Timing and stage position of one plane; it is seen with its pixels."""

    the_z: int = column("the_z", "Its section, from 0.")
    the_c: int = column("the_c", "Its channel, from 0.")
    the_t: int = column("the_t", "Its timepoint, from 0.")
    delta_t: Duration | None = duration("delta_t", "When it was taken, since the beginning.")
    exposure_time: Duration | None = duration("exposure_time", "How long it was exposed.")
    position_x: Length | None = length("position_x", "Where the stage stood.", default="pixel")
    position_y: Length | None = length("position_y", "Where the stage stood.", default="pixel")
    position_z: Length | None = length("position_z", "Where the stage stood.", default="pixel")
    pixels: LazyPixels | None = planned(ToOne("Pixels", "pixels_id"), "The pixels it is part of.")
    viewer_can: ViewerCan = _CAN
    viewer_cannot: list[DenialReason] = _CANNOT
