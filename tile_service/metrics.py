"""What the tile service counts and times, for Prometheus.

One registry per process, filled at import like every Prometheus client; labels are closed lists, so
that no request can make the number of series grow.
"""

from __future__ import annotations

from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge, Histogram

if TYPE_CHECKING:
    from collections.abc import Iterator

PHASES = ("authorise", "resolve", "wait", "read", "render", "encode")

_BUCKETS = (1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1.0, 5.0)

TILE_SECONDS = Histogram(
    "tessera_tile_seconds", "Time of one phase of a rendered answer.", ["phase"], buckets=_BUCKETS
)
CACHE_LOOKUPS = Counter(
    "tessera_tile_cache_lookups", "Look-ups of encoded tiles by where they were found.", ["found"]
)
ANSWERS = Counter("tessera_tile_answers", "Answers by route and status.", ["route", "status"])
WAITING = Gauge("tessera_tile_queue_length", "Tiles that wait for a worker thread.")


@contextmanager
def timed(phase: str) -> Iterator[None]:
    """Time a phase of `PHASES`, also when it fails."""
    started = perf_counter()
    try:
        yield
    finally:
        TILE_SECONDS.labels(phase).observe(perf_counter() - started)
