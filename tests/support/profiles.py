"""How thorough a run is: the profiles of hypothesis."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

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
