from __future__ import annotations

import pytest
from sqlalchemy import update

from shared.errors import Invalid
from shared.models.system import Instance
from tests.support.tile_house import TileHouse, random_planes

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def test_ready_only_when_the_demo_is_complete(house: TileHouse) -> None:
    async with house.client() as client:
        assert (await client.get("/readyz")).json() == {"status": "ready"}
        for state, expected in (("building", 503), ("complete", 200)):
            with house.database.write() as connection:
                connection.execute(update(Instance).values(demo_state=state))
            answer = await client.get("/readyz")
            assert answer.status_code == expected
            if expected == 503:
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.headers["retry-after"] == "2"
                assert set(answer.json()) == {"type", "title", "status", "code", "detail", "hint"}
                assert "demo" in answer.json()["detail"]
        assert (await client.get("/healthz")).json() == {"status": "alive"}


async def test_every_phase_of_a_tile_is_timed(house: TileHouse) -> None:
    image = house.image(random_planes((1, 1, 1, 32, 32), "uint8"))
    async with house.client(house.ada) as client:
        await client.get(f"/tiles/{image.id}/0/0/0.jpg")
        text = (await client.get("/metrics")).text
    for phase in ("authorise", "resolve", "wait", "read", "render", "encode"):
        assert f'tessera_tile_seconds_count{{phase="{phase}"}}' in text
    assert 'tessera_tile_answers_total{route="tiles",status="200"}' in text


async def test_a_service_without_a_secret_key_does_not_start(house: TileHouse) -> None:
    from tile_service.app import build_app

    keyless = house.settings.model_copy(update={"secret_key": ""})
    with pytest.raises(Invalid, match="secret key"):
        async with build_app(keyless).running():
            pass
