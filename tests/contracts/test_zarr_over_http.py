from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dask.array
import httpx
import numpy as np
import pytest
import tifffile
import zarr

from tests.support.served_zarrs import serve_files
from tests.support.tiffs import pattern
from tests.support.tile_house import random_planes
from tests.support.zarr_images import write_ome_zarr

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tests.support.served_zarrs import Served

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ROUTES = ("zarr", "zarr5")


def assert_levels(served: Served, route: str, image: int, levels: list[NDArray[Any]]) -> None:
    """Every array, opened by zarr-python over HTTP and by dask, is the source."""
    group = served.group(route, image)
    attributes: dict[str, Any] = dict(group.attrs)
    block = attributes if route == "zarr" else attributes["ome"]
    datasets = block["multiscales"][0]["datasets"]
    assert [each["path"] for each in datasets] == [str(number) for number in range(len(levels))]
    for number, expected in enumerate(levels):
        array = group[str(number)]
        assert isinstance(array, zarr.Array)
        assert array.shape == expected.shape
        np.testing.assert_array_equal(array[...], expected)
        lazy = dask.array.from_zarr(array)  # type: ignore[no-untyped-call]
        rows, columns = expected.shape[3:]
        part = lazy[:, :, :, rows // 3 :, columns // 2 :]
        np.testing.assert_array_equal(
            part.compute(scheduler="synchronous"), expected[..., rows // 3 :, columns // 2 :]
        )


@pytest.mark.parametrize("route", ROUTES)
def test_a_deflated_ome_tiff_with_levels_opens_in_zarr_and_dask(served: Served, route: str) -> None:
    image = served.house.image(random_planes((2, 2, 1, 530, 700)), level_count=3)
    assert_levels(served, route, image.id, list(image.levels))


WRITERS: dict[str, Any] = {
    "raw tiles, big-endian": {"tile": (256, 256), "byteorder": ">"},
    "deflate with predictor": {"tile": (256, 256), "compression": "zlib", "predictor": True},
    "strips": {"rowsperstrip": 37, "compression": "zlib"},
    "raw strips": {"rowsperstrip": 37},
    "zstd": {"tile": (256, 256), "compression": "zstd"},
    "lzw": {"tile": (128, 512), "compression": "lzw"},
}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("writer", WRITERS)
def test_any_tiff_is_the_same_pixels(served: Served, route: str, writer: str) -> None:
    planes = pattern((1, 2, 2, 300, 410), "uint16")
    options = dict(WRITERS[writer])
    order = options.pop("byteorder", "<")

    def write(folder: Path) -> None:
        with tifffile.TiffWriter(folder / "a.ome.tif", ome=True, byteorder=order) as file:
            file.write(planes, metadata={"axes": "TCZYX"}, photometric="minisblack", **options)

    image = serve_files(served.house, write)
    assert_levels(served, route, image, [planes])


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "dtype", ["uint8", "int8", "int16", "uint32", "int32", "float32", "float64", "bool"]
)
def test_every_type_is_served(served: Served, route: str, dtype: str) -> None:
    planes = pattern((1, 1, 2, 70, 90), dtype)

    def write(folder: Path) -> None:
        tifffile.imwrite(
            folder / "a.ome.tif", planes, metadata={"axes": "TCZYX"}, photometric="minisblack"
        )

    image = serve_files(served.house, write)
    assert_levels(served, route, image, [planes.astype("uint8") if dtype == "bool" else planes])


@pytest.mark.parametrize("route", ROUTES)
def test_rgb_is_three_channels_in_chunks_of_one(served: Served, route: str) -> None:
    picture = pattern((520, 300, 3), "uint8")

    def write(folder: Path) -> None:
        tifffile.imwrite(
            folder / "a.tif", picture, photometric="rgb", tile=(256, 256), compression="zlib"
        )

    image = serve_files(served.house, write)
    expected = np.moveaxis(picture, -1, 0)[np.newaxis, :, np.newaxis]
    assert_levels(served, route, image, [expected])
    array = served.group(route, image)["0"]
    assert isinstance(array, zarr.Array)
    assert array.chunks == (1, 1, 1, 256, 256)


ZARRS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "0.4 blosc": ("0.4", "tczyx", {"chunks": (1, 1, 2, 128, 128)}),
    "0.4 zlib": (
        "0.4", "cyx", {"chunks": (2, 128, 128), "compressors": {"id": "zlib", "level": 1}},
    ),
    "0.4 whole": ("0.4", "yx", {"chunks": (300, 410), "compressors": None}),
    "0.5 zstd": ("0.5", "tczyx", {"chunks": (1, 1, 1, 128, 128)}),
    "0.5 sharded": ("0.5", "zyx", {"chunks": (1, 128, 128), "shards": (2, 256, 256)}),
}  # fmt: skip


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("stored", ZARRS)
def test_any_ome_zarr_is_served_as_both_versions(served: Served, route: str, stored: str) -> None:
    version, axes, options = ZARRS[stored]
    extents = {"t": 2, "c": 2, "z": 2, "y": 300, "x": 410}
    pixels = pattern(tuple(extents[axis] for axis in axes), "uint16")
    half = pixels[..., ::2, ::2]
    if "whole" in stored:
        half = pixels

    def write(folder: Path) -> None:
        write_ome_zarr(folder / "a.zarr", [pixels, half], axes, version, **options)

    image = serve_files(served.house, write)
    shape = tuple(extents[axis] if axis in axes else 1 for axis in "tczyx")
    expected = [pixels.reshape(shape), half.reshape(*shape[:3], *half.shape[-2:])]
    assert_levels(served, route, image, expected)


def test_stored_chunks_are_passed_on_where_zarr_can_name_their_codec(served: Served) -> None:
    pixels = random_planes((1, 1, 1, 300, 300))
    found: dict[str, Path] = {}

    def write(folder: Path) -> None:
        write_ome_zarr(folder / "a.zarr", [pixels], "tczyx", "0.4", chunks=(1, 1, 1, 128, 128))
        found["folder"] = folder / "a.zarr" / "0"

    image = serve_files(served.house, write)
    document = served.get(f"zarr/{image}.zarr/0/.zarray").json()
    sample = next(at for at in found["folder"].rglob("*") if at.name[-1] == "1")
    key = sample.name.replace(".", "/")
    assert served.get(f"zarr/{image}.zarr/0/{key}").content == sample.read_bytes()
    assert document["chunks"] == [1, 1, 1, 128, 128]


def test_a_chunk_that_is_not_stored_is_404_and_means_the_fill_value(served: Served) -> None:
    pixels = np.full((1, 1, 1, 256, 256), 9, np.uint16)
    pixels[..., :128, :128] = 77

    def write(folder: Path) -> None:
        write_ome_zarr(
            folder / "a.zarr", [pixels], "tczyx", "0.4", chunks=(1, 1, 1, 128, 128), fill_value=9,
            config={"write_empty_chunks": False},
        )  # fmt: skip

    image = serve_files(served.house, write)
    for route, prefix in (("zarr", "0/"), ("zarr5", "0/c/")):
        assert served.get(f"{route}/{image}.zarr/{prefix}0/0/0/0/0").status_code == 200
        assert served.get(f"{route}/{image}.zarr/{prefix}0/0/0/1/1").status_code == 404
        assert_levels(served, route, image, [pixels])


def test_damage_is_never_not_found(served: Served) -> None:
    image = served.house.image(random_planes((1, 1, 1, 300, 300)))
    gone = served.house.image(random_planes((1, 1, 1, 300, 300)))
    image.file.write_bytes(image.file.read_bytes()[:600])
    gone.file.unlink()
    for number in (image.id, gone.id):
        for path in ("zarr/{}.zarr/0/0/0/0/0/0", "zarr5/{}.zarr/0/c/0/0/0/0/0"):
            answer = served.get(path.format(number))
            assert (answer.status_code, answer.json()["code"]) == (500, "broken_file")
    gone.index.unlink()
    served.house.app.darkroom._images._images.clear()
    answer = served.get(f"zarr/{gone.id}.zarr/.zattrs")
    assert (answer.status_code, answer.json()["code"]) == (500, "broken_file")


def test_unknown_and_invisible_images_are_403_alike(served: Served) -> None:
    image = served.house.image(random_planes((1, 1, 1, 64, 64), "uint8"))
    headers = {"Authorization": f"Bearer {served.house.log_in(served.house.stranger)}"}
    for key in (".zattrs", "0/.zarray", "0/0/0/0/0/0", "nonsense"):
        answers = [
            served.get(f"zarr/{name}.zarr/{key}", **headers)
            for name in (image.id, 99999, "Image:0", "Plate:1")
        ]
        assert {answer.status_code for answer in answers} == {403}
        assert len({answer.content for answer in answers}) == 1
    without = httpx.get(f"{served.address}/zarr/{image.id}.zarr/.zattrs", trust_env=False)
    assert without.status_code == 401


@pytest.mark.parametrize(
    ("key", "status"),
    [
        ("", 404), ("zarr.json", 404), ("1/.zarray", 404), ("0/0/0/0/0/1", 404),
        ("0/0/0/0/0/-1", 404), ("0/0/0/0/0/00", 404), ("0/0/0/0/0", 404), ("../../x", 404),
        ("labels/.zattrs", 404), ("labels/masks/0/0/0/0/0/0", 404), ("9/0/0/0/0/0", 404),
        ("0/c/0/0/0/0/0", 404), (".zgroup", 200), ("0/.zattrs", 200), (".zattrs?z=1", 400),
    ],
)  # fmt: skip
def test_what_is_no_key_is_not_found(served: Served, key: str, status: int) -> None:
    image = served.house.image(random_planes((1, 1, 1, 64, 64), "uint8"))
    assert served.get(f"zarr/{image.id}.zarr/{key}").status_code == status


def test_consolidated_metadata_hold_every_document(served: Served) -> None:
    image = served.house.image(random_planes((1, 2, 1, 64, 64), "uint8"), level_count=2)
    store = served.store(f"zarr/{image.id}.zarr")
    group = zarr.open_consolidated(store, zarr_format=2, mode="r")
    assert set(group.array_keys()) == {"0", "1"}
    np.testing.assert_array_equal(group["1"][...], image.levels[1])  # type: ignore[index]
    assert not any(key.endswith(".zarray") for key in store.asked)


def test_head_range_entity_tags_and_cors(served: Served) -> None:
    image = served.house.image(random_planes((1, 1, 1, 300, 300)))
    path = f"zarr/{image.id}.zarr/0/0/0/0/0/0"
    whole = served.get(path, Origin="https://viewer.example")
    head = served.client.head(f"{served.address}/{path}")
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == str(len(whole.content))
    part = served.get(path, Range="bytes=3-9")
    assert (part.status_code, part.content) == (206, whole.content[3:10])
    held = served.get(path, **{"If-None-Match": whole.headers["etag"]})
    assert (held.status_code, held.content) == (304, b"")
    assert whole.headers["cache-control"] == "private, no-cache"
    assert whole.headers["access-control-allow-origin"] == "*"
    assert "Content-Range" in whole.headers["access-control-expose-headers"]
    asked = served.client.options(
        f"{served.address}/{path}",
        headers={"Origin": "https://viewer.example", "Access-Control-Request-Headers": "range"},
    )
    assert asked.status_code == 204
    assert "Range" in asked.headers["access-control-allow-headers"]


def test_scales_come_from_the_real_shapes_and_units_are_named(served: Served) -> None:
    image = served.house.image(
        random_planes((1, 1, 1, 301, 403)), level_count=2, physical_size_x=0.5,
        physical_size_x_unit="µm", physical_size_y=2.0, physical_size_y_unit="mm",
        physical_size_z=3.0, physical_size_z_unit="reference frame",
    )  # fmt: skip
    block = served.get(f"zarr/{image.id}.zarr/.zattrs").json()["multiscales"][0]
    assert block["version"] == "0.4"
    assert block["axes"] == [
        {"name": "t", "type": "time"}, {"name": "c", "type": "channel"},
        {"name": "z", "type": "space"}, {"name": "y", "type": "space", "unit": "millimeter"},
        {"name": "x", "type": "space", "unit": "micrometer"},
    ]  # fmt: skip
    scales = [each["coordinateTransformations"][0]["scale"] for each in block["datasets"]]
    assert scales == [[1, 1, 1, 2.0, 0.5], [1, 1, 1, 2.0 * 301 / 151, 0.5 * 403 / 202]]
    five = served.get(f"zarr5/{image.id}.zarr/zarr.json").json()
    assert (five["zarr_format"], five["node_type"]) == (3, "group")
    assert five["attributes"]["ome"]["version"] == "0.5"
    assert "version" not in five["attributes"]["ome"]["multiscales"][0]


def test_the_omero_block_says_how_the_caller_sees_the_image(served: Served) -> None:
    planes = random_planes((1, 2, 3, 64, 64), "uint8")
    image = served.house.image(planes, colors=(0xFF8000FF, 0x00FF00FF), default_z=2)
    block = served.get(f"zarr/{image.id}.zarr/.zattrs").json()["omero"]
    assert block["rdefs"] == {"defaultZ": 2, "defaultT": 0, "model": "color"}
    first = block["channels"][0]
    assert (first["label"], first["color"], first["active"]) == ("channel 0", "FF8000", True)
    low, high = int(planes[:, 0].min()), int(planes[:, 0].max())
    assert first["window"] == {"start": low, "end": high, "min": low, "max": high}
    assert (first["family"], first["coefficient"], first["inverted"]) == ("linear", 1.0, False)


def test_the_alias_knows_bare_numbers_only(served: Served) -> None:
    image = served.house.image(random_planes((1, 1, 1, 64, 64), "uint8"))
    alias = served.get(f"image/{image.id}.zarr/0/.zarray")
    assert alias.json() == served.get(f"zarr/Image:{image.id}.zarr/0/.zarray").json()
    assert served.get(f"image/Image:{image.id}.zarr/.zattrs").status_code == 403
    assert served.get(f"image/{image.id}/.zattrs").status_code == 404


def test_a_level_with_fewer_planes_is_served_as_it_is(served: Served) -> None:
    pixels = pattern((1, 1, 5, 256, 256), "uint16")
    half = pixels[:, :, ::2, ::2, ::2]

    def write(folder: Path) -> None:
        write_ome_zarr(folder / "a.zarr", [pixels, half], "tczyx", "0.4", chunks=(1, 1, 1, 64, 64))

    image = serve_files(served.house, write)
    for route in ROUTES:
        assert_levels(served, route, image, [pixels, half])


def test_made_chunks_are_kept_and_stay_equal(served: Served) -> None:
    image = served.house.image(random_planes((1, 1, 1, 300, 300)), tile=128)
    first = served.get(f"zarr5/{image.id}.zarr/0/c/0/0/0/0/0")
    image.file.unlink()
    again = served.get(f"zarr5/{image.id}.zarr/0/c/0/0/0/0/0")
    assert again.content == first.content
