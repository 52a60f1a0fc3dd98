"""Settings of the tile service: limits of one answer, budgets of its caches, size of its queue.

What the two services share stands in `shared.settings`. Each limit that refuses a request is told
in the refusal.
"""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field

from shared.settings import Settings


class TileSettings(Settings):
    """Everything the tile service is told."""

    tile_max_pixels: int = Field(
        default=16 * 2**20, ge=2**16, description="Pixels that one answer of the tile service has."
    )
    tile_max_read_pixels: int = Field(
        default=64 * 2**20,
        ge=2**16,
        description="Pixels of one channel that are read for one answer, before it is scaled down.",
    )
    tile_max_channels: int = Field(
        default=32, ge=1, le=1000, description="Active channels that one answer is composed of."
    )
    tile_max_planes: int = Field(
        default=1000, ge=1, description="Planes of one channel that a projection reads."
    )
    tile_projection_compat: bool = Field(
        default=False,
        description=(
            "Project as OMERO does where the address does not say: mean and sum leave out the last "
            "plane, and a maximum is never below 0."
        ),
    )
    tile_workers: int = Field(
        default=0,
        ge=0,
        le=64,
        description="Threads that read and render; 0: one per core, up to 4.",
    )
    tile_queue_length: int = Field(
        default=512, ge=1, description="Tiles that may wait; more are refused with 503."
    )
    tile_chunk_cache_bytes: int = Field(
        default=256 * 2**20, ge=0, description="Memory of one process for decoded chunks, in bytes."
    )
    tile_memory_cache_bytes: int = Field(
        default=64 * 2**20, ge=0, description="Memory of one process for encoded tiles, in bytes."
    )
    tile_disk_cache_bytes: int = Field(
        default=4 * 2**30,
        ge=0,
        description="Disk for encoded tiles, shared by all processes of a machine; 0: none.",
    )
    tile_open_images: int = Field(
        default=64, ge=1, description="Images that one process keeps open for reading."
    )
    download_region_bytes: int = Field(
        default=128 * 2**20,
        ge=2**20,
        description="Raw bytes of a region that one download as OME-TIFF may have.",
    )
    gateway_max_tile_length: int = Field(
        default=1024,
        ge=64,
        le=4096,
        description="Longest side of a tile below /webgateway; a longer one is cut to it.",
    )
    thumbnail_max_size: int = Field(
        default=1024, ge=96, description="Longest side of a thumbnail, in pixels."
    )
    thumbnails_per_request: int = Field(
        default=200, ge=1, le=1000, description="Thumbnails that one request may ask for."
    )

    @property
    def workers(self) -> int:
        """Threads that read and render."""
        return self.tile_workers or min(4, os.cpu_count() or 1)

    @property
    def tile_cache_dir(self) -> Path:
        """Folder of the encoded tiles that all processes of a machine share."""
        return self.data_dir / "cache" / "tiles"

    @property
    def kernel_cache_dir(self) -> Path:
        """Folder of compiled rendering kernels."""
        return self.data_dir / "cache" / "kernels"
