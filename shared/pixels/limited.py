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
from struct import Struct
from typing import IO, TYPE_CHECKING, Any

from shared.errors import BrokenFile
from shared.pixels.answers import unpack

if TYPE_CHECKING:
    from collections.abc import Callable

GIB = 2**30
PROGRESS = Struct("<QQ")
"""How a child tells what is done and how much there is; also in `limited_child`."""
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
    file_bytes: int = 0
    """Size of the largest file that the child may write; 0 means none at all."""


def run_limited(
    function_path: str,
    args: tuple[Any, ...],
    limits: InspectionLimits | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Any:
    """Run `package.module:function` with picklable `args` in a limited child; answer its result.

    The result may hold value classes of pixels, plain values and numeric arrays (read-only here).
    With `progress` the function gets an argument of that name, and what it tells arrives here.
    The child writes no file unless the limits say so. Errors of ours are raised as in the child,
    with message and hint;
    raises `BrokenFile` when the child dies, hits a limit or answers nonsense.
    """
    limits = limits or InspectionLimits()
    with tempfile.TemporaryFile() as request:
        # A file, not a pipe: neither side can block on a long list of names.
        told, tells = os.pipe() if progress else (-1, -1)
        pickle.dump((function_path, args, _told(limits, tells)), request, protocol=5)
        request.seek(0)
        with subprocess.Popen(
            [sys.executable, "-m", "shared.pixels.limited_child"],
            stdin=request,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            cwd="/",
            start_new_session=True,
            pass_fds=(tells,) if progress else (),
        ) as child:
            try:
                if progress:
                    os.close(tells)
                answer = _read(child, limits, told, progress)
            finally:
                _end(child)
                if progress:
                    os.close(told)
    if not answer or child.returncode != 0:
        raise _death(child.returncode, limits)
    return unpack(answer)


def _told(limits: InspectionLimits, tells: int) -> dict[str, float]:
    """What the child needs to know of its limits, by the names of `limited_child`."""
    return {
        "memory_bytes": limits.memory_bytes,
        "cpu_seconds": limits.cpu_seconds,
        "wall_seconds": limits.wall_seconds,
        "file_bytes": limits.file_bytes,
        "tells": tells,
    }


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    paths = [str(_ROOT), *(path for path in sys.path if path and Path(path).is_dir())]
    kept["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(paths))
    kept["PYTHONDONTWRITEBYTECODE"] = "1"
    # Each thread of a BLAS reserves address space, which is what the limit counts.
    kept.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
    return kept


def _read(
    child: subprocess.Popen[bytes],
    limits: InspectionLimits,
    told: int,
    progress: Callable[[int, int], None] | None,
) -> bytes:
    """Collect the child's answer until it closes its side, within time and size."""
    stream: IO[bytes] | None = child.stdout
    assert stream is not None
    deadline = time.monotonic() + limits.wall_seconds
    parts: list[bytes] = []
    total = 0
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        if progress:
            selector.register(told, selectors.EVENT_READ)
        while True:
            left = deadline - time.monotonic()
            ready = selector.select(left) if left > 0 else []
            if not ready:
                raise _too_long(limits)
            if progress and any(key.fd == told for key, _ in ready):
                _pass_on(told, selector, progress)
            if not any(key.fileobj is stream for key, _ in ready):
                continue
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


def _pass_on(
    told: int, selector: selectors.BaseSelector, progress: Callable[[int, int], None]
) -> None:
    """Hand on the newest of what the child told; a partial record is the child's nonsense."""
    data = os.read(told, 4096 * PROGRESS.size)
    if not data:
        selector.unregister(told)
    elif len(data) >= PROGRESS.size:
        last = len(data) // PROGRESS.size * PROGRESS.size
        progress(*PROGRESS.unpack(data[last - PROGRESS.size : last]))


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
