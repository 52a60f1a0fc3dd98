"""Alternating rounds of a subject and its baseline, and the figure that counts: the ratio.

A ratio above 1 means that the subject is faster than the baseline. Ratios are formed round by
round, so that a machine that grows slower does not matter; the lower quartile is quoted.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

ROUNDS = 9
UNSTEADY = 1.2
"""A round whose baseline repeats worse than this factor is discarded and counted."""

TIMING_S = 0.15
"""Short work is repeated for about so long."""

Work = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What rounds showed; times in seconds for one run of the work."""

    subject_s: float
    baseline_s: float
    ratios: tuple[float, ...]
    discarded: int

    @property
    def lower_quartile(self) -> float:
        """The ratio that three rounds out of four reach."""
        if len(self.ratios) < 2:
            return self.ratios[0] if self.ratios else float("nan")
        return statistics.quantiles(self.ratios, n=4)[0]


async def compare(subject: Work, baseline: Work, rounds: int = ROUNDS) -> Comparison:
    """Run baseline, subject, baseline, round after round, after one warm-up of each."""
    times = {work: await _repeats(work) for work in (subject, baseline)}
    subjects, baselines, ratios = [], [], []
    discarded = 0
    for _ in range(rounds):
        before = await _timed(baseline, times[baseline])
        own = await _timed(subject, times[subject])
        after = await _timed(baseline, times[baseline])
        if max(before, after) > UNSTEADY * min(before, after):
            discarded += 1
            continue
        baselines.append((before + after) / 2)
        subjects.append(own)
        ratios.append(baselines[-1] / own)
    middle = statistics.median
    return Comparison(
        middle(subjects) if subjects else float("nan"),
        middle(baselines) if baselines else float("nan"),
        tuple(ratios),
        discarded,
    )


async def _repeats(work: Work) -> int:
    """How often to run the work so that one timing lasts long enough; also its warm-up."""
    await work()
    once = await _timed(work, 1)
    return max(1, round(TIMING_S / once))


async def _timed(work: Work, repeats: int) -> float:
    """Seconds for one run, averaged over `repeats`."""
    started = time.perf_counter()
    for _ in range(repeats):
        await work()
    return (time.perf_counter() - started) / repeats


def table(title: str, question: str, rows: list[tuple[str, Comparison]]) -> str:
    """The printed form: a question and one line per comparison."""
    lines = [f"\n{title}: {question}", f"{'':44}{'ours':>10}{'baseline':>11}{'ratio':>8}  rounds"]
    for name, found in rows:
        lines.append(
            f"{name:44}{found.subject_s * 1e3:8.2f}ms{found.baseline_s * 1e3:9.2f}ms"
            f"{found.lower_quartile:8.2f}  {len(found.ratios)} (+{found.discarded} discarded)"
        )
    return "\n".join(lines)
