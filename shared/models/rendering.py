"""Rendering settings that each user saves: RenderingDef, ChannelBinding, and what belongs to them.

At most one live RenderingDef per pixels and owner. Saving never touches the pixels or anybody
else's row.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import (
    Base,
    Code,
    Details,
    Identified,
    Micros,
    SortKey,
    details_indexes,
    is_one_of,
    live_index,
    table_args,
)

MODELS = ("color", "greyscale")
FAMILIES = ("linear", "polynomial", "exponential", "logarithmic")


class RenderingDef(Details, Base):
    """One user's settings for one image (GraphQL: RenderingSettings)."""

    __tablename__ = "rendering_def"
    __table_args__ = table_args(
        *details_indexes("rendering_def"),
        live_index("uq_rendering_def_pixels_owner", "pixels_id", "owner_id", unique=True),
        CheckConstraint(is_one_of("model", MODELS), name="model"),
    )

    pixels_id: Mapped[int] = mapped_column(ForeignKey("pixels.id"))
    name: Mapped[str | None]
    model: Mapped[Code]
    default_z: Mapped[int] = mapped_column(default=0)
    default_t: Mapped[int] = mapped_column(default=0)
    compression: Mapped[float | None]
    cd_start: Mapped[int] = mapped_column(default=0)
    cd_end: Mapped[int] = mapped_column(default=255)
    bit_resolution: Mapped[int] = mapped_column(default=255)


class ChannelBinding(Identified, Base):
    """How one channel is shown."""

    __tablename__ = "channel_binding"
    __table_args__ = table_args(
        UniqueConstraint("rendering_def_id", "position"),
        CheckConstraint(is_one_of("family", FAMILIES), name="family"),
    )

    rendering_def_id: Mapped[int] = mapped_column(ForeignKey("rendering_def.id"))
    position: Mapped[int]
    active: Mapped[bool]
    family: Mapped[Code] = mapped_column(default="linear")
    coefficient: Mapped[float] = mapped_column(default=1.0)
    input_start: Mapped[float]
    input_end: Mapped[float]
    noise_reduction: Mapped[bool] = mapped_column(default=False)
    color: Mapped[int]
    """0xRRGGBBAA."""
    lookup_table: Mapped[str | None]
    reverse_intensity: Mapped[bool] = mapped_column(default=False)


class CodomainMapContext(Identified, Base):
    """A stored codomain map that the renderer does not honour (contrast stretching, plane
    slicing).
    """

    __tablename__ = "codomain_map_context"
    __table_args__ = table_args(UniqueConstraint("channel_binding_id", "class_name"))

    channel_binding_id: Mapped[int] = mapped_column(ForeignKey("channel_binding.id"))
    class_name: Mapped[Code]
    x_start: Mapped[int | None]
    y_start: Mapped[int | None]
    x_end: Mapped[int | None]
    y_end: Mapped[int | None]


class ProjectionDef(Identified, Base):
    """A projection saved with settings."""

    __tablename__ = "projection_def"
    __table_args__ = table_args(UniqueConstraint("rendering_def_id", "position"))

    rendering_def_id: Mapped[int] = mapped_column(ForeignKey("rendering_def.id"))
    position: Mapped[int]
    axis: Mapped[Code]
    type: Mapped[Code]
    active: Mapped[bool]
    start_plane: Mapped[int | None]
    end_plane: Mapped[int | None]
    stepping: Mapped[int | None]


class LookupTable(Identified, Base):
    """A lookup table that somebody uploaded, for everybody; once there, it never changes.

    Its name stands in settings and addresses, and whoever kept a tile drawn with it may keep it.
    """

    __tablename__ = "lookup_table"
    __table_args__ = table_args(UniqueConstraint("name_key"))

    name: Mapped[str]
    name_key: Mapped[SortKey]
    owner_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    creation_event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"))
    created_at: Mapped[Micros]
    size: Mapped[int]
    """Bytes of the file that was uploaded."""
    colors: Mapped[bytes]
    """256 times red, green and blue."""


class Thumbnail(Details, Base):
    """A record of one user's thumbnail; its bytes lie in the tile cache, never in the row."""

    __tablename__ = "thumbnail"
    __table_args__ = table_args(
        *details_indexes("thumbnail"), live_index("ix_thumbnail_pixels_id", "pixels_id", "owner_id")
    )

    pixels_id: Mapped[int] = mapped_column(ForeignKey("pixels.id"))
    mime_type: Mapped[str]
    size_x: Mapped[int]
    size_y: Mapped[int]
    ref: Mapped[str | None]
