from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tests.support.rendering_reference import ReferenceChannel, reference_pixel
from tests.support.tile_house import TileHouse, pixels_of, random_planes

if TYPE_CHECKING:
    from numpy.typing import NDArray


def reference(
    planes: list[NDArray[Any]], channels: list[ReferenceChannel], type_: str
) -> NDArray[Any]:
    height, width = planes[0].shape
    out = np.zeros((height, width, 3), np.uint8)
    for y in range(height):
        for x in range(width):
            values = [float(plane[y, x]) for plane in planes]
            out[y, x] = reference_pixel(values, channels, type_)[:3]
    return out


async def test_a_tile_shows_the_active_channels_with_the_windows_and_colours_of_the_address(
    house: TileHouse,
) -> None:
    planes = random_planes((2, 3, 2, 300, 280))
    image = house.image(planes)
    async with house.client(house.rosalind) as client:
        answer = await client.get(
            f"/tiles/Image:{image.id}/0/1/1.png",
            params={"z": 1, "t": 1, "c": "1|1000:50000$FF8000,3|0:65535$00FFFF"},
        )
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    part = planes[1, :, 1, 256:300, 256:280]
    expected = reference(
        [part[0], part[2]],
        [
            ReferenceChannel(1000, 50000, rgba=(255, 128, 0, 255)),
            ReferenceChannel(0, 65535, rgba=(0, 255, 255, 255)),
        ],
        "uint16",
    )
    np.testing.assert_array_equal(pixels_of(answer.content), expected)
