"""Encoded pictures are read back by another library."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shared.errors import Invalid, TooLarge
from tile_service.encode import MEDIA_TYPES, TileFormat, encode, tile_format


def _picture() -> Any:
    y, x = np.mgrid[0:60, 0:100]
    waves = [127 + 120 * np.sin(x / 30 + phase) * np.cos(y / 25) for phase in (0, 1, 2)]
    return np.stack([*waves, np.zeros_like(waves[0])], axis=-1).astype(np.uint8)


def _decoded(encoded: bytes) -> tuple[str, Any]:
    with Image.open(io.BytesIO(encoded)) as image:
        return Image.MIME[str(image.format)], np.asarray(image.convert("RGB")).astype(int)


@pytest.mark.parametrize("tile_format", list(TileFormat))
def test_what_is_written_is_read_back(tile_format: TileFormat) -> None:
    picture = _picture()
    media_type, decoded = _decoded(encode(picture, tile_format, 0.95))
    assert media_type == MEDIA_TYPES[tile_format]
    difference = np.abs(decoded - picture[..., :3]).mean()
    assert difference == 0 if tile_format in {TileFormat.PNG, TileFormat.TIFF} else difference < 3


def test_quality_trades_size() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 4), dtype=np.uint8)
    for name in ("jpg", "webp"):
        sizes = [len(encode(picture, name, quality)) for quality in (0.0, 0.5, 1.0)]
        assert sizes == sorted(sizes)
        assert sizes[0] < sizes[2]


def test_equal_pixels_give_equal_bytes_also_from_a_slice() -> None:
    picture = _picture()
    for name in TileFormat:
        assert encode(picture[5:40, 3:50], name) == encode(picture[5:40, 3:50].copy(), name)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1)])
def test_the_smallest_pictures_are_encoded(shape: tuple[int, int]) -> None:
    picture = np.full((*shape, 4), 200, np.uint8)
    for name in TileFormat:
        _, decoded = _decoded(encode(picture, name))
        assert decoded.shape == (*shape, 3)
        assert np.abs(decoded - 200).max() <= 2


def test_suffixes() -> None:
    assert tile_format("JPEG") is TileFormat.JPEG
    assert tile_format("tiff") is TileFormat.TIFF
    with pytest.raises(Invalid) as caught:
        tile_format("bmp")
    assert caught.value.path == ("format",)


def test_what_cannot_be_encoded_is_refused() -> None:
    picture = _picture()
    for wrong in (picture[..., :3], picture.astype(np.uint16), picture[:0]):
        with pytest.raises(Invalid):
            encode(wrong, "png")
    for quality in (-0.1, 1.1, float("nan")):
        with pytest.raises(Invalid, match="quality"):
            encode(picture, "jpg", quality)
    with pytest.raises(TooLarge):
        encode(np.zeros((1, 16_384, 4), np.uint8), "webp")
