"""Documentation is held true: settings, errors and generated pages."""

from __future__ import annotations

import pytest

from docs.generate import GENERATED, settings_classes
from shared import errors
from tests.support.public_data import PROJECT


@pytest.mark.parametrize("name", sorted(GENERATED))
def test_a_generated_page_is_current(name: str) -> None:
    page = PROJECT / "docs" / name
    assert page.read_text(encoding="utf-8") == GENERATED[name](), "run: make docs"


def test_every_setting_has_a_description() -> None:
    silent = [
        f"{cls.__name__}.{name}"
        for cls in settings_classes()
        for name, field in cls.model_fields.items()
        if not field.description
    ]
    assert not silent


def test_every_error_has_a_page() -> None:
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.TesseraError)
    ]
    assert len(kinds) > 10
    missing = [
        kind.code for kind in kinds if not (PROJECT / "docs/errors" / f"{kind.code}.md").is_file()
    ]
    assert not missing


def test_the_readme_names_the_two_commands() -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert "make run" in readme
    assert "make test" in readme
