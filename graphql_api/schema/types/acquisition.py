"""How an image was taken: settings of the parts used, surroundings, place and purpose."""

from __future__ import annotations

from typing import Any

import strawberry

from graphql_api.compiler.declare import (
    Foreign,
    Parts,
    ToOne,
    column,
    connection,
    planned,
    rows_of,
)
from graphql_api.compiler.scope import Source
from graphql_api.schema.scalars import finite
from graphql_api.schema.types.connections import Connection
from graphql_api.schema.types.objects import Node, Owned
from graphql_api.schema.types.orders import ImageOrder
from graphql_api.schema.types.quantities import Length, Quantity, length, quantity
from graphql_api.schema.types.references import (
    LazyDetector,
    LazyExperiment,
    LazyImage,
    LazyLightSource,
    LazyMicrobeamManipulation,
    LazyObjective,
)
from graphql_api.schema.types.where import ImageWhere
from shared.models import acquisition


def _images(name: str) -> Any:
    return connection(
        Foreign("Image", name), "Images to which it applies.", where=ImageWhere, order=ImageOrder
    )


@rows_of(Source(acquisition.ObjectiveSettings))
@strawberry.type(description="How an objective was used.")
class ObjectiveSettings(Owned, Node):
    """How an objective was used."""

    objective: LazyObjective | None = planned(ToOne("Objective", "objective_id"), "The objective.")
    correction_collar: float | None = column("correction_collar", "Setting of its collar.", finite)
    medium: str | None = column("medium", "What was between lens and specimen.")
    refractive_index: float | None = column(
        "refractive_index", "Refractive index of the medium.", finite
    )
    images: Connection[LazyImage] = _images("objective_settings_id")


@rows_of(Source(acquisition.DetectorSettings))
@strawberry.type(description="How a detector was used for a channel.")
class DetectorSettings(Owned, Node):
    """How a detector was used for a channel."""

    detector: LazyDetector | None = planned(ToOne("Detector", "detector_id"), "The detector.")
    gain: float | None = column("gain", "Its gain.", finite)
    offset: float | None = column("offset_value", "Its offset.", finite)
    voltage: Quantity | None = quantity("voltage", "Its voltage.", default="V")
    read_out_rate: Quantity | None = quantity(
        "read_out_rate", "How fast it was read.", default="MHz"
    )
    zoom: float | None = column("zoom", "Its zoom.", finite)
    binning: str | None = column("binning", "How many pixels were joined, such as 2x2.")
    integration: int | None = column("integration", "How many frames were averaged.")


@rows_of(Source(acquisition.LightSettings))
@strawberry.type(description="How a light source was used for a channel.")
class LightSettings(Owned, Node):
    """How a light source was used for a channel."""

    light_source: LazyLightSource | None = planned(
        ToOne("LightSource", "light_source_id"), "The light source."
    )
    microbeam_manipulation: LazyMicrobeamManipulation | None = planned(
        ToOne("MicrobeamManipulation", "microbeam_manipulation_id"), "For what it was used."
    )
    attenuation: float | None = column("attenuation", "The share of light held back.", finite)
    wavelength: Length | None = length("wavelength", "Its wavelength.", default="nm")


@rows_of(Source(acquisition.ImagingEnvironment))
@strawberry.type(description="Temperature and air around the specimen.")
class ImagingEnvironment(Owned, Node):
    """Temperature and air around the specimen."""

    temperature: Quantity | None = quantity("temperature", "Temperature.", default="°C")
    air_pressure: Quantity | None = quantity("air_pressure", "Air pressure.", default="mbar")
    humidity: float | None = column("humidity", "Relative humidity, 0 to 1.", finite)
    co2_percent: float | None = column("co2_percent", "Share of carbon dioxide, 0 to 1.", finite)
    images: Connection[LazyImage] = _images("imaging_environment_id")


@rows_of(Source(acquisition.StageLabel))
@strawberry.type(description="A named place of the stage.")
class StageLabel(Owned, Node):
    """A named place of the stage."""

    name: str = column("name", "Its name.")
    position_x: Length | None = length("position_x", "Where the stage stood.", default="pixel")
    position_y: Length | None = length("position_y", "Where the stage stood.", default="pixel")
    position_z: Length | None = length("position_z", "Where the stage stood.", default="pixel")
    images: Connection[LazyImage] = _images("stage_label_id")


@rows_of(Source(acquisition.Experiment))
@strawberry.type(description="What images were taken for.")
class Experiment(Owned, Node):
    """What images were taken for."""

    type: str | None = column("type", "What kind of experiment it was, such as FRAP.")
    description: str | None = column("description", "What it was about.")
    microbeam_manipulations: list[LazyMicrobeamManipulation] = planned(
        Parts("MicrobeamManipulation", "experiment_id", ("id",)),
        "How the specimen was treated with light.",
    )
    images: Connection[LazyImage] = _images("experiment_id")


@rows_of(Source(acquisition.MicrobeamManipulation))
@strawberry.type(description="A treatment of the specimen with light.")
class MicrobeamManipulation(Owned, Node):
    """A treatment of the specimen with light."""

    type: str | None = column("type", "What kind it was, such as FRAP.")
    description: str | None = column("description", "What was done.")
    experiment: LazyExperiment | None = planned(
        ToOne("Experiment", "experiment_id"), "The experiment of which it is part."
    )
