"""Compiled kernels are kept in the folder that the service names."""

from __future__ import annotations

from pathlib import Path

import pytest
from numba.core import config

from tile_service.rendering import kernel


def test_compiled_code_goes_to_the_cache_folder_and_comes_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "CACHE_DIR", "")  # restored afterwards
    try:
        kernel.use_cache_folder(tmp_path / "kernels")
        kernel.kernels()
        written = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nb?")}
        assert len([path for path in written if path.suffix == ".nbc"]) == 2 + 1 + 2 + 4
        kernel.use_cache_folder(tmp_path / "kernels")
        kernel.kernels()
        assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nb?")} == written
    finally:
        kernel.kernels.cache_clear()
