"""RenderingSettings: how an image is shown, saved by each user or computed; viewing stores nothing.

The caller sees his own settings, else the owner's, else the computed ones. Computed settings have
neither id nor owner.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

import strawberry
from sqlalchemy import ColumnElement, and_, null, select

from graphql_api.compiler.declare import (
    Batched,
    Derived,
    Identity,
    Parts,
    ToOne,
    argument,
    column,
    planned,
    rows_of,
    with_arguments,
)
from graphql_api.compiler.scope import Join, Scope, Source
from graphql_api.schema.scalars import Color, DateTime
from graphql_api.schema.types.references import LazyImage, LazyUser
from graphql_api.schema.types.rights import FLAGS, DenialReason, ViewerCan, denials
from graphql_api.schema.types.tiles import saved_thumbnail_field
from shared.auth.select import visible
from shared.models import images
from shared.models.rendering import RenderingDef
from shared.refs import parse_ref
from shared.rendering.defaults import imported_settings
from shared.rendering.resolve import resolve
from shared.rendering.stored import image_facts_of, settings_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql_api.compiler.declare import Values
    from graphql_api.compiler.run import Run
    from shared.rendering.settings import RenderingSettings as Settings
    from shared.rendering.stored import StoredSettings

_NEEDS = ("id", "owner_id", "group_id", "group.permissions", "primary.id", "primary.generation")


@strawberry.enum(description="Whose settings are meant.")
class SettingsOf(Enum):
    """Whose settings are meant."""

    MINE = strawberry.enum_value("mine", description="The caller's own.")
    OWNER = strawberry.enum_value("owner", description="Those of the image's owner.")
    IMPORTED = strawberry.enum_value("imported", description="Computed from the file.")


@strawberry.enum(description="How channels make a picture.")
class RenderingModel(Enum):
    """How channels make a picture (OME: RenderingModel)."""

    COLOR = strawberry.enum_value("color", description="All active channels, added up in colour.")
    GREYSCALE = strawberry.enum_value("greyscale", description="The first active channel, in grey.")


@strawberry.enum(description="The curve from intensity to brightness.")
class Family(Enum):
    """The curve from intensity to brightness (OME: Family)."""

    LINEAR = strawberry.enum_value("linear", description="A straight line.")
    POLYNOMIAL = strawberry.enum_value("polynomial", description="x to the power of coefficient.")
    EXPONENTIAL = strawberry.enum_value(
        "exponential", description="e to the power of x to the power of coefficient."
    )
    LOGARITHMIC = strawberry.enum_value("logarithmic", description="The logarithm of x.")


@strawberry.type(description="How one channel is shown.")
class ChannelRendering:
    """How one channel is shown (OME: ChannelBinding)."""

    index: int = strawberry.field(description="The channel's place in the image, from 0.")
    active: bool = strawberry.field(description="Whether it is shown.")
    color: Color = strawberry.field(description="Its colour.")
    lookup_table: str | None = strawberry.field(description="Its lookup table, over the colour.")
    window_start: float = strawberry.field(description="Intensity shown darkest.")
    window_end: float = strawberry.field(description="Intensity shown brightest.")
    family: Family = strawberry.field(description="Its curve.")
    coefficient: float = strawberry.field(description="The curve's coefficient.")
    reverse_intensity: bool = strawberry.field(description="Whether dark and bright are swapped.")


def _channels(run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
    missing = [row for row in rows if row["settings"] is None]
    stored: dict[tuple[int, int], StoredSettings] = {}
    if missing:
        stored = settings_of(
            run.connection,
            sorted({row["pixels_id"] for row in missing}),
            sorted({row["owner_id"] for row in missing}),
        )
    found = []
    for row in rows:
        settings: Settings | None = row["settings"]
        if settings is None:
            saved = stored.get((row["pixels_id"], row["owner_id"]))
            settings = None if saved is None else saved.settings
        found.append([] if settings is None else _printed(settings))
    return found


def _printed(settings: Settings) -> list[ChannelRendering]:
    return [
        ChannelRendering(
            index=index,
            active=channel.active,
            color=Color(channel.color),
            lookup_table=channel.lookup_table,
            window_start=channel.window_start,
            window_end=channel.window_end,
            family=Family(channel.family.value),
            coefficient=channel.coefficient,
            reverse_intensity=channel.reverse_intensity,
        )
        for index, channel in enumerate(settings.channels)
    ]


def _seen(scope: Scope) -> ColumnElement[bool]:
    """Whoever sees the image sees everybody's settings of it."""
    pixels = images.Pixels.__table__.alias()
    of_seen = select(pixels.c.id).where(
        pixels.c.id == scope.table.c.pixels_id, visible(scope.principal, pixels)
    )
    return and_(scope.table.c.trash_id.is_(None), of_seen.exists())


SETTINGS = Source(
    RenderingDef,
    joins={"pixels": Join(images.Pixels, "pixels_id")},
    computed={"settings": lambda _scope: null()},
    seen=_seen,
)


@rows_of(SETTINGS)
@strawberry.type(description="How an image is shown (OMERO: RenderingDef).")
class RenderingSettings:
    """How an image is shown."""

    id: strawberry.ID | None = planned(Identity(), "Its id; null for computed settings.")
    owner: LazyUser | None = planned(
        ToOne("User", "owner_id", always=True), "Who saved it; null for computed settings."
    )
    updated_at: DateTime | None = column(
        "updated_at", "When it was saved; null for computed settings."
    )
    version: int | None = column("version", "Rises with each change; null for computed settings.")
    model: RenderingModel = column("model", "How channels make a picture.", RenderingModel)
    default_z: int = column("default_z", "The section shown first, from 0.")
    default_t: int = column("default_t", "The timepoint shown first, from 0.")
    channels: list[ChannelRendering] = planned(
        Batched(("settings", "pixels_id", "owner_id"), _channels), "Each channel of the image."
    )
    image: LazyImage | None = planned(ToOne("Image", "pixels.image_id"), "The image it is for.")
    thumbnail_url: str = saved_thumbnail_field()
    viewer_can: ViewerCan | None = planned(
        FLAGS, "What the caller may do with it; null for computed settings."
    )
    viewer_cannot: list[DenialReason] = denials()


def _row(row: Values, settings: Settings, saved: StoredSettings | None) -> dict[str, Any]:
    """A row for `RenderingSettings`: what is not there is null."""
    found: dict[str, Any] = {
        "settings": settings,
        "pixels_id": row["primary.id"],
        "pixels.image_id": row["id"],
        "pixels.generation": row["primary.generation"],
        "model": settings.model.value,
        "default_z": settings.default_z,
        "default_t": settings.default_t,
    }
    if saved is not None:
        found |= {
            "id": saved.id,
            "owner_id": saved.owner_id,
            "group_id": row["group_id"],
            "group.permissions": row["group.permissions"],
            "updated_at": saved.updated_at,
            "version": saved.version,
        }
    return found


def _settings(run: Run, rows: Sequence[Values], arguments: Mapping[str, Any]) -> list[Any]:
    """At most two statements for all images: what is saved, and what defaults depend on."""
    pixels = sorted({row["primary.id"] for row in rows} - {None})
    whose, user = arguments.get("of"), arguments.get("user")
    if user is not None:
        ref = parse_ref(user)
        someone = [ref.id] if ref is not None and ref.class_name == "User" else []
        return _saved(run, rows, pixels, {row["id"]: someone for row in rows})
    if whose is SettingsOf.MINE:
        return _saved(run, rows, pixels, {row["id"]: [run.principal.user_id] for row in rows})
    if whose is SettingsOf.OWNER:
        return _saved(run, rows, pixels, {row["id"]: [row["owner_id"]] for row in rows})
    return _shown(run, rows, pixels, computed_only=whose is SettingsOf.IMPORTED)


def _saved(
    run: Run, rows: Sequence[Values], pixels: list[int], owners: Mapping[int, list[int]]
) -> list[Any]:
    everybody = sorted({owner for listed in owners.values() for owner in listed})
    stored = settings_of(run.connection, pixels, everybody)
    found = []
    for row in rows:
        keys = [(row["primary.id"], owner) for owner in owners[row["id"]]]
        saved = next((stored[key] for key in keys if key in stored), None)
        found.append(None if saved is None else _row(row, saved.settings, saved))
    return found


def _shown(
    run: Run, rows: Sequence[Values], pixels: list[int], *, computed_only: bool
) -> list[Any]:
    me = run.principal.user_id
    stored: dict[tuple[int, int], StoredSettings] = {}
    if not computed_only:
        people = sorted({me, *(row["owner_id"] for row in rows)})
        stored = settings_of(run.connection, pixels, people)
    facts = image_facts_of(run.connection, pixels)
    found: list[Any] = []
    for row in rows:
        known = facts.get(row["primary.id"])
        if known is None:
            found.append(None)
            continue
        mine, owners = (stored.get((row["primary.id"], who)) for who in (me, row["owner_id"]))
        settings = resolve(
            None,
            None if mine is None else mine.settings,
            None if owners is None else owners.settings,
            imported_settings(known),
        )
        saved = next((one for one in (mine, owners) if one and one.settings is settings), None)
        found.append(_row(row, settings, saved))
    return found


def settings_field() -> Any:
    """`renderingSettings(of, user)` of an image."""
    return with_arguments(
        planned(
            Derived(_NEEDS, _settings),
            "How the image is shown: by the caller's settings, else the owner's, else computed.",
        ),
        argument("of", SettingsOf | None, "Whose settings; null when there are none."),
        argument("user", strawberry.ID | None, "Those of this user, null when there are none."),
    )


def all_settings_field() -> Any:
    """`allRenderingSettings` of an image."""
    return planned(
        Parts("RenderingSettings", "pixels_id", ("-updated_at", "-id"), key="primary.id"),
        "Everybody's settings for the image, newest first.",
    )
