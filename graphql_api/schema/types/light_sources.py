"""LightSource: the interface of lasers, lamps and LEDs, which stand in one table."""

from __future__ import annotations

import strawberry

from graphql_api.compiler.declare import ToOne, column, planned, rows_of
from graphql_api.compiler.scope import Source
from graphql_api.schema.types.annotatable import Annotatable
from graphql_api.schema.types.instruments import Device
from graphql_api.schema.types.objects import Node, Owned
from graphql_api.schema.types.quantities import Length, Quantity, length, quantity
from graphql_api.schema.types.references import LazyLightSource
from shared.models import acquisition


@rows_of(Source(acquisition.LightSource))
@strawberry.interface(description="A source of light.")
class LightSource(Device, Owned, Annotatable, Node):
    """A source of light."""

    power: Quantity | None = quantity("power", "Its power.", default="mW")


@strawberry.type(description="An arc lamp.")
class Arc(LightSource):
    """An arc lamp."""

    type: str | None = column("type", "Hg, Xe and so on.")


@strawberry.type(description="A filament lamp.")
class Filament(LightSource):
    """A filament lamp."""

    type: str | None = column("type", "Incandescent or Halogen.")


@strawberry.type(description="A laser.")
class Laser(LightSource):
    """A laser."""

    type: str | None = column("type", "Gas, SolidState and so on.")
    laser_medium: str | None = column("laser_medium", "Its medium, such as HeNe.")
    wavelength: Length | None = length("wavelength", "Its wavelength.", default="nm")
    frequency_multiplication: int | None = column(
        "frequency_multiplication", "By how much its frequency is multiplied."
    )
    is_tuneable: bool | None = column("is_tuneable", "Whether it can be tuned.")
    pulse: str | None = column("pulse", "How it pulses, such as CW.")
    repetition_rate: Quantity | None = quantity(
        "repetition_rate", "How often it pulses.", default="Hz"
    )
    has_pockel_cell: bool | None = column("has_pockel_cell", "Whether it has a Pockels cell.")
    pump: LazyLightSource | None = planned(ToOne("LightSource", "pump_id"), "What pumps it.")


@strawberry.type(description="A light-emitting diode.")
class LightEmittingDiode(LightSource):
    """A light-emitting diode."""


@strawberry.type(description="A source of another kind.")
class GenericExcitationSource(LightSource):
    """A source of another kind."""
