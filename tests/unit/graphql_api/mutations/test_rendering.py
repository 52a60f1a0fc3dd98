"""saveRenderingSettings: one's own, over what one sees, clamped, and refused by name."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from shared.database import Database
from shared.models.images import Channel, Image, LogicalChannel, Pixels
from shared.models.rendering import RenderingDef
from tests.support.graphql_client import GraphQLClient
from tests.support.people import make_group, make_part, make_row, make_user

SAVE = """
mutation($image: ID!, $settings: RenderingSettingsInput!) {
  saveRenderingSettings(input: {image: $image, settings: $settings}) {
    renderingSettings { id owner { id } model defaultZ
      channels { index active color lookupTable windowStart windowEnd family coefficient } }
    errors { __typename path target } } }
"""


@pytest.fixture
def lab(database: Database) -> dict[str, Any]:
    with database.write() as connection:
        ada, bob, eve = (make_user(connection, name) for name in ("ada", "bob", "eve"))
        group = make_group(connection, "lab", "rwr---", members=[ada, bob])
        make_group(connection, "else", "rwr---", members=[eve])
        image = make_row(connection, Image, owner=ada, group=group)
        pixels = make_row(
            connection, Pixels, owner=ada, group=group, image_id=image, size_c=2, size_z=3
        )
        for position in range(2):
            logical = make_row(connection, LogicalChannel, owner=ada, group=group)
            make_part(
                connection,
                Channel,
                pixels_id=pixels,
                position=position,
                logical_channel_id=logical,
                color=0x00FF00FF,
            )
    return {"ada": ada, "bob": bob, "eve": eve, "image": f"Image:{image}"}


async def save(api: GraphQLClient, lab: dict[str, Any], who: str, settings: Any) -> Any:
    return await api.data(SAVE, {"image": lab["image"], "settings": settings}, user=lab[who])


async def test_saving_is_ones_own_and_leaves_what_is_not_listed(
    api: GraphQLClient, database: Database, lab: dict[str, Any]
) -> None:
    change = {"channels": [{"index": 0, "windowStart": 10.0, "windowEnd": 900.0}]}
    first = await save(api, lab, "ada", change)
    assert first["errors"] == []
    saved = first["renderingSettings"]
    assert saved["owner"] == {"id": f"User:{lab['ada']}"}
    assert saved["channels"][0]["windowStart"] == 10
    assert saved["channels"][0]["windowEnd"] == 255  # uint8: clamped
    untouched = saved["channels"][1]
    # bob sees ada's settings; what he saves starts from them and is his own
    other = {"defaultZ": 2, "channels": [{"index": 1, "color": "#FF0000FF"}]}
    second = (await save(api, lab, "bob", other))["renderingSettings"]
    assert second["id"] != saved["id"]
    assert second["channels"][0] == saved["channels"][0]
    assert second["channels"][1] == {**untouched, "color": "#FF0000FF"}
    assert second["defaultZ"] == 2
    again = (await save(api, lab, "ada", {"model": "GREYSCALE"}))["renderingSettings"]
    assert again["id"] == saved["id"]
    assert again["model"] == "GREYSCALE"
    assert again["channels"] == saved["channels"]
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(RenderingDef)) == 2


async def test_lookup_tables_are_known_and_null_takes_them_away(
    api: GraphQLClient, lab: dict[str, Any]
) -> None:
    def table(name: str | None) -> dict[str, Any]:
        return {"channels": [{"index": 0, "lookupTable": name}]}

    wrong = await save(api, lab, "ada", table("nonsense.lut"))
    assert wrong["errors"] == [
        {
            "__typename": "Invalid",
            "path": ["settings", "channels", "0", "lookupTable"],
            "target": None,
        }
    ]
    right = await save(api, lab, "ada", table("fire.lut"))
    assert right["renderingSettings"]["channels"][0]["lookupTable"] == "fire.lut"
    kept = await save(api, lab, "ada", {"channels": [{"index": 0, "active": True}]})
    assert kept["renderingSettings"]["channels"][0]["lookupTable"] == "fire.lut"
    gone = await save(api, lab, "ada", table(None))
    assert gone["renderingSettings"]["channels"][0]["lookupTable"] is None


@pytest.mark.parametrize(
    "change",
    [
        {"channels": [{"index": 2}]},
        {"channels": [{"index": 0}, {"index": 0}]},
        {"channels": [{"index": 0, "coefficient": 0.0, "family": "POLYNOMIAL"}]},
        {"channels": [{"index": 0, "windowStart": 9.0, "windowEnd": 9.0}]},
        {"defaultZ": 3},
    ],
)
async def test_what_does_not_fit_is_invalid(
    api: GraphQLClient, database: Database, lab: dict[str, Any], change: Any
) -> None:
    answer = await save(api, lab, "ada", change)
    assert answer["renderingSettings"] is None
    assert answer["errors"][0]["__typename"] == "Invalid"
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(RenderingDef)) == 0


async def test_a_stranger_finds_nothing(api: GraphQLClient, lab: dict[str, Any]) -> None:
    answer = await save(api, lab, "eve", {"model": "COLOR"})
    assert answer["errors"] == [
        {"__typename": "NotFound", "path": ["image"], "target": lab["image"]}
    ]
