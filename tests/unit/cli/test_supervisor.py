"""Supervision of real processes: nothing outlives those that are to look after it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli.supervisor import SUPERVISOR, Child, Supervisor

SLEEP = "import time; time.sleep(60)"
LEADER = (
    "import subprocess, sys, time\n"
    f"print(subprocess.Popen([sys.executable, '-c', {SLEEP!r}]).pid, flush=True)\n"
    "time.sleep(60)"
)
SUPERVISED = (
    "from cli.supervisor import end_with_supervisor\n"
    "end_with_supervisor()\n"
    "print('up', flush=True)\n" + SLEEP
)
PARENT = (
    "import os, subprocess, sys, time\n"
    f"env = {{**os.environ, {SUPERVISOR!r}: str(os.getpid())}}\n"
    f"child = subprocess.Popen([sys.executable, '-c', {SUPERVISED!r}], env=env,"
    " stdout=subprocess.PIPE)\n"
    "child.stdout.readline()\n"
    "print(child.pid, flush=True)\n"
    "time.sleep(60)"
)


def started(script: str) -> tuple[subprocess.Popen[bytes], int]:
    """A process and the process that it has started."""
    leader = subprocess.Popen(
        [sys.executable, "-c", script], start_new_session=True, stdout=subprocess.PIPE
    )
    assert leader.stdout is not None
    with leader.stdout as said:
        return leader, int(said.readline())


def is_gone(pid: int, within_s: float = 10.0) -> bool:
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
            if state.rpartition(")")[2].split()[0] == "Z":
                return True  # dead, only nobody has asked yet
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("stops", [False, True])
def test_what_a_killed_process_leaves_behind_is_ended(stops: bool) -> None:
    child = Child("tile service", ["--help"])
    child.process, left_behind = started(LEADER)
    supervisor = Supervisor([child])
    child.process.kill()
    child.process.wait()

    if stops:
        supervisor.stop()
    else:
        supervisor.watch_once()

    assert is_gone(left_behind)
    supervisor.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent death signal")
def test_a_child_ends_when_its_supervisor_is_killed() -> None:
    supervisor, child = started(PARENT)
    try:
        os.kill(supervisor.pid, signal.SIGKILL)
        supervisor.wait()
        assert is_gone(child)
    finally:
        if not is_gone(child, 0.1):
            os.kill(child, signal.SIGKILL)
