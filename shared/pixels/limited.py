"""Running a function on a stranger's file in a child process with limits on memory, CPU and time.

The child gets no environment of ours (no secrets, no database address) and its answer is read as
hostile. A death or a time-out is a `BrokenFile` that says which limit was hit.
"""

from __future__ import annotations

import os
import pickle
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from shared.errors import BrokenFile
from shared.pixels.answers import unpack

GIB = 2**30
_ROOT = Path(__file__).resolve().parents[2]
_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
_EXIT_MEMORY = 86
"""How a child that ran out of memory says so when it cannot say more; see `limited_child`."""


@dataclass(frozen=True, slots=True)
class InspectionLimits:
    """What one inspection may take."""

    memory_bytes: int = 4 * GIB
    cpu_seconds: int = 120
    wall_seconds: float = 300.0
    answer_bytes: int = GIB


def run_limited(
    function_path: str, args: tuple[Any, ...], limits: InspectionLimits | None = None
) -> Any:
    """Run `package.module:function` with picklable `args` in a limited child; answer its result.

    The result may hold value classes of pixels, plain values and numeric arrays (read-only here).
    The child writes no file. Errors of ours are raised as in the child, with message and hint; raises
    `BrokenFile` when the child dies, hits a limit or answers nonsense.
    """
    limits = limits or InspectionLimits()
    with tempfile.TemporaryFile() as request:
        # A file, not a pipe: neither side can block on a long list of names.
        pickle.dump(
            (function_path, args, limits.memory_bytes, limits.cpu_seconds, limits.wall_seconds),
            request,
            protocol=5,
        )
        request.seek(0)
        with subprocess.Popen(
            [sys.executable, "-m", "shared.pixels.limited_child"],
            stdin=request,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            cwd="/",
            start_new_session=True,
        ) as child:
            try:
                answer = _read(child, limits)
            finally:
                _end(child)
    if not answer or child.returncode != 0:
        raise _death(child.returncode, limits)
    return unpack(answer)


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    paths = [str(_ROOT), *(path for path in sys.path if path and Path(path).is_dir())]
    kept["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(paths))
    kept["PYTHONDONTWRITEBYTECODE"] = "1"
    # Each thread of a BLAS reserves address space, which is what the limit counts.
    kept.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
    return kept


def _read(child: subprocess.Popen[bytes], limits: InspectionLimits) -> bytes:
    """Collect the child's answer until it closes its side, within time and size."""
    stream: IO[bytes] | None = child.stdout
    assert stream is not None
    deadline = time.monotonic() + limits.wall_seconds
    parts: list[bytes] = []
    total = 0
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not selector.select(left):
                raise _too_long(limits)
            data = os.read(stream.fileno(), 2**20)
            if not data:
                break
            parts.append(data)
            total += len(data)
            if total > limits.answer_bytes:
                raise BrokenFile(
                    f"The file's description is larger than {limits.answer_bytes:,} bytes.",
                    hint="It may be damaged or hostile; save it again with less metadata.",
                )
    try:
        child.wait(max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise _too_long(limits) from None
    return b"".join(parts)


def _too_long(limits: InspectionLimits) -> BrokenFile:
    return BrokenFile(
        f"Reading the file took longer than the limit of {limits.wall_seconds:g} seconds.",
        hint="It may be damaged or hostile; if it is sound, ask for a higher limit.",
    )


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the child and whatever it started; it leads a process group of its own."""
    if child.poll() is None:
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        child.wait()


def _death(returncode: int, limits: InspectionLimits) -> BrokenFile:
    hint = "It may be damaged or hostile; compare it with its source."
    if returncode == _EXIT_MEMORY:
        return BrokenFile(
            "Reading the file needs more memory than the limit of "
            f"{limits.memory_bytes / GIB:g} GiB.",
            hint=hint,
        )
    if returncode in {-signal.SIGXCPU, -signal.SIGKILL}:
        return BrokenFile(
            "Reading the file took more processor time than the limit of "
            f"{limits.cpu_seconds} seconds, or more memory than the machine has.",
            hint=hint,
        )
    if returncode == -signal.SIGALRM:
        return _too_long(limits)
    how = signal.Signals(-returncode).name if returncode < 0 else f"exit code {returncode}"
    return BrokenFile(f"The file made its reader crash ({how}).", hint=hint)
