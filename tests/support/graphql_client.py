"""The API over real HTTP semantics (ASGI), with people who are logged in.

`GraphQLClient.run` answers the whole body; `data` insists that there are no errors.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from graphql_api.app import build_app
from graphql_api.settings import ApiSettings
from shared.auth.keys import make_secret_file
from shared.auth.sessions import open_session
from shared.clock import MINUTE, now

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from shared.database import Database
    from shared.settings import Settings

URL = "http://127.0.0.1:8000"


@dataclass(frozen=True)
class GraphQLClient:
    """Sends operations, as somebody when told so."""

    http: httpx.AsyncClient
    database: Database
    settings: ApiSettings

    def token_of(self, user_id: int) -> str:
        """A fresh session of that user."""
        opened = open_session(self.database, self.settings, user_id, expires_at=now() + 60 * MINUTE)
        return opened.token

    def bearer(self, user_id: int) -> dict[str, str]:
        """Headers of that user."""
        return {"Authorization": f"Bearer {self.token_of(user_id)}"}

    async def post(
        self,
        query: str,
        variables: dict[str, Any] | None = None,
        *,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> httpx.Response:
        """The whole response."""
        body = {"query": query, "variables": variables or {}, **more}
        return await self.http.post("/graphql", json=body, headers=headers or {})

    async def run(
        self, query: str, variables: dict[str, Any] | None = None, *, user: int | None = None
    ) -> dict[str, Any]:
        """The body of the answer."""
        headers = self.bearer(user) if user is not None else {}
        answer: dict[str, Any] = (await self.post(query, variables, headers=headers)).json()
        return answer

    async def data(
        self, query: str, variables: dict[str, Any] | None = None, *, user: int | None = None
    ) -> Any:
        """What was answered under the only root field."""
        answer = await self.run(query, variables, user=user)
        assert "errors" not in answer, answer["errors"]
        (only,) = answer["data"].values()
        return only


def api_settings(settings: Settings, **more: Any) -> ApiSettings:
    """The API's settings over the test's database and data folder."""
    make_secret_file(settings.data_dir)
    return ApiSettings(data_dir=settings.data_dir, database_url=settings.database_url, **more)


@asynccontextmanager
async def graphql_client(
    settings: Settings, database: Database, **more: Any
) -> AsyncIterator[GraphQLClient]:
    """The API, started."""
    own = api_settings(settings, **more)
    app = build_app(own)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=URL) as http:
            yield GraphQLClient(http, database, own)
