"""What the tile service counts and times, for Prometheus.

One registry per process, filled at import like every Prometheus client; labels are closed lists, so
that no request can make the number of series grow.
"""

from __future__ import annotations

from functools import cache
from time import perf_counter

from prometheus_client import Counter, Gauge, Histogram

PLACES = ("memory", "disk", "image", "nowhere")
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


_BY_PHASE = {phase: TILE_SECONDS.labels(phase) for phase in PHASES}
_BY_PLACE = {place: CACHE_LOOKUPS.labels(place) for place in PLACES}


class timed:  # noqa: N801  # read as a word: `with timed("read"):`
    """Time a phase of `PHASES`, also when it fails. A class: every tile goes through it thrice."""

    __slots__ = ("_observe", "_started")

    def __init__(self, phase: str) -> None:
        self._observe = _BY_PHASE[phase].observe

    def __enter__(self) -> None:
        self._started = perf_counter()

    def __exit__(self, *_fault: object) -> None:
        self._observe(perf_counter() - self._started)


def waited(seconds: float) -> None:
    """Time that a tile waited for a worker thread."""
    _BY_PHASE["wait"].observe(seconds)


def count_lookup(place: str) -> None:
    """Count where an encoded tile was found, one of `PLACES`."""
    _BY_PLACE[place].inc()


@cache
def answers(route: str, status: int) -> Counter:
    """The counter of a route's answers of one status; both are closed lists."""
    return ANSWERS.labels(route, status)
