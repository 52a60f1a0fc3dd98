"""Solve and pin the three requirement lists: names, versions and hashes, no addresses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
SOLVE = [
    sys.executable, "-m", "uv", "pip", "compile", "--universal", "--python-version", "3.11",
    "--generate-hashes", "--no-annotate", "--no-header", "--quiet", "pyproject.toml",
]  # fmt: skip


def main() -> None:
    """Write core.txt first; the others are held to its versions."""
    core = HERE / "core.txt"
    _solve("core.txt", "--extra", "postgres", "--group", "build")
    _solve("dev.txt", "--extra", "postgres", "--group", "dev", "--constraints", str(core))
    for group in ("baselines", "readers"):
        _solve_alone(group)
    _solve("extras.txt", "--all-extras", "--group", "build", "--constraints", str(core))


def _solve_alone(group: str) -> None:
    """A list that is held to none of our versions."""
    command = [*SOLVE[:-1], "--group", f"pyproject.toml:{group}", "--no-emit-package", "tessera"]
    subprocess.run(
        [*command, "--output-file", str(HERE / f"{group}.txt")], check=True, cwd=HERE.parent
    )


def _solve(name: str, *options: str) -> None:
    command = [*SOLVE, *options, "--output-file", str(HERE / name)]
    subprocess.run(command, check=True, cwd=HERE.parent)


if __name__ == "__main__":
    main()
