"""From a request and an image to a plan: which pixels are read, how they are shown, what comes out.

Pure and cheap; all limits are enforced here, before any pixel is read. The plan's key says all that
the answer's bytes depend on, and nothing of who asks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shared.errors import Invalid, TooLarge
from shared.pixels.levels import served_tile_size
from shared.pixels.source import PlaneRegion
from shared.rendering.resolve import resolve
from shared.rendering.settings import RenderingSettings, value_range
from tile_service.cache import TileKey
from tile_service.chunks.levels import Rectangle, on_level, pick_level
from tile_service.chunks.passthrough import is_identity
from tile_service.encode import TileFormat
from tile_service.finish import Finish
from tile_service.rendering import rendered_channels
from tile_service.request import ThumbnailRequest, TileRequest, Tone

if TYPE_CHECKING:
    from shared.rendering.override import ProjectionType
    from tile_service.query import View
    from tile_service.seen import SeenImage
    from tile_service.settings import TileSettings

RENDERER_VERSION = 1
"""Raise it when the same plan gives other bytes than before."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A plan: everything about one rendered answer."""

    seen: SeenImage
    settings: RenderingSettings
    level: int
    region: Rectangle
    """In pixels of the level."""
    planes: tuple[int, ...]
    """The z indices; several when they are projected into one."""
    t: int
    projection: ProjectionType | None
    compat: bool
    """Project as OMERO does; then there may be no planes at all, which is 0 everywhere."""
    finish: Finish
    is_versioned: bool
    """The address carries generation and settings as they are, so it may be cached for long."""

    def plane_region(self, channel: int, z: int) -> PlaneRegion:
        """What is read of one plane."""
        place = self.region
        return PlaneRegion(
            self.level, z, channel, self.t, place.x, place.y, place.width, place.height
        )

    @property
    def may_be_stored(self) -> bool:
        """Whether the tile in the file may be the answer as it is (`chunks.passthrough`)."""
        finish = self.finish
        return (
            finish.format is TileFormat.JPEG
            and self.projection is None
            and finish.tone in {Tone.DEFAULT, Tone.COLOR}
            and not (finish.mirror or finish.upside_down or finish.rotation)
            and (finish.width, finish.height) == (self.region.width, self.region.height)
            and is_identity(self.settings, self.seen.pixel_type)
        )

    @property
    def key(self) -> TileKey:
        """The key of the answer in caches, and its entity tag."""
        return TileKey.of(
            self.seen.id,
            self.seen.pixels_uuid,
            self.seen.generation,
            RENDERER_VERSION,
            self.settings.digest(),
            self.level,
            (self.region.x, self.region.y, self.region.width, self.region.height),
            (self.planes[0], self.planes[-1]) if self.planes else (),
            self.t,
            None if self.projection is None else (self.projection.value, self.compat),
            (
                self.finish.width,
                self.finish.height,
                self.finish.mirror,
                self.finish.upside_down,
                self.finish.rotation,
                self.finish.tone.value,
                self.finish.format.value,
                self.finish.quality,
            ),
        )


def plan_tile(request: TileRequest, seen: SeenImage, settings: TileSettings) -> Picture:
    """A tile of a level, cropped at the right and lower edge.

    Raises `Invalid` for a place outside the image, `TooLarge` beyond a limit.
    """
    if request.level >= len(seen.levels):
        raise Invalid(
            f"There is no level {request.level}.",
            hint=f"Levels are 0 (full resolution) to {len(seen.levels) - 1}.",
            path=("level",),
        )
    level = seen.levels[request.level]
    served_width, served_height = served_tile_size(level)
    width = request.tile_width or served_width
    height = request.tile_height or served_height
    for name, at, side, extent in (
        ("x", request.column, width, level.width),
        ("y", request.row, height, level.height),
    ):
        if at * side >= extent:
            raise Invalid(
                f"{name} = {at} is outside level {request.level}.",
                hint=f"Tiles of {side} pixels are 0 to {(extent - 1) // side} there.",
                path=(name,),
            )
    left, top = request.column * width, request.row * height
    region = Rectangle(left, top, min(width, level.width - left), min(height, level.height - top))
    finish = Finish(
        region.width,
        region.height,
        mirror=request.flip[0],
        upside_down=request.flip[1],
        format=request.format,
        quality=request.quality,
    )
    return _picture(request.view, seen, request.level, region, finish, settings)


def plan_thumbnail(request: ThumbnailRequest, seen: SeenImage, settings: TileSettings) -> Picture:
    """The whole image, its longest side as asked, the other truncated but at least one pixel."""
    if request.size > settings.thumbnail_max_size:
        raise TooLarge(
            f"A thumbnail of {request.size} pixels is too large; the limit is "
            f"{settings.thumbnail_max_size}.",
            hint="Ask for an image region instead.",
            path=("size",),
        )
    full = seen.levels[0]
    longest = max(full.width, full.height)
    finish = Finish(
        max(1, full.width * request.size // longest),
        max(1, full.height * request.size // longest),
        format=request.format,
        quality=request.quality,
    )
    return plan_region(
        request.view, seen, Rectangle(0, 0, full.width, full.height), finish, settings
    )


def plan_region(
    view: View, seen: SeenImage, region: Rectangle, finish: Finish, settings: TileSettings
) -> Picture:
    """A region of full resolution, read from the smallest level that is large enough."""
    number = pick_level(seen.levels, region, finish.width, finish.height)
    return _picture(view, seen, number, on_level(seen.levels, number, region), finish, settings)


def _picture(
    view: View,
    seen: SeenImage,
    level: int,
    region: Rectangle,
    finish: Finish,
    settings: TileSettings,
) -> Picture:
    limit_area(finish.width * finish.height, settings)
    if region.pixels > settings.tile_max_read_pixels:
        raise TooLarge(
            f"{region.pixels} pixels would have to be read; the limit is "
            f"{settings.tile_max_read_pixels}.",
            hint="Ask for a smaller region.",
        )
    shown = _shown(view, seen, settings)
    projection = view.override.projection
    compat = _is_compatible(view, settings)
    return Picture(
        seen=seen,
        settings=shown,
        level=level,
        region=region,
        planes=_stack(view, seen, shown.default_z, settings),
        t=plane_index("t", view.t, shown.default_t, seen.dimensions.size_t),
        projection=None if projection is None else projection.type,
        compat=compat,
        finish=_canonical(finish),
        is_versioned=view.version == seen.version,
    )


def _shown(view: View, seen: SeenImage, settings: TileSettings) -> RenderingSettings:
    """The address over the base, with its windows in the range of the type."""
    limits = value_range(seen.pixel_type, seen.facts.significant_bits)
    shown = resolve(view.override, seen.settings, None, seen.settings, limits=limits)
    active = len(rendered_channels(shown))
    if active > settings.tile_max_channels:
        raise TooLarge(
            f"{active} channels are active; the limit is {settings.tile_max_channels}.",
            hint="List fewer channels in c=.",
            path=("c",),
        )
    return shown


def _stack(view: View, seen: SeenImage, default_z: int, settings: TileSettings) -> tuple[int, ...]:
    """The z indices to read: one, or those that are projected."""
    size_z = seen.dimensions.size_z
    z = plane_index("z", view.z, default_z, size_z)
    projection = view.override.projection
    if projection is None:
        return (z,)
    stack = projection.planes(size_z, compat=_is_compatible(view, settings))
    if len(stack) > settings.tile_max_planes:
        raise TooLarge(
            f"A projection of {len(stack)} planes is too large; the limit is "
            f"{settings.tile_max_planes}.",
            hint=f"Give a range: p={projection.type.value}|start:end.",
            path=("p",),
        )
    return tuple(stack)


def _is_compatible(view: View, settings: TileSettings) -> bool:
    """Whether planes are projected as OMERO does: the address says so, else the settings."""
    projection = view.override.projection
    if projection is None:
        return False
    return settings.tile_projection_compat if projection.compat is None else projection.compat


def limit_area(pixels: int, settings: TileSettings) -> None:
    """Raise `TooLarge`, telling the limit, when one answer would have more pixels."""
    if pixels > settings.tile_max_pixels:
        raise TooLarge(
            f"An answer of {pixels} pixels is too large; the limit is {settings.tile_max_pixels}.",
            hint="Ask for a smaller size, or for tiles.",
        )


def plane_index(name: str, asked: int | None, default: int, size: int) -> int:
    """The index asked for, else the default within the axis; raises `Invalid` outside it."""
    if asked is None:
        return min(max(default, 0), size - 1)
    if asked >= size:
        raise Invalid(
            f"{name} = {asked} is outside the image.",
            hint=f"Give 0 to {size - 1}.",
            path=(name,),
        )
    return asked


def _canonical(finish: Finish) -> Finish:
    """Quality means nothing to lossless formats, so it must not make two keys of one picture."""
    if finish.format in {TileFormat.PNG, TileFormat.TIFF}:
        return replace(finish, quality=1.0)
    return finish
