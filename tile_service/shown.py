"""What an address and the image's settings come to, whichever tile of the image is asked for.

A viewer asks hundreds of tiles of one view, so this is worked out once per view and image and kept
for the few seconds in which both are known by the same objects.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING

from shared.errors import Invalid, TooLarge
from shared.rendering.resolve import resolve
from shared.rendering.settings import RenderingSettings, value_range
from tile_service.chunks.passthrough import is_identity
from tile_service.rendering import rendered_channels

if TYPE_CHECKING:
    from shared.rendering.override import ProjectionType
    from tile_service.query import View
    from tile_service.seen import SeenImage
    from tile_service.settings import TileSettings

RENDERER_VERSION = 2
"""Raise it when the same plan gives other bytes than before."""
_KEPT = 512


@dataclass(frozen=True, slots=True)
class Shown:
    """Settings, planes and what else all tiles of a view have in common."""

    settings: RenderingSettings
    planes: tuple[int, ...]
    """The z indices; several when they are projected into one."""
    t: int
    projection: ProjectionType | None
    compat: bool
    """Project as OMERO does; then there may be no planes at all, which is 0 everywhere."""
    is_versioned: bool
    is_identity: bool
    """Three 8-bit samples are shown as they are stored."""
    digest: str
    """Of the settings."""
    head: str
    """What the cache keys of all tiles begin with, before the digest."""

    def with_settings(self, settings: RenderingSettings, pixel_type: str) -> Shown:
        """The same planes with other settings."""
        return replace(
            self,
            settings=settings,
            is_identity=is_identity(settings, pixel_type),
            digest=settings.digest(),
        )


class _Kept:
    """The last ones, by the two objects that they come from."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[tuple[int, int], tuple[View, SeenImage, TileSettings, Shown]]
        self._kept = OrderedDict()

    def get(self, view: View, seen: SeenImage, settings: TileSettings) -> Shown | None:
        found = self._kept.get((id(view), id(seen)))
        # an id is given again when its object has gone: only the same objects count
        if found is not None and found[0] is view and found[1] is seen and found[2] is settings:
            return found[3]
        return None

    def put(self, view: View, seen: SeenImage, settings: TileSettings, shown: Shown) -> None:
        with self._lock:
            self._kept[id(view), id(seen)] = view, seen, settings, shown
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)


_kept = _Kept()


def shown_as(view: View, seen: SeenImage, settings: TileSettings) -> Shown:
    """How the image is shown; raises `Invalid` for a plane or channel that it has not, `TooLarge`
    beyond a limit.
    """
    found = _kept.get(view, seen, settings)
    if found is None:
        found = _shown(view, seen, settings)
        _kept.put(view, seen, settings, found)
    return found


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


def _shown(view: View, seen: SeenImage, settings: TileSettings) -> Shown:
    resolved = _resolved(view, seen, settings)
    projection = view.override.projection
    compat = _is_compatible(view, settings)
    planes = _stack(view, seen, resolved.default_z, settings)
    t = plane_index("t", view.t, resolved.default_t, seen.dimensions.size_t)
    head = (
        seen.pixels_uuid,
        seen.generation,
        RENDERER_VERSION,
        (planes[0], planes[-1]) if planes else (),
        t,
        None if projection is None else (projection.type.value, compat),
    )
    return Shown(
        settings=resolved,
        planes=planes,
        t=t,
        projection=None if projection is None else projection.type,
        compat=compat,
        is_versioned=view.version == seen.version,
        is_identity=is_identity(resolved, seen.pixel_type),
        digest=resolved.digest(),
        head=repr(head),
    )


def _resolved(view: View, seen: SeenImage, settings: TileSettings) -> RenderingSettings:
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
