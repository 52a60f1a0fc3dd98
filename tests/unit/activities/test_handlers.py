"""Handlers of other packages come through their entry points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.activities.handlers import HandlerRegistry, Work
from shared.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Install a package that offers one handler."""

    def offer(value: str) -> None:
        folder = tmp_path / "polisher-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: polisher\nVersion: 1.0\n")
        (folder / "entry_points.txt").write_text(f"[tessera.activities]\npolish = {value}\n")
        (tmp_path / "polisher_handlers.py").write_text("def polish(work):\n    pass\n")
        monkeypatch.syspath_prepend(str(tmp_path))

    return offer


def ours(_work: Work) -> None:
    """A handler of our own."""


def test_an_installed_package_adds_its_kind(install: Callable[[str], None]) -> None:
    install("polisher_handlers:polish")
    handlers = HandlerRegistry.load({"import": ours})
    assert handlers.kinds >= {"polish", "import"}
    assert handlers.handler("polish").__name__ == "polish"
    assert handlers.handler("import") is ours


@pytest.mark.parametrize("value", ["polisher_handlers:missing", "nowhere_at_all:polish"])
def test_a_handler_that_cannot_be_imported_is_named(
    install: Callable[[str], None], value: str
) -> None:
    install(value)
    with pytest.raises(Conflict, match=value):
        HandlerRegistry.load({})


def test_two_handlers_of_one_kind_are_refused(install: Callable[[str], None]) -> None:
    install("polisher_handlers:polish")
    with pytest.raises(Conflict, match="polish"):
        HandlerRegistry.load({"polish": ours})
