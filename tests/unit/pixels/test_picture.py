from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from shared.errors import BrokenFile, Invalid
from shared.pixels.indexed import IndexedSource
from shared.pixels.reader import InspectOptions, OpenRequest
from shared.pixels.readers.picture import PictureReader
from shared.pixels.source import Dimensions, PixelSource, PixelType
from tests.contracts.pixel_source import PixelSourceTests, whole
from tests.support.public_data import require_public

READER = PictureReader()


def channels(samples: NDArray[Any]) -> NDArray[Any]:
    """Answer (height, width[, samples]) as t, c, z, y, x."""
    planes = samples[None] if samples.ndim == 2 else samples.transpose(2, 0, 1)
    return np.ascontiguousarray(planes[None, :, None])


def colours(height: int = 40, width: int = 52, samples: int = 3) -> NDArray[np.uint8]:
    return np.random.default_rng(5).integers(0, 256, (height, width, samples)).astype(np.uint8)


def indexed(path: Path) -> IndexedSource:
    index = READER.index(path.parent, OpenRequest((path.name,), 0))
    assert index is not None
    return IndexedSource(path.parent, index)


class TestIndexedPng(PixelSourceTests):
    @pytest.fixture
    def expected(self) -> NDArray[Any]:
        return channels(colours())

    @pytest.fixture
    def source(self, tmp_path: Path) -> IndexedSource:
        Image.fromarray(colours()).save(tmp_path / "a.png")
        return indexed(tmp_path / "a.png")


class TestPalette(PixelSourceTests):
    @pytest.fixture
    def source(self, tmp_path: Path) -> PixelSource:
        Image.fromarray(colours()).quantize(16).save(tmp_path / "a.png")
        assert READER.index(tmp_path, OpenRequest(("a.png",), 0)) is None
        return READER.open(tmp_path, OpenRequest(("a.png",), 0))

    @pytest.fixture
    def expected(self, tmp_path: Path, source: PixelSource) -> NDArray[Any]:
        assert source.levels, "the source has written the file"
        with Image.open(tmp_path / "a.png") as picture:
            return channels(np.asarray(picture.convert("RGB")))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_png_of_every_mode(tmp_path: Path, mode: str) -> None:
    samples = colours(samples=4)
    pictures: dict[str, Image.Image] = {
        "1": Image.fromarray(samples[..., 0]).convert("1"),
        "L": Image.fromarray(samples[..., 0]),
        "LA": Image.fromarray(np.ascontiguousarray(samples[..., :2])),
        "P": Image.fromarray(np.ascontiguousarray(samples[..., :3])).quantize(32),
        "RGB": Image.fromarray(np.ascontiguousarray(samples[..., :3])),
        "RGBA": Image.fromarray(samples),
        "I;16": Image.fromarray(samples[..., 0].astype(np.uint16) * 257),
    }
    picture = pictures[mode]
    picture.save(tmp_path / "a.png")
    shown = picture.convert("RGB") if mode == "P" else picture
    expected = channels(np.asarray(shown).astype(np.uint16 if mode == "I;16" else np.uint8))
    (image,) = READER.inspect(tmp_path, ("a.png",), InspectOptions()).images
    types = {"1": PixelType.BIT, "I;16": PixelType.UINT16}
    assert image.pixel_type is types.get(mode, PixelType.UINT8)
    assert image.dimensions == Dimensions(52, 40, 1, expected.shape[1], 1)
    assert image.is_rgb == (expected.shape[1] >= 3)
    assert len(image.channels) == expected.shape[1]
    index = READER.index(tmp_path, OpenRequest(("a.png",), 0))
    assert (index is None) == (mode in {"1", "P"})
    sources: list[PixelSource] = [READER.open(tmp_path, OpenRequest(("a.png",), 0))]
    if index is not None:
        sources.append(IndexedSource(tmp_path, index))
    for source in sources:
        for c in range(expected.shape[1]):
            np.testing.assert_array_equal(source.read(whole(source, c=c)), expected[0, c, 0])


def test_16_bit_colours_keep_their_bits(tmp_path: Path) -> None:
    samples = colours().astype(np.uint16) * 200
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(samples))
    (image,) = READER.inspect(tmp_path, ("a.png",), InspectOptions()).images
    assert image.pixel_type is PixelType.UINT16
    for source in (indexed(tmp_path / "a.png"), READER.open(tmp_path, OpenRequest(("a.png",), 0))):
        np.testing.assert_array_equal(source.read(whole(source, c=2)), samples[..., 2])


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg_reads_as_pillow_reads_it(tmp_path: Path, mode: str) -> None:
    y, x = np.mgrid[:60, :80]
    smooth = np.stack([x * 2, y * 3, x + y], axis=-1).astype(np.uint8)
    picture = Image.fromarray(smooth).convert(mode)
    picture.save(tmp_path / "a.jpg", quality=92)
    with Image.open(tmp_path / "a.jpg") as again:
        expected = channels(np.asarray(again.convert("RGB") if mode == "CMYK" else again))
    opened: list[PixelSource] = [READER.open(tmp_path, OpenRequest(("a.jpg",), 0))]
    if mode != "CMYK":
        opened.append(indexed(tmp_path / "a.jpg"))
    for source in opened:
        for c in range(expected.shape[1]):
            np.testing.assert_array_equal(source.read(whole(source, c=c)), expected[0, c, 0])


def test_exif_date_and_orientation_are_noted_and_dpi_is_no_size(tmp_path: Path) -> None:
    picture = Image.fromarray(colours(30, 50))
    exif = Image.Exif()
    exif[306] = "2021:03:04 05:06:07"
    exif[274] = 6
    picture.save(tmp_path / "a.jpg", exif=exif, dpi=(300, 300))
    (image,) = READER.inspect(tmp_path, ("a.jpg",), InspectOptions()).images
    assert image.acquisition_date == "2021:03:04 05:06:07"
    assert ("EXIF Orientation", "6") in image.original_metadata
    assert (image.dimensions.size_x, image.dimensions.size_y) == (50, 30)
    assert image.physical_size_x is None


def test_an_animated_png_is_its_first_frame(tmp_path: Path) -> None:
    frames = [Image.fromarray(colours(8, 8)), Image.fromarray(255 - colours(8, 8))]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:])
    found = READER.inspect(tmp_path, ("a.png",), InspectOptions())
    assert "first of its 2 frames" in found.warnings[0]
    source = indexed(tmp_path / "a.png")
    np.testing.assert_array_equal(source.read(whole(source)), colours(8, 8)[..., 0])


def bomb() -> bytes:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    return (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    )


def test_a_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(bomb())
    with pytest.raises(BrokenFile, match="60000 x 60000"):
        READER.inspect(tmp_path, ("a.png",), InspectOptions())


@pytest.mark.parametrize("suffix", ["png", "jpg"])
@pytest.mark.parametrize("keep", [0, 9, 40, 0.5, 0.9])
def test_truncated_pictures_are_broken(tmp_path: Path, suffix: str, keep: float) -> None:
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(colours()).save(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(keep) if keep >= 1 or keep == 0 else int(len(data) * keep)])
    with pytest.raises(BrokenFile):
        READER.inspect(tmp_path, (path.name,), InspectOptions())


def test_other_files_are_not_recognised(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"GIF89a")
    assert not READER.recognises(tmp_path, ("a.png",))
    assert not READER.recognises(tmp_path, ("nothing.png",))
    Image.fromarray(colours()).save(tmp_path / "b.data", "PNG")
    assert READER.recognises(tmp_path, ("b.data",))


def test_axes_and_changed_files_are_refused(tmp_path: Path) -> None:
    Image.fromarray(colours()).save(tmp_path / "a.png")
    with pytest.raises(Invalid, match="axes"):
        READER.inspect(tmp_path, ("a.png",), InspectOptions(axes="YX"))
    with pytest.raises(BrokenFile, match="now is"):
        READER.open(tmp_path, OpenRequest(("a.png",), 0, dimensions=Dimensions(1, 1, 1, 1, 1)))


def test_the_public_png_reads_as_pillow_reads_it() -> None:
    path = require_public("rgb/ihc.png")
    with Image.open(path) as picture:
        expected = channels(np.asarray(picture))
    source = indexed(path)
    assert source.dimensions == Dimensions(512, 512, 1, 3, 1)
    for c in range(3):
        np.testing.assert_array_equal(source.read(whole(source, c=c)), expected[0, c, 0])


def test_the_public_truncated_jpeg_is_refused() -> None:
    path = require_public("broken/truncated.jpg")
    with pytest.raises(BrokenFile, match=r"truncated\.jpg"):
        READER.inspect(path.parent, (path.name,), InspectOptions())
