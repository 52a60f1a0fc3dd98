"""Runs one GraphQL operation: prepares, executes in a thread, and says what it cost.

Resolvers are synchronous and share the thread; one that is `async` is awaited on the event loop.
Nothing here knows of HTTP but the two kinds of outcome: a request error (the operation never ran)
and an answer.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
from graphql import ExecutionResult, FieldNode, execute

from graphql_api.compiler.completion import PlannedExecutor
from graphql_api.schema.errors import (
    BAD_USER_INPUT,
    coded,
    formatted,
    masked,
)
from graphql_api.schema.limits import MAX_COST
from graphql_api.schema.transport_deadline import running_deadline, timed_out
from graphql_api.schema.transport_documents import Documents, InvalidDocument, Prepared
from shared.database import counted_statements
from shared.errors import TesseraError
from shared.models.light import reused_aliases

if TYPE_CHECKING:
    from graphql import GraphQLSchema

    from graphql_api.context import RequestContext
    from graphql_api.schema.transport_request import GraphQLRequest

PUBLIC_FIELDS = frozenset({"__typename", "__schema", "__type", "viewer", "login"})
"""What is answered without a login; `viewer` is null then."""
NO_EVENT = object()
"""No change is told: the operation is no subscription, or it came over HTTP."""
_HOLDERS = frozenset({dict, list})
_INTROSPECTIONS = 32
"""How many answers about the schema are kept: tools send the same few documents."""
_GRACE_S = 2.0
"""How long an interrupted operation may take to come back and say whether it was done."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to answer."""

    body: dict[str, Any]
    is_request_error: bool = False
    """The operation never ran: the document, its variables or a limit."""
    is_unauthenticated: bool = False
    is_write_by_get: bool = False


class Transport:
    """Runs the operations of one schema."""

    def __init__(self, schema: GraphQLSchema, *, timeout_s: float, threads: int = 40) -> None:
        self.documents = Documents(schema)
        self._schema = schema
        self._timeout_s = timeout_s
        self._threads = threads
        self._limiter: anyio.CapacityLimiter | None = None
        self._introspected: dict[tuple[Any, ...], object] = {}

    async def run(
        self, request: GraphQLRequest, context: RequestContext, *, event: object = NO_EVENT
    ) -> Outcome:
        """Run one operation to its end, at most `timeout_s` seconds.

        A subscription is run once for each `event`, the change that is told (None: the beginning).
        """
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(self._threads)
        with running_deadline(self._timeout_s) as deadline, counted_statements() as statements:
            running = asyncio.create_task(self._run(request, context, event))
            while not running.done() and deadline.left() > 0:
                await asyncio.wait({running}, timeout=deadline.left())
            if not running.done():
                deadline.expire()
                await asyncio.wait({running}, timeout=_GRACE_S)
        if not running.done():
            running.add_done_callback(_forget)
            return Outcome({"errors": formatted([timed_out(deadline.seconds)])}, True)
        outcome = running.result()
        if deadline.is_over and outcome.body.get("errors"):
            return Outcome({"errors": formatted([timed_out(deadline.seconds)])}, True)
        outcome.body.setdefault("extensions", {})["statements"] = len(statements)
        return outcome

    async def _run(
        self, request: GraphQLRequest, context: RequestContext, event: object
    ) -> Outcome:
        try:
            return await self._run_in_thread(request, context, event)
        except InvalidDocument as error:
            return Outcome({"errors": formatted(error.errors, code=error.code)}, True)
        except TesseraError as error:
            return Outcome({"data": None, "errors": [_plain(error)]})
        except Exception as error:  # the edge: everything else is masked here
            message, extensions = masked(error)
            return Outcome(
                {"data": None, "errors": [{"message": message, "extensions": extensions}]}
            )
        finally:
            context.release()

    async def _run_in_thread(
        self, request: GraphQLRequest, context: RequestContext, event: object
    ) -> Outcome:
        def work() -> tuple[Prepared, Any] | Outcome:
            prepared = self.documents.prepare(
                request.query, request.operation_name, request.variables
            )
            refusal = _refusal(request, prepared, context, event)
            with reused_aliases():
                return refusal or (prepared, self._execute(prepared, request, context, event))

        found = await anyio.to_thread.run_sync(work, limiter=self._limiter)
        if isinstance(found, Outcome):
            return found
        prepared, result = found
        if isawaitable(result):
            result = await result
        return await anyio.to_thread.run_sync(_answered, result, prepared, limiter=self._limiter)

    def _execute(
        self, prepared: Prepared, request: GraphQLRequest, context: RequestContext, event: object
    ) -> object:
        """Execute; what a tool asks of the schema itself is answered from memory the next time."""
        if not _is_introspection(prepared):
            return self._execute_anew(prepared, request, context, event)
        given = json.dumps(request.variables, sort_keys=True, default=str)
        key = (request.query, request.operation_name, given)
        found = self._introspected.get(key)
        if found is None:
            found = self._execute_anew(prepared, request, context, event)
            if len(self._introspected) >= _INTROSPECTIONS:
                self._introspected.clear()
            self._introspected[key] = found
        return found

    def _execute_anew(
        self, prepared: Prepared, request: GraphQLRequest, context: RequestContext, event: object
    ) -> object:
        name = prepared.operation.name
        return execute(
            self._schema,
            prepared.document.node,
            root_value=None if event is NO_EVENT else event,
            context_value=context,
            variable_values=request.variables,
            operation_name=name.value if name else None,
            executor_class=PlannedExecutor,
        )


def _refusal(
    request: GraphQLRequest, prepared: Prepared, context: RequestContext, event: object
) -> Outcome | None:
    if prepared.is_subscription and event is NO_EVENT:
        error = {
            "message": "Subscriptions are served over graphql-transport-ws: open a WebSocket here.",
            "extensions": {"code": "SUBSCRIPTION_OVER_HTTP"},
        }
        return Outcome({"errors": [error]}, is_request_error=True)
    if not request.may_write and not prepared.is_query:
        error = {
            "message": "GET runs queries only: send this operation by POST.",
            "extensions": {"code": "METHOD_NOT_ALLOWED"},
        }
        return Outcome({"errors": [error]}, is_request_error=True, is_write_by_get=True)
    if context.principal is None and not prepared.root_fields() <= PUBLIC_FIELDS:
        error = {
            "message": "You are not logged in. Call the login mutation first.",
            "extensions": {"code": "UNAUTHENTICATED"},
        }
        return Outcome({"data": None, "errors": [error]}, is_unauthenticated=True)
    return None


def _is_introspection(prepared: Prepared) -> bool:
    """Whether nothing but the schema is asked, which does not change while the process lives."""
    fields = prepared.operation.selection_set.selections
    return all(
        isinstance(field, FieldNode) and field.name.value in {"__schema", "__type"}
        for field in fields
    )


def _answered(result: ExecutionResult, prepared: Prepared) -> Outcome:
    errors = result.errors or []
    if result.data is None and errors and all(error.path is None for error in errors):
        return Outcome({"errors": formatted(errors, code=BAD_USER_INPUT)}, True)
    cost = {
        "requested": prepared.measured.cost,
        "actual": _objects(result.data),
        "limit": MAX_COST,
    }
    body: dict[str, Any] = {"data": result.data, "extensions": {"cost": cost}}
    if errors:
        body["errors"] = formatted(errors)
    return Outcome(body)


def _objects(data: object) -> int:
    """How many objects an answer holds."""
    count = 0
    waiting = [data]
    while waiting:
        value = waiting.pop()
        if type(value) is dict:
            count += 1
            waiting += [inner for inner in value.values() if type(inner) in _HOLDERS]
        elif type(value) is list:
            waiting += [inner for inner in value if type(inner) in _HOLDERS]
    return max(count - 1, 0)


def _plain(error: TesseraError) -> dict[str, Any]:
    return {"message": str(error), "extensions": {"code": coded(error)}}


def _forget(task: asyncio.Task[Outcome]) -> None:
    """Take an abandoned operation's outcome, so that nothing is reported as never retrieved."""
    if not task.cancelled():
        task.exception()
