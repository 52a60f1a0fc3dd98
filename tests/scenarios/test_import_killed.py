"""A worker that is killed in the middle of an import leaves nothing half done after a restart."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from sqlalchemy import delete, func, select

from shared.database import Database
from shared.models.images import Fileset, Image, Pixels
from shared.models.live import ActivityPulse
from shared.models.system import FileIntent
from shared.pixels.source import PlaneRegion
from shared.settings import Settings
from shared.storage import LocalStorage
from shared.storage.intents import sweep
from shared.storage.locator import derived_folder, fileset_folder
from tests.support.imports import Bench, bench
from tests.support.public_data import PROJECT

SIDE = 3500


@pytest.fixture
def importing(
    database: Database, storage: LocalStorage, settings: Settings, tmp_path: Path
) -> Bench:
    root = (tmp_path / "root").resolve()
    root.mkdir()
    return bench(database, storage, settings, root)


@pytest.fixture
def large(importing: Bench) -> Path:
    """12 Mpx in strips, without levels: a pyramid has to be built."""
    path = Path(importing.settings.import_roots) / "large.tif"
    column = np.arange(SIDE, dtype=np.uint16)
    tifffile.imwrite(path, column[:, None] + column[None, :], metadata=None, rowsperstrip=64)
    return path


class Worker:
    """`tessera worker` as a process, over the test's database and data folder."""

    def __init__(self, settings: Settings) -> None:
        self._environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("TESSERA_")},
            "TESSERA_DATA_DIR": str(settings.data_dir),
            "TESSERA_DATABASE_URL": settings.database_url,
            "TESSERA_IMPORT_ROOTS": settings.import_roots,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cli", "worker"], cwd=PROJECT, env=self._environment
        )

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(30)


@pytest.fixture
def worker(importing: Bench) -> Worker:
    return Worker(importing.settings)


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    ends_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends_at, "it took too long"
        time.sleep(0.02)


def _pass_half_a_minute(importing: Bench) -> None:
    """A dead worker is noticed by its silence: here the silence is made, not waited for."""
    with importing.database.write_live() as connection:
        connection.execute(delete(ActivityPulse))


def _check_whole(importing: Bench, activity: int) -> None:
    row = importing.activity(activity)
    assert (row.state, row.errors, row.attempts) == ("SUCCEEDED", None, 2)
    with importing.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(Image)) == 1
        assert connection.scalar(select(func.count()).select_from(Pixels)) == 1
    (image,) = importing.images(row.result)
    assert image.storage == "pyramid"
    source = importing.source(image)
    tile = source.read(PlaneRegion(0, 0, 0, 0, 1000, 2000, 30, 20))
    source.close()
    expected = np.arange(2000, 2020)[:, None] + np.arange(1000, 1030)[None, :]
    np.testing.assert_array_equal(tile, expected)


def _check_nothing_else_is_left(importing: Bench) -> None:
    sweep(importing.database, importing.storage, grace_s=0)
    with importing.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(FileIntent)) == 0
        fileset, metadata = connection.execute(select(Fileset.uuid, Fileset.metadata_file)).one()
        pixels = str(connection.scalar(select(Pixels.uuid)))
    kept = {f"{fileset_folder(fileset)}/", f"{derived_folder(pixels)}/", metadata}
    strays = [name for name in importing.files() if not name.startswith(tuple(map(str, kept)))]
    assert strays == []
    for top in ("files", "derived"):
        folders = [path for path in importing.storage.path(top).glob("*/*") if path.is_dir()]
        assert len(folders) == {"files": 1, "derived": 2}[top]


def _pyramid_has_begun(importing: Bench) -> bool:
    return any(
        "/pyramid.ome.zarr/" in name and name.rpartition("/")[2].isdigit()
        for name in importing.files()
    )


@pytest.mark.parametrize("by", ["path", "upload"])
def test_a_killed_import_is_done_once_after_the_restart(
    importing: Bench, worker: Worker, large: Path, by: str
) -> None:
    if by == "path":
        activity = importing.book(large)
    else:
        uuid = importing.upload("large.tif", large.read_bytes())
        activity = importing.book(uploads=(uuid,))
    try:
        worker.start()
        wait_until(lambda: _pyramid_has_begun(importing))
        worker.kill()
        assert importing.activity(activity).state == "RUNNING"
        with importing.database.read() as connection:
            assert connection.scalar(select(func.count()).select_from(Image)) == 0
        _pass_half_a_minute(importing)
        worker.start()
        wait_until(lambda: importing.activity(activity).state not in {"QUEUED", "RUNNING"})
    finally:
        worker.stop()
    _check_whole(importing, activity)
    _check_nothing_else_is_left(importing)
