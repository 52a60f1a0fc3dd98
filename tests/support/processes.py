"""Real processes of an installation, on free ports and a data folder of their own.

`stop` is part of the proof: a service that does not end by itself with status 0, or leaves a child
behind, fails the test. What a process said is shown when something goes wrong.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

import httpx

from tests.support.postgres import run_folder
from tests.support.public_data import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

START_S = 60.0
STOP_S = 30.0
LAST_WORDS = 6_000
"""Characters of a log that are shown when something fails."""


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], object], what: str, *, within_s: float) -> float:
    """Ask again and again; answers the seconds it took, fails with `what` when time is up."""
    started = time.monotonic()
    while not condition():
        waited = time.monotonic() - started
        assert waited < within_s, f"not within {within_s:.0f} s: {what}"
        time.sleep(0.05)
    return time.monotonic() - started


def environment(**settings: str) -> dict[str, str]:
    """This process's environment without its `TESSERA_*`, and with these settings instead.

    Compiled modules are kept for the run's other processes, beside the checkout and not in it.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("TESSERA_") and name != "PYTHONDONTWRITEBYTECODE"
    }
    kept["PYTHONPYCACHEPREFIX"] = str(run_folder() / "pycache")
    return kept | {f"TESSERA_{name.upper()}": value for name, value in settings.items()}


def run_cli(
    *arguments: str, env: Mapping[str, str] | None = None, within_s: float = 60.0
) -> subprocess.CompletedProcess[str]:
    """Run `tessera ...` to its end, whatever that is."""
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        cwd=PROJECT, env=dict(env or environment()), capture_output=True, text=True,
        timeout=within_s, check=False,
    )  # fmt: skip


@dataclass
class Service:
    """One started process, in a process group of its own."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    _file: IO[bytes]

    @classmethod
    def start(
        cls, name: str, arguments: Sequence[str], env: Mapping[str, str], log: Path
    ) -> Service:
        """Start `tessera ...`, with everything it says going to `log`."""
        file = log.open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", *arguments],
            cwd=PROJECT, env=dict(env), stdin=subprocess.DEVNULL, stdout=file,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        return cls(name, process, log, file)

    @property
    def words(self) -> str:
        """The end of what it said."""
        return f"{self.name} said:\n{self.log.read_text(errors='replace')[-LAST_WORDS:]}"

    def wait_ready(self, url: str) -> None:
        """Wait for `/readyz`, as long as the process lives."""

        def is_ready() -> bool:
            assert self.process.poll() is None, f"ended early. {self.words}"
            return status_of(f"{url}/readyz") == httpx.codes.OK

        try:
            until(is_ready, f"{self.name} is ready at {url}", within_s=START_S)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.words}") from error

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to end; it must do so by itself, with status 0 and without leaving a child."""
        try:
            if self.process.poll() is None:
                self.process.send_signal(number)
            status = self.process.wait(STOP_S)
            assert status == 0, f"{self.name} ended with status {status}. {self.words}"
            until(lambda: not _members(self.process.pid), f"{self.name}'s children are gone",
                  within_s=5.0)  # fmt: skip
        finally:
            self.kill()
            self._file.close()

    def kill(self) -> None:
        """End the whole process group at once."""
        if _members(self.process.pid):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(STOP_S)


@dataclass
class Installation:
    """API, tile service and worker over one database and one data folder."""

    folder: Path
    database_url: str
    api_port: int = field(default_factory=free_port)
    tile_port: int = field(default_factory=free_port)
    secret: str = field(default_factory=lambda: f"k1:{secrets.token_hex(24)}")
    services: list[Service] = field(default_factory=list)

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    @property
    def api(self) -> str:
        """The API's address."""
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def tiles(self) -> str:
        """The tile service's address."""
        return f"http://127.0.0.1:{self.tile_port}"

    @property
    def env(self) -> dict[str, str]:
        """The environment in which its processes run."""
        return environment(
            data_dir=str(self.data_dir), database_url=self.database_url, secret_key=self.secret,
            api_port=str(self.api_port), tile_port=str(self.tile_port),
        )  # fmt: skip

    def start(self, *, tile_processes: int = 2) -> None:
        """Start all three and wait until they are ready."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        commands = {
            "api": ("serve", "api"),
            "tiles": ("serve", "tiles", "--workers", str(tile_processes)),
            "worker": ("worker",),
        }
        for name, arguments in commands.items():
            log = self.folder / f"{name}.log"
            self.services.append(Service.start(name, arguments, self.env, log))
        self.services[0].wait_ready(self.api)
        self.services[1].wait_ready(self.tiles)

    def stop(self) -> None:
        """Stop all, last first; every one must end well."""
        troubles = []
        for service in reversed(self.services):
            try:
                service.stop()
            except (AssertionError, subprocess.TimeoutExpired) as error:
                troubles.append(str(error))
        self.services.clear()
        assert not troubles, "\n".join(troubles)

    @property
    def words(self) -> str:
        """What its processes said last."""
        return "\n".join(service.words for service in self.services)


def compiled_kernels() -> Path:
    """A folder of compiled rendering kernels, made once per run: compiling costs seconds."""
    folder = run_folder() / "kernels"
    with (run_folder() / "kernels.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not folder.exists():
            compiling = (
                "import sys; from pathlib import Path; from tile_service.rendering import kernel; "
                "kernel.use_cache_folder(Path(sys.argv[1])); kernel.kernels()"
            )
            part = folder.with_suffix(".part")
            command = [sys.executable, "-c", compiling, str(part)]
            subprocess.run(command, cwd=PROJECT, env=environment(), check=True, timeout=300)
            part.rename(folder)
    return folder


def status_of(url: str) -> int:
    """The status that an address answers with; 0 when nobody listens."""
    try:
        return httpx.get(url, timeout=10.0, trust_env=False).status_code
    except httpx.HTTPError:
        return 0


def _members(group: int) -> bool:
    """Whether a process group still has a living member."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
