"""`renameChannels` and `updatePixels`: channel names over whole datasets, physical pixel sizes."""

from __future__ import annotations

from typing import Any

import strawberry

from graphql_api.compiler.planner import fetch_nodes
from graphql_api.context import RequestContext
from graphql_api.editing.channels import rename_channels
from graphql_api.editing.pixel_sizes import PixelChange, update_pixels
from graphql_api.editing.quantities import Quantity
from graphql_api.schema.mutations.lengths import LengthInput
from graphql_api.schema.mutations.outcomes import MutationError, attempt
from graphql_api.schema.mutations.update import given_values
from graphql_api.schema.types.references import LazyActivity, LazyPixels

Info = strawberry.Info[RequestContext, None]


@strawberry.input(description="New names of channels.")
class RenameChannelsInput:
    """Input of `renameChannels`."""

    targets: list[strawberry.ID] = strawberry.field(
        description="Images, or what holds them: all that have as many channels as names."
    )
    names: list[str | None] = strawberry.field(
        description="A name per channel, in order, cut at 255 characters; null leaves it."
    )


@strawberry.type(description="What has new names, or why nothing has.")
class RenameChannelsPayload:
    """Answer of `renameChannels`."""

    activity: LazyActivity | None = strawberry.field(
        default=None, description="The change, to be undone; null when nothing was changed."
    )
    image_count: int = strawberry.field(default=0, description="How many images show the names.")
    logical_channel_count: int = strawberry.field(
        default=0, description="How many channels were named; images may share them."
    )
    skipped: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Images with another number of channels."
    )
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was renamed."
    )


@strawberry.input(description="What is to change in Pixels; what is left out stays.")
class UpdatePixelsInput:
    """Input of `updatePixels`."""

    id: strawberry.ID = strawberry.field(description="The Pixels.")
    expected_version: int | None = strawberry.field(
        default=None, description="The version that was seen; another one is a Conflict."
    )
    physical_size_x: LengthInput | None = strawberry.field(
        default=strawberry.UNSET, description="Width of a pixel, or null when not known."
    )
    physical_size_y: LengthInput | None = strawberry.field(
        default=strawberry.UNSET, description="Height of a pixel, or null when not known."
    )
    physical_size_z: LengthInput | None = strawberry.field(
        default=strawberry.UNSET, description="Distance between sections, or null when not known."
    )


@strawberry.type(description="The changed Pixels, or why they were not changed.")
class UpdatePixelsPayload:
    """Answer of `updatePixels`."""

    pixels: LazyPixels | None = strawberry.field(default=None, description="The Pixels.")
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was changed."
    )


SIZES = ("physical_size_x", "physical_size_y", "physical_size_z")


def _rename_channels(info: Info, input: RenameChannelsInput) -> RenameChannelsPayload:
    """Rename channels."""
    context = info.context

    def work() -> RenameChannelsPayload:
        targets = [str(each) for each in input.targets]
        principal = context.require_principal()
        done = rename_channels(context.database, principal, targets, input.names)
        context.renew()
        activity = None
        if done.activity is not None:
            (activity,) = fetch_nodes(info, [done.activity], "activity")
        return RenameChannelsPayload(
            activity=activity,
            image_count=done.image_count,
            logical_channel_count=done.logical_channel_count,
            skipped=[strawberry.ID(str(ref)) for ref in done.skipped],
        )

    return attempt(context, work, lambda found: RenameChannelsPayload(errors=found))


def _update_pixels(info: Info, input: UpdatePixelsInput) -> UpdatePixelsPayload:
    """Change physical sizes."""
    context = info.context

    def work() -> UpdatePixelsPayload:
        sizes: dict[str, Any] = {
            name: None if given is None else Quantity(given.value, given.unit or "µm")
            for name, given in given_values(input, *SIZES).items()
        }
        change = PixelChange(str(input.id), sizes, input.expected_version)
        ref = update_pixels(context.database, context.require_principal(), change)
        context.renew()
        return UpdatePixelsPayload(pixels=fetch_nodes(info, [ref], "pixels")[0])

    return attempt(context, work, lambda found: UpdatePixelsPayload(errors=found))


@strawberry.type
class ChannelMutations:
    """Mutations of this file."""

    rename_channels: RenameChannelsPayload = strawberry.field(
        resolver=_rename_channels,
        description="Name the channels of images, or of all images within datasets and plates.",
    )
    update_pixels: UpdatePixelsPayload = strawberry.field(
        resolver=_update_pixels, description="Change the physical size of pixels."
    )
