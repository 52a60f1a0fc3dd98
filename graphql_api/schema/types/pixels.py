"""Pixels and Channel: sizes, types and what each channel shows."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

import strawberry

from graphql_api.compiler.declare import (
    Batched,
    Foreign,
    Parts,
    ToOne,
    column,
    connection,
    planned,
    rows_of,
)
from graphql_api.compiler.scope import Join, Source
from graphql_api.schema.scalars import Color, finite
from graphql_api.schema.types.annotatable import Annotatable
from graphql_api.schema.types.connections import Connection
from graphql_api.schema.types.objects import Node, Owned
from graphql_api.schema.types.orders import PlaneInfoOrder
from graphql_api.schema.types.quantities import Duration, Length, duration, length
from graphql_api.schema.types.references import (
    LazyChannel,
    LazyImage,
    LazyLogicalChannel,
    LazyPixels,
    LazyPlaneInfo,
)
from graphql_api.schema.types.rights import DenialReason, ViewerCan, part_rights
from graphql_api.schema.types.where_parts import PlaneInfoWhere
from shared.auth.select import visible
from shared.models import images, people
from shared.rendering.settings import value_range

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql_api.compiler.declare import Values
    from graphql_api.compiler.run import Run


@strawberry.enum(description="How a sample is stored.")
class PixelsType(Enum):
    """OME's pixel types."""

    BIT = strawberry.enum_value("bit", description="One bit.")
    INT8 = strawberry.enum_value("int8", description="8 bits with sign.")
    INT16 = strawberry.enum_value("int16", description="16 bits with sign.")
    INT32 = strawberry.enum_value("int32", description="32 bits with sign.")
    UINT8 = strawberry.enum_value("uint8", description="8 bits without sign.")
    UINT16 = strawberry.enum_value("uint16", description="16 bits without sign.")
    UINT32 = strawberry.enum_value("uint32", description="32 bits without sign.")
    FLOAT = strawberry.enum_value("float", description="32-bit floating point.")
    DOUBLE = strawberry.enum_value("double", description="64-bit floating point.")
    COMPLEX = strawberry.enum_value("complex", description="Two 32-bit floating points.")
    DOUBLE_COMPLEX = strawberry.enum_value(
        "double-complex", description="Two 64-bit floating points."
    )


def _limit(place: int) -> Batched:
    """The least (0) or greatest (1) value that the type can hold."""

    def limits(_run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
        return [
            finite(value_range(row["pixels.pixels_type"], row["pixels.significant_bits"])[place])
            for row in rows
        ]

    return Batched(("pixels.pixels_type", "pixels.significant_bits"), limits)


CHANNELS = Source(
    images.Channel,
    joins={
        "logical": Join(images.LogicalChannel, "logical_channel_id"),
        "stats": Join(images.StatsInfo, "stats_info_id"),
        "pixels": Join(images.Pixels, "pixels_id"),
        "pixels.group": Join(people.Group, "group_id"),
    },
    seen=lambda scope: visible(scope.principal, scope.joined("pixels")),
    has_details=False,
)


_CAN, _CANNOT = part_rights("pixels")


@rows_of(CHANNELS)
@strawberry.type(description="One channel of an image. Name and wavelengths may be shared by many.")
class Channel(Annotatable, Node):
    """One channel of an image. It is seen with its pixels and has no owner of its own."""

    index: int = column("position", "Its place among the channels, from 0.")
    name: str | None = column("logical.name", "Its name.")
    logical_channel: LazyLogicalChannel | None = planned(
        ToOne("LogicalChannel", "logical_channel_id"),
        "Its name and optics, which channels of other images may share.",
    )
    pixels: LazyPixels | None = planned(ToOne("Pixels", "pixels_id"), "The pixels it is part of.")
    color: Color | None = column("color", "The colour that the file states.")
    lookup_table: str | None = column("lookup_table", "The lookup table that the file states.")
    emission_wave: Length | None = length(
        "logical.emission_wave", "Emission wavelength.", default="nm"
    )
    excitation_wave: Length | None = length(
        "logical.excitation_wave", "Excitation wavelength.", default="nm"
    )
    fluor: str | None = column("logical.fluor", "The fluorophore.")
    min: float | None = column("stats.global_min", "Least value found.", finite)
    max: float | None = column("stats.global_max", "Greatest value found.", finite)
    is_approximate: bool | None = column(
        "stats.is_approximate", "Whether min and max come from a reduced level."
    )
    type_min: float | None = planned(_limit(0), "Least value that the type can hold.")
    type_max: float | None = planned(_limit(1), "Greatest value that the type can hold.")
    viewer_can: ViewerCan = _CAN
    viewer_cannot: list[DenialReason] = _CANNOT


@rows_of(Source(images.Pixels))
@strawberry.type(description="Sizes, type and physical sizes of an image.")
class Pixels(Owned, Node):
    """Sizes, type and physical sizes of an image."""

    type: PixelsType = column("pixels_type", "How a sample is stored.", PixelsType)
    significant_bits: int | None = column("significant_bits", "Bits of a sample that count.")
    is_rgb: bool = column("is_rgb", "Whether the channels are red, green and blue samples.")
    size_x: int = column("size_x", "Width in pixels.")
    size_y: int = column("size_y", "Height in pixels.")
    size_z: int = column("size_z", "Sections.")
    size_c: int = column("size_c", "Channels.")
    size_t: int = column("size_t", "Timepoints.")
    dimension_order: str = column("dimension_order", "Order of planes in the file, such as XYZCT.")
    physical_size_x: Length | None = length("physical_size_x", "Width of a pixel.")
    physical_size_y: Length | None = length("physical_size_y", "Height of a pixel.")
    physical_size_z: Length | None = length("physical_size_z", "Distance between sections.")
    time_increment: Duration | None = duration("time_increment", "Time between timepoints.")
    wave_start: int | None = column("wave_start", "First wavelength, in nm.")
    wave_increment: int | None = column("wave_increment", "Step between wavelengths, in nm.")
    methodology: str | None = column("methodology", "How they were made.")
    image: LazyImage | None = planned(ToOne("Image", "image_id"), "The image that they show.")
    plane_infos: Connection[LazyPlaneInfo] = connection(
        Foreign("PlaneInfo", "pixels_id"),
        "Timing and stage position of each plane.",
        where=PlaneInfoWhere,
        order=PlaneInfoOrder,
    )
    sha1: str | None = column("sha1", "SHA-1 of the pixel data, where the file states it.")
    channels: list[LazyChannel] = planned(
        Parts("Channel", "pixels_id", ("position", "id")), "Its channels, in order."
    )
