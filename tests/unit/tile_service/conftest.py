"""A running tile service for the tests of its rooms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.tile_house import TileHouse, furnish, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from shared.database import Database
    from shared.settings import Settings
    from shared.storage import LocalStorage


@pytest.fixture
async def house(
    database: Database, settings: Settings, storage: LocalStorage
) -> AsyncIterator[TileHouse]:
    async with running(furnish(database, settings, storage)) as open_house:
        yield open_house
