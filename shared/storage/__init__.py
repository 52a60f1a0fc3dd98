"""Where bytes live, and how files and transactions are kept in step.

A name says nothing of owner or group, so a move between groups touches no disk.
"""

from __future__ import annotations

from shared.storage.local import LocalStorage
from shared.storage.protocol import CopyResult, Storage

__all__ = ["CopyResult", "LocalStorage", "Storage"]
