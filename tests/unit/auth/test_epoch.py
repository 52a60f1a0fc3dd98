"""The rights epoch and what trusts it, on a clock that the tests turn."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import delete

from shared.auth.epoch import EpochWatch, VerdictCache, bump_epoch, read_epoch
from shared.database import Database, counted_statements
from shared.models.system import RightsEpoch


class Ticks:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def raise_it(database: Database) -> None:
    with database.write() as connection:
        bump_epoch(connection)


def test_every_bump_raises_the_epoch_even_where_the_row_is_missing(database: Database) -> None:
    with database.write() as connection:
        first = read_epoch(connection)
        bump_epoch(connection)
        assert read_epoch(connection) == first + 1
        connection.execute(delete(RightsEpoch))
        assert read_epoch(connection) == 0
        bump_epoch(connection)
        assert read_epoch(connection) == 1


def test_the_epoch_is_read_once_a_second_at_most(database: Database) -> None:
    ticks = Ticks()
    watch = EpochWatch(database, clock=ticks)
    first = watch.current()
    raise_it(database)
    ticks.now += 0.99
    with counted_statements() as count:
        assert watch.current() == first
    assert len(count) == 0
    ticks.now += 0.01
    assert watch.current() == first + 1
    raise_it(database)
    watch.wake()
    assert watch.current() == first + 2


def test_many_threads_share_one_read(database: Database) -> None:
    watch = EpochWatch(database, clock=Ticks())
    start = threading.Barrier(8)

    def ask(_: int) -> int:
        start.wait(timeout=20)
        with counted_statements() as count:
            watch.current()
        return len(count)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(8))) == 1


def test_a_verdict_lives_three_seconds(database: Database) -> None:
    ticks = Ticks()
    cache = VerdictCache(EpochWatch(database, clock=ticks), clock=ticks)
    assert cache.get("key") is None
    cache.put("key", "verdict")
    ticks.now += 2.9
    assert cache.get("key") == "verdict"
    ticks.now += 0.1
    assert cache.get("key") is None
    assert cache.size == 0


def test_a_new_epoch_empties_the_cache(database: Database) -> None:
    ticks = Ticks()
    cache = VerdictCache(EpochWatch(database, clock=ticks), clock=ticks)
    cache.put("key", "verdict")
    raise_it(database)
    assert cache.get("key") == "verdict"
    ticks.now += 1
    assert cache.get("key") is None
    assert cache.size == 0


def test_a_verdict_that_was_overtaken_is_not_kept(database: Database) -> None:
    ticks = Ticks()
    cache = VerdictCache(EpochWatch(database, clock=ticks), clock=ticks)
    before = cache.epoch()
    raise_it(database)
    ticks.now += 1
    cache.put("key", "old", epoch=before)
    assert cache.get("key") is None
    cache.put("key", "new", epoch=cache.epoch())
    assert cache.get("key") == "new"


def test_the_cache_forgets_the_oldest_beyond_its_limit(database: Database) -> None:
    ticks = Ticks()
    cache = VerdictCache(EpochWatch(database, clock=ticks), limit=2, clock=ticks)
    for key in ("a", "b", "a", "c"):
        cache.put(key, key)
    assert [cache.get(key) for key in ("a", "b", "c")] == ["a", None, "c"]
