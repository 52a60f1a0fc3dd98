"""Long-running jobs: durable rows, claims with a number, workers that may die at any moment.

The row commits with its cause, the end with its effect. What a handler may use is `Work`.
"""

from __future__ import annotations

from shared.activities.claims import Cancelled, Claim, LostClaim, Stopping
from shared.activities.handlers import Handler, HandlerRegistry, Work
from shared.activities.queue import book, claim, fail, finish, request_cancel, retry
from shared.activities.running import run_claim, run_now
from shared.activities.worker import run_worker, stop_on_signals

__all__ = [
    "Cancelled",
    "Claim",
    "Handler",
    "HandlerRegistry",
    "LostClaim",
    "Stopping",
    "Work",
    "book",
    "claim",
    "fail",
    "finish",
    "request_cancel",
    "retry",
    "run_claim",
    "run_now",
    "run_worker",
    "stop_on_signals",
]
