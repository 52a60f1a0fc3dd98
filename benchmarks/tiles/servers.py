"""Both servers as processes, and what they cost: CPU of the whole process tree, memory, bytes read.

Figures come from the scheduler and from `/proc`, so the benchmark runs on Linux.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]


@dataclass
class Server:
    """A started server on a port of its own, on one core."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def cpu_s(self) -> float:
        """CPU seconds of the process tree so far."""
        return sum(_cpu(pid) for pid in self._tree())

    @property
    def read_bytes(self) -> int:
        """Bytes that the process tree has read by system calls, from disk or from memory."""
        return sum(_field(pid, "io", "rchar") for pid in self._tree())

    @property
    def peak_bytes(self) -> int:
        """The most memory that the processes of the tree have held."""
        return sum(_field(pid, "status", "VmHWM") * 1024 for pid in self._tree())

    def wait_ready(self, within_s: float = 90.0) -> None:
        """Wait for `/readyz`; raises `RuntimeError` when it ends or time is up."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}")
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5):
                    return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("the server is not ready")

    def stop(self) -> None:
        """End it."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _tree(self) -> list[int]:
        found = [self.process.pid]
        for pid in found:
            children = Path(f"/proc/{pid}/task/{pid}/children")
            if children.exists():
                found.extend(int(word) for word in children.read_text().split())
        return found


def start(command: list[str], env: Mapping[str, str], port: int, *, core: int | None) -> Server:
    """Start a server, on one core if there are several."""

    def pin() -> None:
        if core is not None:
            os.sched_setaffinity(0, {core})

    process = subprocess.Popen(
        command, cwd=PROJECT, env=dict(env), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        preexec_fn=pin,  # noqa: PLW1509  # nothing else runs in this process yet
    )  # fmt: skip
    return Server(process, port)


def baseline_python() -> Path | None:
    """The interpreter of the environment in which large_image lives; None when it is not made."""
    named = os.environ.get("BENCHMARK_BASELINES", str(PROJECT / ".venv-baselines"))
    python = Path(named) / "bin" / "python"
    return python if python.exists() else None


def start_large_image(
    python: Path, files: Mapping[str, Path], port: int, *, core: int | None
) -> Server:
    """large_image behind uvicorn, one process."""
    env = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": os.environ.get("HOME", ""),
        "BENCHMARK_FILES": json.dumps({name: str(path) for name, path in files.items()}),
    }
    command = [
        str(python), "-m", "uvicorn", "benchmarks.tiles.large_image_app:app", "--port", str(port),
        "--no-access-log", "--log-level", "error",
    ]  # fmt: skip
    return start(command, env, port, core=core)


def _cpu(pid: int) -> float:
    """CPU seconds of a process and of its threads that have ended, by the scheduler's own clock."""
    try:
        # clock_getcpuclockid(3): /proc/{pid}/stat counts in hundredths of a second, too coarse
        return time.clock_gettime(~pid << 3 | 2)
    except OSError:
        return 0.0


def _field(pid: int, file: str, name: str) -> int:
    try:
        text = Path(f"/proc/{pid}/{file}").read_text()
    except OSError:
        return 0
    line = next((line for line in text.splitlines() if line.startswith(f"{name}:")), "x: 0")
    return int(line.split()[1])
