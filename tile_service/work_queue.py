"""Work for a few threads: newest first within a session, round robin between sessions.

Somebody who pans wants what is on screen now, not what he passed; and one hasty viewer must not
starve the others. A full queue refuses at once; work that nobody waits for any more is dropped.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Condition, Thread
from time import perf_counter
from typing import TYPE_CHECKING, Any

from shared.errors import Busy
from tile_service.metrics import WAITING, waited

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable


@dataclass(slots=True)
class _Job:
    work: Callable[[], Any]
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    queued_at: float = field(default_factory=perf_counter)


class WorkQueue:
    """`workers` threads and at most `length` jobs that wait for them."""

    def __init__(self, workers: int, length: int) -> None:
        self._length = length
        self._waiting = 0
        self._stacks: OrderedDict[Hashable, list[_Job]] = OrderedDict()
        self._condition = Condition()
        self._is_closed = False
        self._threads = [
            Thread(target=self._run, name=f"tile-{number}", daemon=True)
            for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, session: Hashable, work: Callable[[], Any]) -> asyncio.Future[Any]:
        """Queue `work` and answer its future, in the running event loop.

        Cancel the future and the work is dropped unless it has begun. Raises `Busy` when full.
        """
        loop = asyncio.get_running_loop()
        job = _Job(work, loop.create_future(), loop)
        with self._condition:
            if self._waiting >= self._length:
                self._drop_abandoned()
            if self._waiting >= self._length or self._is_closed:
                raise Busy(
                    f"{self._waiting} tiles are waiting already.",
                    retry_after_s=1,
                    hint="Ask again in a second.",
                )
            self._stacks.setdefault(session, []).append(job)
            self._count(1)
            self._condition.notify()
        return job.future

    def close(self) -> None:
        """Stop the threads after the job at hand; what waits is cancelled."""
        with self._condition:
            self._is_closed = True
            jobs = [job for stack in self._stacks.values() for job in stack]
            self._stacks.clear()
            self._count(-self._waiting)
            self._condition.notify_all()
        for job in jobs:
            _tell(job, job.future.cancel)
        for thread in self._threads:
            thread.join()

    def __len__(self) -> int:
        return self._waiting

    def _count(self, change: int) -> None:
        self._waiting += change
        WAITING.set(self._waiting)

    def _drop_abandoned(self) -> None:
        for session, stack in list(self._stacks.items()):
            kept = [job for job in stack if not job.future.cancelled()]
            self._count(len(kept) - len(stack))
            if kept:
                self._stacks[session] = kept
            else:
                del self._stacks[session]

    def _next(self) -> _Job | None:
        """The newest job of the session whose turn it is; None when the queue is closed."""
        with self._condition:
            while not self._stacks and not self._is_closed:
                self._condition.wait()
            if self._is_closed:
                return None
            session, stack = next(iter(self._stacks.items()))
            job = stack.pop()
            self._count(-1)
            if stack:
                self._stacks.move_to_end(session)
            else:
                del self._stacks[session]
            return job

    def _run(self) -> None:
        while True:
            job = self._next()
            if job is None:
                return
            if job.future.cancelled():
                continue
            waited(perf_counter() - job.queued_at)
            try:
                result = job.work()
            except BaseException as error:  # handed to whoever waits
                _tell(job, _fail, job.future, error)
            else:
                _tell(job, _finish, job.future, result)
            del job


def _tell(job: _Job, callback: Callable[..., Any], *args: Any) -> None:
    if not job.loop.is_closed():
        job.loop.call_soon_threadsafe(callback, *args)


def _finish(future: asyncio.Future[Any], result: Any) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[Any], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
