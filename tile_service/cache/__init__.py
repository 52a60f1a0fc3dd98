"""Encoded tiles, kept: in this process, and on disk for all processes of a machine.

A key says everything that the bytes depend on and nothing of who asks: rights are checked before
any look-up.
"""

from __future__ import annotations

from tile_service.cache.protocol import TileCache, TileKey

__all__ = ["TileCache", "TileKey"]
