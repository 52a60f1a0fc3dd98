"""The same creating mutation with the same key is done once, for 24 hours and per user.

What was made is recalled and remembered in the transaction that makes it, so a failed request
leaves no trace and can be sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from shared.idempotency import Repeatable, recall, remember
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.auth.principal import Principal
    from shared.database import Database


def once(
    connection: Connection,
    principal: Principal,
    mutation: str,
    key: str | None,
    given: Mapping[str, Any],
    work: Callable[[], list[ObjectRef]],
) -> list[ObjectRef]:
    """What `work` made, or what it made when the same key came before.

    `given` is the input, as JSON values. Raises `Conflict` when the key came with another input,
    `Busy` when another request with it is at work.
    """

    def answer() -> dict[str, Any]:
        return {"refs": [str(ref) for ref in work()]}

    found = once_answer(connection, principal, mutation, key, given, answer)
    return [ObjectRef.parse(text) for text in found["refs"]]


def once_answer(
    connection: Connection,
    principal: Principal,
    mutation: str,
    key: str | None,
    given: Mapping[str, Any],
    work: Callable[[], dict[str, Any]],
) -> dict[str, Any]:
    """As `once`, for answers that are more than a list of objects: JSON values."""
    if key is None:
        return work()
    asked = Repeatable.of(principal.user_id, mutation, key, given)
    before = recall(connection, asked)
    if before is not None:
        return before
    made = work()
    remember(connection, asked, made)
    return made


def recalled(
    database: Database,
    principal: Principal,
    mutation: str,
    key: str | None,
    given: Mapping[str, Any],
) -> dict[str, Any] | None:
    """What `once_answer` keeps for this key, looked up ahead: for input that is used up by it."""
    if key is None:
        return None
    with database.read() as connection:
        return recall(connection, Repeatable.of(principal.user_id, mutation, key, given))
