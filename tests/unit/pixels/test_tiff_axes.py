"""Which page is which plane: series, axes, levels and volumes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from shared.errors import Invalid
from shared.pixels.source import Dimensions
from tests.support.tiffs import inspect, pattern, planes


def test_unlike_pages_are_several_series(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as out:
        out.write(pattern((20, 30), "uint8"), metadata=None)
        out.write(pattern((25, 35), "uint16"), metadata=None)
    images = inspect(path).images
    assert [image.name for image in images] == ["a.tif", "a.tif [2]"]
    assert [image.series for image in images] == [0, 1]
    np.testing.assert_array_equal(planes(path, 1)[0][0, 0, 0], pattern((25, 35), "uint16"))


@pytest.mark.parametrize(
    ("count", "z", "t", "order"), [(256, 256, 1, "XYZCT"), (257, 1, 257, "XYTZC")]
)
def test_unnamed_pages_are_z_up_to_256_then_t(
    tmp_path: Path, count: int, z: int, t: int, order: str
) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, pattern((count, 4, 6), "uint8"), metadata=None)
    image = inspect(path).images[0]
    assert (image.dimensions.size_z, image.dimensions.size_t) == (z, t)
    assert image.dimension_order == order


def test_axes_given_by_the_person_win(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    data = pattern((2, 3, 4, 5, 6), "uint8")
    tifffile.imwrite(path, data, photometric="minisblack", metadata={"axes": "TZCYX"})
    assert inspect(path).images[0].dimensions == Dimensions(6, 5, 3, 4, 2)
    named = inspect(path, "CTZYX").images[0]
    assert named.dimensions == Dimensions(6, 5, 4, 2, 3)
    assert named.dimension_order == "XYZTC"
    by_library, by_index = planes(path, axes="CTZYX")
    np.testing.assert_array_equal(by_library, data.transpose(1, 0, 2, 3, 4))
    assert by_index is not None
    np.testing.assert_array_equal(by_index, by_library)
    assert inspect(path, "TYX").images[0].dimensions == Dimensions(6, 5, 1, 1, 24)


@pytest.mark.parametrize("axes", ["ZCYX", "YX", "TZCQYX", "TTYX", "XY", "TZC", ""])
def test_axes_that_do_not_fit_are_refused_with_the_shape(tmp_path: Path, axes: str) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path,
        pattern((2, 3, 4, 5, 6), "uint8"),
        photometric="minisblack",
        metadata={"axes": "TZCYX"},
    )
    with pytest.raises(Invalid) as caught:
        inspect(path, axes)
    assert caught.value.path == ("axes",)
    if axes == "ZCYX":
        assert "2 x 3 x 4" in caught.value.message


def test_a_pyramid_in_sub_directories_becomes_levels(tmp_path: Path) -> None:
    path = tmp_path / "a.ome.tif"
    data = pattern((2, 256, 384), "uint16")
    with tifffile.TiffWriter(path, ome=True) as out:
        out.write(data, subifds=2, tile=(64, 64), metadata={"axes": "CYX"})
        out.write(data[:, ::2, ::2], subfiletype=1, tile=(64, 64))
        out.write(data[:, ::4, ::4], subfiletype=1, tile=(64, 64))
    image = inspect(path).images[0]
    assert [(level.width, level.height) for level in image.levels] == [
        (384, 256), (192, 128), (96, 64),
    ]  # fmt: skip
    for level, step in enumerate((1, 2, 4)):
        by_library, by_index = planes(path, level=level)
        np.testing.assert_array_equal(by_library[0, :, 0], data[:, ::step, ::step])
        assert by_index is not None
        np.testing.assert_array_equal(by_index, by_library)


def test_volumes_within_a_page_are_z(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    data = pattern((10, 48, 50), "uint16")
    tifffile.imwrite(path, data, volumetric=True, tile=(4, 16, 32), metadata=None)
    assert inspect(path).images[0].dimensions == Dimensions(50, 48, 10, 1, 1)
    by_library, by_index = planes(path)
    np.testing.assert_array_equal(by_library[0, 0], data)
    if by_index is not None:
        np.testing.assert_array_equal(by_index, by_library)
