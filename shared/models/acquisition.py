"""Acquisition metadata: instrument and its parts, settings, environment, experiment.

Instrument, ImagingEnvironment, StageLabel and Experiment may be shared by several images. Light
sources
stand in one table with a class column. A quantity is two columns: value and unit.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from shared.models.base import (
    Base,
    Code,
    Details,
    details_indexes,
    is_one_of,
    live_index,
    table_args,
)

LIGHT_SOURCES = ("Arc", "Filament", "Laser", "LightEmittingDiode", "GenericExcitationSource")


class Instrument(Details, Base):
    """A microscope and what is mounted on it."""

    __tablename__ = "instrument"
    __table_args__ = table_args(*details_indexes("instrument"))

    microscope_type: Mapped[str | None]
    microscope_manufacturer: Mapped[str | None]
    microscope_model: Mapped[str | None]
    microscope_serial_number: Mapped[str | None]
    microscope_lot_number: Mapped[str | None]


class Device(Details):
    """What parts of an instrument have in common."""

    @declared_attr
    def instrument_id(cls) -> Mapped[int]:  # noqa: N805
        """The instrument on which it is mounted."""
        return mapped_column(ForeignKey("instrument.id"))

    manufacturer: Mapped[str | None]
    model: Mapped[str | None]
    serial_number: Mapped[str | None]
    lot_number: Mapped[str | None]


class Objective(Device, Base):
    """An objective."""

    __tablename__ = "objective"
    __table_args__ = table_args(
        *details_indexes("objective"), live_index("ix_objective_instrument_id", "instrument_id")
    )

    immersion: Mapped[str | None]
    correction: Mapped[str | None]
    lens_na: Mapped[float | None]
    nominal_magnification: Mapped[float | None]
    calibrated_magnification: Mapped[float | None]
    working_distance: Mapped[float | None]
    working_distance_unit: Mapped[str | None]
    has_iris: Mapped[bool | None]


class Detector(Device, Base):
    """A camera or photomultiplier."""

    __tablename__ = "detector"
    __table_args__ = table_args(
        *details_indexes("detector"), live_index("ix_detector_instrument_id", "instrument_id")
    )

    type: Mapped[str | None]
    gain: Mapped[float | None]
    voltage: Mapped[float | None]
    voltage_unit: Mapped[str | None]
    offset_value: Mapped[float | None]
    zoom: Mapped[float | None]
    amplification_gain: Mapped[float | None]


class LightSource(Device, Base):
    """Arc, filament, laser, LED or another source, by `class_name`."""

    __tablename__ = "light_source"
    __table_args__ = table_args(
        *details_indexes("light_source"),
        live_index("ix_light_source_instrument_id", "instrument_id"),
        CheckConstraint(is_one_of("class_name", LIGHT_SOURCES), name="class_name"),
    )

    class_name: Mapped[Code]
    power: Mapped[float | None]
    power_unit: Mapped[str | None]
    type: Mapped[str | None]
    laser_medium: Mapped[str | None]
    wavelength: Mapped[float | None]
    wavelength_unit: Mapped[str | None]
    frequency_multiplication: Mapped[int | None]
    is_tuneable: Mapped[bool | None]
    pulse: Mapped[str | None]
    repetition_rate: Mapped[float | None]
    repetition_rate_unit: Mapped[str | None]
    has_pockel_cell: Mapped[bool | None]
    pump_id: Mapped[int | None] = mapped_column(ForeignKey("light_source.id"))


class Filter(Device, Base):
    """A filter; its range of transmittance stands with it (OME: TransmittanceRange)."""

    __tablename__ = "filter"
    __table_args__ = table_args(
        *details_indexes("filter"), live_index("ix_filter_instrument_id", "instrument_id")
    )

    type: Mapped[str | None]
    filter_wheel: Mapped[str | None]
    cut_in: Mapped[float | None]
    cut_in_unit: Mapped[str | None]
    cut_out: Mapped[float | None]
    cut_out_unit: Mapped[str | None]
    cut_in_tolerance: Mapped[float | None]
    cut_out_tolerance: Mapped[float | None]
    transmittance: Mapped[float | None]


class Dichroic(Device, Base):
    """A dichroic mirror."""

    __tablename__ = "dichroic"
    __table_args__ = table_args(
        *details_indexes("dichroic"), live_index("ix_dichroic_instrument_id", "instrument_id")
    )


class FilterSet(Device, Base):
    """A set of filters with a dichroic."""

    __tablename__ = "filter_set"
    __table_args__ = table_args(
        *details_indexes("filter_set"), live_index("ix_filter_set_instrument_id", "instrument_id")
    )

    dichroic_id: Mapped[int | None] = mapped_column(ForeignKey("dichroic.id"))


class OTF(Details, Base):
    """An optical transfer function."""

    __tablename__ = "otf"
    __table_args__ = table_args(
        *details_indexes("otf"), live_index("ix_otf_instrument_id", "instrument_id")
    )

    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))
    objective_id: Mapped[int | None] = mapped_column(ForeignKey("objective.id"))
    filter_set_id: Mapped[int | None] = mapped_column(ForeignKey("filter_set.id"))
    pixels_type: Mapped[str]
    size_x: Mapped[int]
    size_y: Mapped[int]
    is_optical_axis_averaged: Mapped[bool]
    path: Mapped[str]


class ObjectiveSettings(Details, Base):
    """How an objective was used for an image."""

    __tablename__ = "objective_settings"
    __table_args__ = table_args(
        *details_indexes("objective_settings"),
        live_index("ix_objective_settings_objective_id", "objective_id"),
    )

    objective_id: Mapped[int] = mapped_column(ForeignKey("objective.id"))
    correction_collar: Mapped[float | None]
    medium: Mapped[str | None]
    refractive_index: Mapped[float | None]


class DetectorSettings(Details, Base):
    """How a detector was used for a logical channel."""

    __tablename__ = "detector_settings"
    __table_args__ = table_args(
        *details_indexes("detector_settings"),
        live_index("ix_detector_settings_detector_id", "detector_id"),
    )

    detector_id: Mapped[int] = mapped_column(ForeignKey("detector.id"))
    gain: Mapped[float | None]
    offset_value: Mapped[float | None]
    voltage: Mapped[float | None]
    voltage_unit: Mapped[str | None]
    read_out_rate: Mapped[float | None]
    read_out_rate_unit: Mapped[str | None]
    zoom: Mapped[float | None]
    binning: Mapped[str | None]
    integration: Mapped[int | None]


class LightSettings(Details, Base):
    """How a light source was used for a logical channel."""

    __tablename__ = "light_settings"
    __table_args__ = table_args(
        *details_indexes("light_settings"),
        live_index("ix_light_settings_light_source_id", "light_source_id"),
    )

    light_source_id: Mapped[int] = mapped_column(ForeignKey("light_source.id"))
    microbeam_manipulation_id: Mapped[int | None] = mapped_column(
        ForeignKey("microbeam_manipulation.id")
    )
    attenuation: Mapped[float | None]
    wavelength: Mapped[float | None]
    wavelength_unit: Mapped[str | None]


class LightPath(Details, Base):
    """Filters and dichroic between source and detector."""

    __tablename__ = "light_path"
    __table_args__ = table_args(*details_indexes("light_path"))

    dichroic_id: Mapped[int | None] = mapped_column(ForeignKey("dichroic.id"))


class ImagingEnvironment(Details, Base):
    """Temperature and air around the specimen."""

    __tablename__ = "imaging_environment"
    __table_args__ = table_args(*details_indexes("imaging_environment"))

    temperature: Mapped[float | None]
    temperature_unit: Mapped[str | None]
    air_pressure: Mapped[float | None]
    air_pressure_unit: Mapped[str | None]
    humidity: Mapped[float | None]
    co2_percent: Mapped[float | None]


class StageLabel(Details, Base):
    """A named place of the stage."""

    __tablename__ = "stage_label"
    __table_args__ = table_args(*details_indexes("stage_label"))

    name: Mapped[str]
    position_x: Mapped[float | None]
    position_x_unit: Mapped[str | None]
    position_y: Mapped[float | None]
    position_y_unit: Mapped[str | None]
    position_z: Mapped[float | None]
    position_z_unit: Mapped[str | None]


class Experiment(Details, Base):
    """What the images were taken for."""

    __tablename__ = "experiment"
    __table_args__ = table_args(*details_indexes("experiment"))

    type: Mapped[str | None]
    description: Mapped[str | None]


class MicrobeamManipulation(Details, Base):
    """A manipulation of the specimen by light."""

    __tablename__ = "microbeam_manipulation"
    __table_args__ = table_args(
        *details_indexes("microbeam_manipulation"),
        live_index("ix_microbeam_manipulation_experiment_id", "experiment_id"),
    )

    experiment_id: Mapped[int] = mapped_column(ForeignKey("experiment.id"))
    type: Mapped[str | None]
    description: Mapped[str | None]
