"""The laboratory in which scenarios of the graph operations take place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.lab import Lab

if TYPE_CHECKING:
    from shared.database import Database
    from shared.settings import Settings
    from shared.storage import LocalStorage


@pytest.fixture
def lab(database: Database, storage: LocalStorage, settings: Settings) -> Lab:
    """People A, B, C, the leader L and the administrator R; no data yet."""
    return Lab(database, storage, settings).open()
