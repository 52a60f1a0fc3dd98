"""`python -m tests`: the whole suite in two processes; `--nightly` adds the long profiles.

Settings of the caller's environment are left out, so that a developer's `TESSERA_*` change no
test. With TESSERA_TEST_NO_SKIPS=1 a skipped test fails the run.
"""

from __future__ import annotations

import os
import sys

import pytest

from tests.support.no_skips import NoSkips

NIGHTLY_TIMEOUT_S = 7200
"""For one test of a long profile: the laws of graphs take half an hour for each database."""
KEPT = frozenset({"TESSERA_TEST_POSTGRES_URL", "TESSERA_TEST_NO_SKIPS", "TESSERA_PUBLIC_DATA"})


def main(arguments: list[str]) -> int:
    """Run pytest with the project's options and answer its exit code."""
    for name in list(os.environ):
        if name.startswith("TESSERA_") and name not in KEPT:
            del os.environ[name]
    nightly = "--nightly" in arguments
    rest = [argument for argument in arguments if argument != "--nightly"]
    os.environ["TESSERA_PROFILE"] = "nightly" if nightly else "default"
    places = [] if any(not each.startswith("-") for each in rest) else ["tests"]
    chosen = [f"--timeout={NIGHTLY_TIMEOUT_S}"] if nightly else ["-m", "not nightly"]
    watch = NoSkips()
    plugins = [watch] if os.environ.get("TESSERA_TEST_NO_SKIPS") == "1" else []
    options = ["-n", "2", "--dist", "worksteal", *chosen, *rest, *places]
    status = int(pytest.main(options, plugins=plugins))
    return status or int(bool(watch.skipped))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
