"""One running installation per database and test process, shared by its journeys."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.databases import KINDS, copy_postgres, copy_sqlite, drop_postgres
from tests.support.house import House, furnish
from tests.support.processes import Installation, compiled_kernels

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", params=KINDS)
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """People in a running installation."""
    folder = tmp_path_factory.mktemp(f"installation-{request.param}")
    if request.param == "sqlite":
        yield from _inhabited(Installation(folder, copy_sqlite(folder / "data")))
        return
    name = f"journeys_{os.getpid()}"
    url = copy_postgres(name)
    try:
        yield from _inhabited(Installation(folder, url))
    finally:
        drop_postgres(name)


def _inhabited(installation: Installation) -> Iterator[House]:
    shutil.copytree(compiled_kernels(), installation.data_dir / "cache" / "kernels")
    house = furnish(installation)
    try:
        installation.start()
        yield house
    finally:
        house.close()
        installation.stop()
