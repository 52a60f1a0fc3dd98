"""Addresses of tiles and thumbnails: signed, so that viewers need neither headers nor cookies.

Clients never build an address by hand; the grant in the path lasts at most 12 hours.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import strawberry

from graphql_api.compiler.declare import Batched, argument, planned, with_arguments
from graphql_api.schema.scalars import DateTime
from shared.auth.grants import read_grant
from shared.errors import Invalid
from shared.refs import ObjectRef
from shared.rendering.grammar import print_settings
from shared.rendering.versions import saved_text, version_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql_api.compiler.declare import Values
    from graphql_api.compiler.run import Run

MAX_THUMBNAIL = 1_024


@strawberry.type(description="One level of an image: the image at one reduction.")
class TileLevel:
    """One level of an image."""

    width: int = strawberry.field(description="Width in pixels.")
    height: int = strawberry.field(description="Height in pixels.")
    tile_width: int = strawberry.field(description="Width of its tiles.")
    tile_height: int = strawberry.field(description="Height of its tiles.")
    scale: float = strawberry.field(
        description="How many pixels of level 0 one of its pixels is wide."
    )


@strawberry.type(description="Where the tiles of an image are to be had, for this caller.")
class TileAccess:
    """Where the tiles of an image are to be had."""

    iiif_info_url: str = strawberry.field(description="info.json of the IIIF Image API 3.")
    tile_url_template: str = strawberry.field(
        description=(
            "Address of one tile with {level} {x} {y} {z} {t} to fill in; level 0 is full size, "
            "x and y count tiles, all from 0."
        )
    )
    deep_zoom_url: str = strawberry.field(description="Deep Zoom descriptor (.dzi).")
    zarr_url: str = strawberry.field(
        description="Root of the image as OME-Zarr 0.4 (Zarr 2), whatever its own format."
    )
    levels: list[TileLevel] = strawberry.field(description="Its levels, largest first.")
    signed_until: DateTime = strawberry.field(description="When these addresses stop working.")


def _base(run: Run, ref: ObjectRef) -> str:
    return f"{run.context.settings.tile_url}/~{run.context.grant_for(ref)}"


def _access(run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
    return [None if row["primary.level_sizes"] is None else _one(run, row) for row in rows]


def _one(run: Run, row: Values) -> TileAccess:
    ref = ObjectRef("Image", row["id"])
    base = _base(run, ref)
    sizes = json.loads(row["primary.level_sizes"])
    full = sizes[0][0]
    return TileAccess(
        iiif_info_url=f"{base}/iiif/3/{ref}/info.json",
        tile_url_template=f"{base}/tiles/{ref}/{{level}}/{{x}}/{{y}}.jpg"
        f"?z={{z}}&t={{t}}&v={_version(row)}",
        deep_zoom_url=f"{base}/dzi/{ref}.dzi",
        zarr_url=f"{base}/zarr/{ref}.zarr",
        levels=[
            TileLevel(
                width=width,
                height=height,
                tile_width=tile_width,
                tile_height=tile_height,
                scale=full / width,
            )
            for width, height, tile_width, tile_height in sizes
        ],
        signed_until=DateTime(read_grant(run.context.keys, run.context.grant_for(ref)).expires_at),
    )


def _version(row: Values) -> str:
    """The `v=` by which a client may keep what it got: a change is another address."""
    return version_text(row["primary.generation"], row["shown_settings"])


def _size(arguments: Mapping[str, Any]) -> int:
    size: int = arguments["size"]
    if not 1 <= size <= MAX_THUMBNAIL:
        raise Invalid(
            f"A thumbnail cannot be {size} pixels long.",
            hint=f"Give 1 to {MAX_THUMBNAIL}.",
            path=("size",),
        )
    return size


def _thumbnails(run: Run, rows: Sequence[Values], arguments: Mapping[str, Any]) -> list[Any]:
    size = _size(arguments)
    return [
        None
        if row["primary.id"] is None
        else f"{_thumbnail_url(run, row['id'], size)}&v={_version(row)}"
        for row in rows
    ]


def _thumbnail_url(run: Run, image_id: int, size: int) -> str:
    ref = ObjectRef("Image", image_id)
    return f"{_base(run, ref)}/thumbnails/{ref}?size={size}"


def _saved_thumbnails(run: Run, rows: Sequence[Values], arguments: Mapping[str, Any]) -> list[Any]:
    size = _size(arguments)
    found = []
    for row in rows:
        if row["id"] is None:
            # nobody saved them, so that the address itself says what is shown
            shown = row["settings"]
            asked = {"z": str(shown.default_z), "t": str(shown.default_t), **print_settings(shown)}
            which = f"&{urlencode(asked)}"
        else:
            text = saved_text(row["id"], row["version"])
            which = f"&rdef={row['id']}&v={version_text(row['pixels.generation'], text)}"
        found.append(_thumbnail_url(run, row["pixels.image_id"], size) + which)
    return found


_VERSIONED = ("primary.generation", "shown_settings")
TILES = Batched(("id", "primary.level_sizes", *_VERSIONED), _access)


def _thumbnail(plan: Batched, description: str) -> Any:
    size = argument("size", int, f"Length of the longer side in pixels, 1 to {MAX_THUMBNAIL}.", 96)
    return with_arguments(planned(plan, description), size)


def thumbnail_field() -> Any:
    """`thumbnailUrl(size)` of an image."""
    return _thumbnail(
        Batched(("id", "primary.id", *_VERSIONED), _thumbnails),
        "Signed address of a small picture, with the settings that the caller sees.",
    )


def thumbnail_of(image: str, pixels: str, description: str) -> Any:
    """`thumbnailUrl(size)` of what shows an image, whose id and pixels' id these columns hold, with
    `generation` and `shown_settings` beside them.
    """

    def found(run: Run, rows: Sequence[Values], arguments: Mapping[str, Any]) -> list[Any]:
        size = _size(arguments)
        return [
            None
            if row[pixels] is None
            else f"{_thumbnail_url(run, row[image], size)}&v="
            + version_text(row["generation"], row["shown_settings"])
            for row in rows
        ]

    needs = (image, pixels, "generation", "shown_settings")
    return _thumbnail(Batched(needs, found), description)


def saved_thumbnail_field() -> Any:
    """`thumbnailUrl(size)` of rendering settings."""
    return _thumbnail(
        Batched(
            ("id", "version", "settings", "pixels.image_id", "pixels.generation"),
            _saved_thumbnails,
        ),
        "Signed address of a small picture of the image with these settings.",
    )
