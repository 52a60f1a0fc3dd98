"""Where bytes lie."""

from __future__ import annotations

from pathlib import Path


class LocalStorage:
    """A folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
