"""Server paths: what lies outside the roots, or is not there, is the same NotFound."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from graphql_api.importing.roots import import_roots, source_files
from shared.errors import Invalid, NotFound, Unsupported
from shared.settings import Settings


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Folders `open`, `lab` (for the group Lab), `outside` and `data`, each with a file."""
    for name in ("open", "lab", "outside", "data"):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "sub" / "a.tif").write_bytes(b"II*\0")
    return tmp_path.resolve()


def found(place: Path, path: str | Path, group: str = "Lab") -> list[str]:
    roots = f"{place / 'open'};{place / 'lab'}=Lab, Other"
    settings = Settings(data_dir=place / "data", import_roots=roots)
    chosen = import_roots(settings, has_demo=False)
    return [file.name for file in source_files(str(path), chosen, group, settings.data_dir)]


def test_a_file_and_a_folder_below_a_root_are_found(place: Path) -> None:
    (place / "open" / "sub" / "deep").mkdir()
    (place / "open" / "sub" / "deep" / ".zattrs").write_text("{}")
    assert found(place, place / "open" / "sub" / "a.tif") == ["a.tif"]
    assert sorted(found(place, place / "open" / "sub")) == ["sub/a.tif", "sub/deep/.zattrs"]
    assert found(place, place / "lab" / "sub" / "a.tif", "Other") == ["a.tif"]


def _refusal(place: Path, path: str | Path, group: str = "Lab") -> str:
    with pytest.raises(NotFound) as caught:
        found(place, path, group)
    assert caught.value.path == ("source", "paths")
    return str(caught.value).replace(repr(str(path)), "'PATH'")


def test_everything_else_is_refused_alike(place: Path) -> None:
    (place / "open" / "file-link").symlink_to(place / "outside" / "sub" / "a.tif")
    (place / "open" / "folder-link").symlink_to(place / "outside" / "sub")
    (place / "open" / "inner-link").symlink_to(place / "open" / "sub")
    os.mkfifo(place / "open" / "pipe")
    cases: list[tuple[str | Path, str]] = [
        (place / "outside" / "sub" / "a.tif", "Lab"),
        (place / "open" / "missing.tif", "Lab"),
        (f"{place}/open/../outside/sub/a.tif", "Lab"),
        (f"{place}/open/sub/../sub/a.tif", "Lab"),
        (place / "open" / "file-link", "Lab"),
        (place / "open" / "folder-link" / "a.tif", "Lab"),
        (place / "open" / "inner-link" / "a.tif", "Lab"),
        (place / "open" / "pipe", "Lab"),
        (place / "open", "Lab"),
        (f"{place}/openly", "Lab"),
        (place / "data" / "sub" / "a.tif", "Lab"),
        (place / "lab" / "sub" / "a.tif", "Strangers"),
        ("open/sub/a.tif", "Lab"),
        ("", "Lab"),
        ("/etc/passwd", "Lab"),
        (f"{place}/open/sub/a.tif\0", "Lab"),
        (f"file://{place}/open/sub/a.tif", "Lab"),
    ]
    told = {_refusal(place, path, group) for path, group in cases if path}
    assert len(told) == 1
    assert "outside" not in told.pop()
    _refusal(place, "")


def test_the_data_folder_is_closed_even_below_a_root(place: Path) -> None:
    settings = Settings(data_dir=place / "data", import_roots=str(place))
    chosen = import_roots(settings, has_demo=False)
    with pytest.raises(NotFound):
        source_files(str(place / "data" / "sub" / "a.tif"), chosen, "Lab", settings.data_dir)


def test_a_folder_that_holds_the_data_folder_is_not_walked_into_it(place: Path) -> None:
    settings = Settings(data_dir=place / "data", import_roots=str(place.parent))
    chosen = import_roots(settings, has_demo=False)
    with pytest.raises(NotFound):
        source_files(str(place), chosen, "Lab", settings.data_dir)


def test_a_folder_with_a_link_in_it_is_refused(place: Path) -> None:
    (place / "open" / "sub" / "link").symlink_to(place / "outside" / "sub" / "a.tif")
    with pytest.raises(Unsupported, match="link"):
        found(place, place / "open" / "sub")


def test_without_roots_nothing_is_found(place: Path) -> None:
    settings = Settings(data_dir=place / "data")
    assert import_roots(settings, has_demo=False) == ()
    with pytest.raises(NotFound):
        source_files(str(place / "open" / "sub" / "a.tif"), (), "Lab", settings.data_dir)


def test_a_relative_root_is_told_to_the_operator(place: Path) -> None:
    with pytest.raises(Invalid, match="absolute"):
        import_roots(Settings(data_dir=place / "data", import_roots="images"), has_demo=False)
