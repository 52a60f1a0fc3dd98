"""`python -m benchmarks.tiles [ROUNDS] [CASE...]`: ours beside large_image, as ratios and goals;
`python -m benchmarks.tiles [ROUNDS] itself`: ours beside itself.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from benchmarks.tiles.run import Plan, run, run_itself
from tests.support.databases import drop_template
from tests.support.postgres import begin_run, end_run


def main(rounds: int, only: list[str]) -> int:
    """Print the table; 1 when a *must* of those measured is missed."""
    begin_run()
    try:
        with tempfile.TemporaryDirectory() as folder:
            if only == ["itself"]:
                return asyncio.run(run_itself(Path(folder), rounds))
            return asyncio.run(run(Path(folder), Plan(rounds=rounds, only=tuple(only))))
    finally:
        drop_template()
        end_run()


if __name__ == "__main__":
    if sys.platform != "linux":
        sys.exit("The figures come from /proc: run this on Linux.")
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(0, {cores[-1]})
    words = sys.argv[1:]
    count = int(words.pop(0)) if words and words[0].isdigit() else 7
    sys.exit(main(count, words))
