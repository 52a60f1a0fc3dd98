"""A tile service on a real port, for clients that are not ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.served_zarrs import Served, serving
from tests.support.tile_house import furnish

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.database import Database
    from shared.settings import Settings
    from shared.storage import LocalStorage


@pytest.fixture
def served(database: Database, settings: Settings, storage: LocalStorage) -> Iterator[Served]:
    with serving(furnish(database, settings, storage)) as found:
        yield found
