"""Subscriptions to activities over a real WebSocket, on both databases."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest_asyncio
from sqlalchemy import delete, update

from graphql_api.settings import ApiSettings
from shared.activities.queue import book
from shared.auth.sessions import open_session
from shared.clock import MINUTE, now
from shared.database import Database
from shared.models.activities import Activity
from shared.models.people import Membership, Session
from shared.settings import Settings
from tests.support.graphql_client import api_settings
from tests.support.live import Live, open_socket, served
from tests.support.people import make_group, make_user, special_group

ONE = "subscription($id: ID!) { activity(id: $id) { id state progress { done } } }"
ALL = "subscription { activities { id state } }"


@dataclass
class Place:
    """A served API with Ada, Bob and an administrator."""

    address: str
    database: Database
    settings: ApiSettings
    ada: int
    bob: int
    chief: int

    def token(self, user: int) -> str:
        opened = open_session(self.database, self.settings, user, expires_at=now() + 60 * MINUTE)
        return opened.token

    def job(self, user: int) -> int:
        with self.database.write() as connection:
            return book(connection, kind="nothing", user_id=user, request={})

    def change(self, number: int, **values: Any) -> None:
        with self.database.write() as connection:
            connection.execute(update(Activity).where(Activity.id == number).values(**values))


@pytest_asyncio.fixture
async def place(settings: Settings, database: Database) -> AsyncIterator[Place]:
    with database.write() as connection:
        ada, bob = make_user(connection, "ada"), make_user(connection, "bob")
        chief = make_user(connection, "chief", is_admin=True)
        make_group(connection, "lab", "rwra--", members=[ada, bob])
    own = api_settings(settings)
    async with served(own) as address:
        yield Place(address, database, own, ada, bob, chief)


def told(message: dict[str, Any]) -> tuple[str, Any]:
    return message["type"], (message.get("payload") or {}).get("data")


async def test_one_activity_is_told_from_its_state_now_to_its_end(place: Place) -> None:
    number = place.job(place.ada)
    async with open_socket(place.address) as live:
        await live.begin(place.token(place.ada))
        await live.subscribe("one", ONE, id=f"Activity:{number}")
        first = await live.read()
        assert first["id"] == "one"
        state = {"id": f"Activity:{number}", "state": "QUEUED", "progress": None}
        assert told(first) == ("next", {"activity": state})
        assert first["payload"]["extensions"]["cost"]["requested"] == 2
        place.change(number, state="RUNNING", claim=1, started_at=now())
        assert told(await live.read()) == ("next", {"activity": state | {"state": "RUNNING"}})
        place.change(number, state="SUCCEEDED", finished_at=now())
        assert told(await live.read()) == ("next", {"activity": state | {"state": "SUCCEEDED"}})
        assert await live.read() == {"type": "complete", "id": "one"}
        # the same id is free again, and what has ended is told once
        await live.subscribe("one", ONE, id=f"Activity:{number}")
        assert told(await live.read())[0] == "next"
        assert (await live.read())["type"] == "complete"


async def test_nothing_is_told_before_it_is_committed(place: Place) -> None:
    number = place.job(place.ada)
    async with open_socket(place.address) as live:
        await live.begin(place.token(place.ada))
        await live.subscribe("one", ONE, id=f"Activity:{number}")
        await live.read()
        with place.database.main.connect() as connection:
            connection.execute(
                update(Activity).where(Activity.id == number).values(state="RUNNING")
            )
            await asyncio.sleep(1.2)
            connection.rollback()
        place.change(number, state="CANCELLED", finished_at=now())
        assert told(await live.read())[1]["activity"]["state"] == "CANCELLED"


async def test_people_are_told_of_their_own_and_administrators_of_all(place: Place) -> None:
    async with open_socket(place.address) as adas, open_socket(place.address) as chiefs:
        await adas.begin(place.token(place.ada))
        await chiefs.begin(place.token(place.chief))
        for live in (adas, chiefs):
            await live.subscribe("all", ALL)
        await adas.subscribe("check", "{ viewer { login } }")
        assert told(await adas.read()) == ("next", {"viewer": {"login": "ada"}})
        assert (await adas.read())["type"] == "complete"
        bobs, own = place.job(place.bob), place.job(place.ada)
        seen = [told(await chiefs.read())[1]["activities"]["id"] for _ in range(2)]
        assert seen == [f"Activity:{bobs}", f"Activity:{own}"]
        assert told(await adas.read())[1]["activities"]["id"] == f"Activity:{own}"
        await adas.send(type="complete", id="all")
        later = place.job(place.ada)
        assert told(await chiefs.read())[1]["activities"]["id"] == f"Activity:{later}"
        await adas.send(type="ping")
        assert await adas.read() == {"type": "pong"}  # and nothing before it


async def test_what_is_invisible_is_like_what_is_not_there(place: Place) -> None:
    foreign = place.job(place.bob)
    async with open_socket(place.address) as live:
        await live.begin(place.token(place.ada))
        for text in (f"Activity:{foreign}", "Activity:999999", "Project:1", "nonsense"):
            await live.subscribe("one", ONE, id=text)
            answer = await live.read()
            assert answer["type"] == "error"
            (error,) = answer["payload"]
            assert error["extensions"] == {"code": "NOT_FOUND", "target": text}


async def test_a_closed_session_closes_the_connection(place: Place) -> None:
    token = place.token(place.ada)
    async with open_socket(place.address) as live:
        await live.begin(token)
        await live.subscribe("all", ALL)
        async with httpx.AsyncClient() as http:
            await http.post(
                f"{place.address}/graphql",
                json={"query": "mutation { logout { __typename } }"},
                headers={"Authorization": f"Bearer {token}"},
            )
        started = time.monotonic()
        assert await live.closed() == 4401
        assert time.monotonic() - started < 5


async def test_a_lost_right_ends_the_subscription(place: Place) -> None:
    number = place.job(place.bob)
    async with open_socket(place.address) as live:
        await live.begin(place.token(place.chief))
        await live.subscribe("one", ONE, id=f"Activity:{number}")
        assert (await live.read())["type"] == "next"
        with place.database.write() as connection:
            from shared.auth.epoch import bump_epoch

            system = special_group(connection, "system")
            connection.execute(
                delete(Membership).where(
                    Membership.user_id == place.chief, Membership.group_id == system
                )
            )
            bump_epoch(connection)
        started = time.monotonic()
        answer = await live.read()
        assert answer["type"] == "error"
        assert answer["payload"][0]["extensions"]["code"] == "NOT_FOUND"
        assert time.monotonic() - started < 5


async def test_an_expired_session_closes_the_connection(place: Place) -> None:
    token = place.token(place.ada)
    async with open_socket(place.address) as live:
        await live.begin(token)
        with place.database.write() as connection:
            connection.execute(update(Session).values(expires_at=now()))
        assert await live.closed() == 4401


async def progress(live: Live) -> Any:
    return told(await live.read())[1]["activity"]["progress"]


async def test_progress_is_told(place: Place) -> None:
    from shared.activities.pulses import start_pulse
    from shared.models.live import ActivityPulse

    number = place.job(place.ada)
    place.change(number, state="RUNNING", claim=1, started_at=now())
    start_pulse(place.database, number, 1)
    async with open_socket(place.address) as live:
        await live.begin(place.token(place.ada))
        await live.subscribe("one", ONE, id=f"Activity:{number}")
        assert await progress(live) == {"done": 0}
        with place.database.write_live() as connection:
            connection.execute(update(ActivityPulse).values(done=7, total=9, unit="tiles"))
        assert await progress(live) == {"done": 7}
