"""The house's own rules: who imports whom, how large a file is, what is never committed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.public_data import PROJECT

CEILING = 400
EXCEPTIONS: dict[str, str] = {
    "shared/migrations/versions": "a migration is a table of columns",
}
SOURCES = ("shared", "graphql_api", "tile_service", "cli", "benchmarks", "examples", "tests")
ADDRESS = re.compile(
    r"https?://(?:pypi\.org|files\.pythonhosted\.org|registry\.npmjs\.org|[^/\s\"']*artifact)"
)
TEXT = {".py", ".md", ".txt", ".toml", ".yml", ".yaml", ".json", ".ts", ".js", ".css", ".html", ""}


def committed() -> list[Path]:
    git = shutil.which("git")
    if git is None or not (PROJECT / ".git").exists():
        pytest.skip("not a git checkout: the list of committed files is not to be had")
    listed = subprocess.run(
        [git, "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=True, text=True
    )
    return [PROJECT / name for name in listed.stdout.split("\0") if name]


def test_rooms_import_only_where_the_contracts_allow() -> None:
    command = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert command, "import-linter is a development dependency"
    found = subprocess.run(
        [command, "--no-cache"], cwd=PROJECT, capture_output=True, check=False, text=True
    )
    assert found.returncode == 0, found.stdout


def test_no_file_grows_beyond_the_ceiling() -> None:
    grown = {}
    for folder in SOURCES:
        for path in (PROJECT / folder).rglob("*.py"):
            relative = path.relative_to(PROJECT).as_posix()
            if any(relative.startswith(argued) for argued in EXCEPTIONS):
                continue
            lines = len(path.read_text(encoding="utf-8").splitlines())
            if lines > CEILING:
                grown[relative] = lines
    assert not grown


def test_every_module_says_what_lives_there() -> None:
    silent = [
        path.relative_to(PROJECT).as_posix()
        for folder in ("shared", "graphql_api", "tile_service", "cli")
        for path in (PROJECT / folder).rglob("*.py")
        if not path.read_text(encoding="utf-8").lstrip().startswith('"""')
    ]
    assert not silent


def test_nothing_committed_names_a_machine_or_a_registry() -> None:
    machine = str(PROJECT.parent) + "/"
    guilty = []
    for path in committed():
        if path.suffix not in TEXT or not path.is_file() or path == Path(__file__):
            continue
        content = path.read_text(encoding="utf-8", errors="replace")
        if ADDRESS.search(content) or (len(machine) > 4 and machine in content):
            guilty.append(path.relative_to(PROJECT).as_posix())
    assert not guilty


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("shared.pixels", ("numpy", "zarr", "dask", "tifffile")),
        ("shared.pixels.registry", ("zarr", "dask", "tifffile", "imagecodecs")),
        ("cli.main", ("numpy", "sqlalchemy", "strawberry", "starlette", "zarr")),
    ],
)
def test_importing_is_light(module: str, heavy: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print([m for m in {heavy!r} if m in sys.modules])"
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, check=True, text=True
    )
    assert found.stdout.strip() == "[]"
