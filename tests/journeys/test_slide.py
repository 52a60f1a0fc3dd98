"""A real slide and a real pyramid: imported by tus, seen in levels, its label kept apart."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
import tifffile
from PIL import Image

from tests.support.public_data import require_public

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.support.house import House, Person

LOOK = """
query Look($id: ID!) {
  node(id: $id) {
    ... on Image {
      format
      pixels { isRgb sizeX sizeY sizeC physicalSizeX { micrometers } }
      fileset { files { clientPath originalFile { size hasher hash } } images { totalCount } }
      tiles { iiifInfoUrl tileUrlTemplate levels { width height tileWidth tileHeight scale } }
    }
  }
}
"""
SLIDES = ("wsi/CMU-1-Small-Region.svs", "wsi/yb10kx5k.zstd.tiff")


class Slide:
    """An imported slide, and its pixels as tifffile reads them."""

    def __init__(self, house: House, sample: str) -> None:
        path = require_public(sample)
        self.who: Person = house.person("ada")
        self.path = path
        (number,) = house.import_by_cli(self.who, path, "-g", "Lab")
        self.ref = f"Image:{number}"
        self.pixels: NDArray[np.uint8] = tifffile.imread(path, series=0, level=0)
        self.facts: Any = self.who.data(LOOK, id=self.ref)

    def address(self, level: int, x: int, y: int, suffix: str = "jpg") -> str:
        """The granted address that GraphQL hands out, filled in."""
        address: str = self.facts["tiles"]["tileUrlTemplate"].format(
            level=level, x=x, y=y, z=0, t=0
        )
        return address.replace(".jpg", f".{suffix}")

    def tile(self, level: int, x: int, y: int, suffix: str = "png") -> NDArray[np.uint8]:
        """Fetched without header or cookie."""
        answer = httpx.get(self.address(level, x, y, suffix), trust_env=False, timeout=30.0)
        assert answer.status_code == 200, answer.text
        return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB"))


@pytest.fixture(scope="module", params=SLIDES, ids=["svs", "pyramid"])
def slide(house: House, request: pytest.FixtureRequest) -> Slide:
    return Slide(house, request.param)


def test_the_slide_has_its_size_and_levels_and_one_image(slide: Slide) -> None:
    pixels, levels = slide.facts["pixels"], slide.facts["tiles"]["levels"]
    height, width = slide.pixels.shape[:2]

    assert (pixels["sizeX"], pixels["sizeY"], pixels["sizeC"]) == (width, height, 3)
    assert pixels["isRgb"]
    assert (levels[0]["width"], levels[0]["height"]) == (width, height)
    assert len(levels) >= 3
    assert slide.facts["fileset"]["images"] == {"totalCount": 1}
    (file,) = slide.facts["fileset"]["files"]
    assert file["clientPath"] == slide.path.name
    assert int(file["originalFile"]["size"]) == slide.path.stat().st_size


def test_every_tile_of_full_size_shows_the_pixels_of_the_file(slide: Slide) -> None:
    level = slide.facts["tiles"]["levels"][0]
    wide, high = level["tileWidth"], level["tileHeight"]
    columns, rows = -(-level["width"] // wide), -(-level["height"] // high)

    for x, y in ((0, 0), (columns // 2, rows // 2), (columns - 1, rows - 1)):
        expected = slide.pixels[y * high : (y + 1) * high, x * wide : (x + 1) * wide]
        np.testing.assert_array_equal(slide.tile(0, x, y), expected)
        jpeg = slide.tile(0, x, y, "jpg")
        assert (
            np.abs(jpeg.astype(int) - expected).mean() < 8
        )  # colour is kept at half the resolution


def test_a_level_is_the_slide_reduced(slide: Slide) -> None:
    level = slide.facts["tiles"]["levels"][-1]
    height, width = level["height"], level["width"]

    shown = slide.tile(len(slide.facts["tiles"]["levels"]) - 1, 0, 0)

    whole = Image.fromarray(slide.pixels).resize((width, height), Image.Resampling.BOX)
    expected = np.asarray(whole)[: level["tileHeight"], : level["tileWidth"]]
    assert shown.shape == expected.shape
    assert np.abs(shown.astype(int) - expected).mean() < 12


def test_iiif_serves_the_same_slide_by_its_granted_address(slide: Slide) -> None:
    address = slide.facts["tiles"]["iiifInfoUrl"]
    info = httpx.get(address, trust_env=False, timeout=30.0).json()
    base = address.removesuffix("/info.json")
    region = httpx.get(f"{base}/100,200,300,150/max/0/default.png", trust_env=False, timeout=30.0)
    turned = httpx.get(f"{base}/100,200,300,150/max/90/default.png", trust_env=False, timeout=30.0)

    assert (info["width"], info["height"]) == slide.pixels.shape[1::-1]
    assert info["profile"] == "level2"
    expected = slide.pixels[200:350, 100:400]
    shown = np.asarray(Image.open(io.BytesIO(region.content)).convert("RGB"))
    np.testing.assert_array_equal(shown, expected)
    rotated = np.asarray(Image.open(io.BytesIO(turned.content)).convert("RGB"))
    np.testing.assert_array_equal(rotated, np.rot90(expected, -1))


def test_a_grant_opens_its_own_image_only(house: House, slide: Slide) -> None:
    (other,) = house.import_by_cli(
        house.person("ada"), require_public("wsi/openslide_boxes.tiff"), "-g", "Lab"
    )

    elsewhere = slide.address(0, 0, 0).replace(f"/tiles/{slide.ref}/", f"/tiles/Image:{other}/")
    without = f"/tiles/{slide.ref}/0/0/0.jpg"

    assert httpx.get(elsewhere, trust_env=False, timeout=30.0).status_code == 404
    answer = httpx.get(f"{house.installation.tiles}{without}", trust_env=False, timeout=30.0)
    assert answer.status_code in {401, 404}
