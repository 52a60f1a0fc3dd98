"""Uploaded lookup tables in tiles: known to a running service, and never mixed up with colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shared.auth.epoch import bump_epoch
from shared.journal import begin_event
from shared.models.images import Channel
from shared.rendering.uploaded_luts import save_table
from tests.support.tile_answers import png, sqlite_only

if TYPE_CHECKING:
    from tests.support.tile_house import TileHouse

RAMP = np.stack([np.arange(256), 255 - np.arange(256), np.full(256, 9)], axis=1).astype(np.uint8)


def upload(house: TileHouse, name: str) -> None:
    with house.database.write() as connection:
        event = begin_event(connection, user_id=house.ada, kind="uploadLookupTable")
        save_table(connection, house.ada, event, name, RAMP.T.tobytes())
        bump_epoch(connection)


@sqlite_only
async def test_an_address_may_name_a_table_a_second_after_it_was_uploaded(house: TileHouse) -> None:
    planes = np.arange(256, dtype=np.uint8).reshape(1, 1, 1, 16, 16)
    image = house.image(planes)
    address = f"/tiles/{image.id}/0/0/0.png"
    async with house.client(house.ada) as client:
        refused = await client.get(address, params={"c": "1|0:255$by address.lut"})
    assert refused.status_code == 400
    assert "lookup table" in refused.text
    upload(house, "By address.lut")
    house.clock.at += 1.5
    shown = await png(house, address, c="1|0:255$by address.lut", m="c")
    np.testing.assert_array_equal(shown.reshape(256, 3), RAMP)


@sqlite_only
async def test_what_a_file_names_is_its_colour_until_there_is_such_a_table(
    house: TileHouse,
) -> None:
    planes = np.arange(256, dtype=np.uint8).reshape(1, 1, 1, 16, 16)
    image = house.image(planes, colors=(0x00FF00FF,))
    with house.database.write() as connection:
        connection.execute(
            Channel.__table__.update()  # type: ignore[attr-defined]
            .where(Channel.pixels_id == image.pixels_id)
            .values(lookup_table="by file.lut")
        )
    address = f"/tiles/{image.id}/0/0/0.png"
    plain = await png(house, address, m="c")
    np.testing.assert_array_equal(plain[..., 1].ravel(), np.arange(256))
    assert not plain[..., 0].any()
    upload(house, "by file.lut")
    house.clock.at += 4
    np.testing.assert_array_equal((await png(house, address, m="c")).reshape(256, 3), RAMP)
