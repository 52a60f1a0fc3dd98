"""Instrument and what is mounted on it: objectives, detectors, filters and mirrors.

An instrument may be shared by many images. Light sources stand in `light_sources`.
"""

from __future__ import annotations

from typing import Any

import strawberry

from graphql_api.compiler.declare import (
    Foreign,
    Linked,
    Parts,
    ToOne,
    column,
    connection,
    planned,
    rows_of,
)
from graphql_api.compiler.scope import Source
from graphql_api.schema.scalars import finite
from graphql_api.schema.types.annotatable import Annotatable
from graphql_api.schema.types.connections import Connection
from graphql_api.schema.types.objects import Node, Owned
from graphql_api.schema.types.orders import ImageOrder, PlainOrder
from graphql_api.schema.types.quantities import Length, Quantity, length, quantity
from graphql_api.schema.types.references import (
    LazyDetector,
    LazyDichroic,
    LazyFilter,
    LazyFilterSet,
    LazyImage,
    LazyInstrument,
    LazyLightSource,
    LazyObjective,
    LazyOTF,
)
from graphql_api.schema.types.where import ImageWhere
from graphql_api.schema.types.where_parts import ObjectWhere
from shared.models import acquisition
from shared.models.links import LINKS


def _mounted(class_name: str, description: str) -> Any:
    return planned(Parts(class_name, "instrument_id", ("id",)), description)


@rows_of(Source(acquisition.Instrument))
@strawberry.type(description="A microscope and what is mounted on it.")
class Instrument(Owned, Annotatable, Node):
    """A microscope and what is mounted on it."""

    microscope_type: str | None = column("microscope_type", "Upright, Inverted and so on.")
    microscope_manufacturer: str | None = column("microscope_manufacturer", "Who made it.")
    microscope_model: str | None = column("microscope_model", "Its model.")
    microscope_serial_number: str | None = column("microscope_serial_number", "Its number.")
    microscope_lot_number: str | None = column("microscope_lot_number", "Its lot.")
    objectives: list[LazyObjective] = _mounted("Objective", "Its objectives.")
    detectors: list[LazyDetector] = _mounted("Detector", "Its cameras and photomultipliers.")
    light_sources: list[LazyLightSource] = _mounted("LightSource", "Its light sources.")
    filters: list[LazyFilter] = _mounted("Filter", "Its filters.")
    filter_sets: list[LazyFilterSet] = _mounted("FilterSet", "Its filter sets.")
    dichroics: list[LazyDichroic] = _mounted("Dichroic", "Its dichroic mirrors.")
    otfs: list[LazyOTF] = _mounted("OTF", "Its optical transfer functions.")
    images: Connection[LazyImage] = connection(
        Foreign("Image", "instrument_id"),
        "Images taken with it.",
        where=ImageWhere,
        order=ImageOrder,
    )


@strawberry.interface(description="A part of an instrument.")
class Device:
    """A part of an instrument (OME: ManufacturerSpec)."""

    instrument: LazyInstrument | None = planned(
        ToOne("Instrument", "instrument_id"), "The instrument on which it is mounted."
    )
    manufacturer: str | None = column("manufacturer", "Who made it.")
    model: str | None = column("model", "Its model.")
    serial_number: str | None = column("serial_number", "Its number.")
    lot_number: str | None = column("lot_number", "Its lot.")


@rows_of(Source(acquisition.Objective))
@strawberry.type(description="An objective.")
class Objective(Device, Owned, Annotatable, Node):
    """An objective."""

    immersion: str | None = column("immersion", "Oil, Water, Air and so on.")
    correction: str | None = column("correction", "How it is corrected, such as PlanApo.")
    lens_na: float | None = column("lens_na", "Its numerical aperture.", finite)
    nominal_magnification: float | None = column(
        "nominal_magnification", "Its magnification, as engraved.", finite
    )
    calibrated_magnification: float | None = column(
        "calibrated_magnification", "Its magnification, as measured.", finite
    )
    working_distance: Length | None = length("working_distance", "Its working distance.")
    has_iris: bool | None = column("has_iris", "Whether it has an iris.")


@rows_of(Source(acquisition.Detector))
@strawberry.type(description="A camera or photomultiplier.")
class Detector(Device, Owned, Annotatable, Node):
    """A camera or photomultiplier."""

    type: str | None = column("type", "CCD, PMT and so on.")
    gain: float | None = column("gain", "Its gain.", finite)
    voltage: Quantity | None = quantity("voltage", "Its voltage.", default="V")
    offset: float | None = column("offset_value", "Its offset.", finite)
    zoom: float | None = column("zoom", "Its zoom.", finite)
    amplification_gain: float | None = column(
        "amplification_gain", "Gain of its amplifier.", finite
    )


@rows_of(Source(acquisition.Filter))
@strawberry.type(description="A filter, with the range that it lets through.")
class Filter(Device, Owned, Annotatable, Node):
    """A filter (its range is OME's TransmittanceRange)."""

    type: str | None = column("type", "LongPass, BandPass and so on.")
    filter_wheel: str | None = column("filter_wheel", "The wheel in which it sits.")
    cut_in: Length | None = length("cut_in", "Where it begins to let through.", default="nm")
    cut_out: Length | None = length("cut_out", "Where it ceases to let through.", default="nm")
    cut_in_tolerance: float | None = column(
        "cut_in_tolerance", "How exact that is, in the same unit.", finite
    )
    cut_out_tolerance: float | None = column(
        "cut_out_tolerance", "How exact that is, in the same unit.", finite
    )
    transmittance: float | None = column(
        "transmittance", "The share of light that it lets through.", finite
    )


@rows_of(Source(acquisition.Dichroic))
@strawberry.type(description="A dichroic mirror.")
class Dichroic(Device, Owned, Annotatable, Node):
    """A dichroic mirror."""


def _filters(link: str, description: str) -> Any:
    return connection(
        Linked("Filter", LINKS[link].model), description, where=ObjectWhere, order=PlainOrder
    )


@rows_of(Source(acquisition.FilterSet))
@strawberry.type(description="Filters and a dichroic mirror that are used together.")
class FilterSet(Device, Owned, Node):
    """Filters and a dichroic mirror that are used together."""

    dichroic: LazyDichroic | None = planned(ToOne("Dichroic", "dichroic_id"), "Its mirror.")
    excitation_filters: Connection[LazyFilter] = _filters(
        "FilterSetExcitationFilterLink", "Filters between source and specimen."
    )
    emission_filters: Connection[LazyFilter] = _filters(
        "FilterSetEmissionFilterLink", "Filters between specimen and detector."
    )


@rows_of(Source(acquisition.LightPath))
@strawberry.type(description="Filters and mirror between source and detector, for a channel.")
class LightPath(Owned, Annotatable, Node):
    """Filters and mirror between source and detector."""

    dichroic: LazyDichroic | None = planned(ToOne("Dichroic", "dichroic_id"), "Its mirror.")
    excitation_filters: Connection[LazyFilter] = _filters(
        "LightPathExcitationFilterLink", "Filters between source and specimen."
    )
    emission_filters: Connection[LazyFilter] = _filters(
        "LightPathEmissionFilterLink", "Filters between specimen and detector."
    )


@rows_of(Source(acquisition.OTF))
@strawberry.type(description="An optical transfer function.")
class OTF(Owned, Node):
    """An optical transfer function."""

    instrument: LazyInstrument | None = planned(
        ToOne("Instrument", "instrument_id"), "The instrument for which it was measured."
    )
    objective: LazyObjective | None = planned(ToOne("Objective", "objective_id"), "The objective.")
    filter_set: LazyFilterSet | None = planned(
        ToOne("FilterSet", "filter_set_id"), "The filter set."
    )
    pixels_type: str = column("pixels_type", "How a sample is stored.")
    size_x: int = column("size_x", "Its width.")
    size_y: int = column("size_y", "Its height.")
    is_optical_axis_averaged: bool = column(
        "is_optical_axis_averaged", "Whether it is averaged over the optical axis."
    )
    path: str = column("path", "Where it lay; display only.")
