"""A person who uploads files by tus, as tests drive one."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import httpx
import pytest

from shared.storage import LocalStorage
from shared.storage.locator import upload_file
from tests.support.graphql_client import GraphQLClient

TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {**TUS, "Content-Type": "application/offset+octet-stream"}
MAX, QUOTA = 1000, 1500
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Sender:
    """A tus client of one person."""

    def __init__(self, api: GraphQLClient, user: int) -> None:
        self.api, self.user = api, user
        self.http, self.headers = api.http, api.bearer(user)

    async def send(self, method: str, address: str, **options: Any) -> httpx.Response:
        headers = {**self.headers, **options.pop("headers", {})}
        return await self.http.request(method, address, headers=headers, **options)

    async def create(self, length: object, name: str = "a.tif", **more: Any) -> httpx.Response:
        headers = {
            **TUS,
            "Upload-Length": str(length),
            "Upload-Metadata": f"filename {b64encode(name.encode()).decode()},kind dGlm",
        }
        return await self.send("POST", "/uploads", headers=headers | more)

    async def place(self, length: int, name: str = "a.tif") -> str:
        made = await self.create(length, name)
        assert made.status_code == 201, made.text
        return made.headers["Location"]

    async def patch(self, place: str, offset: object, content: Any, **more: Any) -> httpx.Response:
        headers = {**BYTES, "Upload-Offset": str(offset)} | more
        return await self.send("PATCH", place, headers=headers, content=content)

    async def head(self, place: str) -> httpx.Response:
        return await self.send("HEAD", place, headers=TUS)


def stored(sender: Sender, place: str) -> bytes:
    storage = LocalStorage(sender.api.settings.data_dir)
    return storage.path(upload_file(place.rpartition("/")[2])).read_bytes()
