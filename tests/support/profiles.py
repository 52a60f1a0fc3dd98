"""How thorough a run is: hypothesis profiles, and runs in which nothing may be skipped."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    import pytest

NIGHTLY_TIMES = 20
"""How many times more examples the long profile tries."""


def load_profile() -> None:
    """Load the profile that TESSERA_PROFILE names: `default`, or `nightly` with more examples."""
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
    settings.register_profile("default", deadline=None, suppress_health_check=slow)
    settings.register_profile(
        "nightly",
        deadline=None,
        suppress_health_check=slow,
        max_examples=100 * NIGHTLY_TIMES,
    )
    settings.load_profile(os.environ.get("TESSERA_PROFILE", "default"))


def examples(count: int) -> int:
    """As many examples in an ordinary run, and many times more in the nightly one."""
    return count * (NIGHTLY_TIMES if os.environ.get("TESSERA_PROFILE") == "nightly" else 1)


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
