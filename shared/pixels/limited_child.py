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
from struct import Struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

EXIT_MEMORY = 86
EXIT_NO_REQUEST = 87


def main() -> None:
    """Read the request from standard input, run it, write the answer, and leave at once."""
    answer_to = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    # The parent wrote this file itself, so it is ordinary pickle.
    request = pickle.load(sys.stdin.buffer)  # noqa: S301
    function_path, args, limits = request
    _limit(limits)
    try:
        answer = _answer(function_path, args, int(limits["tells"]))
        with os.fdopen(answer_to, "wb") as stream:
            stream.write(answer)
    except MemoryError:
        os._exit(EXIT_MEMORY)
    # Libraries' threads and finalisers have nothing left to do that anyone waits for.
    os._exit(0)


def _limit(limits: dict[str, float]) -> None:
    for kind, name, more in (
        (resource.RLIMIT_AS, "memory_bytes", 0),
        (resource.RLIMIT_CPU, "cpu_seconds", 1),
        (resource.RLIMIT_FSIZE, "file_bytes", 0),
    ):
        limit = int(limits[name])
        resource.setrlimit(kind, (limit, limit + more))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # When the parent is gone, nobody else would stop it.
    signal.alarm(ceil(limits["wall_seconds"]) + 1)


def _answer(function_path: str, args: tuple[Any, ...], tells: int) -> bytes:
    from shared.errors import BrokenFile, TesseraError
    from shared.pixels.answers import pack_error, pack_result

    more = {"progress": _telling(tells)} if tells >= 0 else {}
    try:
        module, _, name = function_path.partition(":")
        return pack_result(getattr(import_module(module), name)(*args, **more))
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


def _telling(descriptor: int) -> Callable[[int, int], None]:
    record = Struct("<QQ")

    def tell(done: int, total: int) -> None:
        os.write(descriptor, record.pack(done, total))

    return tell


if __name__ == "__main__":
    main()
