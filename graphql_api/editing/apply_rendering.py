"""Apply settings to many images: Save to All, Paste, Set Imported, Set Owner's, Min/Max.

What is written is always the acting user's own settings of each target, never the source and never
anybody else's. Images that the settings do not fit are refused one by one, with the reasons.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from graphql_api.editing.links import open_event
from graphql_api.editing.rendering import SettingsChange, changed_settings, check_change
from graphql_api.editing.rendering_images import (
    Chosen,
    Misfit,
    Pictured,
    Refused,
    choose_images,
    unfit,
)
from graphql_api.editing.rendering_source import FromImage, FromSettings, find_source
from shared.errors import Invalid
from shared.rendering.defaults import imported_settings, statistics_window
from shared.rendering.resolve import resolve
from shared.rendering.settings import valid_settings
from shared.rendering.stored import image_facts_of, settings_of
from shared.rendering.stored_many import NewSettings, save_settings_of_many

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.auth.principal import Principal
    from shared.database import Database
    from shared.refs import ObjectRef
    from shared.rendering.defaults import ImageFacts
    from shared.rendering.settings import RenderingSettings
    from shared.rendering.stored import StoredSettings


class ResetTo(StrEnum):
    """What settings are reset to."""

    IMPORTED = "imported"
    OWNER = "owner"
    MIN_MAX = "min_max"


@dataclass(frozen=True, slots=True)
class Applied:
    """Images that have the settings now, and those that were left alone."""

    applied: tuple[ObjectRef, ...]
    refused: tuple[Refused, ...]


Source = FromImage | FromSettings | SettingsChange
Decided = Mapping["ObjectRef", "RenderingSettings | dict[Misfit, str] | None"]
"""The settings to write, why there are none, or None for the source, which shows them already."""


def apply_rendering(
    database: Database,
    principal: Principal,
    source: Source,
    targets: Sequence[str],
    *,
    dry_run: bool = False,
) -> Applied:
    """Apply the settings of an image, saved ones or explicit ones to all images within targets.

    An image as source stands for what the caller sees of it. Raises `NotFound`, `Denied` naming a
    target, or `Invalid`; then nothing was done.
    """

    def decided(connection: Connection, images: Sequence[Pictured]) -> Decided:
        if isinstance(source, SettingsChange):
            return _changed(connection, principal, source, images)
        return _copied(connection, principal, source, images)

    kind = "applyRenderingSettings"
    return _carry_out(database, principal, targets, decided, kind, dry_run=dry_run)


def reset_rendering(
    database: Database,
    principal: Principal,
    to: ResetTo,
    targets: Sequence[str],
    *,
    dry_run: bool = False,
) -> Applied:
    """Set the caller's settings of all images within targets back. Raises as `apply_rendering`."""
    ways = {ResetTo.IMPORTED: _imported, ResetTo.OWNER: _owners, ResetTo.MIN_MAX: _min_max}

    def decided(connection: Connection, images: Sequence[Pictured]) -> Decided:
        return ways[to](connection, principal, images)

    kind = "resetRenderingSettings"
    return _carry_out(database, principal, targets, decided, kind, dry_run=dry_run)


def _carry_out(
    database: Database,
    principal: Principal,
    targets: Sequence[str],
    decided: Callable[[Connection, Sequence[Pictured]], Decided],
    kind: str,
    *,
    dry_run: bool,
) -> Applied:
    with database.snapshot() if dry_run else database.write() as connection:
        chosen = choose_images(connection, principal, targets, hold=not dry_run)
        found = decided(connection, chosen.images)
        wanted = [
            NewSettings(image.pixels_id, image.group_id, settings)
            for image in chosen.images
            if (settings := found[image.ref]) is not None and not isinstance(settings, dict)
        ]
        if wanted and not dry_run:
            event_id = open_event(connection, principal, kind)
            save_settings_of_many(connection, principal, event_id, wanted)
        return _report(chosen, found)


def _report(chosen: Chosen, found: Decided) -> Applied:
    applied, refused = [], list(chosen.refused)
    for image in chosen.images:
        verdict = found[image.ref]
        if isinstance(verdict, dict):
            refused.append(Refused(image.ref, verdict))
        else:
            applied.append(image.ref)
    return Applied(tuple(applied), tuple(sorted(refused, key=lambda each: each.image)))


def _copied(
    connection: Connection,
    principal: Principal,
    source: FromImage | FromSettings,
    images: Sequence[Pictured],
) -> Decided:
    """The source's settings, with the plane shown first where the target has it."""
    found = find_source(connection, principal, source)
    misfits = unfit(connection, found.picture, images)
    z, t = found.settings.default_z, found.settings.default_t
    short = [image for image in images if z >= image.size_z or t >= image.size_t]
    seen = _Seen.of(connection, principal, short)
    decided: dict[ObjectRef, RenderingSettings | dict[Misfit, str] | None] = {}
    for image in images:
        if image.ref in misfits or (
            image.ref == found.picture.ref and isinstance(source, FromImage)
        ):
            decided[image.ref] = misfits.get(image.ref)
            continue
        settings = found.settings
        if z >= image.size_z or t >= image.size_t:
            old = seen.of_image(image)
            settings = replace(
                settings,
                default_z=z if z < image.size_z else old.default_z,
                default_t=t if t < image.size_t else old.default_t,
            )
        decided[image.ref] = _valid(image, settings)
    return decided


def _changed(
    connection: Connection,
    principal: Principal,
    change: SettingsChange,
    images: Sequence[Pictured],
) -> Decided:
    """What the caller sees of each image, with the explicit changes."""
    check_change(connection, change)
    seen = _Seen.of(connection, principal, images)
    decided: dict[ObjectRef, RenderingSettings | dict[Misfit, str]] = {}
    for image in images:
        reasons = _misfits(change, image)
        if reasons:
            decided[image.ref] = reasons
            continue
        z, t = change.default_z, change.default_t
        fitting = replace(
            change,
            default_z=None if z is None or z >= image.size_z else z,
            default_t=None if t is None or t >= image.size_t else t,
        )
        try:
            changed = changed_settings(seen.of_image(image), fitting)
        except Invalid as fault:
            decided[image.ref] = {Misfit.WINDOW: str(fault)}
        else:
            decided[image.ref] = valid_settings(changed, image.limits)
    return decided


def _misfits(change: SettingsChange, image: Pictured) -> dict[Misfit, str]:
    low, high = image.limits
    reasons = {}
    for channel in change.channels:
        if channel.index >= image.size_c:
            reasons[Misfit.CHANNEL_COUNT] = (
                f"It has {image.size_c} channels and no channel {channel.index}."
            )
        for bound in (channel.window_start, channel.window_end):
            if bound is not None and not low <= bound <= high:
                reasons[Misfit.WINDOW] = (
                    f"{bound:g} is outside the range of its type, {low:g} to {high:g}."
                )
    return reasons


def _imported(connection: Connection, _principal: Principal, images: Sequence[Pictured]) -> Decided:
    facts = image_facts_of(connection, [image.pixels_id for image in images])
    return {image.ref: _valid(image, imported_settings(facts[image.pixels_id])) for image in images}


def _owners(connection: Connection, _principal: Principal, images: Sequence[Pictured]) -> Decided:
    saved = settings_of(
        connection,
        [image.pixels_id for image in images],
        sorted({image.owner_id for image in images}),
    )
    decided: dict[ObjectRef, RenderingSettings | dict[Misfit, str]] = {}
    for image in images:
        owners = saved.get((image.pixels_id, image.owner_id))
        if owners is None:
            decided[image.ref] = {Misfit.NO_OWNER_SETTINGS: "Its owner has saved no settings."}
        else:
            decided[image.ref] = _valid(image, owners.settings)
    return decided


def _min_max(connection: Connection, principal: Principal, images: Sequence[Pictured]) -> Decided:
    seen = _Seen.of(connection, principal, images)
    decided: dict[ObjectRef, RenderingSettings | dict[Misfit, str]] = {}
    for image in images:
        settings, facts = seen.of_image(image), seen.facts[image.pixels_id]
        windows = [statistics_window(channel, image.limits) for channel in facts.channels]
        channels = tuple(
            replace(channel, window_start=start, window_end=end)
            for channel, (start, end) in zip(settings.channels, windows, strict=True)
        )
        decided[image.ref] = _valid(image, replace(settings, channels=channels))
    return decided


def _valid(image: Pictured, settings: RenderingSettings) -> RenderingSettings:
    return valid_settings(settings, image.limits)


@dataclass(frozen=True, slots=True)
class _Seen:
    """With what settings a principal sees images."""

    principal: Principal
    saved: Mapping[tuple[int, int], StoredSettings]
    facts: Mapping[int, ImageFacts]

    @classmethod
    def of(
        cls,
        connection: Connection,
        principal: Principal,
        images: Sequence[Pictured],
    ) -> _Seen:
        pixels = [image.pixels_id for image in images]
        people = sorted({principal.user_id, *(image.owner_id for image in images)})
        return cls(
            principal, settings_of(connection, pixels, people), image_facts_of(connection, pixels)
        )

    def of_image(self, image: Pictured) -> RenderingSettings:
        mine, owners = (
            self.saved.get((image.pixels_id, who))
            for who in (self.principal.user_id, image.owner_id)
        )
        return resolve(
            None,
            mine.settings if mine else None,
            owners.settings if owners else None,
            imported_settings(self.facts[image.pixels_id]),
        )
