"""An environment of its own for programs of others that read our answers, made once per lock.

They want older libraries than ours, so nothing of it is on our path. Without a package registry in
reach the tests that need it are skipped.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.public_data import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

LOCK = PROJECT / "requirements" / "readers.txt"
FOLDER = PROJECT / ".venv-readers"
PATIENCE_S = 300


@cache
def readers_python() -> Path:
    """The interpreter of that environment, made when it is missing; skips where it cannot be."""
    FOLDER.mkdir(exist_ok=True)
    wanted = f"{sys.version_info[:2]} {hashlib.sha256(LOCK.read_bytes()).hexdigest()}"
    stamp, python = FOLDER / "made-from", FOLDER / "env" / "bin" / "python"
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.is_file() or stamp.read_text() != wanted:
            stamp.unlink(missing_ok=True)
            _make(python)
            stamp.write_text(wanted)
    return python


def read_by(script: str, *arguments: str) -> Any:
    """Run one of our scripts there; answers the JSON that it prints last."""
    done = subprocess.run(
        [readers_python(), PROJECT / "tests" / "support" / script, *arguments],
        capture_output=True, text=True, timeout=120, check=False, env=_environment(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def _make(python: Path) -> None:
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(FOLDER / "env")],
        [str(python), "-m", "pip", "install", "--quiet",
         "--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:",
         "--no-deps", "-r", str(LOCK)],
    ):  # fmt: skip
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
            env=_environment(),
        )  # fmt: skip
        if done.returncode != 0:
            words = (done.stderr.strip() or "it said nothing").splitlines()[-1]
            pytest.skip(f"requirements/readers.txt cannot be installed here: {words}")


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return kept | {"NO_PROXY": "127.0.0.1,localhost"}
