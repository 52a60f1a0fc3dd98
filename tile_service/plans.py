"""From a request and an image to a plan: which pixels are read, how they are shown, what comes out.

Pure and cheap; all limits are enforced here, before any pixel is read. The plan's key says all that
the answer's bytes depend on, and nothing of who asks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from shared.errors import Invalid, TooLarge
from shared.pixels.levels import served_tile_size
from shared.pixels.source import PlaneRegion
from tile_service.cache import TileKey
from tile_service.chunks.levels import Rectangle, on_level, pick_level
from tile_service.encode import TileFormat
from tile_service.finish import Finish
from tile_service.request import ThumbnailRequest, TileRequest, Tone
from tile_service.shown import Shown, shown_as

if TYPE_CHECKING:
    from shared.rendering.override import ProjectionType
    from shared.rendering.settings import RenderingSettings
    from tile_service.query import View
    from tile_service.seen import SeenImage
    from tile_service.settings import TileSettings


@dataclass(frozen=True, slots=True)
class Picture:
    """A plan: everything about one rendered answer."""

    seen: SeenImage
    shown: Shown
    level: int
    region: Rectangle
    """In pixels of the level."""
    finish: Finish

    @property
    def settings(self) -> RenderingSettings:
        """What is rendered with."""
        return self.shown.settings

    @property
    def planes(self) -> tuple[int, ...]:
        """The z indices; several when they are projected into one."""
        return self.shown.planes

    @property
    def projection(self) -> ProjectionType | None:
        """How several planes become one."""
        return self.shown.projection

    @property
    def is_versioned(self) -> bool:
        """The address carries generation and settings as they are: it may be cached for long."""
        return self.shown.is_versioned

    def with_settings(self, settings: RenderingSettings) -> Picture:
        """The same place and planes with other settings."""
        return replace(self, shown=self.shown.with_settings(settings, self.seen.pixel_type))

    def plane_region(self, channel: int, z: int) -> PlaneRegion:
        """What is read of one plane."""
        place = self.region
        return PlaneRegion(
            self.level, z, channel, self.shown.t, place.x, place.y, place.width, place.height
        )

    @property
    def may_be_stored(self) -> bool:
        """Whether the tile in the file may be the answer as it is (`chunks.passthrough`)."""
        finish = self.finish
        return (
            self.shown.is_identity
            and finish.format is TileFormat.JPEG
            and self.shown.projection is None
            and finish.tone in {Tone.DEFAULT, Tone.COLOR}
            and not (finish.mirror or finish.upside_down or finish.rotation)
            and (finish.width, finish.height) == (self.region.width, self.region.height)
        )

    @property
    def key(self) -> TileKey:
        """The key of the answer in caches, and its entity tag."""
        place, finish = self.region, self.finish
        # text by hand: `repr` of the same values costs more than the digest
        text = (
            f"{self.shown.head} {self.shown.digest} {self.level} "
            f"{place.x} {place.y} {place.width} {place.height} "
            f"{finish.width} {finish.height} {finish.mirror} {finish.upside_down} "
            f"{finish.rotation} {finish.tone.value} {finish.format.value} {finish.quality!r}"
        )
        return TileKey.of_text(self.seen.id, text)


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
    finish = _tile_finish(
        region.width, region.height, request.flip, request.format, request.quality
    )
    return _picture(request.view, seen, request.level, region, finish, settings)


@lru_cache(maxsize=1024)
def _tile_finish(
    width: int, height: int, flip: tuple[bool, bool], format: TileFormat, quality: float
) -> Finish:
    """What is done to a tile: nearly all tiles of a level have it in common."""
    return Finish(
        width, height, mirror=flip[0], upside_down=flip[1], format=format, quality=quality
    )


def plan_thumbnail(request: ThumbnailRequest, seen: SeenImage, settings: TileSettings) -> Picture:
    """The whole image, its longest side as asked, the other truncated but at least one pixel."""
    limit_thumbnail(request.size, settings)
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
    shown = shown_as(view, seen, settings)
    return Picture(seen, shown, level, region, _canonical(finish))


def limit_view(view: View, settings: TileSettings) -> View:
    """The view itself; raises `TooLarge` for more active channels than any image may show at once,
    before anything is looked up.
    """
    limit_channels(sum(each.active for each in view.override.channels or ()), settings)
    return view


def limit_channels(active: int, settings: TileSettings) -> None:
    """Raise `TooLarge`, telling the limit, for more active channels."""
    if active > settings.tile_max_channels:
        raise TooLarge(
            f"{active} channels are active; the limit is {settings.tile_max_channels}.",
            hint="List fewer channels in c=.",
            path=("c",),
        )


def limit_thumbnail(size: int, settings: TileSettings) -> None:
    """Raise `TooLarge`, telling the limit, for a thumbnail with a longer side."""
    if size > settings.thumbnail_max_size:
        raise TooLarge(
            f"A thumbnail of {size} pixels is too large; the limit is "
            f"{settings.thumbnail_max_size}.",
            hint="Ask for an image region instead.",
            path=("size",),
        )


def limit_area(pixels: int, settings: TileSettings) -> None:
    """Raise `TooLarge`, telling the limit, when one answer would have more pixels."""
    if pixels > settings.tile_max_pixels:
        raise TooLarge(
            f"An answer of {pixels} pixels is too large; the limit is {settings.tile_max_pixels}.",
            hint="Ask for a smaller size, or for tiles.",
        )


def _canonical(finish: Finish) -> Finish:
    """Quality means nothing to lossless formats, so it must not make two keys of one picture."""
    if finish.format in {TileFormat.PNG, TileFormat.TIFF}:
        return replace(finish, quality=1.0)
    return finish
