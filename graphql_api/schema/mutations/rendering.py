"""`saveRenderingSettings`: keep how the caller wants to see an image, as his own settings.

Indices are 0-based. What is not given stays as the caller sees it now; null for a lookup table
takes it away.
"""

from __future__ import annotations

from typing import Any

import strawberry

from graphql_api.compiler.planner import fetch_nodes
from graphql_api.context import RequestContext
from graphql_api.editing.rendering import ChannelChange, SettingsChange, save_rendering
from graphql_api.schema.mutations.outcomes import MutationError, attempt
from graphql_api.schema.scalars import Color
from graphql_api.schema.types.references import LazyRenderingSettings
from graphql_api.schema.types.rendering import Family, RenderingModel
from shared.rendering.settings import Family as Curve
from shared.rendering.settings import Model

Info = strawberry.Info[RequestContext, None]


@strawberry.input(description="What is to change in one channel.")
class ChannelRenderingInput:
    """A channel of `RenderingSettingsInput`."""

    index: int = strawberry.field(description="The channel's place in the image, from 0.")
    active: bool | None = strawberry.field(default=None, description="Whether it is shown.")
    color: Color | None = strawberry.field(
        default=None, description="Its colour; takes a lookup table away unless one is given too."
    )
    lookup_table: str | None = strawberry.field(
        default=strawberry.UNSET, description="Its lookup table; null goes back to the colour."
    )
    window_start: float | None = strawberry.field(
        default=None, description="Intensity shown darkest; clamped to the type's range."
    )
    window_end: float | None = strawberry.field(
        default=None, description="Intensity shown brightest; clamped to the type's range."
    )
    family: Family | None = strawberry.field(default=None, description="Its curve.")
    coefficient: float | None = strawberry.field(
        default=None, description="The curve's coefficient, above 0."
    )
    reverse_intensity: bool | None = strawberry.field(
        default=None, description="Whether dark and bright are swapped."
    )


@strawberry.input(description="What is to change in an image's rendering settings.")
class RenderingSettingsInput:
    """Settings to save or apply."""

    model: RenderingModel | None = strawberry.field(
        default=None, description="How channels make a picture."
    )
    default_z: int | None = strawberry.field(default=None, description="The section shown first.")
    default_t: int | None = strawberry.field(default=None, description="The timepoint shown first.")
    channels: list[ChannelRenderingInput] | None = strawberry.field(
        default=None, description="Channels to change; those not listed stay as they are."
    )


@strawberry.input(description="Which settings to save for which image.")
class SaveRenderingSettingsInput:
    """Input of `saveRenderingSettings`."""

    image: strawberry.ID = strawberry.field(description="The image.")
    settings: RenderingSettingsInput = strawberry.field(description="What is to change.")


@strawberry.type(description="The caller's own settings, or why they were not saved.")
class SaveRenderingSettingsPayload:
    """Answer of `saveRenderingSettings`."""

    rendering_settings: LazyRenderingSettings | None = strawberry.field(
        default=None, description="The settings as they are kept now."
    )
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was saved."
    )


def _save_rendering_settings(
    info: Info, input: SaveRenderingSettingsInput
) -> SaveRenderingSettingsPayload:
    """Save the caller's settings of one image."""
    context = info.context

    def work() -> SaveRenderingSettingsPayload:
        ref = save_rendering(
            context.database,
            context.require_principal(),
            input.image,
            settings_change(input.settings),
        )
        context.renew()
        found = fetch_nodes(info, [ref], "renderingSettings")[0]
        return SaveRenderingSettingsPayload(rendering_settings=found)

    return attempt(context, work, lambda found: SaveRenderingSettingsPayload(errors=found))


def settings_change(given: RenderingSettingsInput) -> SettingsChange:
    """The input as the editing service takes it."""
    return SettingsChange(
        model=None if given.model is None else Model(str(given.model.value)),
        default_z=given.default_z,
        default_t=given.default_t,
        channels=tuple(_channel_change(channel) for channel in given.channels or ()),
    )


def _channel_change(given: ChannelRenderingInput) -> ChannelChange:
    table: Any = given.lookup_table
    return ChannelChange(
        index=given.index,
        active=given.active,
        color=given.color,
        lookup_table=None if table is strawberry.UNSET else table,
        drops_lookup_table=table is None,
        window_start=given.window_start,
        window_end=given.window_end,
        family=None if given.family is None else Curve(str(given.family.value)),
        coefficient=given.coefficient,
        reverse_intensity=given.reverse_intensity,
    )


@strawberry.type
class RenderingMutations:
    """Mutations of this file."""

    save_rendering_settings: SaveRenderingSettingsPayload = strawberry.field(
        resolver=_save_rendering_settings,
        description="Save rendering settings as the caller's own.",
    )
