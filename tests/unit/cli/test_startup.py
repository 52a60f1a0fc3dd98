"""Whatever is wrong at a start is one sentence that says what to do, and a code that is not 0."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.commands.demo import demo
from cli.commands.run import run
from cli.commands.serve import api, migrate, tiles, worker
from cli.startup import read_settings
from shared.errors import Conflict, Invalid
from shared.settings import Settings
from tests.support.processes import free_port
from tile_service.settings import TileSettings

NOBODY = "postgresql://someone:open-sesame@127.0.0.1:1/nothing"
ALL = {
    "run": lambda: run(demo=False),
    "api": api,
    "tiles": lambda: tiles(workers=1),
    "worker": worker,
    "demo": lambda: demo(full=False, resume=False),
    "migrate": migrate,
}
Start = Callable[[], None]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("TESSERA_")]:
        if name != "TESSERA_TEST_RUN":
            monkeypatch.delenv(name)
    # Commands set up the logging of a process, which is this one's here.
    monkeypatch.setattr("shared.telemetry.set_up_logging", lambda *_, **__: None)
    monkeypatch.setenv("TESSERA_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("TESSERA_API_PORT", str(free_port()))
    monkeypatch.setenv("TESSERA_TILE_PORT", str(free_port()))
    return tmp_path


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.mark.parametrize("start", ALL.values(), ids=ALL)
def test_a_database_that_is_away(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESSERA_DATABASE_URL", NOBODY)
    with pytest.raises(Conflict, match=r"database cannot be used: .*TESSERA_DATABASE_URL") as found:
        start()
    assert "open-sesame" not in str(found.value)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("name", ["run", "api", "tiles", "worker", "demo"])
def test_a_data_folder_that_is_none(
    name: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "file").write_text("no folder")
    for folder in (place / "file", place / "file" / "below"):
        monkeypatch.setenv("TESSERA_DATA_DIR", str(folder))
        with pytest.raises(Conflict, match=r"cannot be written: .*TESSERA_DATA_DIR"):
            ALL[name]()


@pytest.mark.parametrize("name", ["run", "api", "tiles"])
def test_a_port_in_use(name: str, taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    variable = "TESSERA_TILE_PORT" if name == "tiles" else "TESSERA_API_PORT"
    monkeypatch.setenv(variable, str(taken))
    with pytest.raises(Conflict, match=f"{taken} is in use .*{variable}"):
        ALL[name]()
    assert not Path(os.environ["TESSERA_DATA_DIR"]).exists(), "nothing was begun"


@pytest.mark.parametrize("name", ["api", "tiles", "worker"])
def test_a_database_that_was_never_migrated(name: str) -> None:
    with pytest.raises(Conflict, match="tessera migrate"):
        ALL[name]()


def test_a_file_that_is_no_database(place: Path) -> None:
    (place / "data").mkdir()
    (place / "data" / "tessera.db").write_text("once upon a time " * 100)
    with pytest.raises(Conflict, match="cannot be used: file is not a database"):
        run(demo=False)


def test_a_demo_that_others_could_reach_leaves_no_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESSERA_API_HOST", "0.0.0.0")  # what must be refused
    with pytest.raises(Invalid, match="password is public"):
        demo(full=False, resume=False)
    monkeypatch.delenv("TESSERA_API_HOST")
    from graphql_api.demo.state import demo_state
    from shared.database import open_database

    database = open_database(read_settings(Settings))
    with database.read() as connection:
        assert demo_state(connection) is None
    database.dispose()


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("TESSERA_API_PORT", "eighty", Settings),
        ("TESSERA_API_PORT", "70000", Settings),
        ("TESSERA_DATABASE_URL", "mysql://host/name", Settings),
        ("TESSERA_TRASH_DAYS", "-1", Settings),
        ("TESSERA_TILE_QUEUE_LENGTH", "many", TileSettings),
    ],
)
def test_a_bad_setting_is_named(
    name: str, value: str, kind: type[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Invalid, match=name):
        read_settings(kind)


def test_a_process_says_it_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESSERA_TILE_PORT", "http")
    ended = subprocess.run(
        [sys.executable, "-m", "cli", "serve", "tiles"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert line.startswith("tessera: TESSERA_TILE_PORT: ")
