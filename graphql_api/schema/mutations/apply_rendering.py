"""`applyRenderingSettings` and `resetRenderingSettings`: settings of many images at once.

Images that settings do not fit are no error: they stand in `refused`, with the reasons.
"""

from __future__ import annotations

from enum import Enum

import strawberry

from graphql_api.context import RequestContext
from graphql_api.editing.apply_rendering import (
    Applied,
    ResetTo,
    Source,
    apply_rendering,
    reset_rendering,
)
from graphql_api.editing.rendering_images import MAX_IMAGES, Misfit
from graphql_api.editing.rendering_source import FromImage, FromSettings
from graphql_api.schema.mutations.outcomes import MutationError, attempt
from graphql_api.schema.mutations.rendering import RenderingSettingsInput, settings_change
from shared.errors import Invalid

Info = strawberry.Info[RequestContext, None]

_TARGETS = (
    "Images, or what holds them: projects, datasets, folders, screens, whole plates, runs, wells. "
    f"At most {MAX_IMAGES:,} images within them."
)


@strawberry.enum(description="Why settings were not applied to an image.")
class RenderingRefusal(Enum):
    """Why settings were not applied to an image."""

    NOT_PERMITTED = strawberry.enum_value(
        "NOT_PERMITTED", description="The caller may not save settings of it."
    )
    NO_PIXELS = strawberry.enum_value("NO_PIXELS", description="There is nothing to show.")
    PIXEL_TYPE = strawberry.enum_value(
        "PIXEL_TYPE", description="Its pixel type is another than the source's."
    )
    CHANNEL_COUNT = strawberry.enum_value(
        "CHANNEL_COUNT", description="It has another number of channels than the source."
    )
    WAVELENGTHS = strawberry.enum_value(
        "WAVELENGTHS", description="Its channels emit at other wavelengths than the source's."
    )
    WINDOW = strawberry.enum_value(
        "WINDOW", description="A window is empty there, or outside the range of its type."
    )
    NO_OWNER_SETTINGS = strawberry.enum_value(
        "NO_OWNER_SETTINGS", description="Its owner has saved no settings."
    )


@strawberry.enum(description="What rendering settings are reset to.")
class RenderingReset(Enum):
    """What rendering settings are reset to."""

    IMPORTED = strawberry.enum_value(
        "imported", description="Those computed from the file (Set Imported and Save)."
    )
    OWNER = strawberry.enum_value(
        "owner", description="Those of the image's owner (Set Owner's and Save)."
    )
    MIN_MAX = strawberry.enum_value(
        "min_max", description="Windows from the least to the greatest value; all else stays."
    )


@strawberry.input(description="Whose settings to apply: exactly one of the three.", one_of=True)
class RenderingSource:
    """Whose settings to apply."""

    image: strawberry.Maybe[strawberry.ID] = strawberry.field(
        description="An image, with the settings that the caller sees: own, else its owner's."
    )
    rendering_settings: strawberry.Maybe[strawberry.ID] = strawberry.field(
        description="Saved settings, anybody's of an image that the caller sees."
    )
    settings: strawberry.Maybe[RenderingSettingsInput] = strawberry.field(
        description="Explicit settings; what is left out stays as the caller sees each image."
    )


@strawberry.input(description="Which settings to apply to which images.")
class ApplyRenderingSettingsInput:
    """Input of `applyRenderingSettings`."""

    from_: RenderingSource = strawberry.field(name="from", description="Whose settings.")
    targets: list[strawberry.ID] = strawberry.field(description=_TARGETS)
    dry_run: bool = strawberry.field(
        default=False, description="Only say which images would be refused."
    )


@strawberry.input(description="Which images to reset, and to what.")
class ResetRenderingSettingsInput:
    """Input of `resetRenderingSettings`."""

    targets: list[strawberry.ID] = strawberry.field(description=_TARGETS)
    to: RenderingReset = strawberry.field(description="What to reset to.")
    dry_run: bool = strawberry.field(
        default=False, description="Only say which images would be refused."
    )


@strawberry.type(description="An image that was left alone, and why.")
class RefusedRendering:
    """An image that was left alone."""

    image: strawberry.ID = strawberry.field(description="The image.")
    reasons: list[RenderingRefusal] = strawberry.field(description="Every reason.")
    message: str = strawberry.field(description="The reasons as sentences.")


@strawberry.type(description="Which images have the settings now, or why nothing was done.")
class ApplyRenderingSettingsPayload:
    """Answer of `applyRenderingSettings`."""

    applied: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Images that the caller sees with the settings now."
    )
    refused: list[RefusedRendering] = strawberry.field(
        default_factory=list, description="Images that were left alone."
    )
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was done."
    )


@strawberry.type(description="Which images were reset, or why nothing was done.")
class ResetRenderingSettingsPayload:
    """Answer of `resetRenderingSettings`."""

    applied: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Images whose settings are the caller's own now."
    )
    refused: list[RefusedRendering] = strawberry.field(
        default_factory=list, description="Images that were left alone."
    )
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was done."
    )


def _apply(info: Info, input: ApplyRenderingSettingsInput) -> ApplyRenderingSettingsPayload:
    """Apply settings."""
    context = info.context

    def work() -> ApplyRenderingSettingsPayload:
        done = apply_rendering(
            context.database,
            context.require_principal(),
            _source(input.from_),
            [str(each) for each in input.targets],
            dry_run=input.dry_run,
        )
        return ApplyRenderingSettingsPayload(applied=_applied(done), refused=_refused(done))

    return attempt(context, work, lambda found: ApplyRenderingSettingsPayload(errors=found))


def _reset(info: Info, input: ResetRenderingSettingsInput) -> ResetRenderingSettingsPayload:
    """Reset settings."""
    context = info.context

    def work() -> ResetRenderingSettingsPayload:
        done = reset_rendering(
            context.database,
            context.require_principal(),
            ResetTo(str(input.to.value)),
            [str(each) for each in input.targets],
            dry_run=input.dry_run,
        )
        return ResetRenderingSettingsPayload(applied=_applied(done), refused=_refused(done))

    return attempt(context, work, lambda found: ResetRenderingSettingsPayload(errors=found))


def _source(given: RenderingSource) -> Source:
    if given.image:
        return FromImage(str(given.image.value))
    if given.rendering_settings:
        return FromSettings(str(given.rendering_settings.value))
    if given.settings:
        return settings_change(given.settings.value)
    raise Invalid("No settings are given.", hint="Name an image or settings.", path=("from",))


def _applied(done: Applied) -> list[strawberry.ID]:
    return [strawberry.ID(str(ref)) for ref in done.applied]


def _refused(done: Applied) -> list[RefusedRendering]:
    return [
        RefusedRendering(
            image=strawberry.ID(str(each.image)),
            reasons=[RenderingRefusal(Misfit(reason).value) for reason in each.reasons],
            message=" ".join(each.reasons.values()),
        )
        for each in done.refused
    ]


@strawberry.type
class ApplyRenderingMutations:
    """Mutations of this file."""

    apply_rendering_settings: ApplyRenderingSettingsPayload = strawberry.field(
        resolver=_apply,
        description=(
            "Save settings as the caller's own for all images within the targets (Save to All, "
            "Paste). Images with another pixel type, other channels or other wavelengths than the "
            "source are refused one by one; the source itself is never written."
        ),
    )
    reset_rendering_settings: ResetRenderingSettingsPayload = strawberry.field(
        resolver=_reset,
        description=(
            "Save computed settings, the owner's, or windows from the least to the greatest value "
            "as the caller's own for all images within the targets."
        ),
    )
