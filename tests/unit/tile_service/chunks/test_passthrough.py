from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import simplejpeg
import tifffile
from PIL import Image

from shared.pixels.indexed import IndexedSource
from shared.pixels.reader import OpenRequest
from shared.pixels.registry import reader_for
from shared.pixels.source import PlaneRegion
from shared.rendering.settings import ChannelSettings, Family, Model, RenderingSettings
from tile_service.chunks.images import OpenImage
from tile_service.chunks.passthrough import PURE, is_identity, stored_jpeg
from tile_service.chunks.read import ChunkCache, read_region

if TYPE_CHECKING:
    from numpy.typing import NDArray

PLAIN = RenderingSettings(
    Model.COLOR, 0, 0, tuple(ChannelSettings(True, 0.0, 255.0, color) for color in PURE)
)


def picture() -> NDArray[np.uint8]:
    y, x = np.mgrid[0:150, 0:220]
    return np.stack([x, y, 255 - x], axis=-1).astype(np.uint8)


def slide(folder: Path, **options: Any) -> OpenImage:
    folder.mkdir(exist_ok=True)
    stored = picture()
    if options.get("photometric") == "ycbcr":  # tifffile then takes what it is given for YCbCr
        stored = np.asarray(Image.fromarray(stored).convert("YCbCr"))
    tifffile.imwrite(
        folder / "slide.tif", stored, tile=(64, 64), compression="jpeg",
        **{"photometric": "rgb", "compressionargs": {"level": 90}, **options},
    )  # fmt: skip
    reader = reader_for(folder, ("slide.tif",))
    index = reader.index(folder, OpenRequest(("slide.tif",), 0))
    assert index is not None
    return OpenImage(("a", 1), IndexedSource(folder, index, kept_bytes=0))


def decoded(jpeg: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB"))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"photometric": "ycbcr", "compressionargs": {"level": 90, "outcolorspace": "YCBCR"}},
        {"compressionargs": {"level": 90, "outcolorspace": "RGB"}},
    ],
)
def test_a_whole_tile_is_passed_on_in_the_colours_of_the_reader(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    image = slide(tmp_path / "slide", **options)
    region = PlaneRegion(0, 0, 0, 0, 64, 64, 64, 64)
    passed = stored_jpeg(image, region, 0.8)
    assert passed is not None
    read = np.stack(
        [read_region(image, replace(region, c=c), ChunkCache(10**6)) for c in range(3)], axis=-1
    )
    for shown in (decoded(passed), simplejpeg.decode_jpeg(passed)):
        assert np.abs(shown.astype(int) - read).max() <= 2
    assert np.abs(read.astype(int) - picture()[64:128, 64:128]).max() <= 12


@pytest.mark.parametrize(
    "region",
    [
        PlaneRegion(0, 0, 0, 0, 32, 0, 64, 64),
        PlaneRegion(0, 0, 0, 0, 0, 0, 128, 64),
        PlaneRegion(0, 0, 0, 0, 192, 0, 28, 64),
    ],
)
def test_parts_several_tiles_and_edges_are_rendered(tmp_path: Path, region: PlaneRegion) -> None:
    assert stored_jpeg(slide(tmp_path / "slide"), region, 0.8) is None


def test_what_lies_in_memory_is_answered_at_once_and_is_the_same(tmp_path: Path) -> None:
    image = slide(tmp_path / "slide")
    region = PlaneRegion(0, 0, 0, 0, 64, 64, 64, 64)
    # the file is not open yet, and opening may wait
    assert stored_jpeg(image, region, 0.8, at_once=True) is None
    slowly = stored_jpeg(image, region, 0.8)
    assert slowly is not None
    quickly = stored_jpeg(image, region, 0.8, at_once=True)
    # a file system may not tell what it holds in memory; then a thread reads
    assert quickly in {slowly, None}


def test_a_tile_of_lower_quality_than_asked_is_rendered(tmp_path: Path) -> None:
    region = PlaneRegion(0, 0, 0, 0, 0, 0, 64, 64)
    poor = slide(tmp_path / "poor", compressionargs={"level": 50})
    usual = slide(tmp_path / "usual", compressionargs={"level": 70})
    assert stored_jpeg(poor, region, 0.8) is None
    assert stored_jpeg(usual, region, 0.8) is not None
    assert stored_jpeg(usual, region, 0.95) is None


def test_only_settings_that_change_nothing_are_the_identity() -> None:
    assert is_identity(PLAIN, "uint8")
    assert not is_identity(PLAIN, "uint16")
    assert not is_identity(replace(PLAIN, model=Model.GREYSCALE), "uint8")
    red, *rest = PLAIN.channels
    for changed in (
        replace(red, active=False),
        replace(red, window_end=254.0),
        replace(red, color=0xFF0000FE),
        replace(red, lookup_table="fire.lut"),
        replace(red, family=Family.POLYNOMIAL),
        replace(red, reverse_intensity=True),
    ):
        assert not is_identity(replace(PLAIN, channels=(changed, *rest)), "uint8")
    swapped = (rest[0], red, rest[1])
    assert not is_identity(replace(PLAIN, channels=swapped), "uint8")
