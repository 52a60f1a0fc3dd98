"""Lengths with their units, as inputs."""

from __future__ import annotations

import strawberry


@strawberry.input(description="A length with its unit.")
class LengthInput:
    """A length."""

    value: float = strawberry.field(description="The number.")
    unit: str | None = strawberry.field(
        default=None, description="One of OME's units; the usual one for the field if left out."
    )
