"""Runs in which nothing may be skipped. Nothing heavy is imported: pytest has not begun yet."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


class NoSkips:
    """A pytest plugin that fails the run when a test was skipped."""

    def __init__(self) -> None:
        self.skipped: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember what was skipped; with several processes this is told to the first one."""
        if report.skipped and not hasattr(report, "wasxfail"):
            self.skipped.append(report.nodeid)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Say that something was skipped."""
        if self.skipped and not hasattr(session.config, "workerinput"):
            few = ", ".join(self.skipped[:20])
            sys.stderr.write(f"\n{len(self.skipped)} tests were skipped, but none may be: {few}\n")
