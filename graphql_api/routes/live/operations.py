"""One operation of a connection: a query or mutation answered once, or a subscription that goes on.

Changes that come faster than they are sent melt into one: what is told is always the state of now,
and a slow reader holds up nobody and nothing piles up.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from shared import clock
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from graphql_api.context import RequestContext
    from graphql_api.routes.live.feed import ActivityFeed, Change
    from graphql_api.schema.transport import Outcome, Transport
    from graphql_api.schema.transport_documents import Prepared
    from graphql_api.schema.transport_request import GraphQLRequest

    Send = Callable[[dict[str, Any]], Awaitable[None]]


class Operation:
    """What a client asked for under one id."""

    def __init__(
        self,
        number: str,
        request: GraphQLRequest,
        send: Send,
        transport: Transport,
        context: Callable[[], RequestContext],
    ) -> None:
        self.number = number
        self.watched_id: int | None = None
        self.since = clock.now()
        self.task: asyncio.Task[None] | None = None
        self.request = request
        self._send = send
        self._transport = transport
        self._context = context
        self._changed: dict[int, bool] = {}
        self._wake = asyncio.Event()

    async def run(self, prepared: Prepared, feed: ActivityFeed) -> None:
        """Answer it to its end; the last message is `complete` or `error`."""
        if not prepared.is_subscription:
            outcome = await self._transport.run(self.request, self._context())
            if not await self._fails(outcome):
                await self._next(outcome)
                await self._complete()
            return
        try:
            if "activity" in prepared.root_fields():
                await self._one(feed)
            else:
                await self._all(feed)
        finally:
            feed.leave(self)

    def tell(self, change: Change) -> None:
        """An activity has changed: it is told when it concerns the person who watches."""
        principal = self._context().principal
        concerns = principal is not None and (
            principal.is_admin or principal.user_id in {change.user_id, change.sudoer_id}
        )
        if self.watched_id is not None or concerns:
            self._changed[change.activity_id] = change.is_over
            self._wake.set()

    def reconsider(self) -> None:
        """Rights have changed: a watched activity may be out of sight now."""
        if self.watched_id is not None:
            self._changed.setdefault(self.watched_id, False)
            self._wake.set()

    async def _one(self, feed: ActivityFeed) -> None:
        """One activity: now, at every change, and until it has ended."""
        context = self._context()
        outcome = await self._transport.run(self.request, context, event=None)
        if await self._fails(outcome) or context.watched is None:
            return
        await self._next(outcome)
        self.watched_id = context.watched.id
        last = outcome.body["data"]
        await feed.join(self)
        while True:
            for is_over in (await self._changes()).values():
                outcome = await self._transport.run(self.request, self._context(), event=None)
                if await self._fails(outcome):
                    return
                if outcome.body["data"] != last:
                    last = outcome.body["data"]
                    await self._next(outcome)
                if is_over:
                    await self._complete()
                    return

    async def _all(self, feed: ActivityFeed) -> None:
        """Every activity that concerns the person, at every change."""
        await feed.join(self)
        while True:
            for number in await self._changes():
                ref = ObjectRef("Activity", number)
                outcome = await self._transport.run(self.request, self._context(), event=ref)
                if outcome.is_request_error and await self._fails(outcome):
                    return
                if outcome.body.get("data") is not None:  # it is out of sight by now
                    await self._next(outcome)

    async def _changes(self) -> dict[int, bool]:
        await self._wake.wait()
        self._wake.clear()
        found, self._changed = self._changed, {}
        return found

    async def _next(self, outcome: Outcome) -> None:
        await self._send({"id": self.number, "type": "next", "payload": outcome.body})

    async def _complete(self) -> None:
        await self._send({"id": self.number, "type": "complete"})

    async def _fails(self, outcome: Outcome) -> bool:
        """Send `error`, which ends the operation, when there are no data at all."""
        if outcome.body.get("data") is not None:
            return False
        await self._send(
            {"id": self.number, "type": "error", "payload": outcome.body.get("errors", [])}
        )
        return True
