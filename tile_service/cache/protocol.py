"""`TileCache`: what every cache of encoded tiles offers, and the key under which a tile is kept.

A cache may forget at any time, and never raises for its own troubles: whoever asks then renders.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class TileKey:
    """Image, and a digest of generation, renderer version, resolved settings and address."""

    image_id: int
    digest: str
    """64 hexadecimal digits."""

    @classmethod
    def of(cls, image_id: int, *parts: object) -> TileKey:
        """The key of these parts; equal parts give equal keys in every process."""
        text = repr((image_id, *parts))
        return cls(image_id, hashlib.sha256(text.encode()).hexdigest())

    @classmethod
    def of_text(cls, image_id: int, text: str) -> TileKey:
        """As `of`, for parts that are printed already."""
        return cls(image_id, hashlib.sha256(f"{image_id} {text}".encode()).hexdigest())

    @property
    def etag(self) -> str:
        """The strong entity tag, with its quotes."""
        return f'"{self.digest[:32]}"'


class TileCache(Protocol):
    """Safe to use from several threads."""

    def get(self, key: TileKey) -> bytes | None:
        """What was put under the key, unless it was forgotten."""
        ...

    def has(self, key: TileKey) -> bool:
        """Whether `get` is worth trying; never slow."""
        ...

    def put(self, key: TileKey, tile: bytes) -> None:
        """Keep a tile; what is larger than the whole cache is not kept."""
        ...

    def purge(self, image_id: int) -> None:
        """Forget all tiles of an image."""
        ...
