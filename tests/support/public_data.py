"""Where real sample images lie; tests that use them run wherever the folder exists."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


def public_data() -> Path | None:
    """Answer the folder of public sample images, or None where there is none."""
    named = os.environ.get("TESSERA_PUBLIC_DATA")
    folder = Path(named) if named else PROJECT.parent / "shared" / "data" / "public"
    return folder if (folder / "README.md").is_file() else None


def require_public(relative: str) -> Path:
    """Answer one sample's path, or skip the test with the reason."""
    folder = public_data()
    if folder is None:
        pytest.skip("no folder of public sample images (TESSERA_PUBLIC_DATA names one)")
    path = folder / relative
    if not path.exists():
        pytest.skip(f"the public sample images lack {relative}")
    return path
