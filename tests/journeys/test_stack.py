"""A real multi-channel stack: imported, looked at with many settings, and by several people."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from tests.support.processes import until
from tests.support.public_data import require_public
from tests.support.rendering_reference import ReferenceChannel, reference_picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.support.house import House, Person

SAMPLE = "fluorescence/multi-channel-z-series.ome.tif"
LOOK = """
query Look($id: ID!) {
  node(id: $id) {
    ... on Image {
      id name format
      owner { login }
      viewerCan { delete saveRendering }
      pixels { type sizeX sizeY sizeZ sizeC sizeT }
      channels { index name min max }
      thumbnailUrl(size: 64)
      renderingSettings { id owner { login } model defaultZ channels {
        index active color windowStart windowEnd family coefficient reverseIntensity } }
      tiles { iiifInfoUrl tileUrlTemplate levels { width height tileWidth tileHeight scale } }
    }
  }
}
"""


class Stack:
    """The imported stack, and its values as tifffile reads them: (c, z, y, x)."""

    def __init__(self, house: House) -> None:
        path = require_public(SAMPLE)
        ada = house.person("ada")
        made = ada.change(
            "createDataset", "dataset { id }", name="stacks", group=f"Group:{house.groups['Notes']}"
        )
        (self.number,) = house.import_by_cli(ada, path, "-d", made["dataset"]["id"])
        self.ref = f"Image:{self.number}"
        self.values: NDArray[Any] = tifffile.imread(path)

    def look(self, who: Person) -> Any:
        return who.data(LOOK, id=self.ref)

    def shown(self, settings: Any, z: int) -> NDArray[np.uint8]:
        """What settings as GraphQL tells them must look like."""
        active = [channel for channel in settings["channels"] if channel["active"]]
        channels = [
            ReferenceChannel(
                each["windowStart"], each["windowEnd"], each["family"].lower(), each["coefficient"],
                rgba=rgba(each["color"]), reverse=each["reverseIntensity"],
            )
            for each in active
        ]  # fmt: skip
        planes = [self.values[each["index"], z] for each in active]
        return reference_picture(planes, channels, "int8")


@pytest.fixture(scope="module")
def stack(house: House) -> Stack:
    return Stack(house)


def rgba(text: str) -> tuple[int, int, int, int]:
    red, green, blue, alpha = bytes.fromhex(text.removeprefix("#"))
    return red, green, blue, alpha


def pixels(body: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(body)).convert("RGB"))


def picture(who: Person, path: str, **headers: str) -> NDArray[np.uint8]:
    answer = who.tile(path, **headers)
    assert answer.status_code == 200, answer.text
    return pixels(answer.content)


def shows(who: Person, path: str, expected: NDArray[np.uint8]) -> None:
    """Saved settings may take the few seconds until every process has asked for them again."""
    until(lambda: np.array_equal(picture(who, path), expected), f"{path} as saved", within_s=5.0)


def test_the_stack_has_its_sizes_channels_and_statistics(house: House, stack: Stack) -> None:
    image = stack.look(house.person("ada"))

    assert image["owner"] == {"login": "ada"}
    assert image["viewerCan"] == {"delete": True, "saveRendering": True}
    assert image["pixels"] == {
        "type": "INT8", "sizeX": 439, "sizeY": 167, "sizeZ": 5, "sizeC": 3, "sizeT": 1
    }  # fmt: skip
    for told, values in zip(image["channels"], stack.values, strict=True):
        assert (told["min"], told["max"]) == (values.min(), values.max())


def test_settings_in_the_address_are_rendered_value_by_value(house: House, stack: Stack) -> None:
    ada = house.person("ada")
    channels = [
        ReferenceChannel(-20, 100, rgba=(255, 0, 128, 255)),
        ReferenceChannel(-128, 127, rgba=(0, 255, 0, 255)),
    ]
    query = "z=3&c=1|-20:100$FF0080,-2,3|-128:127$00FF00"
    expected = reference_picture([stack.values[0, 3], stack.values[2, 3]], channels, "int8")

    exact = picture(ada, f"/tiles/{stack.ref}/0/0/0.png?{query}")
    iiif = picture(ada, f"/iiif/3/{stack.ref}/0,0,100,80/max/0/default.png?{query}")
    jpeg = picture(ada, f"/tiles/{stack.ref}/0/0/0.jpg?q=1&{query}")

    shown = expected[: exact.shape[0], : exact.shape[1]]
    np.testing.assert_array_equal(exact, shown)
    np.testing.assert_array_equal(iiif, expected[:80, :100])
    assert np.abs(jpeg.astype(int) - shown).mean() < 4


def test_greyscale_and_reversal_are_named_in_the_address(house: House, stack: Stack) -> None:
    ada = house.person("ada")

    grey = picture(ada, f"/tiles/{stack.ref}/0/0/0.png?z=2&m=g&c=-1,2|-128:127$FF0000,-3")

    plane = stack.values[1, 2][: grey.shape[0], : grey.shape[1]].astype(int) + 128
    for component in range(3):
        np.testing.assert_array_equal(grey[..., component], plane)


def test_without_parameters_it_is_shown_as_graphql_tells(house: House, stack: Stack) -> None:
    ada = house.person("ada")
    settings = stack.look(ada)["renderingSettings"]

    whole = picture(ada, f"/iiif/3/{stack.ref}/full/max/0/default.png")
    small = picture(ada, f"/thumbnails/{stack.ref}?size=64")

    np.testing.assert_array_equal(whole, stack.shown(settings, settings["defaultZ"]))
    assert small.shape == (24, 64, 3)
    again = np.asarray(Image.fromarray(whole).resize((64, 24), Image.Resampling.BOX))
    assert np.abs(small.astype(int) - again).mean() < 6


def test_saved_settings_are_seen_by_others_until_they_save_their_own(
    house: House, stack: Stack
) -> None:
    ada, rosalind = house.person("ada"), house.person("rosalind")
    save = "renderingSettings { id owner { login } }"

    saved = ada.change(
        "saveRenderingSettings", save, image=stack.ref,
        settings={"defaultZ": 1, "channels": [
            {"index": 0, "active": True, "windowStart": 0, "windowEnd": 90, "color": "#FF8000FF"},
            {"index": 1, "active": False},
            {"index": 2, "active": True, "family": "EXPONENTIAL", "coefficient": 0.9,
             "windowStart": -50, "windowEnd": 80, "color": "#0080FFFF"},
        ]},
    )["renderingSettings"]  # fmt: skip
    of_ada = stack.look(ada)["renderingSettings"]
    path = f"/iiif/3/{stack.ref}/full/max/0/default.png"

    assert saved["owner"] == {"login": "ada"}
    assert of_ada["id"] == saved["id"]
    assert [each["active"] for each in of_ada["channels"]] == [True, False, True]
    shows(rosalind, path, stack.shown(of_ada, 1))

    rosalind.change(
        "saveRenderingSettings", save, image=stack.ref,
        settings={"defaultZ": 4, "channels": [
            {"index": 0, "active": False}, {"index": 1, "active": True, "reverseIntensity": True}
        ]},
    )  # fmt: skip
    of_rosalind = stack.look(rosalind)["renderingSettings"]

    assert of_rosalind["owner"] == {"login": "rosalind"}
    shows(rosalind, path, stack.shown(of_rosalind, 4))
    shows(ada, path, stack.shown(of_ada, 1))
    number = of_ada["id"].partition(":")[2]
    np.testing.assert_array_equal(
        picture(rosalind, f"{path}?rdef={number}"), stack.shown(of_ada, 1)
    )


def test_an_unchanged_tile_is_not_sent_again_and_a_changed_one_is(
    house: House, stack: Stack
) -> None:
    ada = house.person("ada")
    path = f"/tiles/{stack.ref}/0/0/0.jpg?z=1"

    first = ada.tile(path)
    again = ada.tile(path, **{"If-None-Match": first.headers["etag"]})
    ada.change(
        "saveRenderingSettings", "renderingSettings { id }", image=stack.ref,
        settings={"channels": [{"index": 2, "windowStart": -100, "windowEnd": 33}]},
    )  # fmt: skip
    known = {"If-None-Match": first.headers["etag"]}
    until(lambda: ada.tile(path, **known).status_code == 200, "a new tile", within_s=5.0)
    changed = ada.tile(path, **known)

    assert "no-cache" in first.headers["cache-control"]
    assert again.status_code == 304
    assert again.content == b""
    assert changed.headers["etag"] != first.headers["etag"]


def test_bad_parameters_are_named(house: House, stack: Stack) -> None:
    ada = house.person("ada")

    for query in ("z=5", "z=x", "c=9", "m=rainbow", "colour=red"):
        refused = ada.tile(f"/tiles/{stack.ref}/0/0/0.png?{query}")
        assert refused.status_code == 400, query
        assert refused.headers["content-type"] == "application/problem+json"
        assert query.partition("=")[0] in refused.text
