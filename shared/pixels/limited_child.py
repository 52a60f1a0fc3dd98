"""The child that `limited.run_limited` starts: set limits, run one function, write one answer.

Limits come first, before any library is loaded. Standard output belongs to the answer alone; what
libraries print goes nowhere.
"""

from __future__ import annotations

import os
import pickle
import resource
import signal
import sys
from importlib import import_module
from math import ceil
from typing import Any

EXIT_MEMORY = 86
EXIT_NO_REQUEST = 87


def main() -> None:
    """Read the request from standard input, run it, write the answer, and leave at once."""
    answer_to = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    # The parent wrote this file itself, so it is ordinary pickle.
    request = pickle.load(sys.stdin.buffer)  # noqa: S301
    function_path, args, memory_bytes, cpu_seconds, wall_seconds = request
    _limit(memory_bytes, cpu_seconds, wall_seconds)
    try:
        answer = _answer(function_path, args)
        with os.fdopen(answer_to, "wb") as stream:
            stream.write(answer)
    except MemoryError:
        os._exit(EXIT_MEMORY)
    # Libraries' threads and finalisers have nothing left to do that anyone waits for.
    os._exit(0)


def _limit(memory_bytes: int, cpu_seconds: int, wall_seconds: float) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # It has nothing to write to disk: pipes are not counted.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    # When the parent is gone, nobody else would stop it.
    signal.alarm(ceil(wall_seconds) + 1)


def _answer(function_path: str, args: tuple[Any, ...]) -> bytes:
    from shared.errors import BrokenFile, TesseraError
    from shared.pixels.answers import pack_error, pack_result

    try:
        module, _, name = function_path.partition(":")
        return pack_result(getattr(import_module(module), name)(*args))
    except TesseraError as exc:
        if isinstance(exc.__cause__, MemoryError):
            raise exc.__cause__ from None
        return pack_error(exc)
    except MemoryError:
        raise
    except Exception as exc:
        # The edge of the process: whatever a reader did not foresee is the file's fault here.
        return pack_error(
            BrokenFile(
                f"The file cannot be read: {type(exc).__name__}: {str(exc)[:500]}.",
                hint="Compare it with its source, and transfer or export it again.",
            )
        )


if __name__ == "__main__":
    main()
