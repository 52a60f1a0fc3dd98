"""Every single-file image of our formats among the public samples imports, and reads as it should.

Sizes are those of the samples' own descriptions; pixels are compared with tifffile, Pillow and
zarr-python, which the import's result does not use.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import zarr
from PIL import Image as Picture
from sqlalchemy import select

from shared.database import Database
from shared.models.acquisition import Objective
from shared.models.images import Channel, LogicalChannel, StatsInfo
from shared.pixels.source import PlaneRegion
from shared.settings import Settings
from shared.storage import LocalStorage
from tests.support.imports import Bench, bench
from tests.support.public_data import require_public

Sizes = tuple[int, int, int, int, int]
ONE_IMAGE: dict[str, tuple[Sizes, str]] = {
    "dtypes/1bit.tif": ((256, 4, 1, 1, 1), "bit"),
    "dtypes/4bit.tif": ((256, 4, 1, 1, 1), "uint8"),
    "dtypes/Channel1-01-A-01.tif": ((640, 640, 1, 1, 1), "uint8"),
    "dtypes/big_endian_small_example.tif": ((500, 500, 1, 1, 1), "uint8"),
    "dtypes/bigtif_example_tiled.tif": ((500, 500, 1, 1, 1), "uint8"),
    "dtypes/dic_float32.tif": ((512, 512, 1, 1, 1), "float"),
    "dtypes/float32.tiff": ((256, 256, 1, 3, 1), "float"),
    "dtypes/int16.tiff": ((256, 256, 1, 3, 1), "int16"),
    "dtypes/int8.tiff": ((256, 256, 1, 3, 1), "int8"),
    "dtypes/uint16.tiff": ((256, 256, 1, 3, 1), "uint16"),
    "fluorescence/01_POS002_D.TIF": ((1000, 1006, 1, 1, 1), "uint8"),
    "fluorescence/01_POS002_F.TIF": ((1000, 1006, 1, 1, 1), "uint8"),
    "fluorescence/01_POS002_R.TIF": ((1000, 1006, 1, 1, 1), "uint8"),
    "fluorescence/Channel_0.tif": ((439, 167, 1, 1, 1), "uint8"),
    "fluorescence/Channel_1.tif": ((439, 167, 1, 1, 1), "uint8"),
    "fluorescence/Channel_2.tif": ((439, 167, 1, 1, 1), "uint8"),
    "fluorescence/Iron-Plate-2008-02.ome.tiff": ((576, 472, 1, 3, 1), "uint8"),
    "fluorescence/multi-channel-z-series.ome.tif": ((439, 167, 5, 3, 1), "int8"),
    "fluorescence/multi-channel.ome.tif": ((439, 167, 1, 3, 1), "int8"),
    "fluorescence/s_1_t_1_c_1_z_1.ome.tiff": ((475, 325, 1, 1, 1), "uint16"),
    "rgb/ihc.png": ((512, 512, 1, 3, 1), "uint8"),
    "rgb/kather1.tif": ((224, 224, 1, 3, 1), "uint8"),
    "rgb/rgb.tiled.jpeg.u1.tif": ((111, 83, 2, 3, 1), "uint8"),
    "rgb/rgba.separate.u1.tif": ((111, 83, 2, 4, 1), "uint8"),
    "rgb/tiled_rgb_sample.tif": ((640, 400, 1, 3, 1), "uint8"),
    "timeseries/18x24y5z5t2c8b-text-2010-06.ome.tiff": ((18, 24, 5, 2, 5), "uint8"),
    "timeseries/calcium_imaging.tif": ((40, 30, 1, 1, 1000), "uint16"),
    "timeseries/cells-2t.ome.tif": ((93, 131, 1, 1, 2), "uint8"),
    "vendor/MetamorphImage.stk.tif": ((696, 520, 1, 1, 1), "uint16"),
    "vendor/fei-sem-rbc.tif": ((1536, 1094, 1, 1, 1), "uint8"),
    "wsi/CMU-1-Small-Region.svs": ((2220, 2967, 1, 3, 1), "uint8"),
    "wsi/openslide_boxes.tiff": ((300, 250, 1, 3, 1), "uint8"),
    "wsi/orientation6.tif": ((120, 180, 1, 1, 1), "uint8"),
    "wsi/yb10kx5k.zstd.tiff": ((10000, 5000, 1, 3, 1), "uint8"),
    "zstack/bat-cochlea-volume.tif": ((121, 154, 114, 1, 1), "uint8"),
    "zstack/cells-2z.ome.tif": ((93, 131, 2, 1, 1), "uint8"),
    "zstack/img3d_nuclei.tif": ((57, 61, 31, 1, 1), "uint16"),
    "ngff-0.4/blobs_image_v04.ome.zarr": ((12, 12, 1, 3, 1), "double"),
    "ngff-0.4/exemplar-001.crop.image.ome.zarr": ((250, 250, 1, 4, 1), "uint16"),
    "ngff-0.4/test_image_tczyx.zarr": ((64, 64, 10, 2, 4), "uint16"),
    "ngff-0.5/blobs_image_v05.ome.zarr": ((12, 12, 1, 3, 1), "double"),
    "ngff-0.5/simple_0.5": ((10, 10, 1, 1, 1), "uint16"),
}
"""x, y, z, c, t and OME's pixel type, by the samples' README."""
FIRST_ARRAY = {"ngff-0.5/simple_0.5": "scale0/image"}
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def importing(database: Database, storage: LocalStorage, settings: Settings) -> Bench:
    return bench(database, storage, settings, require_public("README.md").resolve().parent)


def imported(importing: Bench, name: str, **wanted: Any) -> list[Any]:
    """Import one sample and answer its images' rows."""
    row = importing.run(importing.book(require_public(name).resolve(), **wanted))
    assert (row.state, row.errors) == ("SUCCEEDED", None)
    return importing.images(row.result)


def first_plane(path: Path, name: str) -> np.ndarray[Any, Any]:
    """The first plane by another library, as (y, x)."""
    if path.is_dir():
        stored = zarr.open_array(path / FIRST_ARRAY.get(name, "0"), mode="r")
        return np.asarray(stored[(0,) * (stored.ndim - 2)])
    if path.suffix == ".png":
        return np.asarray(Picture.open(path))[..., 0]
    with tifffile.TiffFile(path, _multifile=False) as tif:
        page = tif.pages.first
        array = page.asarray()
        if array.ndim == 2:
            return np.asarray(array)
        return np.asarray(array[..., 0] if page.axes.endswith("S") else array[0])


@on_sqlite
@pytest.mark.parametrize("name", sorted(ONE_IMAGE))
def test_a_sample_imports_with_its_sizes_and_its_pixels(importing: Bench, name: str) -> None:
    _check(importing, name)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    "name",
    [
        "dtypes/dic_float32.tif",
        "fluorescence/s_1_t_1_c_1_z_1.ome.tiff",
        "ngff-0.4/test_image_tczyx.zarr",
        "rgb/ihc.png",
        "vendor/MetamorphImage.stk.tif",
    ],
)
def test_so_it_does_on_postgresql(importing: Bench, name: str) -> None:
    _check(importing, name)


def _check(importing: Bench, name: str) -> None:
    path = require_public(name)
    (image,) = imported(importing, name)
    sizes, kind = ONE_IMAGE[name]
    assert (image.size_x, image.size_y, image.size_z, image.size_c, image.size_t) == sizes
    assert image.pixels_type == kind
    expected = first_plane(path, name)
    width, height = min(sizes[0], 300), min(sizes[1], 200)
    x, y = (sizes[0] - width) // 2, (sizes[1] - height) // 2
    source = importing.source(image)
    try:
        tile = source.read(PlaneRegion(0, 0, 0, 0, x, y, width, height))
    finally:
        source.close()
    np.testing.assert_array_equal(tile, expected[y : y + height, x : x + width])
    assert all(each.startswith(("files/", "derived/")) for each in importing.files())


def channels_of(importing: Bench, image: Any) -> Sequence[Any]:
    query = (
        select(
            LogicalChannel.name, Channel.color, Channel.display_start, Channel.display_end,
            StatsInfo.global_min, StatsInfo.global_max,
        )
        .join(LogicalChannel, LogicalChannel.id == Channel.logical_channel_id)
        .outerjoin(StatsInfo, StatsInfo.id == Channel.stats_info_id)
        .where(Channel.pixels_id == image.pixels_id)
        .order_by(Channel.position)
    )  # fmt: skip
    with importing.database.read() as connection:
        return connection.execute(query).all()


@on_sqlite
@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("ngff-0.4/exemplar-001.crop.image.ome.zarr", ["DNA", "FDX1", "CD1D", "CD357"]),
        ("ngff-0.4/test_image_tczyx.zarr", ["channel_0", "channel_1"]),
        ("fluorescence/s_1_t_1_c_1_z_1.ome.tiff", ["Bright"]),
    ],
)
def test_channels_keep_the_names_of_the_file(importing: Bench, name: str, names: list[str]) -> None:
    (image,) = imported(importing, name)
    assert [row.name for row in channels_of(importing, image)] == names


@on_sqlite
@pytest.mark.parametrize(
    ("name", "size", "unit"),
    [
        ("fluorescence/s_1_t_1_c_1_z_1.ome.tiff", 1.0833333333333333, "µm"),
        ("zstack/cells-2z.ome.tif", 0.25, "µm"),
        ("vendor/MetamorphImage.stk.tif", 0.645, "µm"),
        ("vendor/fei-sem-rbc.tif", 7.70833e-09, "m"),
        ("wsi/CMU-1-Small-Region.svs", 0.499, "µm"),
        ("ngff-0.5/simple_0.5", 30.0, "nm"),
        ("ngff-0.4/test_image_tczyx.zarr", 0.5, "µm"),
    ],
)
def test_pixels_keep_their_size(importing: Bench, name: str, size: float, unit: str) -> None:
    (image,) = imported(importing, name)
    assert image.physical_size_x == pytest.approx(size)
    assert image.physical_size_x_unit == unit


@on_sqlite
def test_statistics_are_those_of_all_pixels(importing: Bench) -> None:
    name = "fluorescence/s_1_t_1_c_1_z_1.ome.tiff"
    (image,) = imported(importing, name)
    plane = first_plane(require_public(name), name)
    (row,) = channels_of(importing, image)
    assert (row.global_min, row.global_max) == (plane.min(), plane.max())


@on_sqlite
def test_statistics_can_be_left_out(importing: Bench) -> None:
    (image,) = imported(importing, "rgb/kather1.tif", skip=("minmax",))
    assert {row.global_min for row in channels_of(importing, image)} == {None}


@on_sqlite
def test_several_series_become_images_of_one_fileset(importing: Bench) -> None:
    mixed = imported(importing, "dtypes/multi_page_mixed.tif")
    assert [(row.size_x, row.size_y, row.size_c, row.pixels_type) for row in mixed] == [
        (500, 500, 1, "uint8"),
        (500, 500, 1, "uint8"),
        (640, 400, 3, "uint8"),
        (500, 500, 1, "uint16"),
    ]
    assert len({row.fileset_id for row in mixed}) == 1
    blobs = imported(importing, "ngff-0.5/sdata_blobs_images")
    assert [row.name for row in blobs] == ["blobs_image", "blobs_multiscale_image"]
    assert len({row.fileset_id for row in blobs}) == 1


@on_sqlite
def test_a_slide_keeps_label_and_macro_apart_and_its_objective(importing: Bench) -> None:
    (image,) = imported(importing, "wsi/CMU-1-Small-Region.svs")
    with importing.database.read() as connection:
        assert connection.scalar(select(Objective.nominal_magnification)) == 20.0
    kept = [name.rpartition("/")[2].partition(".")[0] for name in importing.files()]
    assert {"label", "macro"} <= set(kept)
    assert image.storage == "pyramid"


@on_sqlite
def test_axes_can_be_told(importing: Bench) -> None:
    (image,) = imported(importing, "zstack/img3d_nuclei.tif", axes="TYX")
    assert (image.size_z, image.size_t) == (1, 31)


@on_sqlite
def test_originals_are_untouched_and_checksummed(importing: Bench) -> None:
    from hashlib import sha1

    from shared.models.images import OriginalFile

    path = require_public("rgb/kather1.tif")
    imported(importing, "rgb/kather1.tif")
    with importing.database.read() as connection:
        row = connection.execute(select(OriginalFile)).one()
    content = path.read_bytes()
    assert importing.storage.path(row.storage_name).read_bytes() == content
    assert (row.size, row.hash) == (len(content), sha1(content).hexdigest())
