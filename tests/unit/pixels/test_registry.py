"""Choosing a reader by what files are."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from shared.errors import MissingReader, UnknownFormat
from shared.pixels import registry
from shared.pixels.reader import Priority


def test_a_tiff_is_known_by_its_first_bytes_whatever_its_name(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((4, 4), np.uint8))
    (tmp_path / "a.tif").rename(tmp_path / "strange.dat")
    assert registry.reader_for(tmp_path, ("strange.dat",)).name == "tiff"


def test_every_own_reader_is_there_and_ordered_by_priority() -> None:
    found = registry.readers()
    assert {reader.name for reader in found} >= set(registry.OWN_READERS)
    assert [reader.priority for reader in found] == sorted(reader.priority for reader in found)
    for reader in found:
        assert registry.reader_named(reader.name) is reader
        assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in reader.suffixes)


def test_an_unknown_file_is_told_what_is_supported(tmp_path: Path) -> None:
    (tmp_path / "a.xyz").write_bytes(b"nothing")
    for files in (("a.xyz",), ("absent",), ()):
        with pytest.raises(UnknownFormat) as caught:
            registry.reader_for(tmp_path, files)
        assert ".svs" in (caught.value.hint or "")


def test_a_reader_that_is_gone_is_missing() -> None:
    with pytest.raises(MissingReader, match="nd2"):
        registry.reader_named("nd2")


class EverythingReader:
    name = "everything"
    suffixes = (".any",)
    priority = int(Priority.PREFERRED)

    def recognises(self, root: Path, files: tuple[str, ...]) -> bool:
        return (root / "a.any").name in files


def test_an_installed_package_can_add_a_reader_that_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    point = EntryPoint("everything", f"{__name__}:EverythingReader", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda **_: [point])
    monkeypatch.setattr(registry, "import_module", _imported)
    registry.readers.cache_clear()
    try:
        assert registry.reader_for(tmp_path, ("a.any",)).name == "everything"
        assert len(registry.readers()) == 1 + len(registry.OWN_READERS)
    finally:
        registry.readers.cache_clear()


def _imported(module: str) -> Any:
    import importlib
    import sys

    return sys.modules[__name__] if module == __name__ else importlib.import_module(module)
