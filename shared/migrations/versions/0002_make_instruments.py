"""Instruments, their parts and the settings under which they were used."""

from __future__ import annotations

from shared.migrations import words as w

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    w.make(
        "experiment",
        w.words("type", null=True),
        w.words("description", null=True),
        *w.details(),
    )
    w.details_indexes("experiment")
    w.make(
        "imaging_environment",
        w.real("temperature", null=True),
        w.words("temperature_unit", null=True),
        w.real("air_pressure", null=True),
        w.words("air_pressure_unit", null=True),
        w.real("humidity", null=True),
        w.real("co2_percent", null=True),
        *w.details(),
    )
    w.details_indexes("imaging_environment")
    w.make(
        "instrument",
        w.words("microscope_type", null=True),
        w.words("microscope_manufacturer", null=True),
        w.words("microscope_model", null=True),
        w.words("microscope_serial_number", null=True),
        w.words("microscope_lot_number", null=True),
        *w.details(),
    )
    w.details_indexes("instrument")
    w.make(
        "stage_label",
        w.words("name"),
        w.real("position_x", null=True),
        w.words("position_x_unit", null=True),
        w.real("position_y", null=True),
        w.words("position_y_unit", null=True),
        w.real("position_z", null=True),
        w.words("position_z_unit", null=True),
        *w.details(),
    )
    w.details_indexes("stage_label")
    w.make(
        "detector",
        w.words("type", null=True),
        w.real("gain", null=True),
        w.real("voltage", null=True),
        w.words("voltage_unit", null=True),
        w.real("offset_value", null=True),
        w.real("zoom", null=True),
        w.real("amplification_gain", null=True),
        w.words("manufacturer", null=True),
        w.words("model", null=True),
        w.words("serial_number", null=True),
        w.words("lot_number", null=True),
        w.ref("instrument_id", "instrument"),
        *w.details(),
    )
    w.details_indexes("detector")
    w.live("ix_detector_instrument_id", "detector", "instrument_id")
    w.make(
        "dichroic",
        w.words("manufacturer", null=True),
        w.words("model", null=True),
        w.words("serial_number", null=True),
        w.words("lot_number", null=True),
        w.ref("instrument_id", "instrument"),
        *w.details(),
    )
    w.details_indexes("dichroic")
    w.live("ix_dichroic_instrument_id", "dichroic", "instrument_id")
    w.make(
        "filter",
        w.words("type", null=True),
        w.words("filter_wheel", null=True),
        w.real("cut_in", null=True),
        w.words("cut_in_unit", null=True),
        w.real("cut_out", null=True),
        w.words("cut_out_unit", null=True),
        w.real("cut_in_tolerance", null=True),
        w.real("cut_out_tolerance", null=True),
        w.real("transmittance", null=True),
        w.words("manufacturer", null=True),
        w.words("model", null=True),
        w.words("serial_number", null=True),
        w.words("lot_number", null=True),
        w.ref("instrument_id", "instrument"),
        *w.details(),
    )
    w.details_indexes("filter")
    w.live("ix_filter_instrument_id", "filter", "instrument_id")
    w.make(
        "light_source",
        w.code("class_name"),
        w.real("power", null=True),
        w.words("power_unit", null=True),
        w.words("type", null=True),
        w.words("laser_medium", null=True),
        w.real("wavelength", null=True),
        w.words("wavelength_unit", null=True),
        w.whole("frequency_multiplication", null=True),
        w.flag("is_tuneable", null=True),
        w.words("pulse", null=True),
        w.real("repetition_rate", null=True),
        w.words("repetition_rate_unit", null=True),
        w.flag("has_pockel_cell", null=True),
        w.ref("pump_id", "light_source", null=True),
        w.words("manufacturer", null=True),
        w.words("model", null=True),
        w.words("serial_number", null=True),
        w.words("lot_number", null=True),
        w.ref("instrument_id", "instrument"),
        *w.details(),
        w.one_of(
            "class_name",
            "Arc",
            "Filament",
            "Laser",
            "LightEmittingDiode",
            "GenericExcitationSource",
            name="class_name",
        ),
    )
    w.details_indexes("light_source")
    w.live("ix_light_source_instrument_id", "light_source", "instrument_id")
    w.make(
        "microbeam_manipulation",
        w.ref("experiment_id", "experiment"),
        w.words("type", null=True),
        w.words("description", null=True),
        *w.details(),
    )
    w.details_indexes("microbeam_manipulation")
    w.live("ix_microbeam_manipulation_experiment_id", "microbeam_manipulation", "experiment_id")
    w.make(
        "objective",
        w.words("immersion", null=True),
        w.words("correction", null=True),
        w.real("lens_na", null=True),
        w.real("nominal_magnification", null=True),
        w.real("calibrated_magnification", null=True),
        w.real("working_distance", null=True),
        w.words("working_distance_unit", null=True),
        w.flag("has_iris", null=True),
        w.words("manufacturer", null=True),
        w.words("model", null=True),
        w.words("serial_number", null=True),
        w.words("lot_number", null=True),
        w.ref("instrument_id", "instrument"),
        *w.details(),
    )
    w.details_indexes("objective")
    w.live("ix_objective_instrument_id", "objective", "instrument_id")
    w.make(
        "detector_settings",
        w.ref("detector_id", "detector"),
        w.real("gain", null=True),
        w.real("offset_value", null=True),
        w.real("voltage", null=True),
        w.words("voltage_unit", null=True),
        w.real("read_out_rate", null=True),
        w.words("read_out_rate_unit", null=True),
        w.real("zoom", null=True),
        w.words("binning", null=True),
        w.whole("integration", null=True),
        *w.details(),
    )
    w.details_indexes("detector_settings")
    w.live("ix_detector_settings_detector_id", "detector_settings", "detector_id")
    w.make(
        "filter_set",
        w.ref("dichroic_id", "dichroic", null=True),
        w.words("manufacturer", null=True),
        w.words("model", null=True),
        w.words("serial_number", null=True),
        w.words("lot_number", null=True),
        w.ref("instrument_id", "instrument"),
        *w.details(),
    )
    w.details_indexes("filter_set")
    w.live("ix_filter_set_instrument_id", "filter_set", "instrument_id")
    w.make(
        "light_path",
        w.ref("dichroic_id", "dichroic", null=True),
        *w.details(),
    )
    w.details_indexes("light_path")
    w.make(
        "light_settings",
        w.ref("light_source_id", "light_source"),
        w.ref("microbeam_manipulation_id", "microbeam_manipulation", null=True),
        w.real("attenuation", null=True),
        w.real("wavelength", null=True),
        w.words("wavelength_unit", null=True),
        *w.details(),
    )
    w.details_indexes("light_settings")
    w.live("ix_light_settings_light_source_id", "light_settings", "light_source_id")
    w.make(
        "objective_settings",
        w.ref("objective_id", "objective"),
        w.real("correction_collar", null=True),
        w.words("medium", null=True),
        w.real("refractive_index", null=True),
        *w.details(),
    )
    w.details_indexes("objective_settings")
    w.live("ix_objective_settings_objective_id", "objective_settings", "objective_id")
    w.make(
        "otf",
        w.ref("instrument_id", "instrument"),
        w.ref("objective_id", "objective", null=True),
        w.ref("filter_set_id", "filter_set", null=True),
        w.words("pixels_type"),
        w.whole("size_x"),
        w.whole("size_y"),
        w.flag("is_optical_axis_averaged"),
        w.words("path"),
        *w.details(),
    )
    w.details_indexes("otf")
    w.live("ix_otf_instrument_id", "otf", "instrument_id")


def downgrade() -> None:
    w.drop(
        "otf",
        "objective_settings",
        "light_settings",
        "light_path",
        "filter_set",
        "detector_settings",
        "objective",
        "microbeam_manipulation",
        "light_source",
        "filter",
        "dichroic",
        "detector",
        "stage_label",
        "instrument",
        "imaging_environment",
        "experiment",
    )
