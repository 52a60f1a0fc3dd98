from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from shared.errors import BrokenFile, Invalid
from shared.pixels.downsampling import halved
from shared.pixels.indexed import IndexedSource
from shared.pixels.metadata import InspectedImage, Quantity
from shared.pixels.ngff import Omero, OmeroChannel
from shared.pixels.pyramids import build_pyramid, needs_pyramid, pyramid_index, pyramid_levels
from shared.pixels.reader import InspectOptions
from shared.pixels.readers.ome_zarr import OmeZarrReader
from shared.pixels.source import Dimensions, Level, PixelSource, PixelType, PlaneRegion
from tests.contracts.pixel_source import PixelSourceTests, whole
from tests.support.zarr_images import files_below

TYPES = ("uint8", "int16", "uint32", "float", "bit")


class Painted:
    """An image of any size that holds nothing: each pixel is computed from its place."""

    def __init__(
        self, dimensions: Dimensions, pixel_type: PixelType = PixelType.UINT16, tile: int = 256
    ) -> None:
        self.dimensions = dimensions
        self.pixel_type = pixel_type
        width, height = dimensions.size_x, dimensions.size_y
        self.levels = (Level(width, height, min(tile, width), min(tile, height)),)
        self.largest_read = 0

    def read(self, region: PlaneRegion) -> NDArray[Any]:
        self.largest_read = max(self.largest_read, region.width * region.height)
        y = np.arange(region.y, region.y + region.height, dtype=np.uint32)[:, None]
        x = np.arange(region.x, region.x + region.width, dtype=np.uint32)[None]
        values = y * 7 + x * 13 + (y * x) % 5 + 100 * region.c + 31 * region.z + 57 * region.t
        if self.pixel_type is PixelType.BIT:
            return (values % 2).astype(np.uint8)
        return (values % 251).astype(self.pixel_type.numpy_name)

    def close(self) -> None:
        """Nothing is open."""

    def pixels(self) -> NDArray[Any]:
        sizes = self.dimensions
        planes = [
            self.read(PlaneRegion(0, z, c, t, 0, 0, sizes.size_x, sizes.size_y))
            for t in range(sizes.size_t)
            for c in range(sizes.size_c)
            for z in range(sizes.size_z)
        ]
        shape = (sizes.size_t, sizes.size_c, sizes.size_z, sizes.size_y, sizes.size_x)
        return np.array(planes).reshape(shape)


def mean_of_four(plane: NDArray[Any]) -> NDArray[Any]:
    """The definition, pixel by pixel: the mean of what is there, half rounded up."""
    height, width = plane.shape
    out = np.empty((-(-height // 2), -(-width // 2)), plane.dtype)
    for y, x in np.ndindex(out.shape):
        block = plane[2 * y : 2 * y + 2, 2 * x : 2 * x + 2].astype(float)
        mean = block.mean()
        out[y, x] = np.floor(mean + 0.5) if plane.dtype.kind in "iu" else mean
    return out


class TestBuiltPyramid(PixelSourceTests):
    @pytest.fixture
    def painted(self) -> Painted:
        return Painted(Dimensions(1201, 603, 2, 2, 1))

    @pytest.fixture
    def expected(self, painted: Painted) -> NDArray[Any]:
        return painted.pixels()

    @pytest.fixture(params=["0.4", "0.5"])
    def source(
        self, painted: Painted, tmp_path: Path, request: pytest.FixtureRequest
    ) -> PixelSource:
        build_pyramid(painted, tmp_path / "p", version=request.param)
        return IndexedSource(tmp_path / "p", pyramid_index(tmp_path / "p"))


@pytest.mark.parametrize("pixel_type", [PixelType(name) for name in TYPES])
def test_levels_are_means_of_four_with_sizes_rounded_up(
    tmp_path: Path, pixel_type: PixelType
) -> None:
    painted = Painted(Dimensions(1101, 7, 1, 1, 1), pixel_type)
    levels = build_pyramid(painted, tmp_path / "p")
    assert [(level.width, level.height) for level in levels] == [(1101, 7), (551, 4), (276, 2)]
    built = IndexedSource(tmp_path / "p", pyramid_index(tmp_path / "p"))
    assert built.pixel_type is pixel_type
    wanted = painted.pixels()[0, 0, 0]
    for number in range(3):
        np.testing.assert_array_equal(built.read(whole(built, level=number)), wanted)
        wanted = wanted[::2, ::2] if pixel_type is PixelType.BIT else mean_of_four(wanted)


@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from(["u1", "i1", "u4", "i4", "f4"]))
def test_halving_follows_the_definition(height: int, width: int, dtype: str) -> None:
    seed = np.random.default_rng(height * 10 + width)
    info = np.iinfo(dtype) if dtype[0] in "iu" else np.iinfo("i2")
    plane = seed.integers(info.min, info.max, (height, width), endpoint=True).astype(dtype)
    np.testing.assert_array_equal(halved(plane, PixelType.INT32), mean_of_four(plane))


def test_nan_spreads_and_complex_values_are_averaged() -> None:
    plane = np.array([[np.nan, 1, np.inf, -np.inf], [1, 1, 2, 2]], "f4")
    assert np.isnan(halved(plane, PixelType.FLOAT)).all()
    values = np.array([[1 + 1j, 3 + 1j], [1 - 1j, 3 + 3j]], "c8")
    assert halved(values, PixelType.COMPLEX).tolist() == [[2 + 1j]]


def test_memory_does_not_grow_with_the_image(tmp_path: Path) -> None:
    def peak(width: int, height: int) -> int:
        target = tmp_path / f"{width}x{height}"
        tracemalloc.start()
        try:
            painted = Painted(Dimensions(width, height, 1, 1, 1), tile=width)
            build_pyramid(painted, target, memory_limit_bytes=32 * 2**20)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(600, 600)  # imports are not the image's
    assert peak(6000, 1500) < 32 * 2**20
    assert peak(6000, 6000) < 32 * 2**20


def test_the_slab_keeps_to_the_limit_of_memory(tmp_path: Path) -> None:
    painted = Painted(Dimensions(5000, 1200, 1, 1, 1), tile=5000)
    build_pyramid(painted, tmp_path / "p", memory_limit_bytes=24 * 2**20)
    assert painted.largest_read <= 2**20


def test_progress_ends_at_the_whole(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    painted = Painted(Dimensions(700, 600, 1, 2, 1))
    build_pyramid(painted, tmp_path / "p", progress=lambda done, total: told.append((done, total)))
    total = 2 * (700 * 600 + 350 * 300)
    assert told[-1] == (total, total)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_what_is_written_is_an_ome_zarr_image(tmp_path: Path, version: str) -> None:
    painted = Painted(Dimensions(1025, 600, 1, 2, 1))
    build_pyramid(
        painted,
        tmp_path / "p.zarr",
        name="cells",
        version=version,
        omero=Omero((OmeroChannel("DAPI", 0x0000FFFF), OmeroChannel("GFP", 0x00FF00FF))),
        physical_sizes={"x": Quantity(0.25, "µm"), "y": Quantity(0.25, "µm")},
    )
    found = OmeZarrReader().inspect(tmp_path, files_below(tmp_path), InspectOptions())
    (image,) = found.images
    assert found.format == f"OME-Zarr {version}"
    assert (image.name, image.dimensions) == ("cells", painted.dimensions)
    assert [channel.name for channel in image.channels] == ["DAPI", "GFP"]
    assert image.physical_size_x == Quantity(0.25, "µm")
    group = zarr.open_group(str(tmp_path / "p.zarr"), mode="r")
    array: Any = group["1"]
    assert (array.shape, array.chunks) == ((1, 2, 1, 300, 513), (1, 1, 1, 512, 512))
    np.testing.assert_array_equal(
        array[0, 1, 0], halved(painted.pixels()[0, 1, 0], PixelType.UINT16)
    )
    stored: Any = group.attrs.asdict()
    block = (stored["ome"] if version == "0.5" else stored)["multiscales"][0]
    steps = block["datasets"][1]["coordinateTransformations"][0]["scale"]
    assert steps == [1.0, 1.0, 1.0, 0.5, 0.25 * 1025 / 513]


def test_errors_of_the_source_come_through(tmp_path: Path) -> None:
    class Damaged(Painted):
        def read(self, region: PlaneRegion) -> NDArray[Any]:
            if region.y >= 512:
                raise BrokenFile("The strip is cut off.", hint="Import it again.")
            return super().read(region)

    with pytest.raises(BrokenFile, match="cut off"):
        build_pyramid(Damaged(Dimensions(600, 600, 1, 1, 1)), tmp_path / "p")
    assert not (tmp_path / "p/zarr.json").exists()


def test_the_target_is_fresh_and_the_version_known(tmp_path: Path) -> None:
    painted = Painted(Dimensions(8, 8, 1, 1, 1))
    with pytest.raises(Invalid, match="NGFF"):
        build_pyramid(painted, tmp_path / "p", version="0.3")
    build_pyramid(painted, tmp_path / "p")
    with pytest.raises(FileExistsError):
        build_pyramid(painted, tmp_path / "p")


@pytest.mark.parametrize(
    ("width", "height", "levels", "is_tiled", "needed"),
    [
        (2048, 2048, 1, False, False),
        (2049, 2048, 1, True, True),
        (2049, 2048, 2, False, True),
        (2049, 2048, 2, True, False),
    ],
)
def test_who_needs_a_pyramid(
    width: int, height: int, levels: int, is_tiled: bool, needed: bool
) -> None:
    image = InspectedImage(
        series=0,
        name="a",
        dimensions=Dimensions(width, height, 1, 1, 1),
        pixel_type=PixelType.UINT8,
        levels=pyramid_levels(width, height)[:levels],
        is_tiled=is_tiled,
    )
    assert needs_pyramid(image) is needed
