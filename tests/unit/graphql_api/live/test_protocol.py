"""graphql-transport-ws message by message: close codes, limits, and who may connect."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from graphql_api.app import _checked_instance
from shared.auth.cookies import cookie_name
from shared.auth.sessions import open_session
from shared.clock import MINUTE, now
from shared.database import Database
from shared.settings import Settings
from tests.support.graphql_client import api_settings
from tests.support.live import open_socket, served
from tests.support.people import make_user

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PAGE = "https://viewer.example.org"


class Place:
    def __init__(self, address: str, token: str, cookie: str) -> None:
        self.address, self.token, self.cookie = address, token, cookie


@pytest_asyncio.fixture
async def place(settings: Settings, database: Database) -> AsyncIterator[Place]:
    with database.write() as connection:
        ada = make_user(connection, "ada")
    own = api_settings(settings, allowed_origins=(PAGE,))
    token = open_session(database, own, ada, expires_at=now() + 60 * MINUTE).token
    async with served(own) as address:
        yield Place(address, token, cookie_name(_checked_instance(database, own)))


async def test_the_subprotocol_is_needed(place: Place) -> None:
    for given in (None, ["graphql-ws"]):
        async with open_socket(place.address, subprotocols=given) as live:
            assert await live.closed() == 4406


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("{", 4400), ("[]", 4400), ('"x"', 4400), ("{}", 4400), ('{"type":"start"}', 4400),
        ('{"type":7}', 4400), ('{"type":"connection_init","payload":[]}', 4400),
        ('{"type":"subscribe","id":"a","payload":{"query":"{viewer{id}}"}}', 4401),
        ('{"type":"subscribe"}', 4400), ('{"type":"connection_init"}', 4403),
        ('{"type":"connection_init","payload":{"token":"tes_nonsense"}}', 4403),
        ('{"type":"connection_init","payload":{"authorization":"Basic x"}}', 4403),
        ('{"type":"ping","payload":' + '{"a":' * 2_000 + "1" + "}" * 2_000 + "}", 4400),
        ('{"type":"ping","payload":{"a":"' + "x" * 2**20 + '"}}', 1009),
        (b"\x00\x01", 4400),
    ],
)  # fmt: skip
async def test_what_closes_a_connection_before_it_has_begun(
    place: Place, raw: str | bytes, code: int
) -> None:
    async with open_socket(place.address) as live:
        await live.socket.send(raw)
        assert await live.closed() == code


async def test_silence_closes_it_after_five_seconds(place: Place) -> None:
    async with open_socket(place.address) as live:
        await live.send(type="ping")
        assert await live.read() == {"type": "pong"}
        started = asyncio.get_running_loop().time()
        assert await live.closed() == 4408
        assert 3.5 < asyncio.get_running_loop().time() - started < 7


async def test_what_closes_it_later(place: Place) -> None:
    subscription = {"query": "subscription { activities { id } }"}
    for messages, code in (
        ([{"type": "connection_init", "payload": {"token": place.token}}], 4429),
        ([{"type": "subscribe", "id": "a", "payload": subscription}] * 2, 4409),
        ([{"type": "subscribe", "id": "a", "payload": {"query": 7}}], 4400),
        ([{"type": "subscribe", "id": "", "payload": subscription}], 4400),
        ([{"type": "subscribe", "id": "a", "payload": {"variables": []}}], 4400),
    ):
        async with open_socket(place.address) as live:
            await live.begin(place.token)
            for message in messages:
                await live.send(**message)
            assert await live.closed() == code, messages


async def test_a_cookie_counts_only_from_a_listed_origin(place: Place) -> None:
    cookie = {"Cookie": f"{place.cookie}={place.token}"}
    for origin, is_let_in in ((PAGE, True), ("https://evil.example", False), (None, False)):
        async with open_socket(place.address, additional_headers=cookie, origin=origin) as live:
            await live.send(type="connection_init")
            if is_let_in:
                assert await live.read() == {"type": "connection_ack"}
            else:
                assert await live.closed() == 4403


async def test_an_unknown_host_is_refused_at_the_door(place: Place) -> None:
    port = int(place.address.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"GET /graphql HTTP/1.1\r\nHost: rebound.example\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
    )
    assert (await reader.readline()).startswith(b"HTTP/1.1 403")
    writer.close()
    await writer.wait_closed()


async def errors_of(live: Any, query: str, **variables: Any) -> list[str]:
    await live.subscribe("a", query, **variables)
    answer = await live.read()
    assert answer["type"] == "error", answer
    return [error["extensions"]["code"] for error in answer["payload"]]


async def test_the_limits_of_documents_hold_here_too(place: Place) -> None:
    async with open_socket(place.address) as live:
        await live.begin(place.token)
        nested = "{groups{nodes{members{nodes" * 6 + "{id}" + "}}}}" * 6
        assert await errors_of(live, "{") == ["GRAPHQL_PARSE_FAILED"]
        assert await errors_of(live, "{ nothing }") == ["GRAPHQL_VALIDATION_FAILED"]
        assert await errors_of(live, f"{{viewer{nested}}}") == ["TOO_DEEP"]
        assert await errors_of(live, "subscription { activity(id: 1) { user " + nested + "} }") == [
            "TOO_DEEP"
        ]
        two = "subscription { activities { id } more: activities { id } }"
        assert await errors_of(live, two) == ["GRAPHQL_VALIDATION_FAILED"]
        wide = "subscription { activities { " + " ".join(f"a{n}: id" for n in range(101)) + " } }"
        assert await errors_of(live, wide) == ["TOO_MANY_ALIASES"]
        assert await errors_of(live, "query($n: Int!) { __typename }") == [
            "GRAPHQL_VALIDATION_FAILED"
        ]
        await live.subscribe("b", "{ viewer { login } }")
        assert (await live.read())["payload"]["data"] == {"viewer": {"login": "ada"}}
        assert (await live.read()) == {"type": "complete", "id": "b"}


async def test_fifty_at_once_and_no_more(place: Place) -> None:
    async with open_socket(place.address) as live:
        await live.begin(place.token)
        for number in range(50):
            await live.subscribe(f"s{number}", "subscription { activities { id } }")
        await live.subscribe("more", "subscription { activities { id } }")
        answer = await live.read()
        assert (answer["id"], answer["type"]) == ("more", "error")
        assert answer["payload"][0]["extensions"] == {"code": "TOO_MANY_OPERATIONS", "limit": 50}
        await live.send(type="complete", id="s7")
        await live.subscribe("more", "{ viewer { login } }")
        assert (await live.read())["type"] == "next"


async def test_subscriptions_are_not_answered_over_http(place: Place) -> None:
    import httpx

    async with httpx.AsyncClient() as http:
        answer = await http.post(
            f"{place.address}/graphql",
            content=json.dumps({"query": "subscription { activities { id } }"}),
            headers={
                "Authorization": f"Bearer {place.token}",
                "Content-Type": "application/json",
                "Accept": "application/graphql-response+json",
            },
        )
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "SUBSCRIPTION_OVER_HTTP"
