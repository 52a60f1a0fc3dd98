"""The images that settings are applied to, and which of them a source fits (OMERO: Paste).

An image fits when it has the same pixel type, as many channels, and channels of the same emission
wavelengths in whatever order, those without one included.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from graphql_api.editing.changing import hold_targets
from graphql_api.editing.contents import image_ids_within
from graphql_api.editing.targets import find_targets
from shared.auth.decide import Decider, ObjectFacts, denied, require
from shared.auth.rules import Action
from shared.database import ids_in
from shared.errors import Invalid
from shared.models.images import Channel, Image, Pixels
from shared.models.people import Group, GroupPermissions
from shared.refs import ObjectRef
from shared.rendering.facts import emission_of
from shared.rendering.settings import value_range

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.auth.principal import Principal

MAX_TARGETS = 10_000
MAX_IMAGES = 20_000
MAX_CHANNELS = 50_000
"""Channels of all images together: each is a row to read, to decide on and to write."""


class Misfit(StrEnum):
    """Why settings were not applied to an image; the codes are part of the GraphQL schema."""

    NOT_PERMITTED = "NOT_PERMITTED"
    NO_PIXELS = "NO_PIXELS"
    PIXEL_TYPE = "PIXEL_TYPE"
    CHANNEL_COUNT = "CHANNEL_COUNT"
    WAVELENGTHS = "WAVELENGTHS"
    WINDOW = "WINDOW"
    NO_OWNER_SETTINGS = "NO_OWNER_SETTINGS"


@dataclass(frozen=True, slots=True)
class Pictured:
    """An image and what of its pixels decides about settings."""

    ref: ObjectRef
    owner_id: int
    group_id: int
    pixels_id: int
    pixel_type: str
    significant_bits: int | None
    size_c: int
    size_z: int
    size_t: int

    @property
    def limits(self) -> tuple[float, float]:
        """The range of its type."""
        return value_range(self.pixel_type, self.significant_bits)


@dataclass(frozen=True, slots=True)
class Refused:
    """An image that was left alone; each reason with a sentence."""

    image: ObjectRef
    reasons: Mapping[Misfit, str]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The images within targets: those that may be written, and those that cannot."""

    images: Sequence[Pictured]
    refused: Sequence[Refused]


def choose_images(
    connection: Connection, principal: Principal, texts: Sequence[str], *, hold: bool
) -> Chosen:
    """The images within the targets that the principal sees, each once, in order of their ids.

    `hold` keeps their groups from being changed meanwhile. Raises `NotFound`, `Denied` naming the
    target, or `Invalid`.
    """
    if not texts or len(texts) > MAX_TARGETS:
        raise Invalid(
            f"{len(texts)} targets cannot be worked on at once.",
            hint=f"Name 1 to {MAX_TARGETS}.",
            path=("targets",),
        )
    if hold:
        targets = hold_targets(connection, principal, texts)
    else:
        targets = find_targets(connection, principal, texts, path=("targets",))
    ids = image_ids_within(connection, principal, targets, MAX_IMAGES + 1)
    for target in targets:
        require(principal, Action.SAVE_RENDERING, target.facts, target.ref)
    if len(ids) > MAX_IMAGES:
        raise Invalid(
            f"There are more than {MAX_IMAGES} images within the targets.",
            hint="Name fewer containers at a time.",
            path=("targets",),
        )
    pixels = _pixels(connection, ids)
    channels = sum(row.size_c for row in pixels.values())
    if channels > MAX_CHANNELS:
        raise Invalid(
            f"The images within the targets have {channels} channels together, more than "
            f"{MAX_CHANNELS}.",
            hint="Name fewer containers at a time.",
            path=("targets",),
        )
    return _sorted_out(principal, _rows(connection, ids), pixels)


def find_pictured(connection: Connection, image: ObjectRef) -> Pictured | None:
    """One image, which the caller has found already; None without pixels."""
    (row,) = _rows(connection, [image.id])
    found = _pixels(connection, [image.id]).get(image.id)
    return None if found is None else _pictured(row, found)


def unfit(
    connection: Connection, source: Pictured, images: Sequence[Pictured]
) -> dict[ObjectRef, dict[Misfit, str]]:
    """Why the settings of `source` do not fit; images that they fit are left out."""
    waves = emission_of(connection, [source.pixels_id, *(image.pixels_id for image in images)])
    wanted = _counted(waves.get(source.pixels_id, ()))
    found = {}
    for image in images:
        reasons: dict[Misfit, str] = {}
        if image.pixel_type != source.pixel_type:
            reasons[Misfit.PIXEL_TYPE] = (
                f"Its pixels are {image.pixel_type}, those of the source {source.pixel_type}."
            )
        if image.size_c != source.size_c:
            reasons[Misfit.CHANNEL_COUNT] = (
                f"It has {image.size_c} channels, the source {source.size_c}."
            )
        elif _counted(waves.get(image.pixels_id, ())) != wanted:
            reasons[Misfit.WAVELENGTHS] = (
                "Its channels emit at other wavelengths than those of the source."
            )
        if reasons:
            found[image.ref] = reasons
    return found


def _counted(waves: Sequence[float | None]) -> Counter[float | None]:
    # units differ between files, so the same wavelength may differ in its last digit
    return Counter(None if nm is None else round(nm, 3) for nm in waves)


def _rows(connection: Connection, ids: Sequence[int]) -> Sequence[Any]:
    """Images by id. Asked for by list and not by join: a planner that knows nothing yet of tables
    just filled would go through all pixels for each image.
    """
    image: Any = Image.__table__
    return connection.execute(
        select(image.c.id, image.c.owner_id, image.c.group_id, Group.permissions)
        .join(Group, Group.id == image.c.group_id)
        .where(ids_in(connection, image.c.id, ids))
        .order_by(image.c.id)
    ).all()


def _pixels(connection: Connection, ids: Sequence[int]) -> dict[int, Any]:
    """The first pixels of images, by image, as far as they have channels."""
    pixels: Any = Pixels.__table__
    channel: Any = Channel.__table__
    rows = connection.execute(
        select(
            pixels.c.id, pixels.c.image_id, pixels.c.pixels_type, pixels.c.significant_bits,
            pixels.c.size_c, pixels.c.size_z, pixels.c.size_t,
        ).where(
            ids_in(connection, pixels.c.image_id, ids),
            pixels.c.trash_id.is_(None),
            pixels.c.position == 0,
        )
    ).all()  # fmt: skip
    shown = set(
        connection.scalars(
            select(channel.c.pixels_id).where(
                ids_in(connection, channel.c.pixels_id, [row.id for row in rows]),
                channel.c.position == 0,
            )
        )
    )
    return {row.image_id: row for row in rows if row.id in shown}


def _sorted_out(principal: Principal, rows: Sequence[Any], pixels: Mapping[int, Any]) -> Chosen:
    images, refused = [], []
    decider = Decider(principal)
    for row in rows:
        ref = ObjectRef("Image", row.id)
        level = GroupPermissions(row.permissions)
        facts = ObjectFacts("Image", row.owner_id, row.group_id, level)
        verdict = decider.decide(Action.SAVE_RENDERING, facts)
        if not verdict:
            error = denied(principal, Action.SAVE_RENDERING, facts, verdict, ref)
            refused.append(Refused(ref, {Misfit.NOT_PERMITTED: str(error)}))
        elif row.id not in pixels:
            refused.append(Refused(ref, {Misfit.NO_PIXELS: "It has no pixels to show."}))
        else:
            images.append(_pictured(row, pixels[row.id]))
    return Chosen(images, refused)


def _pictured(row: Any, pixels: Any) -> Pictured:
    return Pictured(
        ref=ObjectRef("Image", row.id),
        owner_id=row.owner_id,
        group_id=row.group_id,
        pixels_id=pixels.id,
        pixel_type=pixels.pixels_type,
        significant_bits=pixels.significant_bits,
        size_c=pixels.size_c,
        size_z=pixels.size_z,
        size_t=pixels.size_t,
    )
