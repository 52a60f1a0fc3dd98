"""What tests of tiles ask for, and what they compare it with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.support.rendering_reference import ReferenceChannel, reference_pixel
from tests.support.tile_house import TileHouse, pixels_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


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


async def png(house: TileHouse, path: str, **query: Any) -> NDArray[np.uint8]:
    async with house.client(house.ada) as client:
        answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return pixels_of(answer.content)


GREY = "1|0:255$FFFFFF"
