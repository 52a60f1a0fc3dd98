from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from functools import partial

import pytest

from shared.errors import Busy, Invalid
from tile_service.develop import InFlight
from tile_service.work_queue import WorkQueue


@pytest.fixture
def queue() -> Iterator[WorkQueue]:
    queue = WorkQueue(workers=1, length=6)
    yield queue
    queue.close()


class Gate:
    """Holds the one worker until it is opened."""

    def __init__(self, queue: WorkQueue) -> None:
        self._open = threading.Event()
        self._entered = threading.Event()
        self.future = queue.submit("gate", self._hold)
        assert self._entered.wait(5)

    def _hold(self) -> None:
        self._entered.set()
        assert self._open.wait(5)

    def open(self) -> None:
        self._open.set()


async def test_newest_first_within_a_session_and_round_robin_between_sessions(
    queue: WorkQueue,
) -> None:
    done: list[str] = []
    gate = Gate(queue)
    futures = [
        queue.submit(name[0], partial(done.append, name))
        for name in ("a1", "a2", "a3", "b1", "b2", "c1")
    ]
    gate.open()
    await asyncio.gather(*futures)
    assert done == ["a3", "b2", "c1", "a2", "b1", "a1"]


async def test_a_full_queue_refuses_until_somebody_has_gone(queue: WorkQueue) -> None:
    done: list[int] = []
    gate = Gate(queue)
    futures = [queue.submit("a", partial(done.append, n)) for n in range(6)]
    with pytest.raises(Busy) as caught:
        queue.submit("b", lambda: done.append(100))
    assert caught.value.retry_after_s >= 1
    futures[5].cancel()
    futures[2].cancel()
    futures.append(queue.submit("b", lambda: done.append(200)))
    gate.open()
    await asyncio.gather(*futures, return_exceptions=True)
    assert sorted(done) == [0, 1, 3, 4, 200]
    assert len(queue) == 0


async def test_what_the_work_raises_reaches_whoever_waits(queue: WorkQueue) -> None:
    def fail() -> None:
        raise Invalid("No.")

    with pytest.raises(Invalid, match="No"):
        await queue.submit("a", fail)
    assert await queue.submit("a", lambda: 7) == 7


async def test_closing_cancels_what_waits() -> None:
    queue = WorkQueue(workers=1, length=5)
    gate = Gate(queue)
    waiting = queue.submit("a", lambda: 1)
    closing = asyncio.ensure_future(asyncio.to_thread(queue.close))
    await asyncio.sleep(0)
    gate.open()
    await closing
    with pytest.raises(asyncio.CancelledError):
        await waiting
    with pytest.raises(Busy):
        queue.submit("a", lambda: 1)


async def test_equal_work_under_way_is_begun_once_and_dropped_when_all_have_gone() -> None:
    in_flight = InFlight()
    begun: list[asyncio.Future[int]] = []

    def start() -> asyncio.Future[int]:
        begun.append(asyncio.get_running_loop().create_future())
        return begun[-1]

    tasks = [asyncio.ensure_future(in_flight.join("k", start)) for _ in range(3)]
    await asyncio.sleep(0)
    assert len(begun) == 1
    tasks[0].cancel()
    await asyncio.sleep(0)
    assert not begun[0].cancelled()
    tasks[1].cancel()
    tasks[2].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert begun[0].cancelled()
    # whoever comes now does not join what was dropped
    again = asyncio.ensure_future(in_flight.join("k", start))
    await asyncio.sleep(0)
    begun[1].set_result(5)
    assert await again == 5


async def test_a_failure_is_told_to_all_and_not_kept() -> None:
    in_flight = InFlight()
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    tasks = [asyncio.ensure_future(in_flight.join("k", lambda: future)) for _ in range(2)]
    await asyncio.sleep(0)
    future.set_exception(Invalid("No."))
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, Invalid) for result in results)
    fresh: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    fresh.set_result(1)
    assert await in_flight.join("k", lambda: fresh) == 1
