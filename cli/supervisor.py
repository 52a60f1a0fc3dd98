"""Keep a set of processes alive until told to stop.

A process that dies is started again, after a pause that grows; one that dies at once, again and
again, ends the whole with its last words. Stopping asks politely first. What a dead process leaves
behind (the tile service's workers) is ended too: it would hold the port.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.errors import TesseraError

if TYPE_CHECKING:
    from types import FrameType

GRACE_S = 15.0
SHORT_LIFE_S = 5.0
MAX_EARLY_DEATHS = 3
SUPERVISOR = "TESSERA_SUPERVISED"
"""Environment variable that tells a child the process id of its supervisor."""
_PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class Child:
    """A process that is to run. `once` means that its ending with success is no death."""

    name: str
    arguments: list[str]
    once: bool = False
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    early_deaths: int = 0
    is_done: bool = False

    def start(self) -> None:
        """Start the process in a group of its own, so that Ctrl-C reaches only the supervisor."""
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cli", *self.arguments],
            start_new_session=True,
            env={**os.environ, SUPERVISOR: str(os.getpid())},
        )

    def end_group(self) -> None:
        """End what the process has started and not ended itself."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):  # the second: macOS, all are gone
                return


@dataclass(slots=True)
class Supervisor:
    """Starts children, watches them and stops them in reverse order."""

    children: list[Child]
    stopping: threading.Event = field(default_factory=threading.Event)

    def handle_signals(self) -> None:
        """Let SIGINT and SIGTERM stop everything."""

        def _stop(_number: int, _frame: FrameType | None) -> None:
            self.stopping.set()

        signal.signal(signal.SIGINT, _stop)
        signal.signal(signal.SIGTERM, _stop)

    def start(self) -> None:
        """Start all children."""
        for child in self.children:
            child.start()

    def watch_once(self) -> None:
        """Start again what has died; raises `TesseraError` when something will not stay up."""
        for child in self.children:
            if child.process is None or child.is_done:
                continue
            status = child.process.poll()
            if status is None:
                continue
            child.end_group()
            if child.once and status == 0:
                child.is_done = True
                continue
            lived = time.monotonic() - child.started_at
            child.early_deaths = child.early_deaths + 1 if lived < SHORT_LIFE_S else 0
            if child.early_deaths >= MAX_EARLY_DEATHS:
                raise TesseraError(
                    f"The {child.name} ended {child.early_deaths} times right after its start "
                    f"(status {status}).",
                    hint="Its messages above say why.",
                )
            self.stopping.wait(0.5 * 2**child.early_deaths)
            if not self.stopping.is_set():
                child.start()

    def stop(self) -> None:
        """Ask all children to end, last started first, and end those that do not."""
        running = [
            (child, child.process)
            for child in reversed(self.children)
            if child.process is not None and not child.is_done
        ]
        for _, process in running:
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + GRACE_S
        for child, process in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, deadline - time.monotonic()))
            child.end_group()
            process.wait()


def end_with_supervisor() -> None:
    """Ask the kernel to end this process politely when its supervisor dies (Linux only).

    Does nothing in a process that no supervisor has started.
    """
    if sys.platform != "linux" or os.environ.get(SUPERVISOR) != str(os.getppid()):
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
