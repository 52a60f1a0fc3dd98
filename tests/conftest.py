"""Fixtures of every suite, and the beginning and end of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.storage import LocalStorage
from tests.support.databases import database, database_url, drop_template, empty_settings, settings
from tests.support.postgres import begin_run, end_run
from tests.support.profiles import load_profile

if TYPE_CHECKING:
    from shared.settings import Settings

__all__ = ["database", "database_url", "empty_settings", "settings", "storage"]


def pytest_configure(config: pytest.Config) -> None:
    load_profile()
    if not hasattr(config, "workerinput"):
        begin_run()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        drop_template()
        end_run()


@pytest.fixture
def storage(settings: Settings) -> LocalStorage:
    """Storage in the data folder of the settings."""
    return LocalStorage(settings.data_dir)
