"""`tessera import` against a real server and worker: files, folders, errors, a broken line."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile
import uvicorn
from sqlalchemy import func, select

from cli.client import Client
from cli.uploads import PART_BYTES, upload
from graphql_api.activities import handlers
from graphql_api.app import build_app
from shared.activities.worker import run_worker
from shared.auth.sessions import open_session
from shared.clock import MINUTE, now
from shared.database import Database
from shared.models.containers import Dataset
from shared.models.images import FilesetEntry, Image
from shared.models.links import LINKS
from shared.settings import Settings
from shared.storage import LocalStorage
from shared.storage.locator import upload_file
from tests.support.graphql_client import api_settings
from tests.support.people import make_group, make_row, make_user
from tests.support.public_data import PROJECT
from tests.support.zarr_images import write_ome_zarr

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class House:
    """The API and a worker in threads of this process, and the command line as a process."""

    def __init__(self, database: Database, settings: Settings, port: int) -> None:
        self.database, self.port = database, port
        self.settings = api_settings(settings, api_port=port)
        with database.write() as connection:
            user = make_user(connection, "ada")
            group = make_group(connection, "lab", "rwra--", members=[user])
            self.dataset = make_row(connection, Dataset, owner=user, group=group)
        opened = open_session(database, self.settings, user, expires_at=now() + 60 * MINUTE)
        self.token = opened.token

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """`tessera import ...`."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("TESSERA_")}
        return subprocess.run(
            [sys.executable, "-m", "cli", "import", *map(str, arguments)],
            cwd=PROJECT,
            env={
                **kept,
                "TESSERA_SERVER": f"http://127.0.0.1:{self.port}",
                "TESSERA_TOKEN": self.token,
                "TESSERA_SESSION_FILE": str(self.settings.data_dir / "session.json"),
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def names(self) -> list[str]:
        with self.database.read() as connection:
            return list(connection.scalars(select(Image.name).order_by(Image.id)))


@pytest.fixture
def house(database: Database, settings: Settings) -> Iterator[House]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        found = House(database, settings, listener.getsockname()[1])
        server = uvicorn.Server(
            uvicorn.Config(build_app(found.settings), log_level="error", lifespan="on")
        )
        stop = threading.Event()
        storage = LocalStorage(found.settings.data_dir)
        threads = [
            threading.Thread(target=server.run, args=([listener],)),
            threading.Thread(
                target=run_worker, args=(database, storage, found.settings, handlers(), stop)
            ),
        ]
        for thread in threads:
            thread.start()
        while not server.started:
            time.sleep(0.01)
        yield found
        server.should_exit = True
        stop.set()
        for thread in threads:
            thread.join()


def stack(path: Path) -> Path:
    tifffile.imwrite(path, np.arange(24, dtype=np.uint8).reshape(2, 3, 4), metadata=None)
    return path


def test_files_and_a_zarr_folder_become_images(house: House, tmp_path: Path) -> None:
    one = stack(tmp_path / "one.tif")
    zarr = tmp_path / "two.ome.zarr"
    write_ome_zarr(zarr, [np.ones((2, 8, 8), np.uint8)], "cyx", "0.4")
    done = house.run(one, zarr, "-d", f"Dataset:{house.dataset}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["Image:1", "Image:2"]
    sent = 1 + sum(path.is_file() for path in zarr.rglob("*"))
    assert f"{sent} files uploaded, 2 fileset created, 2 images imported, 0 errors in 0:" in (
        done.stderr
    )
    assert "Other imported objects:\nFileset:1" in done.stderr
    with house.database.read() as connection:
        paths = set(connection.scalars(select(FilesetEntry.client_path)))
        assert connection.scalar(
            select(func.count()).select_from(LINKS["DatasetImageLink"].model)
        ) == 2  # fmt: skip
    assert {"one.tif", "two.ome.zarr/.zattrs", "two.ome.zarr/0/.zarray"} <= paths


def test_options_reach_the_images(house: House, tmp_path: Path) -> None:
    done = house.run(
        stack(tmp_path / "a.tif"), "-n", "Cells", "-x", "Mine", "--axes", "TYX",
        "--skip", "minmax", "-g", "lab", "-d", house.dataset, "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)
    assert (found["images"], found["error"]) == (["Image:1"], None)
    assert house.names() == ["Cells"]


def test_errors_end_with_their_codes(house: House, tmp_path: Path) -> None:
    good, bad = stack(tmp_path / "good.tif"), tmp_path / "bad.tif"
    bad.write_text("no image")
    missing = tmp_path / "missing.tif"
    (tmp_path / "folder").mkdir()
    assert house.run(good, missing).returncode == 3
    assert house.names() == []
    assert house.run(tmp_path / "folder").returncode == 2
    assert house.run(good, "-d", "Image:4").returncode == 2
    assert house.run(good, "-d", "Dataset:999").returncode == 3
    stopped = house.run(bad, good)
    assert (stopped.returncode, stopped.stdout) == (6, "")
    assert house.names() == []
    went_on = house.run("-c", bad, missing, good)
    assert (went_on.returncode, went_on.stdout) == (6, "Image:1\n")
    assert "1 images imported, 2 errors" in went_on.stderr


def test_without_waiting_the_activity_is_told(house: House, tmp_path: Path) -> None:
    done = house.run(stack(tmp_path / "a.tif"), "--no-wait")
    assert (done.returncode, done.stdout) == (0, "Activity:1\n")


def _pump(source: socket.socket, target: socket.socket, limit: int | None) -> None:
    """Pass bytes on until one side ends or the limit is reached, then break both."""
    passed = 0
    with contextlib.suppress(OSError):
        while block := source.recv(65536):
            target.sendall(block)
            passed += len(block)
            if limit is not None and passed > limit:
                break
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def _breaking_line(port: int, after: int) -> tuple[int, threading.Thread]:
    """A line to a server that breaks once, after so many bytes, and holds from then on."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        limits: list[int | None] = [after, None]
        pumps = []
        for limit in limits:
            here, _ = listener.accept()
            there = socket.create_connection(("127.0.0.1", port))
            for ends in ((here, there, limit), (there, here, None)):
                pumps.append(threading.Thread(target=_pump, args=ends))
                pumps[-1].start()
            if limit is not None:
                for each in pumps:
                    each.join()
                here.close()
                there.close()
        listener.close()
        for each in pumps:
            each.join()
        here.close()
        there.close()

    thread = threading.Thread(target=serve)
    thread.start()
    return int(listener.getsockname()[1]), thread


def test_a_broken_line_is_taken_up_where_it_broke(house: House, tmp_path: Path) -> None:
    path = tmp_path / "large.bin"
    content = np.random.default_rng(1).bytes(PART_BYTES * 2 + 12_345)
    path.write_bytes(content)
    port, line = _breaking_line(house.port, PART_BYTES + 3_000_000)
    offsets: list[int] = []
    client = Client(f"http://127.0.0.1:{port}", house.token)
    try:
        uuid = upload(client, path, path.name, offsets.append)
    finally:
        client.close()
    line.join(10)
    storage = LocalStorage(house.settings.data_dir)
    assert storage.path(upload_file(uuid)).read_bytes() == content
    assert offsets == sorted(offsets)
    resumed_at = offsets[1] - PART_BYTES
    assert PART_BYTES < resumed_at < PART_BYTES * 2
